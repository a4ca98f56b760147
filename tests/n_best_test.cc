// N-best lists against full enumeration, with the order of ties as n_best.h states it.
#include "encode/n_best.h"

#include <bytepiece/tokenizer.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "reference.h"
#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;
using Ids = std::vector<Id>;

TEST_SUITE_BEGIN("unit");

double score_of(const reference::PieceScores& scores, const Strings& pieces) {
  return reference::segmentation_score(scores, pieces);
}

// Rules (1) to (3) for two segmentations of one chunk.
bool is_before(const reference::PieceScores& scores, Strings a, Strings b) {
  for (; !a.empty() && !b.empty(); a.pop_back(), b.pop_back()) {
    const double x = score_of(scores, a), y = score_of(scores, b);
    if (x != y) return x > y;
    if (a.back() != b.back()) return a.back().size() > b.back().size();
  }
  return false;
}

// By score of the text, then the last chunk's rank, then the rank of what is before.
std::vector<Strings> all_in_order(const reference::PieceScores& scores, std::string_view text) {
  struct Each {
    Strings pieces;
    double score;
    std::size_t chunk_rank, before;
  };
  std::vector<Each> all = {{{}, 0, 0, 0}};
  for (const std::string& chunk : reference::split(text, 0, false)) {
    std::vector<Strings> own;
    for (const auto& each : reference::all_segmentations(scores, chunk)) own.push_back(each.pieces);
    std::sort(own.begin(), own.end(),
              [&](const Strings& a, const Strings& b) { return is_before(scores, a, b); });
    std::vector<Each> longer;
    for (std::size_t before = 0; before < all.size(); ++before) {
      for (std::size_t rank = 0; rank < own.size(); ++rank) {
        Each each{all[before].pieces, all[before].score + score_of(scores, own[rank]), rank, before};
        each.pieces.insert(each.pieces.end(), own[rank].begin(), own[rank].end());
        longer.push_back(std::move(each));
      }
    }
    std::sort(longer.begin(), longer.end(), [](const Each& a, const Each& b) {
      if (a.score != b.score) return a.score > b.score;
      return a.chunk_rank != b.chunk_rank ? a.chunk_rank < b.chunk_rank : a.before < b.before;
    });
    all = std::move(longer);
  }
  std::vector<Strings> result;
  for (Each& each : all) result.push_back(std::move(each.pieces));
  return result;
}

TEST_CASE("n-best: small worlds as a whole, every text of up to 8 bytes") {
  Random random(1);
  for (const std::string letters : {"a", "ab", "a\n"}) {
    const Strings texts = all_texts(letters, test_scale() == 0 ? 4 : 8);
    for (std::size_t round = 0; round < rounds(12); ++round) {
      const auto counts =
          with_all_bytes(random_pieces(random, letters, random.between(1, 12), round % 2 == 0));
      const auto scores = reference::piece_scores(counts);
      const Tokenizer tokenizer(vocab_of(counts));
      for (const std::string& text : texts) {
        const std::vector<Strings> expected = all_in_order(scores, text);
        for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{3}, expected.size() + 1}) {
          const std::vector<Segmentation> found = tokenizer.n_best(text, n);
          REQUIRE(found.size() == std::min(n, expected.size()));
          for (std::size_t k = 0; k < found.size(); ++k) {
            Strings pieces;
            for (const Id id : found[k].ids) pieces.emplace_back(tokenizer.vocab().bytes(id));
            if (pieces != expected[k]) FAIL_CHECK("number ", k, " of ", n, " differs: ", text);
            if (found[k].log_prob != tokenizer.log_prob(found[k].ids)) FAIL_CHECK("score: ", text);
          }
          if (n > 0 && found[0].ids != tokenizer.encode(text)) FAIL_CHECK("not what encode() says: ", text);
        }
      }
    }
  }
}

TEST_CASE("n-best: runs, where all is a tie but for the last bit") {
  Random random(2);
  reference::Counts counts;
  for (std::size_t length = 1; length <= 12; ++length)
    counts[std::string(length, '-')] = random.between(1, 99999);
  const auto scores = reference::piece_scores(with_all_bytes(counts));
  const Tokenizer tokenizer(vocab_of(counts));
  const std::string text(13, '-');
  const auto expected = all_in_order(scores, text);
  const auto found = tokenizer.n_best(text, expected.size());
  REQUIRE(found.size() == expected.size());
  for (std::size_t k = 0; k < found.size(); ++k) {
    Strings pieces;
    for (const Id id : found[k].ids) pieces.emplace_back(tokenizer.vocab().bytes(id));
    if (pieces != expected[k]) FAIL_CHECK("number ", k, " differs");
  }
}

TEST_CASE("n-best: long lines and many lines, in order, different, the first is encode()'s") {
  Random random(3);
  reference::Counts counts = random_pieces(random, "ab", 40, false);
  counts["\u4E2D"] = 30;
  counts["\u4E2Da"] = 9;
  const Tokenizer tokenizer(vocab_of(counts));
  const Strings items = {"a", "b", "\u4E2D", "\xFF"};
  std::string lines;
  for (int i = 0; i < 300; ++i) lines += random_of(random, items, random.below(30)) + "\n";
  for (const std::string& text : {random_of(random, items, 30000), lines, std::string(20000, 'a')}) {
    const auto found = tokenizer.n_best(text, 20);
    REQUIRE(found.size() == 20);
    CHECK(found[0].ids == tokenizer.encode(text));
    for (std::size_t k = 0; k < found.size(); ++k) {
      CHECK(tokenizer.decode(found[k].ids) == text);
      CHECK(found[k].log_prob == tokenizer.log_prob(found[k].ids));
      if (k == 0) continue;
      CHECK(found[k].log_prob <= found[k - 1].log_prob);
      for (std::size_t j = 0; j < k; ++j) CHECK(found[j].ids != found[k].ids);
    }
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
