#include "tools/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "tools/common.h"

namespace bytepiece::tools {
namespace {

// Of this process now, in bytes; 0: unknown.
double used_memory() {
  std::ifstream pages("/proc/self/statm");
  double all = 0, resident = 0;
  if (!(pages >> all >> resident)) return 0;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

ProgressLine::ProgressLine(bool quiet) : enabled_(!quiet && ::isatty(STDERR_FILENO) != 0) {}

ProgressLine::~ProgressLine() { wipe(); }

void ProgressLine::wipe() {
  if (dirty_) fmt::print(stderr, "\r\x1b[K");
  dirty_ = false;
}

void ProgressLine::show(std::string_view stage, std::uint64_t done, std::uint64_t total, bool are_bytes,
                        std::string_view note) {
  if (!enabled_) return;
  const auto now = Clock::now();
  if (stage != stage_ || done < done_) {  // a round of its own, too
    stage_ = stage;
    stage_begin_ = now;
    first_done_ = done;
  }
  done_ = done;
  if (now - shown_ < std::chrono::milliseconds(100)) return;
  shown_ = now;
  const double seconds = std::chrono::duration<double>(now - stage_begin_).count();
  std::string line = fmt::format("\r\x1b[K{:<16}", stage);
  if (total > 0) {
    line += fmt::format("{:>4.0f} %", 100 * static_cast<double>(done) / static_cast<double>(total));
  } else {
    line += fmt::format("{:>10}", human_bytes(static_cast<double>(done)));
  }
  if (seconds > 0.5 && done > first_done_) {  // what an earlier run has done says nothing about the rate
    const double rate = static_cast<double>(done - first_done_) / seconds;
    if (are_bytes) line += fmt::format("  {:>10}/s", human_bytes(rate));
    if (total > done)
      line += fmt::format("  {} left", human_seconds(static_cast<double>(total - done) / rate));
  }
  if (const double memory = used_memory(); memory > 0) line += fmt::format("  {} used", human_bytes(memory));
  if (!note.empty()) line += fmt::format("  {}", note);
  fmt::print(stderr, "{}", line);
  std::fflush(stderr);
  dirty_ = true;
}

}  // namespace bytepiece::tools
