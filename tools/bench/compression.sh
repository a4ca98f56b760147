#!/usr/bin/env bash
# compression.sh CORPUS OUT SIZES TEXT...     bytes per token of BytePiece and other tokenizers, side by side.
#
#   compression.sh mix.txt out 32000,8000 zh.txt en.txt code.txt
#
# Trains every system on the lines of CORPUS, once per size, and encodes the lines of each TEXT, which should not be
# in CORPUS. A line without its line feed is one text. Models that are in OUT already are not trained again.
#
#   bytepiece             bytepiece train --min-count 5
#   fewest-tokens         bytepiece train --fewest-tokens
#   spm-unigram-free      SentencePiece without its limits at white space, scripts and digits, as BytePiece
#   spm-unigram, spm-bpe  SentencePiece as it usually is
#   hf-bpe, hf-unigram    Hugging Face tokenizers, byte-level; the node package has one size each: 30000 and 8000
#
# Writes OUT/compression.tsv (size, system, text, bytes, tokens, bytes per token), OUT/compression.svg (of up to 12 texts), and a table to
# standard output.
#
# Needs bytepiece (BYTEPIECE, else build/bytepiece); spm_train and spm_encode (Debian: sentencepiece); node with the
# package tokenizers (npm install tokenizers; NODE_PATH). What is missing is left out, and said.
# Environment: THREADS (2); COVERAGE (0.9995 from 16000 pieces on, else 0.98): characters SentencePiece keeps;
# SYSTEMS: the systems wanted; LIMIT: seconds for one training of a peer (3600).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ $# -ge 4 ] || { awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "$0" >&2; exit 2; }
corpus=$1 out=$2 sizes=${3//,/ }
shift 3
bytepiece=${BYTEPIECE:-$here/../../build/bytepiece} threads=${THREADS:-2} limit=${LIMIT:-3600}
systems=${SYSTEMS:-bytepiece fewest-tokens spm-unigram-free spm-unigram spm-bpe hf-bpe hf-unigram}
mkdir -p "$out"

say() { echo "compression.sh: $*" >&2; }
has_node() { command -v node >/dev/null && node -e 'require("tokenizers")' 2>/dev/null; }

train() { # SYSTEM SIZE MODEL
  local coverage=${COVERAGE:-$([ "$2" -ge 16000 ] && echo 0.9995 || echo 0.98)} free=true length=16
  case $1 in
    bytepiece) "$bytepiece" train -q --min-count 5 --vocab-size "$2" -T "$threads" -o "$3" "$corpus" ;;
    fewest-tokens) "$bytepiece" train -q --fewest-tokens --input-format lines --vocab-size "$2" -T "$threads" -o "$3" \
      "$corpus" ;;
    spm-*)
      case $1 in *-free) free=false length=36 ;; esac
      case $1 in spm-bpe*) type=bpe ;; *) type=unigram ;; esac
      timeout "$limit" spm_train --input="$corpus" --model_prefix="${3%.model}" --model_type=$type --vocab_size="$2" \
        --split_by_whitespace=$free --split_by_unicode_script=$free --split_by_number=$free \
        --max_sentencepiece_length=$length --byte_fallback=true --normalization_rule_name=identity \
        --add_dummy_prefix=false --remove_extra_whitespaces=false --character_coverage="$coverage" \
        --max_sentence_length=100000 --num_threads="$threads" --minloglevel=1 ;;
    hf-*) # stops at bytes that are not UTF-8, as a character cut at the end
      iconv -c -f UTF-8 -t UTF-8 "$corpus" >"$3.txt" || true
      RAYON_NUM_THREADS=$threads timeout "$limit" node "$here/hf_tokenizer.js" train "${1#hf-}" "$3.txt" "$3" || return 1
      rm "$3.txt" ;;
  esac
}

tokens() { # SYSTEM MODEL TEXT
  case $1 in
    bytepiece | fewest-tokens) "$bytepiece" encode -q -T "$threads" "$2" "$3" | wc -w ;;
    spm-*) spm_encode --model="$2" --output_format=id <"$3" | wc -w ;;
    hf-*) node "$here/hf_tokenizer.js" count "$2" "$3" ;;
  esac
}

wanted() { # SYSTEM SIZE
  case $1 in
    spm-*) command -v spm_train >/dev/null || { say "$1: spm_train is not installed"; return 1; } ;;
    hf-bpe) [ "$2" -ge 30000 ] && [ "$2" -lt 60000 ] || return 1 ;;
    hf-unigram) [ "$2" = 8000 ] || return 1 ;;
  esac
  case $1 in hf-*) has_node || { say "$1: node with the package tokenizers is not installed"; return 1; } ;; esac
}

printf 'size\tsystem\ttext\tbytes\ttokens\tbytes per token\n' >"$out/compression.tsv"
for size in $sizes; do
  for system in $systems; do
    wanted "$system" "$size" || continue
    case $system in hf-*) model=$out/$system.json ;; *) model=$out/$system.$size.model ;; esac
    if [ ! -s "$model" ]; then
      say "training $system, $size"
      train "$system" "$size" "$model" >"$model.log" 2>&1 || { say "$system, $size: failed, see $model.log"; continue; }
    fi
    for text in "$@"; do
      bytes=$(tr -d '\n' <"$text" | wc -c)
      awk -v OFS='\t' -v s="$size" -v y="$system" -v t="$(basename "${text%.*}")" -v b="$bytes" \
        -v n="$(tokens "$system" "$model" "$text")" 'BEGIN { print s, y, t, b, n, sprintf("%.4f", b / n) }'
    done
  done
