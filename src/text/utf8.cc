// Tested by tests/utf8_test.cc.
#include "text/utf8.h"

#include <cstring>

namespace bytepiece {

std::size_t begun_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(at);
  if (lead < 0xC2 || lead > 0xF4) return 0;
  if (lead < 0xE0 || at + 1 == text.size()) return 1;
  const unsigned least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (byte(at + 1) < least || byte(at + 1) > most) return 1;
  return lead < 0xF0 || at + 2 == text.size() || !is_continuation(text[at + 2]) ? 2 : 3;
}

std::size_t ascii_length(std::string_view text, std::size_t at) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  std::size_t end = at;
  for (std::uint64_t word; end + sizeof word <= text.size(); end += sizeof word) {
    std::memcpy(&word, text.data() + end, sizeof word);
    if ((word & kHighBits) != 0) break;
  }
  while (end < text.size() && static_cast<unsigned char>(text[end]) < 0x80) ++end;
  return end - at;
}

bool is_whole_characters(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    if (c.code_point == kInvalidByte) return false;
    at += c.length;
  }
  return true;
}

std::string drop_invalid_bytes(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    if (c.code_point != kInvalidByte) valid.append(text, at, c.length);
    at += c.length;
  }
  return valid;
}

}  // namespace bytepiece
