// An n-gram as a number: its bytes in big-endian order, so that numbers of one length compare as the
// byte strings do.
//
//   "abc" ─▶ 0x616263        its prefix "ab" is the number shifted right by a byte,
//                            its suffix "bc" the number without its first byte
#pragma once

#include <bytepiece/train.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace bytepiece {

using Ngram = std::uint64_t;  // at most kMaxOrder = 8 bytes; the length is known from where it stands

constexpr Ngram ngram_mask(int length) { return length == 8 ? ~Ngram{0} : (Ngram{1} << (8 * length)) - 1; }
constexpr Ngram ngram_append(Ngram ngram, char byte) { return ngram << 8 | static_cast<unsigned char>(byte); }
constexpr Ngram ngram_prefix(Ngram ngram) { return ngram >> 8; }
constexpr Ngram ngram_suffix(Ngram ngram, int length) { return ngram & ngram_mask(length - 1); }

struct NgramCount {
  Ngram ngram = 0;
  std::uint64_t count = 0;
  friend bool operator==(const NgramCount&, const NgramCount&) = default;
};

// The place in [0, capacity) that a hash of 64 bits stands for: hash / 2^64 of the way.
constexpr std::size_t place_of(std::uint64_t hash, std::size_t capacity) {
  __extension__ using Product = unsigned __int128;
  return static_cast<std::size_t>(Product{hash} * capacity >> 64);
}

// Per length 1..kMaxOrder; element 0 is not used.
template <class T>
using PerLength = std::array<T, kMaxOrder + 1>;

}  // namespace bytepiece