done >>"$out/compression.tsv"

# A table per size; the last row is how far fewest-tokens is above the best of the others, in percent. Of more than
# twelve texts, languages say, it shows the worst, the one in the middle and the best of each system.
awk -F'\t' 'NR > 1 {
    if (!($1 in size)) { size[$1]; order[++sizes] = $1 }
    if (!(($1, $2) in row)) { row[$1, $2]; rows[$1] = rows[$1] SUBSEP $2 }
    if (!($3 in text)) { text[$3]; texts[++columns] = $3 }
    value[$1, $2, $3] = $6
    if ($2 != "fewest-tokens" && $6 > best[$1, $3]) best[$1, $3] = $6
  }
  END {
    for (s = 1; s <= sizes && columns > 12; ++s) {
      print "| " order[s] " | worst | middle | best | best / worst |\n| --- | ---: | ---: | ---: | ---: |"
      n = split(substr(rows[order[s]], 2), names, SUBSEP)
      for (i = 1; i <= n; ++i) {
        for (c = 1; c <= columns; ++c) {  # sorted by insertion
          for (k = c; k > 1 && value[order[s], names[i], sorted[k - 1]] > value[order[s], names[i], texts[c]]; --k) sorted[k] = sorted[k - 1]
          sorted[k] = texts[c]
        }
        worst = value[order[s], names[i], sorted[1]]; top = value[order[s], names[i], sorted[columns]]
        middle = sorted[int((columns + 1) / 2)]
        printf "| %s | %.3f (%s) | %.3f (%s) | %.3f (%s) | %.2f |\n", names[i], worst, sorted[1], value[order[s], names[i], middle], middle, top, sorted[columns], top / worst
      }
      print ""
    }
    for (s = 1; s <= sizes && columns <= 12; ++s) {
      line = "| " order[s] " |"; rule = "| --- |"
      for (c = 1; c <= columns; ++c) { line = line " " texts[c] " |"; rule = rule " ---: |" }
      print line "\n" rule
      n = split(substr(rows[order[s]], 2), names, SUBSEP)
      for (i = 1; i <= n; ++i) {
        line = "| " names[i] " |"
        for (c = 1; c <= columns; ++c) line = line " " sprintf("%.3f", value[order[s], names[i], texts[c]]) " |"
        print line
      }
      line = "| above the best of the others |"
      for (c = 1; c <= columns; ++c) {
        ours = value[order[s], "fewest-tokens", texts[c]]
        line = line (ours && best[order[s], texts[c]] ? sprintf(" %+.1f %% |", 100 * (ours / best[order[s], texts[c]] - 1)) : " |")
      }
      print line "\n"
    }
  }' "$out/compression.tsv"

[ $# -le 12 ] || exit 0
# Bars: a row of groups per size, a group per text, a bar per system.
awk -F'\t' 'NR > 1 {
    if (!($1 in size)) { size[$1]; order[++sizes] = $1 }
    if (!($2 in seen)) { seen[$2] = ++systems; names[systems] = $2 }
    if (!($3 in text)) { text[$3] = ++columns; texts[columns] = $3 }
    value[$1, $2, $3] = $6
    if ($6 > most) most = $6
  }
  END {
    split("#9aa5b1 #c0392b #2c7fb8 #7fb8d8 #41ab5d #a1d99b #fdae61", colours, " ")
    bar = 14; gap = 26; left = 60; height = 170
    group = systems * bar + gap
    width = left + columns * group + 150
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n", width, sizes * (height + 60) + 20
    print "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
    for (s = 1; s <= sizes; ++s) {
      base = s * (height + 60) - 20
      printf "<text x=\"%d\" y=\"%d\" font-weight=\"bold\">%s pieces: bytes per token</text>\n", left, base - height - 12, order[s]
      for (v = 1; v <= most; ++v) {
        y = base - v / most * height
        printf "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#dddddd\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%d</text>\n", left, y, left + columns * group, y, left - 6, y + 4, v
      }
      for (c = 1; c <= columns; ++c) {
        for (i = 1; i <= systems; ++i) {
          v = value[order[s], names[i], texts[c]]
          if (v) printf "<rect x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%.1f\" fill=\"%s\"><title>%s %s: %.3f</title></rect>\n", left + gap / 2 + (c - 1) * group + (i - 1) * bar, base - v / most * height, bar - 2, v / most * height, colours[i], names[i], texts[c], v
        }
        printf "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", left + (c - 0.5) * group, base + 16, texts[c]
      }
    }
    for (i = 1; i <= systems; ++i) {
      y = 30 + i * 18
      printf "<rect x=\"%d\" y=\"%d\" width=\"12\" height=\"12\" fill=\"%s\"/><text x=\"%d\" y=\"%d\">%s</text>\n", width - 140, y, colours[i], width - 122, y + 10, names[i]
    }
    print "</svg>"
  }' "$out/compression.tsv" >"$out/compression.svg"
say "wrote $out/compression.tsv and $out/compression.svg"
