// Tested by tests/train_test.cc.
#include "train/stages.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "base/output_file.h"
#include "base/threads.h"
#include "text/nfc.h"
#include "train/count_pool.h"
#include "train/ngram_counts.h"
#include "train/option_error.h"
#include "train/piece_counts.h"
#include "train/segment.h"
#include "train/text_batches.h"

namespace bytepiece {
namespace {

constexpr std::string_view kCountNgrams = "count n-grams", kMergeNgrams = "merge n-grams",
                           kCountPieces = "count pieces";

// How memory is shared out. Without a limit the numbers are those beyond which more memory does not make
// training faster.
struct Shares {
  std::size_t batch = 1 << 20;         // bytes of text that a thread takes at a time
  std::size_t ngram_buffer = 1 << 21;  // n-grams per thread
  std::size_t piece_table = 1 << 28;   // bytes per thread
  std::size_t runs =
      std::numeric_limits<std::size_t>::max();  // bytes of runs in memory; as many again to merge them
};

Shares shares_of(std::uint64_t memory, std::size_t threads) {
  Shares shares;
  if (memory == 0) return shares;
  const std::size_t each = memory / threads;
  shares.batch = std::clamp<std::size_t>(each / 64, 1 << 16, shares.batch);
  shares.ngram_buffer =
      std::clamp<std::size_t>(each / 64, 1 << 14, shares.ngram_buffer);  // 16 bytes each, and tails
  shares.piece_table = std::min<std::size_t>(each / 4, shares.piece_table);
  shares.runs = memory / 6;
  return shares;
}

std::filesystem::path temporary_folder(const TrainOptions& options) {
  if (!options.tmp_dir.empty()) return options.tmp_dir;
  std::error_code error;
  const auto folder = std::filesystem::temp_directory_path(error);
  if (error) {
    throw OptionError(
        "tmp_dir",
        fmt::format("the system's folder for temporary files is not there ({}); name one", error.message()));
  }
  return folder;
}

// Where the runs of a stage go. Fails now rather than after hours when the folder cannot be written.
PoolLimits limits(const TrainOptions& options, const Shares& shares) {
  if (options.memory == 0) return {};
  const PoolLimits limits{shares.runs, temporary_folder(options)};
  static_cast<void>(OutputFile::unnamed(limits.folder));
  return limits;
}

std::uint64_t memory_with_model(const NgramSizes& sizes, const TrainOptions& options) {
  return NgramModel::least_bytes(sizes, options.order) + kMinMemory;
}

bool fits(const NgramSizes& sizes, const TrainOptions& options) {
  return options.memory == 0 || memory_with_model(sizes, options) <= options.memory;
}

void check_fits(const NgramSizes& sizes, const TrainOptions& options) {
  if (fits(sizes, options)) return;
  throw OptionError(
      "memory", fmt::format("{} n-grams that occur {} times or more need {} MB; give at least that, or drop "
                            "more of the rare ones",
                            std::accumulate(sizes.begin(), sizes.end(), std::size_t{0}), options.min_count,
                            memory_with_model(sizes, options) / 1000000 + 1));
}

// What the limit leaves when the model is in memory; 0: no limit.
std::uint64_t memory_beside(const NgramModel& model, const TrainOptions& options) {
  if (options.memory == 0) return 0;
  return options.memory - std::min<std::uint64_t>(model.bytes(), options.memory - kMinMemory);
}

// One walk over the corpus, on all threads.
struct Walk {
  const Corpus& corpus;
  const TrainOptions& options;
  const ProgressCallback& on_progress;
  std::string_view stage;
  std::size_t batch_bytes;

  // Calls visit(worker, chunk) for every chunk.
  template <class Visit>
  void for_each_chunk(const Visit& visit) const {
    const std::size_t threads = resolve_threads(options.threads);
    const SplitOptions split = training_split(options.isolate_digits);
    std::vector<std::string> buffers(threads);
    feed_workers<TextBatch>(
        threads,
        [&](const auto& push) {
          TextBatcher batcher(batch_bytes, split, [&](TextBatch batch) {
            push(std::move(batch));
            report();
          });
          corpus.walk([&](const DocumentPart& part) { batcher.add(part); });
          batcher.finish();
        },
        [&](std::size_t worker, const TextBatch& batch) {
          batch.for_each([&](std::string_view text) {
            bytepiece::for_each_chunk(normalize(text, buffers[worker]), split,
                                      [&](std::string_view chunk) { visit(worker, chunk); });
          });
        });
  }

