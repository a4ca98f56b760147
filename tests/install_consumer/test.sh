#!/bin/bash
# test.sh SOURCE BUILD: installs BUILD to a new folder, moves that, and builds programs against it, with CMake and
# pkg-config, with every compiler that is there, and README.md's first program as it says; then against the source
# itself.
set -euo pipefail
source=$1 build=$2
here=$source/tests/install_consumer
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cmake --install "$build" --prefix "$work/first" >/dev/null
mv first moved
prefix=$work/moved
unset CMAKE_PREFIX_PATH

for file in include/bytepiece/attention.h include/bytepiece/c.h share/man/man1/bytepiece.1 share/doc/bytepiece/LICENSE \
  share/bash-completion/completions/bytepiece share/zsh/site-functions/_bytepiece \
  share/fish/vendor_completions.d/bytepiece.fish bin/bytepiece; do
  [ -s "$prefix/$file" ] || { echo "$file was not installed"; exit 1; }
done
bash -n "$prefix/share/bash-completion/completions/bytepiece"
if command -v man >/dev/null; then
  warnings=$(LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l -Tutf8 -Z "$prefix/share/man/man1/bytepiece.1" 2>&1 >/dev/null)
  [ -z "$warnings" ] || { echo "$warnings"; exit 1; }
fi
"$prefix/bin/bytepiece" --version

run_all() {
  (cd "$1" && ./encode_only && ./everything && LD_LIBRARY_PATH=$(dirname "$(find "$prefix" -name 'libbytepiece_c.so')") ./in_c)
}

for compilers in "gcc g++" "clang clang++"; do
  read -r cc cxx <<<"$compilers"
  if ! command -v "$cxx" >/dev/null; then
    echo "no $cxx here"
    continue
  fi
  echo "== $cxx, CMake =="
  CC=$cc CXX=$cxx cmake -S "$here" -B "cmake-$cxx" -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
  cmake --build "cmake-$cxx" >/dev/null
  run_all "cmake-$cxx"

  echo "== $cxx, pkg-config =="
  PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name bytepiece.pc)")
  export PKG_CONFIG_PATH
  mkdir "pkg-$cxx"
  # shellcheck disable=SC2046
  {
    $cxx -std=c++20 "$here/encode_only.cc" -o "pkg-$cxx/encode_only" $(pkg-config --cflags --libs bytepiece)
    $cxx -std=c++20 "$here/everything.cc" -o "pkg-$cxx/everything" \
      $(pkg-config --cflags --libs bytepiece-attention bytepiece-train bytepiece-corpus)
    $cc -std=c11 "$here/in_c.c" -o "pkg-$cxx/in_c" $(pkg-config --cflags --libs bytepiece-c)
  }
  run_all "pkg-$cxx"
done

echo "== What README.md says =="
block() { awk -v begin="\`\`\`$1" '$0 == begin { on = 1; next } on && /^```/ { exit } on' "$source/README.md"; }
mkdir readme
block cpp >readme/my.cc
(cd readme && eval "$(grep -o 'c++ -std=c++20 my.cc [^`]*' "$source/README.md")" && ./a.out)
{
  echo 'cmake_minimum_required(VERSION 3.25)'
  echo 'project(readme LANGUAGES CXX)'
  echo 'add_executable(my_program my.cc)'
  block cmake
} >readme/CMakeLists.txt
cmake -S readme -B readme/build -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
cmake --build readme/build >/dev/null
(cd readme && build/my_program)

echo "== The library for C, where there are no packages of C++ =="
mkdir c_only
cat >c_only/CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.25)
project(c_only LANGUAGES C)
find_package(bytepiece REQUIRED COMPONENTS c)
add_executable(in_c ${HERE}/in_c.c)
target_link_libraries(in_c PRIVATE bytepiece::c)
END
none=()
for package in Threads fmt simdjson utf8proc divsufsort LibArchive ZLIB; do
  none+=("-DCMAKE_DISABLE_FIND_PACKAGE_$package=ON")
done
cmake -S c_only -B c_only/build -DHERE="$here" -DCMAKE_PREFIX_PATH="$prefix" "${none[@]}" >/dev/null
cmake --build c_only/build >/dev/null
c_only/build/in_c

echo "== What the encoder alone pulls in =="
if nm -C pkg-g++/encode_only | grep -E 'bytepiece::(train|read_files|attention|NgramModel|NgramCounter)\b'; then
  echo "the trainer, the readers or the sibling"
  exit 1
fi
if ldd pkg-g++/encode_only | grep -E 'archive|libz\.'; then exit 1; fi
# Nothing but its own functions comes out of the library for C.
if nm -D --defined-only "$(find "$prefix" -name libbytepiece_c.so)" | awk '{print $3}' | grep -v '^bp_\|^BYTEPIECE_1'; then exit 1; fi

echo "== From the source =="
cmake -S "$here" -B fetch -DHOW=fetch -DSOURCE="$source" >/dev/null
cmake -S "$here" -B subdirectory -DHOW=subdirectory -DSOURCE="$source" -DCMAKE_CXX_FLAGS=-O0 >/dev/null
cmake --build subdirectory --target encode_only >/dev/null
./subdirectory/encode_only
