// The stages of training, one after the other.
//
//   corpus ─▶ n-gram counts ─▶ n-gram model ─▶ pieces of every chunk, counted ─▶ vocabularies
//     (walked once)                              (walked again)
//
// All counts are integers and only ever added, so the result depends neither on the number of threads
// nor on the order in which batches are done.
//
// Tested by tests/train_test.cc.
#include <bytepiece/train.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "base/threads.h"
#include "text/nfc.h"
#include "train/count_pool.h"
#include "train/ngram_counts.h"
#include "train/ngram_model.h"
#include "train/piece_counts.h"
#include "train/prune.h"
#include "train/segment.h"
#include "train/text_batches.h"

namespace bytepiece {
namespace {

void check(const TrainOptions& options) {
  if (options.order < 1 || options.order > kMaxOrder) {
    throw Error(fmt::format("order: {} is not between 1 and {}", options.order, kMaxOrder));
  }
  if (options.min_count < 1) throw Error("min_count: 0 is not at least 1");
  if (options.max_piece_length < 1) throw Error("max_piece_length: 0 is not at least 1");
  if (options.vocab_sizes.empty()) throw Error("vocab_sizes: empty; expected at least one size");
  for (const std::size_t size : options.vocab_sizes) {
    if (size < kMinVocabSize) {
      throw Error(
          fmt::format("vocab_sizes: {} is too small; expected at least {}: 256 single bytes and {} "
                      "reserved ids",
                      size, kMinVocabSize, kFirstPiece));
    }
    if (std::count(options.vocab_sizes.begin(), options.vocab_sizes.end(), size) > 1) {
      throw Error(fmt::format("vocab_sizes: {} is there twice", size));
    }
  }
}

// How the memory that the user grants is shared out. Without a limit the numbers are those beyond which
// more memory does not make training faster.
struct Shares {
  std::size_t batch_bytes;   // of text that a thread takes at a time
  std::size_t ngram_buffer;  // n-grams per thread
  std::size_t piece_table;   // bytes per thread
  std::size_t runs;          // bytes of runs in memory
};

Shares shares_of(const TrainOptions& options, std::size_t threads) {
  constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();
  if (options.memory == 0) return {1 << 20, 1 << 21, 1 << 28, kUnlimited};
  const std::size_t memory = options.memory, each = memory / threads;
  const auto between = [](std::size_t low, std::size_t value, std::size_t high) {
    return std::clamp(value, low, high);
  };
  return {between(1 << 16, each / 64, 1 << 20), between(1 << 14, each / 64, 1 << 21),
          between(1 << 20, each / 4, 1 << 28), memory / 6};
}

class Trainer {
 public:
  Trainer(const Corpus& corpus, const TrainOptions& options, const ProgressCallback& on_progress)
      : corpus_(corpus),
        options_(options),
        on_progress_(on_progress),
        threads_(resolve_threads(options.threads)),
        shares_(shares_of(options, threads_)),
        split_(training_split(options.isolate_digits)) {
    limits_.most_bytes = shares_.runs;
    limits_.folder = options.tmp_dir.empty() ? std::filesystem::temp_directory_path() : options.tmp_dir;
  }

  std::vector<Vocab> train() const {
    const std::vector<CountRun> pieces = count_pieces(NgramModel(count_ngrams(), options_.order));
    return prune(pieces, options_, threads_, on_progress_);
  }

 private:
  NgramTables count_ngrams() const {
    CountPool<NgramKey> pool(limits_);
    std::vector<NgramCounter> counters(threads_, NgramCounter(options_.order, shares_.ngram_buffer, pool));
    for_each_chunk_of_corpus(
        "count n-grams", [&](std::size_t worker, std::string_view chunk) { counters[worker].add(chunk); });
    parallel_for(threads_, counters.size(), [&](std::size_t, std::size_t i) { counters[i].flush(); });
    counters.clear();
    NgramTables tables = derive_tables(pool.take(), options_.min_count);
    const auto seen = [](const NgramCount& entry) { return entry.count > 0; };
    if (std::none_of(tables[1].begin(), tables[1].end(), seen)) {
      throw Error(fmt::format("{}: empty: not a single byte of text to train on", corpus_.name));
    }
    return tables;
  }

  std::vector<CountRun> count_pieces(const NgramModel& model) const {
    CountPool<std::string> pool(limits_);
    std::vector<Segmenter> segmenters(threads_, Segmenter(model, options_.ensure_unicode));
    std::vector<PieceCounter> counters(threads_, PieceCounter(shares_.piece_table, pool));
    for_each_chunk_of_corpus("count pieces", [&](std::size_t worker, std::string_view chunk) {
      for (const std::string_view piece : segmenters[worker].segment(chunk)) counters[worker].add(piece);
    });
    parallel_for(threads_, counters.size(), [&](std::size_t, std::size_t i) { counters[i].flush(); });
    return pool.take();
  }

  // Calls visit(worker, chunk) for every chunk of the corpus, on all threads.
  template <class Visit>
  void for_each_chunk_of_corpus(std::string_view stage, const Visit& visit) const {
    std::vector<std::string> buffers(threads_);
    feed_workers<TextBatch>(
        threads_,
        [&](const auto& push) {
          TextBatcher batcher(shares_.batch_bytes, split_, [&](TextBatch batch) {
            push(std::move(batch));
            if (on_progress_) on_progress_({stage, corpus_.position ? corpus_.position() : 0, corpus_.size});
          });
          corpus_.walk([&](const DocumentPart& part) { batcher.add(part); });
          batcher.finish();
        },
        [&](std::size_t worker, const TextBatch& batch) {
          batch.for_each([&](std::string_view text) {
            for_each_chunk(normalize(text, buffers[worker]), split_,
                           [&](std::string_view chunk) { visit(worker, chunk); });
          });
        });
  }

  const Corpus& corpus_;
  const TrainOptions& options_;
  const ProgressCallback& on_progress_;
  std::size_t threads_;
  Shares shares_;
  SplitOptions split_;
  PoolLimits limits_;
};

}  // namespace

std::vector<Vocab> train(const Corpus& corpus, const TrainOptions& options,
                         const ProgressCallback& on_progress) {
  check(options);
  return Trainer(corpus, options, on_progress).train();
}

}  // namespace bytepiece
