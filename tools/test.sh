#!/bin/bash
# Everything that must hold before a commit: installs what the tests need, builds and runs all tests, and
# again with the address and undefined-behaviour sanitizers and with the thread sanitizer, on fewer rounds.
# Can be run again and again. --quick leaves the sanitizers out. BYTEPIECE_FUZZ_SEED: other inputs for the readers.
set -euo pipefail
case ${1:-} in
  '' | --quick) ;;
  *) sed -n '2,4s/^# //p' "$0" && exit 2 ;;
esac
cd "$(dirname "$0")/.."
. tools/packages.sh

# shellcheck disable=SC2086
need_packages $packages_to_build $packages_to_test

# Batches are tested with a real runtime where there is one (120 MB to fetch).
torch=-DBYTEPIECE_TORCH_TESTS=OFF
if [ "${1:-}" != --quick ] && apt-cache show libtorch-dev >/dev/null 2>&1; then
  need_packages libtorch-dev
  torch=-DBYTEPIECE_TORCH_TESTS=ON
fi

# build_and_test FOLDER TARGET TESTS ROUNDS CMAKE_OPTION...
build_and_test() {
  local folder=$1 target=$2 tests=$3 rounds=$4
  shift 4
  echo "== $folder =="
  cmake -S . -B "$folder" -DBYTEPIECE_BUILD_TESTS=ON "$@" >/dev/null
  cmake --build "$folder" -j "$jobs" --target "$target" >"$folder/build.log" || {
    tail -n 40 "$folder/build.log"
    exit 1
  }
  # Address randomization with many bits confuses older thread sanitizers.
  BYTEPIECE_TEST_SCALE=$rounds setarch -R ctest --test-dir "$folder" -R "$tests" --output-on-failure -j "$jobs"
}

# Half a minute on each reader of models; an input that is fatal stays in a file.
fuzz_readers() {
  local seed=${BYTEPIECE_FUZZ_SEED:-1}
  echo "== fuzzing the readers of models, seed $seed =="
  printf '%s\n' native_model model_file sentencepiece huggingface |
    xargs -P "$jobs" -I READER env build-asan/tests/fuzz/fuzz_READER --iterations 1000000000 --seconds 30 \
      --seed "$seed" --keep build-asan/READER.input
}

# Little optimization and only line numbers: compiling takes longer than running the tests.
sanitized=(-DCMAKE_BUILD_TYPE=RelWithDebInfo "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1 -g1")
if [ "${1:-}" != --quick ]; then
  build_and_test build-asan all . 0 "${sanitized[@]}" -DBYTEPIECE_SANITIZE=address,undefined "$torch"
  fuzz_readers
  build_and_test build-tsan bytepiece_tests threads 0 "${sanitized[@]}" -DBYTEPIECE_SANITIZE=thread \
    -DBYTEPIECE_BUILD_TOOLS=OFF
fi
build_and_test build all . 1 -DCMAKE_BUILD_TYPE=Release "$torch"

echo "== converted models against other libraries =="
tests/peers/run.sh build/bytepiece data/samples/tinyshakespeare.txt data/samples/natsume_752_ruby_2438.txt
