// What a training run did, stage by stage: time, the peak of memory so far, and what was found.
//
//   stage               time        peak
//   count n-grams      5.2 s      182 MB   1190263 n-grams occur 32 times or more
//   count pieces       6.1 s      251 MB
//
// Thread rule: one thread at a time.
#pragma once

#include <bytepiece/train.h>

#include <chrono>
#include <string>
#include <vector>

namespace bytepiece::tools {

struct Stage {
  std::string name, found;
  double seconds = 0;
  double peak_bytes = 0;
};

class StageLog {
 public:
  void note(const Progress& progress);
  std::vector<Stage> finish();

 private:
  void close();

  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::vector<Stage> stages_;
};

double peak_memory();                                 // of this process so far, in bytes
void print_stages(const std::vector<Stage>& stages);  // a table, on standard error
std::string stages_as_json(const std::vector<Stage>& stages);

}  // namespace bytepiece::tools
