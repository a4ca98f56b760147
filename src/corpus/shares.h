// Which stretches of which files belong to share i of n: the bytes of all files in a row are cut into n
// stretches of the same length, give or take one. A file that cannot be cut (it is compressed) belongs to the
// share in which it begins.
//
//   files      |---- a ----|-- b.gz --|-------- c --------|
//   shares     |      0      |      1      |      2       |
//   are        a, b.gz       | begin of c  | rest of c
//
// Thread rule: a pure function.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bytepiece {

struct Extent {
  std::uint64_t bytes = 0;
  bool divisible = true;
};

// A stretch of file number `file`; of one that is not divisible, all of it.
struct Stretch {
  std::size_t file = 0;
  std::uint64_t begin = 0, end = 0;
  friend bool operator==(const Stretch&, const Stretch&) = default;
};

// In the order of the files. Every byte belongs to one share. REQUIRES: i < n; the sum of bytes fits 64 bits.
std::vector<Stretch> share_of(const std::vector<Extent>& files, std::size_t i, std::size_t n);

}  // namespace bytepiece
