// Training on all ranks: the stages of train/stages.h, and between them runs change places (exchange.h), so
// that every sum is whole in one place.
//
//   rank 0   share ─▶ n-grams ┐            ┌─▶ a..h ─▶ frequent ones ┐          ┌─▶ model, share ─▶ pieces ─▶
//   rank 1   share ─▶ n-grams ┴─ exchange ─┴─▶ i..z ─▶ frequent ones ┴─ gather ─┴─▶ model, share ─▶ pieces ─▶
//
//   ─▶ pieces ┐            ┌─▶ a..k ─▶ candidates ┐          ┌─▶ a..k spelled ─▶ gains ┐
//   ─▶ pieces ┴─ exchange ─┴─▶ l..z ─▶ candidates ┴─ gather ─┴─▶ l..z spelled ─▶ gains ┴─ sum ─▶ prune on
//   rank 0
//
// The model is that of one process, byte for byte: all that moves is integer counts, and logarithms are
// taken of the same sums.
//
// With options.work_dir, a folder that all ranks see, rank r of N counts the folder's shards r + 1,
// r + 1 + N, ... (train/work_folder.h); one process or any other number of ranks may go on there.
//
// Costs: per rank a share of the corpus, of the counts and of the pieces that are dropped; on every rank the
// n-gram model and the candidates.
// Thread rule: one thread; a call of all ranks.
#pragma once

#include <bytepiece/corpus.h>
#include <bytepiece/train.h>
#include <bytepiece/vocab.h>

#include <vector>

#include "mpi/ranks.h"

namespace bytepiece::mpi {

void check(const TrainOptions& options);  // throws Error: one is out of range, or not for ranks

// On rank 0 what train() returns, on others nothing. The corpus and the options are the same on all ranks,
// but for threads, memory and tmp_dir. REQUIRES: check(options) passed on each. Throws Error on the rank that
// something fails on: it must end the others, which wait for it.
std::vector<Vocab> train(Ranks& ranks, const Corpus& corpus, const TrainOptions& options,
                         const ProgressCallback& on_progress);

}  // namespace bytepiece::mpi
