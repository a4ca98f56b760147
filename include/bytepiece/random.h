// Where random choices come from: a pure function of three numbers and of the place in the text where a
// choice is made. The same numbers give the same choices on any number of threads, in any order, on any
// processor.
#pragma once

#include <cstdint>

namespace bytepiece {

struct RandomKey {
  std::uint64_t seed = 0;
  std::uint64_t document = 0;  // the number of the text among others
  std::uint64_t sample = 0;    // the number of the sample of that text
  std::uint64_t line = 0;      // where the text is a part of the document that begins with a line: how many
                               // lines are before it. A line ends behind its line feeds, empty lines with it.
};

}  // namespace bytepiece
