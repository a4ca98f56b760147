// What a fuzz target is: a property that must hold for any bytes, and inputs to begin with.
//
// LLVMFuzzerTestOneInput is libFuzzer's name, so that a target links with libFuzzer as it is; without it
// main.cc drives the target.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace bytepiece::fuzz {

std::vector<std::string> seeds();  // each target has its own

inline void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", property);
  std::abort();
}

}  // namespace bytepiece::fuzz
