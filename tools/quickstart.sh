#!/bin/bash
# From a fresh checkout to a trained model: installs what is missing, builds into build/, trains on
# data/samples, encodes a file, decodes it and compares. Can be run again and again.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/packages.sh

# shellcheck disable=SC2086
need_packages $packages_to_build

echo "== Building into build/ =="
cmake -S . -B build -DCMAKE_BUILD_TYPE=Release -DBYTEPIECE_BUILD_TESTS=OFF >/dev/null
cmake --build build -j "$jobs" --target bytepiece

out=build/quickstart
mkdir -p "$out"
text=data/samples/botchan_en.txt

echo
echo "== Training on data/samples =="
build/bytepiece train data/samples/*.txt data/samples/udhr/*.txt --vocab-size 8000 -o "$out/toy.bp"

echo
echo "== Encoding and decoding $text =="
build/bytepiece encode "$out/toy.bp" "$text" -o "$out/botchan.ids"
build/bytepiece decode "$out/toy.bp" "$out/botchan.ids" -o "$out/botchan.txt"
head -n 12 "$text" | tail -n 1
head -n 12 "$text" | tail -n 1 | build/bytepiece encode --output-format pieces "$out/toy.bp"
if cmp "$text" "$out/botchan.txt"; then
  echo "The text came back byte for byte."
fi

bytes=$(wc -c <"$text")
tokens=$(wc -w <"$out/botchan.ids")
echo "$bytes bytes in $tokens tokens: $(awk "BEGIN { printf \"%.2f\", $bytes / $tokens }") bytes per token"
echo
echo "Next: build/bytepiece --help"
