#include "train/steps.h"

#include <bytepiece/readers.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "golden_data.h"
#include "reference.h"
#include "support.h"
#include "train/prune.h"
#include "train/stages.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

using Paths = std::vector<std::filesystem::path>;

// Some files of all kinds, as a corpus.
Corpus files_of(Random& random, const TemporaryFolder& folder) {
  std::vector<InputFile> files;
  for (std::size_t i = random.between(1, 5); i > 0; --i) {
    const std::string name = "text" + std::to_string(i);
    std::string text =
        random_of(random, {"the ", "cat ", "sat\n", "\n\n", "on ", "e\u0301", "12 "}, random.below(400));
    if (random.chance(4)) text = compressed(text, "gzip");
    write_bytes(folder / name, text);
    files.push_back({.path = folder / name,
                     .options = {random.chance(2) ? InputFormat::kText : InputFormat::kLines},
                     .name = {}});
  }
  write_bytes(folder / "text0", "the cat\n");
  files.push_back({.path = folder / "text0", .options = {}, .name = {}});
  return read_files(files);
}

struct Made {
  Paths ngrams, pieces;
};

// All steps, the shards of each in any order, some of them merged before the rest.
Vocab in_steps(Random& random, const Corpus& corpus, std::size_t shards, const TrainOptions& options,
               const TemporaryFolder& folder) {
  const auto merged = [&](Paths paths, const std::string& name) {
    std::shuffle(paths.begin(), paths.end(), std::mt19937_64(random.number()));
    if (paths.size() > 2 && random.chance(2)) {
      merge_counts(open_counts({paths[0], paths[1]}, Shards::kSome), folder / (name + ".some"), {});
      paths.erase(paths.begin(), paths.begin() + 2);
      paths.push_back(folder / (name + ".some"));
    }
    if (random.chance(2)) return paths;
    merge_counts(open_counts(paths, Shards::kAll), folder / name, {});
    return Paths{folder / name};
  };
  Paths ngrams, pieces;
  for (std::size_t i = shards; i > 0; --i) {
    ngrams.push_back(folder / ("ngrams." + std::to_string(i)));
    write_ngram_counts(corpus, {i, shards}, options, ngrams.back(), {});
    if (random.chance(3)) write_ngram_counts(corpus, {i, shards}, options, ngrams.back(), {});
  }
  Counts counts = open_counts(merged(ngrams, "ngrams"), Shards::kAll);
  const TrainOptions same = options_of(counts, "ngrams", options, corpus.identity);
  const NgramModel model = ngram_model(std::move(counts.runs), same, corpus.name, {});
  for (std::size_t i = 1; i <= shards; ++i) {
    pieces.push_back(folder / ("pieces." + std::to_string(i)));
    write_piece_counts(corpus, {i, shards}, model, same, pieces.back(), {});
  }
  const Counts all = open_counts(merged(pieces, "pieces"), Shards::kAll);
  TrainOptions last;  // all but the sizes comes from the files
  last.vocab_sizes = options.vocab_sizes;
  const TrainOptions counted = options_of(all, "pieces", last);
  return with_provenance({prune(all.runs, counted, 1, {}), all.text}, counted).front();
}

TEST_CASE("steps: shards done and merged in any order make the model of one run") {
  Random random(1);
  for (std::size_t round = 0; round < rounds(40); ++round) {
    const TemporaryFolder texts, folder;
    const Corpus corpus = files_of(random, texts);
    TrainOptions options{.vocab_sizes = {300}, .order = static_cast<int>(random.between(1, 6))};
    options.min_count = random.between(1, 3);
    options.isolate_digits = random.chance(2);
    options.ensure_unicode = random.chance(2);
    const std::size_t shards = random.between(1, 9);
    CAPTURE(shards);
    CHECK(file_of(in_steps(random, corpus, shards, options, folder)) ==
          file_of(train(corpus, options).front()));
  }
}

// Two corpora in three shards each, counted into files with the names that the map gives.
struct Shelf {
  Shelf() {
    write_bytes(texts / "a", "one two\nthree\nfour\nfive\nsix\n");
    write_bytes(texts / "b", "one two\nthree\nfour\nfive\nseven\n");
    for (std::size_t i = 1; i <= 3; ++i) {
      write_ngram_counts(corpus("a"), {i, 3}, {}, folder / ("a" + std::to_string(i)), {});
    }
    write_ngram_counts(corpus("a"), {2, 4}, {}, folder / "of4", {});
    write_ngram_counts(corpus("a"), {2, 3}, {.order = 5}, folder / "order5", {});
    write_ngram_counts(corpus("b"), {2, 3}, {}, folder / "other", {});
  }
  Corpus corpus(const char* name) const {
    return read_files({{.path = texts / name, .options = {}, .name = {}}});
  }
  std::string open(const Strings& names, Shards shards = Shards::kAll) const {
    Paths paths;
    for (const std::string& name : names) paths.push_back(folder / name);
    return error_of([&] { open_counts(paths, shards); });
  }
  TemporaryFolder texts, folder;
};

