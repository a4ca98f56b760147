// One line on standard error that says how far a long job is: stage, share, rate, time left and memory.
// Nothing is written when standard error is no terminal or the user wants quiet.
//
//   count pieces      45 %    23.1 MB/s    0:12 min left    312.0 MB used
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace bytepiece::tools {

class ProgressLine {
 public:
  explicit ProgressLine(bool quiet);
  ~ProgressLine();  // wipes the line
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // total 0: unknown; are_bytes: the numbers count bytes, so the rate is shown; `note` stands at the end.
  // Shown at most ten times a second. REQUIRES: one thread at a time.
  void show(std::string_view stage, std::uint64_t done, std::uint64_t total, bool are_bytes = true,
            std::string_view note = {});
  void wipe();

 private:
  using Clock = std::chrono::steady_clock;
  bool enabled_;
  bool dirty_ = false;
  std::string stage_;
  std::uint64_t first_done_ = 0, done_ = 0;  // of the stage
  Clock::time_point stage_begin_, shown_;
};

}  // namespace bytepiece::tools
