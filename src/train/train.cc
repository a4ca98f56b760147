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

class Trainer {
 public:
  Trainer(const Corpus& corpus, const TrainOptions& options, const ProgressCallback& on_progress)
      : corpus_(corpus),
        options_(options),
        on_progress_(on_progress),
        threads_(resolve_threads(options.threads)),
        split_(training_split(options.isolate_digits)) {}

  std::vector<Vocab> train() const {
    const std::vector<CountRun> pieces = count_pieces(NgramModel(count_ngrams(), options_.order));
    return prune(pieces, options_, threads_, on_progress_);
  }

 private:
  NgramTables count_ngrams() const {
    constexpr std::string_view kStage = "count n-grams";
    const Shares shares = shares_of(options_.memory, threads_);
    CountPool<NgramKey> pool(limits(shares));
    std::vector<NgramCounter> counters(threads_, NgramCounter(options_.order, shares.ngram_buffer, pool));
    for_each_chunk_of_corpus(kStage, shares.batch, [&](std::size_t worker, std::string_view chunk) {
      counters[worker].add(chunk);
    });
    parallel_for(threads_, counters.size(), [&](std::size_t, std::size_t i) { counters[i].flush(); });
    counters.clear();
    NgramTables tables = derive_tables(pool.take(), options_.min_count);
    const auto seen = [](const NgramCount& entry) { return entry.count > 0; };
    if (std::none_of(tables[1].begin(), tables[1].end(), seen)) {
      throw Error(fmt::format("{}: empty: not a single byte of text to train on", corpus_.name));
    }
    std::size_t known = 0;
    for (const std::vector<NgramCount>& table : tables) known += table.size();
    end_stage(kStage, fmt::format("{} n-grams occur {} times or more", known, options_.min_count));
    return tables;
  }

  std::vector<CountRun> count_pieces(const NgramModel& model) const {
    constexpr std::string_view kStage = "count pieces";
    const Shares shares = shares_of(memory_beside(model), threads_);
    CountPool<std::string> pool(limits(shares));
    std::vector<Segmenter> segmenters(threads_, Segmenter(model, options_.ensure_unicode));
    std::vector<PieceCounter> counters(threads_, PieceCounter(shares.piece_table, pool));
    for_each_chunk_of_corpus(kStage, shares.batch, [&](std::size_t worker, std::string_view chunk) {
      for (const std::string_view piece : segmenters[worker].segment(chunk)) counters[worker].add(piece);
    });
    parallel_for(threads_, counters.size(), [&](std::size_t, std::size_t i) { counters[i].flush(); });
    end_stage(kStage, {});
    return pool.take();
  }

  PoolLimits limits(const Shares& shares) const {
    if (options_.memory == 0) return {};
    if (!options_.tmp_dir.empty()) return {shares.runs, options_.tmp_dir};
    std::error_code error;
    const auto folder = std::filesystem::temp_directory_path(error);
    if (error)
      throw Error(fmt::format("tmp_dir: the system's folder for temporary files is not there ({}); name one",
                              error.message()));
    return {shares.runs, folder};
  }

  // What the limit leaves when the model is in memory; 0: no limit.
  std::uint64_t memory_beside(const NgramModel& model) const {
    constexpr std::uint64_t kLeast = 16 << 20;
    if (options_.memory == 0) return 0;
    if (options_.memory < model.bytes() + kLeast) {
      throw Error(
          fmt::format("memory: {} n-grams that occur {} times or more need {} MB; give at least that, or a "
                      "larger min_count",
                      model.size(), options_.min_count, (model.bytes() + kLeast) / 1000000 + 1));
    }
    return options_.memory - model.bytes();
  }

  void end_stage(std::string_view stage, const std::string& found) const {
    if (on_progress_) on_progress_({stage, corpus_.size, corpus_.size, found});
  }

  // Calls visit(worker, chunk) for every chunk of the corpus, on all threads.
  template <class Visit>
  void for_each_chunk_of_corpus(std::string_view stage, std::size_t batch_bytes, const Visit& visit) const {
    std::vector<std::string> buffers(threads_);
    feed_workers<TextBatch>(
        threads_,
        [&](const auto& push) {
          TextBatcher batcher(batch_bytes, split_, [&](TextBatch batch) {
            push(std::move(batch));
            if (on_progress_)
              on_progress_({stage, corpus_.position ? corpus_.position() : 0, corpus_.size, {}});
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
  SplitOptions split_;
};

}  // namespace

std::vector<Vocab> train(const Corpus& corpus, const TrainOptions& options,
                         const ProgressCallback& on_progress) {
  check(options);
  return Trainer(corpus, options, on_progress).train();
}

}  // namespace bytepiece
