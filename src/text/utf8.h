// UTF-8, one character at a time, over bytes that may not be UTF-8.
//
// A byte belongs to a character if it is part of a well-formed sequence (Unicode, table 3-7); every other
// byte is invalid, and stands for itself. Reading from the left this is unambiguous:
//
//   61 | E4 BD A0 | E4 BD | 41        "a", U+4F60, two invalid bytes, "A"
//
// Thread rule: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bytepiece {

inline constexpr std::uint32_t kInvalidByte = 0xFFFFFFFF;

struct Character {
  std::uint32_t code_point;  // kInvalidByte: the one byte is part of no character
  std::uint32_t length;      // bytes, 1..4
};

inline bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// The character or invalid byte at text[at]. REQUIRES: at < text.size().
inline Character character_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) -> std::uint32_t { return static_cast<unsigned char>(text[at + i]); };
  const auto follows = [&](std::size_t i) { return at + i < text.size() && is_continuation(text[at + i]); };
  constexpr Character kInvalid{kInvalidByte, 1};
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  if (lead < 0xC2 || lead > 0xF4 || !follows(1)) return kInvalid;
  if (lead < 0xE0) return {(lead & 0x1F) << 6 | (byte(1) & 0x3F), 2};
  if (!follows(2)) return kInvalid;
  if (lead < 0xF0) {
    const std::uint32_t c = (lead & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    const bool overlong = c < 0x800, surrogate = c >= 0xD800 && c < 0xE000;
    return overlong || surrogate ? kInvalid : Character{c, 3};
  }
  if (!follows(3)) return kInvalid;
  const std::uint32_t c =
      (lead & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
  return c < 0x10000 || c > 0x10FFFF ? kInvalid : Character{c, 4};
}

// How many bytes at text[at..] begin a character that the bytes behind them do not complete, 0 if text[at]
// begins none: 2 for "E4 BD | 41" and for "E4 BD" at the end. REQUIRES: text[at] is invalid, or at the end.
std::size_t begun_length(std::string_view text, std::size_t at);

// The length of the ASCII run at text[at..], looked at in words of 8 bytes.
std::size_t ascii_length(std::string_view text, std::size_t at);

// Whether no byte of the text is invalid.
bool is_whole_characters(std::string_view text);

// The text without its invalid bytes, as Python's decode(errors="ignore") leaves it.
std::string drop_invalid_bytes(std::string_view text);

}  // namespace bytepiece
