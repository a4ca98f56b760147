// What to do with JSON lines that are no documents: end with an error, or leave them out, count them and say
// so.
#pragma once

#include <bytepiece/readers.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tools/common.h"

namespace bytepiece::tools {

class BadLines {
 public:
  void add_option(CLI::App& command);         // --on-error
  void watch(std::vector<InputFile>& files);  // counts from now on, if lines are to be skipped
  Corpus count_anew(Corpus corpus);           // that each walk begins to count, so that a line counts once
  void report() const;                        // a line on standard error, if any were skipped
  const std::string& choice() const { return choice_; }

 private:
  std::string choice_ = "stop", first_;
  std::uint64_t count_ = 0;
};

}  // namespace bytepiece::tools
