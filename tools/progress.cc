#include "tools/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "tools/common.h"

namespace bytepiece::tools {

ProgressLine::ProgressLine(bool quiet) : enabled_(!quiet && ::isatty(STDERR_FILENO) != 0) {}

ProgressLine::~ProgressLine() { wipe(); }

void ProgressLine::wipe() {
  if (dirty_) fmt::print(stderr, "\r\x1b[K");
  dirty_ = false;
}

void ProgressLine::show(std::string_view stage, std::uint64_t done, std::uint64_t total, bool are_bytes) {
  if (!enabled_) return;
  const auto now = Clock::now();
  if (stage != stage_) {
    stage_ = stage;
    stage_begin_ = now;
  }
  if (now - shown_ < std::chrono::milliseconds(100)) return;
  shown_ = now;
  const double seconds = std::chrono::duration<double>(now - stage_begin_).count();
  std::string line = fmt::format("\r\x1b[K{:<16}", stage);
  if (total > 0) {
    line += fmt::format("{:>4.0f} %", 100 * static_cast<double>(done) / static_cast<double>(total));
  } else {
    line += fmt::format("{:>10}", human_bytes(static_cast<double>(done)));
  }
  if (seconds > 0.5 && done > 0) {
    const double rate = static_cast<double>(done) / seconds;
    if (are_bytes) line += fmt::format("  {:>10}/s", human_bytes(rate));
    if (total > done)
      line += fmt::format("  {} left", human_seconds(static_cast<double>(total - done) / rate));
  }
  fmt::print(stderr, "{}", line);
  std::fflush(stderr);
  dirty_ = true;
}

}  // namespace bytepiece::tools
