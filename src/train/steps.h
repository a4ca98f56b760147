// The stages of training with count files in between, so that they can be done by different processes, a
// shard of the corpus each, and done again when one fails.
//
//   shard 1/3 ─▶ ngrams 1/3 ┐                            shard 1/3 ─▶ pieces 1/3 ┐
//   shard 2/3 ─▶ ngrams 2/3 ┼─ merge ─▶ ngrams 1-3/3 ─▶  shard 2/3 ─▶ pieces 2/3 ┼─ merge ─▶ prune
//   shard 3/3 ─▶ ngrams 3/3 ┘             model          shard 3/3 ─▶ pieces 3/3 ┘
//
// A count file says what it holds: the kind, the shards, the corpus, the options that its counts depend on
// and the version of this project. Files are put together only if all that is the same and no shard is there
// twice; what needs all shards says which ones are missing. A file appears whole or not at all, and a shard
// done again gives the same bytes.
//
// Thread rule: any number of calls at a time, for different output files.
#pragma once

#include <bytepiece/corpus.h>
#include <bytepiece/train.h>

#include <cstddef>
#include <filesystem>
#include <string_view>
#include <vector>

#include "train/count_file.h"
#include "train/count_run.h"
#include "train/ngram_model.h"
#include "train/provenance.h"

namespace bytepiece {

// One of `of` shares of a corpus, from 1 on.
struct Shard {
  std::size_t number = 1, of = 1;
};
inline constexpr std::size_t kMostShards = 1000000;

Corpus shard_of(const Corpus& corpus, Shard shard);  // throws Error: it cannot be shared out

// What a file of these counts says of itself; one of pieces also says the digest of its shard.
CountDescription describe_ngrams(const Corpus& corpus, Shard shard, const TrainOptions& options);
CountDescription describe_pieces(const Corpus& corpus, Shard shard, const TrainOptions& options);

// Whether a file that says this holds the counts that are described so.
bool is_of(CountDescription file, const CountDescription& expected);

// Count a shard of the whole corpus into a file. Throw Error.
void write_ngram_counts(const Corpus& corpus, Shard shard, const TrainOptions& options,
                        const std::filesystem::path& output, const ProgressCallback& on_progress);
void write_piece_counts(const Corpus& corpus, Shard shard, const NgramModel& model,
                        const TrainOptions& options, const std::filesystem::path& output,
                        const ProgressCallback& on_progress);

// Count files that belong together.
struct Counts {
  CountDescription description;  // of all of them
  std::vector<CountRun> runs;
  TextDigest text;  // of pieces: that they were counted from
};
enum class Shards { kAll, kSome };  // which ones must be there

// Throws Error: unreadable, of different corpora or options, a shard twice or missing.
Counts open_counts(const std::vector<std::filesystem::path>& paths, Shards shards);
void merge_counts(const Counts& counts, const std::filesystem::path& output,
                  const ProgressCallback& on_progress);

// The given options with those that the counts were made with. Throws Error: these are not counts of that
// kind ("ngrams", "pieces"), or another version's, or of another corpus than `corpus_identity` (if given).
TrainOptions options_of(const Counts& counts, std::string_view kind, TrainOptions options,
                        std::string_view corpus_identity = {});

}  // namespace bytepiece
