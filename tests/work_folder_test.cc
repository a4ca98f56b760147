#include "train/work_folder.h"

#include <bytepiece/train.h>
#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

constexpr std::uint64_t kShard = 32 << 20;

// A small text that says it is large enough for `shards` shards, each of which has a part of its lines.
Corpus corpus_of_shards(std::size_t shards, std::string identity = "text") {
  Random random(1);
  Strings lines;
  for (int i = 0; i < 300; ++i) {
    lines.push_back(random_of(random, {"the ", "cat ", "sat ", "\u4F60\u597D", "12"}, 8) + "\n");
  }
  Corpus corpus = corpus_of(lines);
  corpus.size = shards * kShard;
  corpus.identity = std::move(identity);
  corpus.share = [lines](std::size_t i, std::size_t n) {
    const auto at = [&](std::size_t k) {
      return lines.begin() + static_cast<std::ptrdiff_t>(lines.size() * k / n);
    };
    return corpus_of({at(i), at(i + 1)});
  };
  return corpus;
}

struct Stop {};

// Stops at the progress call of that number.
ProgressCallback stopping_at(std::size_t fatal, std::size_t& calls) {
  return [fatal, &calls](const Progress&) {
    if (++calls == fatal) throw Stop{};
  };
}

TEST_CASE("work_folder: stopped anywhere, a run continues and ends with the same bytes") {
  const Corpus corpus = corpus_of_shards(5);
  TrainOptions options{.vocab_sizes = {300, 280}, .min_count = 3};
  const auto files_of = [](const std::vector<Vocab>& vocabs) {
    return file_of(vocabs[0]) + file_of(vocabs[1]);
  };
  const std::string expected = files_of(train(corpus, options));
  bool finished = false;
  for (std::size_t fatal = 1; !finished; fatal += test_scale() == 0 ? 7 : 1) {
    CAPTURE(fatal);
    const TemporaryFolder folder;
    options.work_dir = folder / "run";
    std::size_t calls = 0;
    try {
      train(corpus, options, stopping_at(fatal, calls));
      finished = true;
    } catch (const Stop&) {
    }
    options.threads = static_cast<int>(fatal % 3) + 1;
    options.memory = fatal % 2 == 0 ? 0 : 64 << 20;
    const std::size_t first_calls = calls;
    calls = 0;
    CHECK(files_of(train(corpus, options, stopping_at(0, calls))) == expected);
    if (fatal > 8 && options.threads == 1) CHECK(calls < first_calls + 20);
  }
}

TEST_CASE("work_folder: what is finished is not done again") {
  const Corpus corpus = corpus_of_shards(4);
  const TemporaryFolder folder;
  TrainOptions options;
  options.work_dir = folder.path();
  const std::string expected = file_of(train(corpus, options).front());
  Corpus unreadable = corpus;
  unreadable.walk = [](const auto&) { throw std::domain_error("read"); };
  unreadable.share = [&](std::size_t, std::size_t) { return unreadable; };
  CHECK(file_of(train(unreadable, options).front()) == expected);
  std::filesystem::remove(folder / "pieces.3");
  std::filesystem::resize_file(folder / "pieces.2", 50);
  CHECK_THROWS_AS(train(unreadable, options), std::domain_error);
  CHECK(file_of(train(corpus, options).front()) == expected);
  std::filesystem::remove(folder / "ngrams.1");
  CHECK(file_of(train(corpus, options).front()) == expected);
}

TEST_CASE("work_folder: another corpus or option is refused") {
  const TemporaryFolder folder;
  TrainOptions options;
  options.work_dir = folder.path();
  train(corpus_of_shards(2), options);
  const auto refused = [&](const Corpus& corpus, TrainOptions changed) {
    changed.work_dir = folder.path();
    return error_of([&] { train(corpus, changed); });
  };
  const Corpus same = corpus_of_shards(2);
  CHECK(refused(same, {.threads = 2}) == "");
  CHECK(contains(refused(same, {.order = 5}), "another order (6, now 5)"));
  CHECK(contains(refused(same, {.min_count = 3}), "another min_count (2, now 3)"));
  CHECK(contains(refused(same, {.max_piece_length = 9}), "another max_piece_length (36, now 9)"));
  CHECK(contains(refused(same, {.isolate_digits = true}), "another isolate_digits"));
  CHECK(contains(refused(same, {.ensure_unicode = false}), "another ensure_unicode"));
  CHECK(contains(refused(same, {.repair_dead_zones = true}), "another repair_dead_zones (0, now 1)"));
  CHECK(contains(refused(same, {.keep_characters = true}), "another keep_characters (0, now 1)"));
  CHECK(contains(refused(same, {.vocab_sizes = {300, 400}}), "another vocab_sizes (10000, now 300,400)"));
  CHECK(contains(refused(corpus_of_shards(2, "other"), {}), "another corpus (text, now other)"));
  CHECK(contains(refused(corpus_of_shards(3), {}), "another shard_count (2, now 3)"));
  CHECK(contains(refused(corpus_of_shards(2, ""), {}), "cannot be told from another corpus"));
  write_bytes(folder / "manifest", "hello");
  CHECK(contains(refused(same, {}), "manifest: not a count file"));
  std::filesystem::remove(folder / "manifest");
  std::filesystem::create_symlink("manifest", folder / "manifest");
  CHECK(contains(refused(same, {}), "manifest: cannot be read"));
  std::filesystem::remove(folder / "manifest");
  std::filesystem::remove(folder / "ngrams.1");
  std::filesystem::create_symlink("ngrams.1", folder / "ngrams.1");
  CHECK(contains(refused(same, {}), "ngrams.1: cannot be written"));
  options.work_dir = folder / "manifest" / "below";
  CHECK(contains(error_of([&] { train(same, options); }), "cannot be made"));
}

TEST_CASE("work_folder: leaving out an option that it was begun with is refused") {
  for (const bool repair : {false, true}) {
    const TemporaryFolder folder;
    TrainOptions options{.repair_dead_zones = repair, .keep_characters = !repair};
    options.work_dir = folder.path();
    train(corpus_of_shards(2), options);
    options.repair_dead_zones = options.keep_characters = false;
    const std::string name = repair ? "repair_dead_zones" : "keep_characters";
    CHECK(
        contains(error_of([&] { train(corpus_of_shards(2), options); }), "another " + name + " (1, now 0)"));
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
