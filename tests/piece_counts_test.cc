#include "train/piece_counts.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "reference.h"
#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

reference::Counts read(const std::vector<CountRun>& runs) {
  reference::Counts counts;
  for (MergedReader<std::string> merged(runs); merged.next();) counts.emplace(merged.key(), merged.count());
  return counts;
}

TEST_CASE("piece_counts: nothing counted") {
  CountPool<std::string> pool{{}};
  PieceCounter(1 << 20, pool).flush();
  CHECK(pool.take().empty());
}

TEST_CASE("piece_counts: however pieces are spread over counters, flushes and files") {
  Random random(1);
  const TemporaryFolder folder;
  for (std::size_t round = 0; round < rounds(30); ++round) {
    CountPool<std::string> pool({random.chance(2) ? std::size_t{1000} : std::size_t{1} << 30, folder.path()});
    const std::size_t most_bytes = random.chance(2) ? 1 : 1 << 24;
    std::vector<PieceCounter> counters(random.between(1, 5), PieceCounter(most_bytes, pool));
    reference::Counts expected;
    for (std::size_t i = random.below(6000); i > 0; --i) {
      const std::string piece = round % 2 == 0
                                    ? random_of(random, {"a", "b", "\xFF", bytes("\0")}, random.between(1, 5))
                                    : random_bytes(random, random.between(1, 3));
      counters[random.below(counters.size())].add(piece);
      ++expected[piece];
    }
    for (PieceCounter& counter : counters) counter.flush();
    CHECK(read(pool.take()) == expected);
  }
}

TEST_CASE("piece_counts: pieces of any length") {
  CountPool<std::string> pool{{}};
  PieceCounter counter(1 << 20, pool);
  reference::Counts expected;
  for (std::size_t length = 1; length < 3000; length += length / 2 + 1) {
    for (int times = 0; times < 3; ++times) {
      counter.add(std::string(length, 'a'));
      ++expected[std::string(length, 'a')];
    }
  }
  counter.flush();
  CHECK(read(pool.take()) == expected);
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
