#include <bytepiece/train.h>
#include <doctest/doctest.h>

#include <cstdio>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "reference.h"
#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

struct Row {
  std::string name;
  TrainOptions options;
  std::string message;
};

TEST_CASE("train: options out of range are refused, each by its name") {
  static const Row rows[] = {
      {"order 0", {.order = 0}, "order: 0 is not between 1 and 8"},
      {"order 9", {.order = 9}, "order: 9 is not between 1 and 8"},
      {"order -1", {.order = -1}, "order: -1"},
      {"no size", {.vocab_sizes = {}}, "vocab_sizes: empty"},
      {"size 0", {.vocab_sizes = {0}}, "vocab_sizes: 0 is too small; expected at least 259"},
      {"size 258", {.vocab_sizes = {1000, 258}}, "vocab_sizes: 258 is too small; expected at least 259"},
      {"size twice", {.vocab_sizes = {300, 400, 300}}, "vocab_sizes: 300 is there twice"},
      {"min_count 0", {.min_count = 0}, "min_count: 0"},
      {"max_piece_length 0", {.max_piece_length = 0}, "max_piece_length: 0"},
      {"sample too small", {.sample = 1000}, "sample: 1000 is not between 4000000 and 2147483647 bytes"},
      {"memory 512", {.memory = 512}, "memory: 512 bytes are less than 16 MB; did you mean 512M?"},
      {"max_piece_length 257",
       {.max_piece_length = 257, .fewest_tokens = true},
       "max_piece_length: 257 is more than 256 bytes, the most with fewest_tokens"},
      {"sample too large", {.sample = std::size_t{1} << 31}, "sample: 2147483648 is not between"},
      {"threads -1", {.threads = -1}, "threads: -1"},
      {"threads 2000000", {.threads = 2000000}, "threads: 2000000"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(contains(error_of([&] { train(corpus_of({"abc"}), row.options); }), row.message));
  }
}

TEST_CASE("train: the longest pieces there may be") {
  const Corpus corpus = corpus_of(Strings(9, std::string(5000, 'a') + "\n"));
  CHECK(train(corpus, {.max_piece_length = 100000}).front().size() > kMinVocabSize);
  const Vocab vocab = train(corpus, {.max_piece_length = kMaxChosenPiece, .fewest_tokens = true}).front();
  CHECK(vocab.max_piece_length() == kMaxChosenPiece);
}

TEST_CASE("train: an empty corpus is refused") {
  for (const Strings& texts : {Strings{}, Strings{""}, Strings{"", "", ""}}) {
    for (const int threads : {1, 2}) {
      CHECK(contains(error_of([&] { train(corpus_of(texts), {.threads = threads}); }),
                     "not a single byte of text"));
    }
  }
}

TEST_CASE("train: the smallest corpora") {
  for (const std::string& text :
       Strings{"a", "\n", std::string(1, '\0'), "\xFF", "\xE4", "\u4F60", "\u0301", "ab"}) {
    for (const int threads : {1, 2, 3}) {
      const auto vocabs = train(corpus_of({text}), {.threads = threads});
      REQUIRE(vocabs.size() == 1);
      CHECK(counts_of(vocabs[0]) == reference::train({text}, {}).front());
    }
  }
}

TEST_CASE("train: what is often together becomes a piece") {
  std::string text;
  for (const std::string word : {"cat", "dog", "bird"}) {
    for (const std::string other : {"cat", "dog", "bird"}) text += word + " " + other + "\n";
  }
  const Vocab vocab = train(corpus_of({text}), {.order = 3, .threads = 2}).front();
  CHECK(vocab.size() > kMinVocabSize);
  CHECK(counts_of(vocab) == reference::train({text}, {.order = 3}).front());
}

TEST_CASE("train: a model per size, in the order asked for") {
  Random random(1);
  const std::string text = random_of(random, {"the ", "cat ", "sat ", "on ", "mat\n", "a"}, 500);
  const auto vocabs = train(corpus_of({text}), {.vocab_sizes = {262, 1000, 259, 265}, .min_count = 1});
  const auto expected = reference::train({text}, {.vocab_sizes = {1000, 265, 262, 259}, .min_count = 1});
  REQUIRE(vocabs.size() == 4);
  CHECK(counts_of(vocabs[1]) == expected[0]);
  CHECK(counts_of(vocabs[3]) == expected[1]);
  CHECK(counts_of(vocabs[0]) == expected[2]);
  CHECK(counts_of(vocabs[2]) == expected[3]);
  CHECK(vocabs[2].size() == 259);
}

TEST_CASE("train: progress runs on the calling thread and reaches the end") {
  std::string text;
  for (int i = 0; i < 300000; ++i) text += "some text\n";
  Corpus corpus = corpus_of({text});
  corpus.position = [] { return std::uint64_t{7}; };
  corpus.size = 9;
  std::set<std::string> stages;
  const auto caller = std::this_thread::get_id();
  bool on_caller = true, in_range = true;
  train(corpus, {.threads = 3}, [&](const Progress& progress) {
    stages.emplace(progress.stage);
    on_caller = on_caller && std::this_thread::get_id() == caller;
    in_range = in_range && progress.done <= progress.total;
  });
  CHECK(on_caller);
  CHECK(in_range);
  CHECK(stages.contains("count n-grams"));
  CHECK(stages.contains("count pieces"));
}

TEST_CASE("train: an exception from corpus or callback passes through and nothing hangs") {
  std::string block;
  for (int i = 0; i < 50000; ++i) block += "some text\n";
  for (const int threads : {1, 2, 8}) {
    for (int fatal = 1; fatal < 12; fatal += 2) {
      int parts = 0;
      Corpus corpus;
      corpus.walk = [&](const auto& visit) {
        for (int i = 0; i < 5; ++i) {
          if (++parts == fatal) throw std::domain_error("from the corpus");
          visit(DocumentPart{block});
        }
      };
      if (fatal <= 10) {
        CHECK_THROWS_AS(train(corpus, {.order = 2, .threads = threads}), std::domain_error);
      } else {
        CHECK_NOTHROW(train(corpus, {.order = 2, .threads = threads}));
      }
      if (test_scale() == 0) break;
    }
    const auto fail = [](const Progress&) { throw std::domain_error("from the callback"); };
    CHECK_THROWS_AS(train(corpus_of({block, block}), {.order = 2, .threads = threads}, fail),
                    std::domain_error);
  }
}

TEST_CASE("train: a limit on memory sends counts to files and changes nothing") {
  Random random(5);
  std::string text;
  while (text.size() < 2000000) text += random_bytes(random, 6) + (random.chance(9) ? "\n" : "");
  TrainOptions options{.vocab_sizes = {400}, .min_count = 3};
  const reference::Counts expected = counts_of(train(corpus_of({text}), options).front());
  const TemporaryFolder folder;
  options.tmp_dir = folder.path();
  options.memory = 24 << 20;
  for (const int threads : {1, 3}) {
    options.threads = threads;
    CHECK(counts_of(train(corpus_of({text}), options).front()) == expected);
  }
  options.tmp_dir = folder / "missing";
  CHECK(contains(error_of([&] { train(corpus_of({text}), options); }), "missing"));
  options.memory = kMinMemory;
  options.min_count = 1;
  options.tmp_dir = folder.path();
  text.resize(100000);
  const std::string error = error_of([&] { train(corpus_of({text}), options); });
  CAPTURE(error);
  std::uint64_t ngrams = 0, times = 0, megabytes = 0;
  REQUIRE(std::sscanf(error.c_str(), "memory: %ju n-grams that occur %ju times or more need %ju MB", &ngrams,
                      &times, &megabytes) == 3);
  options.memory = megabytes * 1000000;
  CHECK(error_of([&] { train(corpus_of({text}), options); }) == "");
  options.memory -= 2000000;
  CHECK(error_of([&] { train(corpus_of({text}), options); }) == error);
  CHECK(files_in(folder.path()).empty());
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
