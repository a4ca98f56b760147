// The stages of training (stages.h), one after the other.
//
//   corpus ─▶ n-gram counts ─▶ n-gram model ─▶ pieces of every chunk, counted ─▶ vocabularies
//     (walked once)                              (walked again)
//
// Tested by tests/train_test.cc.
#include <bytepiece/train.h>

#include "base/threads.h"
#include "train/prune.h"
#include "train/stages.h"
#include "train/work_folder.h"

namespace bytepiece {

std::vector<Vocab> train(const Corpus& corpus, const TrainOptions& options,
                         const ProgressCallback& on_progress) {
  check(options);
  if (!options.work_dir.empty()) return train_in_folder(corpus, options, on_progress);
  std::vector<CountRun> pieces;
  {
    const NgramModel model =
        ngram_model(count_ngrams(corpus, options, on_progress), options, corpus.name, on_progress);
    pieces = count_pieces(corpus, model, options, on_progress);
  }
  return prune(pieces, options, resolve_threads(options.threads), on_progress);
}

}  // namespace bytepiece
