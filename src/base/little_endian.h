// Numbers in files: little-endian whatever the machine, at any alignment. Thread rule: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bytepiece {

template <class Number>
void append_little_endian(Number number, std::string& out) {
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    out += static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i));
  }
}

// REQUIRES: at + sizeof(Number) <= bytes.size().
template <class Number>
Number little_endian_at(std::string_view bytes, std::size_t at) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    number |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  }
  return static_cast<Number>(number);
}

}  // namespace bytepiece
