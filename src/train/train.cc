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
#include <string>
#include <utility>

#include "base/threads.h"
#include "text/nfc.h"
#include "train/ngram_counts.h"
#include "train/ngram_model.h"
#include "train/piece_counts.h"
#include "train/prune.h"
#include "train/segment.h"
#include "train/text_batches.h"

namespace bytepiece {
namespace {

constexpr std::size_t kBatchBytes = 1 << 20;

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

// A corpus with all that a walk over it needs.
struct Walk {
  const Corpus& corpus;
  std::size_t threads;
  SplitOptions split;
  const ProgressCallback& on_progress;
};

// Calls visit(worker, chunk) for every chunk of the corpus, on all threads.
template <class Visit>
void for_each_chunk_of(const Walk& walk, std::string_view stage, const Visit& visit) {
  std::vector<std::string> buffers(walk.threads);
  feed_workers<TextBatch>(
      walk.threads,
      [&](const auto& push) {
        TextBatcher batcher(kBatchBytes, walk.split, [&](TextBatch batch) {
          push(std::move(batch));
          if (!walk.on_progress) return;
          walk.on_progress({stage, walk.corpus.position ? walk.corpus.position() : 0, walk.corpus.size});
        });
        walk.corpus.walk([&](const DocumentPart& part) { batcher.add(part); });
        batcher.finish();
      },
      [&](std::size_t worker, const TextBatch& batch) {
        batch.for_each([&](std::string_view text) {
          for_each_chunk(normalize(text, buffers[worker]), walk.split,
                         [&](std::string_view chunk) { visit(worker, chunk); });
        });
      });
}

NgramModel count_ngrams(const Walk& walk, const TrainOptions& options) {
  RunPool pool;
  std::vector<NgramCounter> counters(walk.threads, NgramCounter(options.order, pool));
  for_each_chunk_of(walk, "count n-grams",
                    [&](std::size_t worker, std::string_view chunk) { counters[worker].add(chunk); });
  parallel_for(walk.threads, counters.size(), [&](std::size_t, std::size_t i) { counters[i].flush(); });
  counters.clear();
  NgramTables tables = derive_tables(pool.take(), options.order, options.min_count, walk.threads);
  const auto seen = [](const NgramCount& entry) { return entry.count > 0; };
  if (std::none_of(tables[1].begin(), tables[1].end(), seen)) {
    throw Error(fmt::format("{}: empty: not a single byte of text to train on", walk.corpus.name));
  }
  return NgramModel(std::move(tables), options.order);
}

PieceCounts count_pieces(const Walk& walk, const NgramModel& model, const TrainOptions& options) {
  std::vector<Segmenter> segmenters(walk.threads, Segmenter(model, options.ensure_unicode));
  std::vector<PieceCounter> counters(walk.threads);
  for_each_chunk_of(walk, "count pieces", [&](std::size_t worker, std::string_view chunk) {
    for (const std::string_view piece : segmenters[worker].segment(chunk)) counters[worker].add(piece);
  });
  return combine(std::move(counters), walk.threads);
}

}  // namespace

std::vector<Vocab> train(const Corpus& corpus, const TrainOptions& options,
                         const ProgressCallback& on_progress) {
  check(options);
  const std::size_t threads = resolve_threads(options.threads);
  const Walk walk{corpus, threads, training_split(options.isolate_digits), on_progress};
  PieceCounts pieces = [&] {
    const NgramModel model = count_ngrams(walk, options);
    return count_pieces(walk, model, options);
  }();
  return prune(std::move(pieces), options, threads, on_progress);
}

}  // namespace bytepiece
