#include "model/imported.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

Import scores_of(const Vocab& vocab) {
  Import import;
  for (Id id = kFirstPiece; id < vocab.size(); ++id) {
    import.pieces.push_back({std::string(vocab.bytes(id)), vocab.log_prob(id), id});
  }
  return import;
}

TEST_CASE("imported: counts come back from the scores that they gave") {
  Random random(1);
  for (std::size_t round = 0; round < rounds(20); ++round) {
    reference::Counts counts = random_pieces(random, "abc", 5 * round, false);
    counts["zz"] = 123456789;
    const Vocab vocab = vocab_of(counts);
    const Imported imported = finish(scores_of(vocab));
    CHECK(counts_of(imported.vocab) == counts_of(vocab));
    for (const auto& [ours, theirs] : imported.ids) CHECK(ours == theirs);
  }
}

TEST_CASE("imported: scores that no counts gave stay what they are") {
  Import import;
  for (int byte = 0; byte < 255; ++byte) {
    import.pieces.push_back({std::string(1, static_cast<char>(byte)), -8.1 - 0.01 * byte, 7});
  }
  import.pieces.push_back({"ab", -3.3, 900});
  const std::vector<ScoredPiece> pieces = import.pieces;
  const Imported imported = finish(std::move(import));
  for (const ScoredPiece& piece : pieces) {
    CHECK(std::abs(imported.vocab.log_prob(*imported.vocab.find(piece.bytes)) - piece.score) < 1e-9);
  }
  CHECK(imported.ids.size() == 256);  // FF is not theirs
}

TEST_CASE("imported: probabilities of more than 1 are said") {
  Import import;
  import.pieces = {{"a", -0.1, 1}, { "b", -0.1, 2 }};
  const Imported imported = finish(std::move(import));
  REQUIRE(imported.notes.size() == 1);
  CHECK(contains(imported.notes[0], "sum up to 1.8"));
}

TEST_CASE("imported: pieces that become likelier are said") {
  Import import;
  import.pieces = {{"a", -0.1, 1}, {"ab", -42.9, 2}, {"b", -50.5, 3}, { "abc", -300, 4 }};
  const Imported imported = finish(std::move(import));
  REQUIRE(imported.notes.size() == 1);
  CHECK(contains(imported.notes[0], "2 pieces have scores below -42.98"));
  const Vocab& vocab = imported.vocab;
  CHECK(vocab.count(*vocab.find("ab")) == 1);
  CHECK(vocab.count(*vocab.find("abc")) == 1);
  CHECK(vocab.log_prob(*vocab.find("abc")) > -43);
}

TEST_CASE("imported: ids of special tokens, however many") {
  Import import;
  import.pieces = {{ "a", -0.1, 1 }};
  for (std::uint32_t i = 0; i < 100000; ++i)
    import.special_tokens.emplace_back("<" + std::to_string(i), i + 7);
  const Imported imported = finish(std::move(import));
  REQUIRE(imported.ids.size() == 100001);
  for (std::uint32_t i = 0; i < 100000; i += 999) {
    const auto [ours, theirs] = imported.ids[i + 1];
    CHECK(imported.vocab.special_tokens()[ours - imported.vocab.size()] == "<" + std::to_string(theirs - 7));
  }
}

TEST_CASE("imported: what is refused") {
  for (const double score :
       {0.5, -2e6, -std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    Import import;
    import.pieces = {{ "ab", score, 1 }};
    CHECK(contains(error_of([&] { finish(std::move(import)); }), "expected the logarithm of a probability"));
  }
  Import twice;
  twice.pieces = {{"ab", -1, 1}, {"ab", -2, 2}};
  CHECK(contains(error_of([&] { finish(std::move(twice)); }), "piece ab is there twice"));
  Import empty;
  empty.pieces = {{"", -1, 1}};
  CHECK(contains(error_of([&] { finish(std::move(empty)); }), "empty"));
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
