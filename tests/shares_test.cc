#include "corpus/shares.h"

#include <doctest/doctest.h>

#include <limits>
#include <vector>

#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

using Stretches = std::vector<Stretch>;

TEST_CASE("shares: the example of the header") {
  const std::vector<Extent> files = {{13, true}, {10, false}, {25, true}};
  CHECK(share_of(files, 0, 3) == Stretches{{0, 0, 13}, {1, 0, 10}});
  CHECK(share_of(files, 1, 3) == Stretches{{2, 0, 9}});
  CHECK(share_of(files, 2, 3) == Stretches{{2, 9, 25}});
}

TEST_CASE("shares: every byte belongs to one share, and shares are even") {
  Random random(1);
  for (std::size_t round = 0; round < rounds(2000); ++round) {
    std::vector<Extent> files(random.below(8));
    for (Extent& file : files) file = {random.below(random.chance(3) ? 1000 : 5), !random.chance(4)};
    const std::size_t n = random.between(1, 12);
    std::vector<std::uint64_t> next(files.size());  // where the next stretch of a file must begin
    bool divisible = true;
    std::uint64_t total = 0;
    for (const Extent& file : files) {
      divisible = divisible && file.divisible;
      total += file.bytes;
    }
    for (std::size_t i = 0; i < n; ++i) {
      std::uint64_t bytes = 0;
      for (const Stretch& stretch : share_of(files, i, n)) {
        REQUIRE(stretch.file < files.size());
        CHECK(stretch.begin == next[stretch.file]);
        next[stretch.file] = stretch.end;
        bytes += stretch.end - stretch.begin;
      }
      if (divisible) CHECK((bytes == total / n || bytes == total / n + 1));
    }
    for (std::size_t i = 0; i < files.size(); ++i) CHECK(next[i] == files[i].bytes);
  }
}

TEST_CASE("shares: sizes up to 64 bits") {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t at = 0;
  for (std::size_t i = 0; i < 1000; ++i) {
    const Stretches share = share_of({{kMost, true}}, i, 1000);
    REQUIRE(share.size() == 1);
    CHECK(share[0].begin == at);
    at = share[0].end;
  }
  CHECK(at == kMost);
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
