#include "train/piece_counts.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "reference.h"
#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

// What the list says, and that it is in order, each piece once.
reference::Counts read(const PieceCounts& counts) {
  reference::Counts result;
  std::string_view before;
  for (const PieceCount& piece : counts.pieces) {
    CHECK(before < piece.bytes);
    before = piece.bytes;
    result.emplace(piece.bytes, piece.count);
  }
  CHECK(result.size() == counts.pieces.size());
  return result;
}

TEST_CASE("piece_counts: nothing counted") {
  CHECK(combine({}, 1).pieces.empty());
  CHECK(combine(std::vector<PieceCounter>(3), 2).pieces.empty());
}

TEST_CASE("piece_counts: few short pieces in each of many counters") {
  for (std::size_t size = 1; size <= 20; ++size) {
    std::vector<PieceCounter> counters(size);
    reference::Counts expected;
    for (std::size_t i = 0; i < size; ++i) {
      const std::string own(1, static_cast<char>('a' + i));
      for (const std::string& piece : {std::string("x"), own, std::string("xy"), own}) {
        counters[i].add(piece);
        ++expected[piece];
      }
    }
    CHECK(read(combine(std::move(counters), 2)) == expected);
  }
}

TEST_CASE("piece_counts: however pieces are spread over counters and threads") {
  Random random(1);
  for (std::size_t round = 0; round < rounds(30); ++round) {
    std::vector<PieceCounter> counters(random.between(1, 5));
    reference::Counts expected;
    for (std::size_t i = random.below(6000); i > 0; --i) {
      const std::string piece = round % 2 == 0
                                    ? random_of(random, {"a", "b", "\xFF", bytes("\0")}, random.between(1, 5))
                                    : random_bytes(random, random.between(1, 3));
      counters[random.below(counters.size())].add(piece);
      ++expected[piece];
    }
    const std::size_t threads = random.between(1, 3);
    PieceCounts counts = combine(std::move(counters), threads);
    const PieceCounts moved = std::move(counts);
    CHECK(read(moved) == expected);
  }
}

TEST_CASE("piece_counts: pieces of any length") {
  PieceCounter counter;
  reference::Counts expected;
  for (std::size_t length = 1; length < 3000; length += length / 2 + 1) {
    for (int times = 0; times < 3; ++times) {
      counter.add(std::string(length, 'a'));
      ++expected[std::string(length, 'a')];
    }
  }
  std::vector<PieceCounter> counters;
  counters.push_back(std::move(counter));
  CHECK(read(combine(std::move(counters), 1)) == expected);
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
