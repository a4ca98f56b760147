#!/bin/bash
# Converted models against the real libraries: the share of lines that get the same ids.
#
#   tests/peers/run.sh BYTEPIECE TEXT...      BYTEPIECE: the program; TEXT: files of lines in UTF-8
#
# Says "skipped" for a library that is not there: python3-sentencepiece (Debian), or the npm package
# @anush008/tokenizers or tokenizers, which are looked for in NODE_PATH. Exits 1 if a share is too small.
set -euo pipefail
bytepiece=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
shift
texts=()
for text in "$@"; do texts+=("$(realpath "$text")"); done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export RAYON_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false
cat "${texts[@]}" >text

# same NAME LEAST OURS THEIRS: at least LEAST % of the lines must be the same.
same() {
  paste -d '|' "$3" "$4" | awk -F '|' -v name="$1" -v least="$2" '
    { n++; if ($1 == $2) equal++ }
    END {
      share = 100 * equal / n
      printf "%s: %.3f %% of %d lines have equal ids, at least %s %% must have\n", name, share, n, least
      exit share < least
    }'
}

model() { "$bytepiece" train -q text -o model.bp --vocab-size 6000; }
model
"$bytepiece" encode model.bp text -o ours
failed=0

python=$(for p in python3 /usr/bin/python3; do "$p" -c 'import sentencepiece' 2>/dev/null && echo "$p" && break; done || true)
if [ -z "$python" ]; then
  echo "sentencepiece: skipped, as python3-sentencepiece is not there"
else
  "$bytepiece" convert -q model.bp sp.model --to sentencepiece
  "$python" "$here/encode_sentencepiece.py" sp.model text >theirs
  same "sentencepiece, exported" 99.8 ours theirs || failed=1
  "$python" -c 'import sys, unicodedata
for line in open("text", encoding="utf-8"): sys.stdout.write(unicodedata.normalize("NFD", line))' >text.nfd
  "$python" "$here/encode_sentencepiece.py" sp.model text.nfd >theirs
  "$bytepiece" encode model.bp text.nfd -o ours.nfd
  same "sentencepiece, exported, text in NFD" 99.8 ours.nfd theirs || failed=1
  "$python" "$here/train_sentencepiece.py" text trained 4000 2>/dev/null
  "$bytepiece" convert -q trained.model imported.bp --id-map map
  "$python" "$here/encode_sentencepiece.py" trained.model text >theirs
  "$bytepiece" encode imported.bp text | awk 'NR == FNR { theirs[$1] = $2; next }
    { for (i = 1; i <= NF; i++) $i = theirs[$i]; print }' map - >ours.imported
  same "sentencepiece, imported" 99.8 ours.imported theirs || failed=1
fi

if ! node -e "try { require('@anush008/tokenizers') } catch { require('tokenizers') }" 2>/dev/null; then
  echo "huggingface: skipped, as there is no node with @anush008/tokenizers or tokenizers"
else
  "$bytepiece" convert -q model.bp tokenizer.json
  node "$here/encode_huggingface.js" tokenizer.json text >theirs
  same "huggingface, exported" 99.9 ours theirs || failed=1
  "$bytepiece" convert -q tokenizer.json back.bp
  "$bytepiece" encode back.bp text -o ours.back
  same "huggingface, exported and imported" 100 ours ours.back || failed=1
fi
exit $failed
