// Tested by tests/shares_test.cc.
#include "corpus/shares.h"

#include <algorithm>

namespace bytepiece {
namespace {

// total * i / n, where the product may not fit. REQUIRES: i <= n.
std::uint64_t cut(std::uint64_t total, std::uint64_t i, std::uint64_t n) {
  return total / n * i + total % n * i / n;
}

}  // namespace

std::vector<Stretch> share_of(const std::vector<Extent>& files, std::size_t i, std::size_t n) {
  std::uint64_t total = 0, at = 0;
  for (const Extent& file : files) total += file.bytes;
  const std::uint64_t begin = cut(total, i, n), end = cut(total, i + 1, n);
  std::vector<Stretch> share;
  for (std::size_t file = 0; file < files.size(); at += files[file++].bytes) {
    const std::uint64_t bytes = files[file].bytes;
    if (!files[file].divisible) {
      if (begin <= at && at < end) share.push_back({file, 0, bytes});
      continue;
    }
    const std::uint64_t from = std::clamp(begin, at, at + bytes), to = std::clamp(end, at, at + bytes);
    if (from < to) share.push_back({file, from - at, to - at});
  }
  return share;
}

}  // namespace bytepiece
