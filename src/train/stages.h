// The stages of training, as functions between values. train() does them in a row; the step commands and the
// work folder put files in between (steps.h).
//
//   corpus ─▶ count_ngrams ─▶ runs ─▶ ngram_model ─▶ model
//   corpus, model ─▶ count_pieces ─▶ runs ─▶ prune (prune.h) ─▶ vocabularies
//
// Runs are summed, never concatenated: the runs of all shares of a corpus, put into one vector in any order,
// are the counts of the corpus, whichever machine or process made them. The same holds for runs that were
// merged, or cut by ranges of keys and merged per range.
//
// All counts are integers and only ever added, so the result depends neither on the number of threads
// nor on the order in which batches are done.
//
// Costs: the corpus is read once by each of the two counting stages; what does not fit options.memory is in
// files without names in the temporary folder.
// Thread rule: any number of calls at a time; on_progress runs on the calling thread.
#pragma once

#include <bytepiece/corpus.h>
#include <bytepiece/train.h>

#include <functional>
#include <string_view>
#include <vector>

#include "train/count_pool.h"
#include "train/count_run.h"
#include "train/ngram_counts.h"
#include "train/ngram_model.h"
#include "train/provenance.h"

namespace bytepiece {

// Throws Error, mostly OptionError: one is out of range or has no meaning beside another, a special token is
// no token, a size leaves no room for them.
void check(const TrainOptions& options);

// Checks the options, calls train with some that leave room for the special tokens, and gives what it returns
// these tokens and its provenance. Throws Error.
std::vector<Vocab> complete(const TrainOptions& options,
                            const std::function<Trained(const TrainOptions& without)>& train);

// The counts of the longest n-grams and of the tails (ngram_counts.h). Throws Error.
std::vector<CountRun> count_ngrams(const Corpus& corpus, const TrainOptions& options,
                                   const ProgressCallback& on_progress);

// Throws Error: not one n-gram, named after the corpus; a sum does not fit 64 bits; a file is damaged; the
// model does not fit options.memory, which is known before it is made.
NgramModel ngram_model(std::vector<CountRun> ngrams, const TrainOptions& options,
                       std::string_view corpus_name, const ProgressCallback& on_progress);

// The second half of it, for tables that are there already. Throws Error: not one n-gram, or too many.
NgramModel ngram_model(NgramTables tables, const TrainOptions& options, std::string_view corpus_name);

struct PieceCounts {
  std::vector<CountRun> runs;
  TextDigest text;  // that they are counted from
};

// The counts of the pieces that the model cuts the corpus into. Throws Error.
PieceCounts count_pieces(const Corpus& corpus, const NgramModel& model, const TrainOptions& options,
                         const ProgressCallback& on_progress);

// Where runs go, and how many of them stay in memory. Throws Error: the folder cannot be written.
PoolLimits pool_limits(const TrainOptions& options);

}  // namespace bytepiece
