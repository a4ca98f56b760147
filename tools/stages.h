// What a training run does, stage by stage: a progress line while it runs; time, the peak of memory so far,
// and what was found when it is done. Every progress call also stops the run after Ctrl-C.
//
//   stage                 time        peak
//   count n-grams        5.2 s    182.0 MB
//   merge n-grams        0.9 s    251.0 MB  1190263 n-grams occur 32 times or more
//
// Thread rule: one thread at a time.
#pragma once

#include <bytepiece/train.h>

#include <chrono>
#include <string>
#include <vector>

#include "tools/common.h"
#include "tools/progress.h"

namespace bytepiece::tools {

struct Stage {
  std::string name, found;
  double seconds = 0;
  double peak_bytes = 0;
};

struct StageTimes {
  std::vector<Stage> stages;
  double seconds = 0;  // of the whole run
  std::size_t threads = 0;
};

class StageLog {
 public:
  explicit StageLog(const RunOptions& run);
  ProgressCallback callback();  // REQUIRES: the log outlives it
  StageTimes finish();          // and wipes the progress line

 private:
  using Clock = std::chrono::steady_clock;
  void note(const Progress& progress);
  void close();

  ProgressLine line_;
  std::size_t threads_;
  Clock::time_point begin_ = Clock::now(), stage_begin_ = begin_;
  std::vector<Stage> stages_;
};

double peak_memory();                                 // of this process so far, in bytes
void print_stages(const std::vector<Stage>& stages);  // a table, on standard error
std::string as_json(const StageTimes& times);         // members of an object

// What a command that trains does first: Ctrl-C is caught, and freed memory goes back to the system.
void begin_training();

}  // namespace bytepiece::tools
