// Where the threads' runs come together.
//
// The pool merges four runs of about a size into one of the next, so that every entry is merged O(log n)
// times and little more than the distinct keys is held. When the runs in memory pass the limit, they are
// merged into a file without a name in the temporary folder, and 64 files of a level into one of the next.
//
//   counters ─▶ [1][1][1] ─▶ [4][4] ─▶ [16] ... in memory ── over the limit ─▶ file, file, ... ─▶ one of 64
//
// Costs: up to twice `most_bytes` while runs are merged. Thread rule: add() from any number of threads.
#pragma once

#include <cstddef>
#include <filesystem>
#include <limits>
#include <mutex>
#include <vector>

#include "train/count_run.h"

namespace bytepiece {

struct PoolLimits {
  std::size_t most_bytes = std::numeric_limits<std::size_t>::max();  // of runs in memory
  std::filesystem::path folder;                                      // for what does not fit
};

template <class Key>
class CountPool {
 public:
  explicit CountPool(PoolLimits limits) : limits_(std::move(limits)) {}

  void add(CountRun run);        // throws Error
  std::vector<CountRun> take();  // REQUIRES: no add() is under way

 private:
  std::vector<CountRun> take_alike();
  struct Excess {
    std::vector<CountRun> runs;
    std::size_t level;  // of the file that they become
  };
  Excess take_excess();
  CountRun spilled(const std::vector<CountRun>& runs) const;

  PoolLimits limits_;
  std::mutex mutex_;
  std::vector<CountRun> runs_;                // in memory
  std::vector<std::vector<CountRun>> files_;  // by level
};

}  // namespace bytepiece
