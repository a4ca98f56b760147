#include "train/prune.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "reference.h"
#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

// All pieces, in two runs.
std::vector<CountRun> runs_of(const reference::Counts& counts) {
  std::vector<CountRun> runs(2);
  EntryWriter<std::string> first(runs[0].entries), second(runs[1].entries);
  for (const auto& [piece, count] : counts) {
    first.append(piece, (count + 1) / 2);
    if (count > 1) second.append(piece, count / 2);
  }
  return runs;
}

std::vector<reference::Counts> pruned(const reference::Counts& pieces, const TrainOptions& options,
                                      std::size_t threads = 1) {
  std::vector<reference::Counts> result;
  for (const Vocab& vocab : prune(runs_of(pieces), options, threads, {})) result.push_back(counts_of(vocab));
  return result;
}

TEST_CASE("prune: no pieces at all leave the single bytes") {
  CHECK(pruned({}, {}) == std::vector{with_all_bytes({})});
}

TEST_CASE("prune: rare and long pieces go, and their counts to their parts") {
  const auto vocab =
      pruned({{"a", 10}, {"ab", 10}, {"cd", 1}, {"ababab", 7}}, {.max_piece_length = 5}).front();
  CHECK_FALSE(vocab.contains("cd"));
  CHECK(vocab.at("c") == 2);
  CHECK_FALSE(vocab.contains("ababab"));
  CHECK(vocab.at("ab") == 10 + 3 * 7);
  CHECK(vocab.at("a") == 10);
}

TEST_CASE("prune: a piece that others spell better goes") {
  const auto vocab = pruned({{"ab", 1000}, {"cd", 1000}, {"abcd", 2}}, {}).front();
  CHECK_FALSE(vocab.contains("abcd"));
  CHECK(vocab.at("ab") == 1002);
}

TEST_CASE("prune: a kept character stays by how often it occurs in all pieces") {
  const reference::Counts pieces = {
      {"\u4F60", 40}, {"\u4F60\u597D", 1000}, {"\u4F60\u4EEC", 900}, {"ab", 500}, {"cd", 400}};
  TrainOptions options{.vocab_sizes = {256 + 3 + 4}};
  CHECK_FALSE(pruned(pieces, options).front().contains("\u4F60"));
  options.keep_characters = true;
  CHECK(pruned(pieces, options).front().contains("\u4F60"));
  CHECK_FALSE(pruned(pieces, options).front().contains("cd"));
}

TEST_CASE("prune: sizes come back in the order asked for") {
  reference::Counts pieces;
  Random random(1);
  for (int i = 0; i < 500; ++i) pieces[random_of(random, {"a", "b", "c"}, 4)] += 100;
  const auto vocabs = pruned(pieces, {.vocab_sizes = {270, 1000, 259, 300}});
  REQUIRE(vocabs.size() == 4);
  CHECK(vocabs[0].size() <= 267);
  CHECK(vocabs[1].size() > 297);
  CHECK(vocabs[2].size() == 256);
  CHECK(vocabs[3].size() <= 297);
  CHECK(vocabs[3].size() > 267);
}

TEST_CASE("prune: random pieces as the oracle, with any number of threads") {
  Random random(2);
  for (std::size_t round = 0; round < rounds(60); ++round) {
    reference::Counts pieces =
        random_pieces(random, round % 2 == 0 ? "ab" : "abcd\n", random.below(150), round % 3 == 0);
    if (round % 4 == 0) pieces.erase("a");
    for (std::size_t i = random.below(20); i > 0; --i) pieces[random_bytes(random, random.between(1, 4))] = i;
    // Chunks hold line feeds at their ends only, and so do the pieces of chunks.
    std::erase_if(pieces, [](const auto& piece) {
      return piece.first.find_first_not_of('\n', std::min(piece.first.find('\n'), piece.first.size())) !=
             std::string::npos;
    });
    TrainOptions options;
    options.min_count = random.between(1, 5);
    options.max_piece_length = random.between(1, 6);
    options.vocab_sizes.clear();
    for (std::size_t i = random.between(1, 3); i > 0; --i) {
      options.vocab_sizes.push_back(259 + 40 * i + random.below(40));  // descending, as the oracle's
    }
    const auto expected = reference::prune(pieces, {.vocab_sizes = options.vocab_sizes,
                                                    .max_piece_length = options.max_piece_length,
                                                    .min_count = options.min_count});
    CHECK(pruned(pieces, options, 1) == expected);
    CHECK(pruned(pieces, options, 3) == expected);
  }
}

TEST_CASE("prune: more pieces than one thread takes at a time") {
  Random random(3);
  reference::Counts pieces;
  for (int i = 0; i < 12000; ++i) {
    pieces[random_of(random, {"a", "b", "c", "d", "e", "f"}, random.between(1, 7))] += random.between(1, 9);
  }
  TrainOptions options;
  options.vocab_sizes = {3000, 400};
  const auto expected = reference::prune(pieces, {.vocab_sizes = options.vocab_sizes});
  CHECK(pruned(pieces, options, 1) == expected);
  CHECK(pruned(pieces, options, 4) == expected);
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
