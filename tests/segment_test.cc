#include "train/segment.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "reference.h"
#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

// The n-gram model of some chunks, here and in the oracle.
class World {
 public:
  World(const Strings& chunks, int order, std::uint64_t min_count)
      : model_(make_model(chunks, order, min_count)),
        log_probs_(reference::log_probs(reference::count_ngrams(chunks, order), min_count)) {}

  Strings segment(std::string_view chunk, bool ensure_unicode, bool repair_dead_zones = false) const {
    Segmenter segmenter(model_, ensure_unicode, repair_dead_zones);
    const auto& pieces = segmenter.segment(chunk);
    return Strings(pieces.rbegin(), pieces.rend());
  }
  Strings expected(std::string_view chunk, bool ensure_unicode) const {
    return reference::segment(chunk, log_probs_, ensure_unicode);
  }

  // One segmenter for all chunks.
  void check(const Strings& chunks) const {
    for (const bool ensure_unicode : {false, true}) {
      Segmenter segmenter(model_, ensure_unicode);
      for (const std::string& chunk : chunks) {
        if (chunk.empty()) continue;
        const auto& pieces = segmenter.segment(chunk);
        if (Strings(pieces.rbegin(), pieces.rend()) != expected(chunk, ensure_unicode)) {
          FAIL_CHECK("order ", model_.order(), ", differs: ", chunk);
        }
      }
    }
  }

 private:
  static NgramModel make_model(const Strings& chunks, int order, std::uint64_t min_count) {
    CountPool<NgramKey> pool{{}};
    NgramCounter counter(order, 100, pool);
    for (const std::string& chunk : chunks) counter.add(chunk);
    counter.flush();
    return NgramModel(derive_tables(pool.take(), min_count), order);
  }

  NgramModel model_;
  reference::NgramLogProbs log_probs_;
};

TEST_CASE("segment: a byte stands alone with order 1") {
  const World world({"abcabc"}, 1, 1);
  CHECK(world.segment("abz", false) == Strings{"a", "b", "z"});
}

TEST_CASE("segment: bytes that hold together stay together") {
  const World world({"the cat", "the dog", "the cat", "a dog", "a cat", "the bird"}, 6, 2);
  const Strings pieces = world.segment("the cat", false);
  CHECK(pieces == world.expected("the cat", false));
  CHECK(pieces.size() < 7);
}

TEST_CASE("segment: a dead zone shreds the rest of its chunk") {
  // U+7F55 occurs once, below min_count; U+732B often.
  const Strings chunks = {"\u732B\u732B\u732B", "\u732B\u732B\u7F55\u732B\u732B"};
  const World world(chunks, 6, 2);
  const Strings pieces = world.segment(chunks[1], true);
  const Strings shreds = {"\xE7", "\xBD", "\x95", "\xE7", "\x8C", "\xAB", "\xE7", "\x8C", "\xAB"};
  REQUIRE(pieces.size() >= shreds.size());
  CHECK(Strings(pieces.end() - static_cast<std::ptrdiff_t>(shreds.size()), pieces.end()) == shreds);
  CHECK(pieces == world.expected(chunks[1], true));
}

TEST_CASE("segment: a repaired dead zone is one character long") {
  const Strings chunks = {"the \u732B the", "the \u732B the \u7F55 \u732B the", "\u7F56the\u7F57\u7F58"};
  const World world(chunks, 6, 2);
  const auto repaired = [&](std::string_view chunk) { return world.segment(chunk, true, true); };
  CHECK(repaired(chunks[0]) == world.segment(chunks[0], true));
  Strings expected = world.segment("the \u732B the ", true);
  for (const std::string byte : {"\xE7", "\xBD", "\x95"}) expected.push_back(byte);
  for (const std::string& piece : world.segment(" \u732B the", true)) expected.push_back(piece);
  CHECK(repaired(chunks[1]) == expected);
  const Strings rare = repaired(chunks[2]);
  REQUIRE(rare.size() >= 10);  // three shredded characters around the one word
  CHECK(rare[0] == "\xE7");
  CHECK(rare.back() == "\x98");
  CHECK(repaired("\x80\x80") == Strings{"\x80", "\x80"});
}

TEST_CASE("segment: repaired dead zones change nothing else, and lose nothing") {
  Random random(2);
  for (std::size_t round = 0; round < rounds(50); ++round) {
    const Strings chunks = {"x" + random_text(random, 70), "y" + random_text(random, 70)};
    const World world(chunks, 1 + static_cast<int>(random.below(kMaxOrder)), random.between(1, 3));
    for (const std::string& chunk : {chunks[0], random_text(random, 100) + "z"}) {
      std::string all;
      for (const std::string& piece : world.segment(chunk, true, true)) all += piece;
      CHECK(all == chunk);
      CHECK(world.segment(chunk, false, true) == world.segment(chunk, false));
    }
  }
}

TEST_CASE("segment: small worlds as a whole") {
  const Strings chunks = all_texts("ab", test_scale() == 0 ? 6 : 9);
  const Strings broken = all_texts("a\xC3\x80", test_scale() == 0 ? 4 : 6);
  for (int order = 1; order <= kMaxOrder; ++order) {
    World({"abaab", "babba", "aabaa"}, order, 1).check(chunks);
    World({"abaab", "babba", "aabaa", "bb"}, order, 2).check(chunks);
    World({"a\xC3\x80", "a\xC3\x80\xC3\x80", "\xC3", "\x80"}, order, 2).check(broken);
  }
}

TEST_CASE("segment: random models and chunks, ties and dead zones included") {
  Random random(1);
  for (int order = 1; order <= kMaxOrder; ++order) {
    for (std::size_t round = 0; round < rounds(15); ++round) {
      Strings chunks;
      for (std::size_t i = random.between(1, 12); i > 0; --i) {
        chunks.push_back("x" + random_text(random, random.below(70)));
      }
      const World world(chunks, order, random.between(1, 4));
      for (int i = 0; i < 5; ++i) chunks.push_back(random_text(random, 70));  // not seen
      chunks.push_back(random_text(random, 1000));
      world.check(chunks);
    }
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
