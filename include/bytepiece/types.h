// The two words every other header uses: Id and Error.
#pragma once

#include <cstdint>
#include <stdexcept>

namespace bytepiece {

// The number of a piece in its vocabulary. Ids 0..2 are reserved; the pieces follow from kFirstPiece on,
// ordered by (length, bytes). All 256 single bytes are pieces, so byte b always has id kFirstPiece + b.
using Id = std::uint32_t;

inline constexpr Id kPad = 0;
inline constexpr Id kBos = 1;
inline constexpr Id kEos = 2;
inline constexpr Id kFirstPiece = 3;

// The only exception this library throws on purpose: a file cannot be read or written, a model is
// malformed, an option or an id is out of range. what() is one line that says what went wrong, where,
// what was expected and, where it is not plain, what to do.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace bytepiece
