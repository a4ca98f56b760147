// The stages of training (stages.h), one after the other.
//
//   corpus ─▶ n-gram counts ─▶ n-gram model ─▶ pieces of every chunk, counted ─▶ vocabularies
//     (walked once)                              (walked again)
//
// Tested by tests/train_test.cc.
#include <bytepiece/train.h>

#include "base/threads.h"
#include "train/fewest_tokens.h"
#include "train/prune.h"
#include "train/stages.h"
#include "train/work_folder.h"

namespace bytepiece {

namespace {

Trained train_pieces(const Corpus& corpus, const TrainOptions& options, const ProgressCallback& on_progress) {
  if (options.fewest_tokens) return train_fewest_tokens(corpus, options, on_progress);
  if (!options.work_dir.empty()) return train_in_folder(corpus, options, on_progress);
  PieceCounts pieces;
  {
    const NgramModel model =
        ngram_model(count_ngrams(corpus, options, on_progress), options, corpus.name, on_progress);
    pieces = count_pieces(corpus, model, options, on_progress);
  }
  return {prune(pieces.runs, options, resolve_threads(options.threads), on_progress), pieces.text};
}

}  // namespace

std::vector<Vocab> train(const Corpus& corpus, const TrainOptions& options,
                         const ProgressCallback& on_progress) {
  return complete(options,
                  [&](const TrainOptions& without) { return train_pieces(corpus, without, on_progress); });
}

}  // namespace bytepiece
