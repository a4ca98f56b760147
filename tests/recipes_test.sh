#!/bin/bash
# recipes_test.sh PROGRAM: the commands of src/train/RECIPES.md, where the tools that they need are there, make the
# model of 'PROGRAM train'. What a code block of that file says is what runs here.
set -euo pipefail
program=$(realpath "$1") recipes=$(realpath "$(dirname "$0")/../src/train/RECIPES.md")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir bin corpus
ln -s "$program" bin/bytepiece
export PATH=$work/bin:$PATH
awk 'BEGIN { srand(7); for (i = 0; i < 9000; ++i) { for (j = 0; j < 9; ++j) printf "w%d ", int(rand() * rand() * 300); print "" } }' \
  | split -l 2000 - corpus/part.
bytepiece train corpus -q --vocab-size 2000 --min-count 2 -o plain.bp

recipe() { # recipe NAME: the code block behind the heading of that name
  awk -v name="## $1" '$0 == name { found = 1 } found && /^```/ { if (++fence == 2) exit; next } found && fence' "$recipes"
}

run() { # run NAME TOOL
  if ! command -v "$2" >/dev/null; then
    echo "$1: skipped, there is no $2 here"
    return
  fi
  rm -rf counts big.bp
  recipe "$1" >recipe
  [ -s recipe ] || { echo "FAILED: $1: no such recipe"; exit 1; }
  bash -euo pipefail recipe >log 2>&1 || { echo "FAILED: $1"; cat log; exit 1; }
  cmp big.bp plain.bp || { echo "FAILED: $1 makes another model"; exit 1; }
  echo "$1: the same model"
}
run "One machine after another" bash
run "GNU parallel" parallel
run "Slurm" sbatch
run "Spark" spark-submit
