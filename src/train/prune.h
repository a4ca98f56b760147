// From all counted pieces to a vocabulary: drop what is rare, too long, or better spelled by other pieces,
// and give the counts of what is dropped to the pieces that spell it.
//
//   all pieces ─▶ keep (frequent and short enough)  +  drop        keep gains what spells drop
//   keep       ─▶ each piece cut with keep itself, until no piece falls away
//   keep       ─▶ per size, from the largest: the most frequent     keep gains what spells the others,
//                                                                   and is cut with itself again
//
// "Cut" and "spell" are the ordinary Viterbi search over the kept pieces. Single bytes always stay.
// A smaller size goes on from the result of the next larger one.
//
// All pieces may be more than memory holds: they are walked twice as a merge of runs, and only those that are
// kept stay.
//
// prune() is three functions in a row. Pieces that were cut by ranges of keys can stay where they are: the
// candidates of all places are the candidates of all pieces, and gains are added up.
//
//   place 0   pieces ─▶ find_candidates ─┐               ┌─▶ spell_others ─┐
//                                        ├─▶ candidates ─┤                 + ─▶ gains ─▶ prune
//   place 1   pieces ─▶ find_candidates ─┘               └─▶ spell_others ─┘
//
// Costs: one search structure and one encoding of the dropped pieces per round; two or three rounds a size.
// Thread rule: uses `threads` threads; the result does not depend on how many.
#pragma once

#include <bytepiece/train.h>
#include <bytepiece/vocab.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "train/count_run.h"

namespace bytepiece {

// One Vocab per options.vocab_sizes, in the same order. Throws Error: a piece holds a line feed before
// another byte, so it comes from no chunk; the counts do not fit 64 bits.
std::vector<Vocab> prune(const std::vector<CountRun>& pieces, const TrainOptions& options,
                         std::size_t threads, const ProgressCallback& on_progress);

// The frequent and short ones of these, and single bytes.
CountRun find_candidates(const std::vector<CountRun>& pieces, const TrainOptions& options,
                         const ProgressCallback& on_progress);

struct Gains {
  std::vector<std::uint64_t> counts;  // of the candidates, and of the bytes that did not occur, in order
  std::uint64_t others = 0;           // how many pieces were spelled
};

// What candidates gain by spelling the pieces that are none.
Gains spell_others(const std::vector<CountRun>& pieces, const std::vector<CountRun>& candidates,
                   const TrainOptions& options, std::size_t threads, const ProgressCallback& on_progress);

std::vector<Vocab> prune(const std::vector<CountRun>& candidates, const Gains& gains,
                         const TrainOptions& options, std::size_t threads,
                         const ProgressCallback& on_progress);

}  // namespace bytepiece