  void report() const {
    if (on_progress) on_progress({stage, corpus.position ? corpus.position() : 0, corpus.size, {}});
  }
};

// Hands what the threads' counters still hold to the pool.
template <class Counter>
void flush_all(std::vector<Counter>& counters) {
  parallel_for(counters.size(), counters.size(), [&](std::size_t, std::size_t i) { counters[i].flush(); });
  counters.clear();
}

void check_for_fewest_tokens(const TrainOptions& options) {
  const auto refuse = [](bool given, const char* member) {
    if (given) throw OptionError(member, "has no meaning with fewest_tokens; leave one of them out");
  };
  refuse(options.repair_dead_zones, "repair_dead_zones");
  refuse(options.keep_characters, "keep_characters");
  refuse(!options.work_dir.empty(), "work_dir");
  if (options.max_piece_length > kMaxChosenPiece) {
    throw OptionError("max_piece_length", fmt::format("{} is more than {} bytes, the most with fewest_tokens",
                                                      options.max_piece_length, kMaxChosenPiece));
  }
}

void check_sizes(const TrainOptions& options) {
  const std::vector<std::size_t>& sizes = options.vocab_sizes;
  const std::size_t special = options.special_tokens.size();
  const auto fail = [](const std::string& what) { throw OptionError("vocab_sizes", what); };
  if (sizes.empty()) fail("empty; expected at least one size");
  for (const std::size_t size : sizes) {
    if (size < kMinVocabSize) {
      fail(fmt::format("{} is too small; expected at least {}: 256 single bytes and {} reserved ids", size,
                       kMinVocabSize, kFirstPiece));
    }
    if (size < kMinVocabSize + special) {
      fail(fmt::format("{} is too small for {} special token{}; expected at least {}", size, special,
                       special == 1 ? "" : "s", kMinVocabSize + special));
    }
    if (std::count(sizes.begin(), sizes.end(), size) > 1) fail(fmt::format("{} is there twice", size));
  }
}

}  // namespace

void check(const TrainOptions& options) {
  if (options.order < 1 || options.order > kMaxOrder) {
    throw OptionError("order", fmt::format("{} is not between 1 and {}", options.order, kMaxOrder));
  }
  if (options.min_count < 1) throw OptionError("min_count", "0 is not at least 1");
  if (options.memory > 0 && options.memory < kMinMemory) {
    throw OptionError("memory", fmt::format("{} bytes are less than {} MB; did you mean 512M?",
                                            options.memory, kMinMemory / 1000000));
  }
  if (options.max_piece_length < 1) throw OptionError("max_piece_length", "0 is not at least 1");
  if (options.sample < kMinSample || options.sample > kMaxSample) {
    throw OptionError(
        "sample", fmt::format("{} is not between {} and {} bytes", options.sample, kMinSample, kMaxSample));
  }
  if (options.fewest_tokens) check_for_fewest_tokens(options);
  Vocab::check_special_tokens(options.special_tokens);
  check_sizes(options);
  static_cast<void>(resolve_threads(options.threads));
}

std::vector<Vocab> complete(const TrainOptions& options,
                            const std::function<Trained(const TrainOptions& without)>& train) {
  check(options);
  TrainOptions without = options;
  for (std::size_t& size : without.vocab_sizes) size -= options.special_tokens.size();
  std::vector<Vocab> vocabs = with_provenance(train(without), options);
  for (Vocab& vocab : vocabs) vocab = vocab.with_special_tokens(options.special_tokens);
  return vocabs;
}

std::vector<CountRun> count_ngrams(const Corpus& corpus, const TrainOptions& options,
                                   const ProgressCallback& on_progress) {
  const std::size_t threads = resolve_threads(options.threads);
  const Shares shares = shares_of(options.memory, threads);
  CountPool<NgramKey> pool(limits(options, shares));
  std::vector<NgramCounter> counters(threads, NgramCounter(options.order, shares.ngram_buffer, pool));
  Walk{corpus, options, on_progress, kCountNgrams, shares.batch}.for_each_chunk(
      [&](std::size_t worker, std::string_view chunk) { counters[worker].add(chunk); });
  flush_all(counters);
  if (on_progress) on_progress({kCountNgrams, corpus.size, corpus.size, {}});
  return pool.take();
}

NgramModel ngram_model(std::vector<CountRun> ngrams, const TrainOptions& options,
                       std::string_view corpus_name, const ProgressCallback& on_progress) {
  const std::uint64_t total = bytes_of(ngrams);
  FittingTables derived = derive_tables_that_fit(
      ngrams, options.min_count, [&](const NgramSizes& sizes) { return fits(sizes, options); },
      [&](std::uint64_t position) {
        if (on_progress) on_progress({kMergeNgrams, position, total, {}});
      });
  check_fits(derived.sizes, options);
  ngrams.clear();
  NgramModel model = ngram_model(std::move(derived.tables), options, corpus_name);
  if (on_progress) {
    on_progress({kMergeNgrams, total, total,
                 fmt::format("{} n-grams occur {} times or more", model.size(), options.min_count)});
  }
  return model;
}

NgramModel ngram_model(NgramTables tables, const TrainOptions& options, std::string_view corpus_name) {
  const auto seen = [](const NgramCount& entry) { return entry.count > 0; };
  if (std::none_of(tables[1].begin(), tables[1].end(), seen)) {
    throw Error(fmt::format("{}: empty: not a single byte of text to train on", corpus_name));
  }
  check_fits(sizes_of(tables), options);
  const std::uint64_t memory = options.memory == 0 ? 0 : options.memory - kMinMemory;
  return NgramModel(std::move(tables), options.order, memory);
}

PoolLimits pool_limits(const TrainOptions& options) {
  return limits(options, shares_of(options.memory, resolve_threads(options.threads)));
}

PieceCounts count_pieces(const Corpus& corpus, const NgramModel& model, const TrainOptions& options,
                         const ProgressCallback& on_progress) {
  const std::size_t threads = resolve_threads(options.threads);
  const Shares shares = shares_of(memory_beside(model, options), threads);
  CountPool<std::string> pool(limits(options, shares));
  std::vector<Segmenter> segmenters(threads,
                                    Segmenter(model, options.ensure_unicode, options.repair_dead_zones));
  std::vector<PieceCounter> counters(threads, PieceCounter(shares.piece_table, pool));
  struct alignas(64) OwnDigest : TextDigest {};  // no two in one cache line
  std::vector<OwnDigest> digests(threads);
  Walk{corpus, options, on_progress, kCountPieces, shares.batch}.for_each_chunk(
      [&](std::size_t worker, std::string_view chunk) {
        digests[worker].add(chunk);
        for (const std::string_view piece : segmenters[worker].segment(chunk)) counters[worker].add(piece);
      });
  flush_all(counters);
  if (on_progress) on_progress({kCountPieces, corpus.size, corpus.size, {}});
  TextDigest text;
  for (const TextDigest& digest : digests) text += digest;
  return {pool.take(), text};
}

}  // namespace bytepiece
