// Runs change places: before, every rank has counts of all keys; afterwards, each has all counts of the keys
// of one range, and the ranges ascend with the ranks.
//
//   rank 0   a×1 c×2 d×1                       a×1+4 b×1
//   rank 1   a×4 b×1 c×3      ─ exchange ─▶    c×2+3 d×1        borders: [c]
//
// Borders come from samples of all ranks' keys, so that ranges hold about the same number of bytes; they
// change who adds up what, never a sum. What a rank sends is its merged runs in frames of bounded size, one
// for each other rank at a time, so all are busy at any time. What comes from one rank, frame behind frame,
// is one run; more than limits.most_bytes is merged into files.
//
// Costs: the runs are merged once, by one thread, and sent once; memory of the rank's own runs twice while
// they are merged, else once, as what comes takes the room of what goes. Beyond the limit, files.
// Thread rule: one thread; a call of all ranks.
#pragma once

#include <vector>

#include "mpi/ranks.h"
#include "train/count_pool.h"

namespace bytepiece::mpi {

// The runs are consumed. Throws Error.
template <class Key>
std::vector<CountRun> exchange(Ranks& ranks, std::vector<CountRun> runs, const PoolLimits& limits,
                               const OnPosition& on_position);

// The runs of all ranks, on each of them.
std::vector<CountRun> gather_runs(Ranks& ranks, const CountRun& mine);  // REQUIRES: in memory

extern template std::vector<CountRun> exchange<NgramKey>(Ranks&, std::vector<CountRun>, const PoolLimits&,
                                                         const OnPosition&);
extern template std::vector<CountRun> exchange<std::string>(Ranks&, std::vector<CountRun>, const PoolLimits&,
                                                            const OnPosition&);

}  // namespace bytepiece::mpi