TEST_CASE("steps: what does not belong together is refused") {
  const Shelf shelf;
  CHECK(shelf.open({"a3", "a1", "a2"}) == "");
  CHECK(shelf.open({"a3", "a1"}, Shards::kSome) == "");
  CHECK(contains(shelf.open({"a1", "a3"}), "shard 2 of 3 is missing"));
  CHECK(contains(shelf.open({"a2"}), "shard 1,3 of 3 is missing"));
  CHECK(contains(shelf.open({"a1", "a2", "a3", "a2"}), "shard 2/3 is in"));
  CHECK(contains(shelf.open({"a1", "of4"}), "a shard of 4, but of 3 in"));
  CHECK(contains(shelf.open({"a1", "order5", "a3"}), "order is 5, but 6 in"));
  CHECK(contains(shelf.open({"a1", "other", "a3"}), "corpus is "));
  CHECK(contains(shelf.open({"a1", "none"}), "none: cannot be read"));

  CHECK(contains(error_of([&] {
                   write_ngram_counts(shelf.corpus("a"), {1, 3}, {.memory = 512}, shelf.folder / "a1", {});
                 }),
                 "did you mean 512M?"));

  const Counts counts =
      open_counts({shelf.folder / "a1", shelf.folder / "a2", shelf.folder / "a3"}, Shards::kAll);
  CHECK(counts.description.at("shards") == "1-3/3");
  CHECK(options_of(counts, "ngrams", {.order = 2}, shelf.corpus("a").identity).order == 6);
  CHECK(contains(error_of([&] { options_of(counts, "pieces", {}); }), "its kind is ngrams, not pieces"));
  CHECK(contains(error_of([&] { options_of(counts, "ngrams", {}, shelf.corpus("b").identity); }),
                 "its corpus is"));
}

TEST_CASE("steps: a description may say anything") {
  const TemporaryFolder folder;
  const CountDescription good = {{"kind", "ngrams"},  {"version", "0"}, {"corpus", "x"},
                                 {"shards", "1-2/2"}, {"order", "6"},   {"isolate_digits", "0"}};
  const auto open = [&](const std::string& name, const std::string& value) {
    CountDescription description = good;
    description[name] = value;
    CountFileWriter(folder / "counts", description).finish();
    return error_of([&] { options_of(open_counts({folder / "counts"}, Shards::kAll), "ngrams", {}); });
  };
  for (const std::string shards : {"", "1", "1/", "/", "1/x", "2-1/2", "1,1/2", "0/2", "3/2", "1-/2", "-/2",
                                   "1-99999999/99999999", "1/18446744073709551617", "2,1/2"}) {
    CAPTURE(shards);
    CHECK(open("shards", shards) != "");
  }
  CHECK(contains(open("shards", "1-2/2"), "version is 0"));
}

TEST_CASE("steps: counts beyond 32 bits give the oracle's model, and beyond 64 bits an error") {
  const TemporaryFolder folder;
  const auto finish = [&](const reference::Counts& pieces, const TrainOptions& options) {
    CountRun run;
    EntryWriter<std::string> writer(run.entries);
    for (const auto& [piece, count] : pieces) writer.append(piece, count);
    CountFileWriter file(folder / "pieces", {{"kind", "pieces"}});
    merge_into<std::string>({run}, file);
    return counts_of(prune({{{}, file.finish()}}, options, 2, {}).front());
  };
  Random random(7);
  for (std::size_t round = 0; round < rounds(20); ++round) {
    reference::Counts pieces = random_pieces(random, "abc", 40, false);
    for (auto& [piece, count] : pieces) count *= (std::uint64_t{1} << 36) + random.below(1000);
    const TrainOptions options{
        .vocab_sizes = {275}, .min_count = std::uint64_t{1} << 37, .max_piece_length = 4};
    CHECK(finish(pieces, options) == reference::prune(pieces, {.vocab_sizes = options.vocab_sizes,
                                                               .max_piece_length = options.max_piece_length,
                                                               .min_count = options.min_count})
                                         .front());
  }
  CHECK(contains(error_of([&] {
                   finish({{"ab", std::uint64_t{1} << 62}, {"cd", std::uint64_t{1} << 62}}, {});
                 }),
                 "64 bits"));
  CHECK(contains(error_of([&] { finish({{"a", ~std::uint64_t{0}}}, {}); }), "64 bits"));
  CHECK(contains(error_of([&] { finish({{"a\nb", 7}}, {}); }), "line feed"));
}

TEST_CASE("steps: n-gram counts beyond 32 bits make the model of small ones, and bad ones an error") {
  const auto run_of = [](const std::map<std::string, std::uint64_t>& ngrams) {
    CountRun run;
    EntryWriter<NgramKey> writer(run.entries);
    for (const auto& [ngram, count] : ngrams) {
      NgramKey key;
      replace_tail(key, 0, ngram);
      writer.append(key, count);
    }
    return run;
  };
  const TrainOptions options{.order = 2};
  // The probabilities of all but the bytes that were not seen are those of counts 2^40 times smaller.
  const auto value = [&](std::uint64_t unit) {
    const NgramModel model =
        ngram_model({run_of({{"ab", 6 * unit}, {"ba", 2 * unit}, {"b", unit}})}, options, "", {});
    const NgramModel::Found found = model.found(model.seek('a' << 8 | 'b', 2));
    REQUIRE(found.length == 2);
    return found.values[1];
  };
  CHECK(value(std::uint64_t{1} << 40) == doctest::Approx(value(2)));
  const auto fails = [&](const std::map<std::string, std::uint64_t>& ngrams, int order) {
    return error_of([&] { ngram_model({run_of(ngrams)}, {.order = order}, "text", {}); });
  };
  const std::uint64_t large = std::uint64_t{1} << 63;
  CHECK(contains(fails({{"a", large}, {"b", large}}, 1), "64 bits"));
  CHECK(contains(fails({{"aa", large}, {"ab", large}}, 2), "64 bits"));
  CHECK(contains(fails({{"abc", 9}}, 3), "do not belong together"));  // "bc" is not there
  CHECK(contains(fails({}, 3), "text: empty"));
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
