// Training for fewest tokens: instead of discovering words, choose the pieces with which text takes the
// fewest tokens.
//
//   corpus ─▶ sample ─▶ repeats ─▶ choose ─▶ count ─▶ vocabularies
//     (walked once)                 (walked again: with the counts of the choice, as the encoder does it)
//
// Costs: see COMPRESSION.md beside this file. Thread rule: any number of calls at a time.
#pragma once

#include <bytepiece/corpus.h>
#include <bytepiece/train.h>
#include "train/provenance.h"

namespace bytepiece {

// What train() does with options.fewest_tokens. REQUIRES: the options are in range.
Trained train_fewest_tokens(const Corpus& corpus, const TrainOptions& options,
                            const ProgressCallback& on_progress);

}  // namespace bytepiece
