// Batches: whole chunks that go through the phases of a search together, and where each chunk starts.
//
//   text      "ab\ncd\n\nef"
//   starts     1  0 0  1 0 0 0  1 0         a chunk is a line with the line feeds after it
//   half                        ^           the two streams of a search: [0, half) and [half, n)
//
// Costs: a pass over the symbols. Thread rule: pure functions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "encode/kernels.h"

namespace bytepiece {

// The size of as many whole chunks as fit into `most` bytes, but at least one.
inline std::size_t batch_size(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text.size();
  for (std::size_t i = most; i > 0; --i) {
    if (text[i - 1] == '\n' && text[i] != '\n') return i;
  }
  const std::size_t lf = text.find('\n', most - 1);
  return lf == text.npos ? text.size() : std::min(text.find_first_not_of('\n', lf), text.size());
}

// Notes in starts[begin, end) with 1 or 0 which symbols start a chunk.
inline void mark_starts(const Symbol* symbols, std::size_t begin, std::size_t end, Symbol stop,
                        std::uint8_t* starts) {
  if (begin == 0) starts[begin++] = 1;
  for (std::size_t i = begin; i < end; ++i) {
    const Symbol before = symbols[i - 1];
    starts[i] = ((before == '\n') & (symbols[i] != '\n')) | (before == stop);
  }
}

// The first start in [from, n), n if there is none.
inline std::size_t next_start(const std::uint8_t* starts, std::size_t from, std::size_t n) {
  const void* const start = from < n ? std::memchr(starts + from, 1, n - from) : nullptr;
  return start ? static_cast<std::size_t>(static_cast<const std::uint8_t*>(start) - starts) : n;
}

// The first start in the second half, n if there is none.
inline std::size_t find_half(const std::uint8_t* starts, std::size_t n) {
  return next_start(starts, (n + 1) / 2, n);
}

}  // namespace bytepiece
