// The stages of training (stages.h), one after the other.
//
//   corpus ─▶ n-gram counts ─▶ n-gram model ─▶ pieces of every chunk, counted ─▶ vocabularies
//     (walked once)                              (walked again)
//
// Tested by tests/train_test.cc.
#include <bytepiece/train.h>

#include <string>

#include "base/threads.h"
#include "train/fewest_tokens.h"
#include "train/prune.h"
#include "train/stages.h"
#include "train/work_folder.h"

namespace bytepiece {

namespace {

Trained train_pieces(const Corpus& corpus, const TrainOptions& options, const ProgressCallback& on_progress) {
  check(options);
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
  Vocab::check_special_tokens(options.special_tokens);
  const std::size_t special = options.special_tokens.size();
  TrainOptions without = options;  // special tokens take some of the ids
  for (std::size_t& size : without.vocab_sizes) {
    if (special > 0 && size < kMinVocabSize + special) {
      throw Error("vocab_sizes: " + std::to_string(size) + " is too small for " + std::to_string(special) +
                  " special tokens; expected at least " + std::to_string(kMinVocabSize + special));
    }
    size -= special;
  }
  std::vector<Vocab> vocabs = with_provenance(train_pieces(corpus, without, on_progress), options);
  for (Vocab& vocab : vocabs) vocab = vocab.with_special_tokens(options.special_tokens);
  return vocabs;
}

}  // namespace bytepiece
