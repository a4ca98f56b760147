// What is counted: a byte string. Pieces are std::string; n-grams, at most 8 bytes, are kept in a word so
// that sorting and merging them compares numbers.
//
//   NgramKey "ab"    bits 61 62 00 00 00 00 00 00    length 2
//   NgramKey "ab\0"  bits 61 62 00 00 00 00 00 00    length 3      a prefix sorts before what it begins
//
// Both kinds order as their bytes do, and can be written as the bytes that differ from the key before.
// Thread rule: values.
#pragma once

#include <algorithm>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace bytepiece {

struct NgramKey {
  std::uint64_t bits = 0;  // the first byte is the highest
  std::uint32_t length = 0;

  friend auto operator<=>(const NgramKey&, const NgramKey&) = default;
};

// How many bytes two keys have in common at their beginning.
inline std::size_t shared_length(const NgramKey& a, const NgramKey& b) {
  const auto same = static_cast<std::size_t>(std::countl_zero(a.bits ^ b.bits)) / 8;
  return std::min({same, std::size_t{a.length}, std::size_t{b.length}});
}
inline std::size_t shared_length(std::string_view a, std::string_view b) {
  const auto end = a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size()));
  return static_cast<std::size_t>(std::mismatch(a.begin(), end, b.begin()).first - a.begin());
}

inline std::size_t length_of(const NgramKey& key) { return key.length; }
inline std::size_t length_of(std::string_view key) { return key.size(); }

// Appends the bytes of a key from `begin` on.
inline void append_bytes(const NgramKey& key, std::size_t begin, std::string& out) {
  char bytes[8];
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(key.bits >> (56 - 8 * i));
  out.append(bytes + begin, key.length - begin);
}
inline void append_bytes(std::string_view key, std::size_t begin, std::string& out) {
  out += key.substr(begin);
}

// Keeps the first `shared` bytes of a key and puts `rest` behind them.
inline void replace_tail(NgramKey& key, std::size_t shared, std::string_view rest) {
  std::uint64_t bits = shared == 0 ? 0 : key.bits & ~std::uint64_t{0} << (64 - 8 * shared);
  for (std::size_t i = 0; i < rest.size(); ++i) {
    bits |= static_cast<std::uint64_t>(static_cast<unsigned char>(rest[i])) << (56 - 8 * (shared + i));
  }
  key = {bits, static_cast<std::uint32_t>(shared + rest.size())};
}
inline void replace_tail(std::string& key, std::size_t shared, std::string_view rest) {
  key.resize(shared);
  key += rest;
}

// The longest key of a kind.
inline std::size_t most_bytes(const NgramKey&) { return 8; }
inline std::size_t most_bytes(const std::string& key) { return key.max_size(); }

}  // namespace bytepiece
