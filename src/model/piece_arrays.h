// The pieces of a Vocab as arrays in memory that somebody owns: vectors, or a file that is mapped. Making a
// Vocab from them checks all its invariants in one linear pass and copies nothing.
//
//   bytes    \0 \x01 .. \xFF a b a b c      begins  0 1 .. 255 256 258 261      counts  1 1 .. 17 5
#pragma once

#include <bytepiece/vocab.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace bytepiece {

struct PieceArrays {
  std::string_view bytes;
  std::span<const std::uint32_t> begins;  // REQUIRES: ascending from 0 to bytes.size(), one more than counts
  std::span<const std::uint64_t> counts;
  std::shared_ptr<const void> owner;
};

Vocab vocab_from(PieceArrays arrays);  // throws Error

}  // namespace bytepiece
