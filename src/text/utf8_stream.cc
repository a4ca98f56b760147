// Tested by tests/utf8_stream_test.cc.
#include <bytepiece/types.h>
#include <bytepiece/utf8_stream.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "text/utf8.h"

namespace bytepiece {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Where the character begins that the end of the text cuts; the size if it cuts none.
std::size_t whole_end(std::string_view text) {
  constexpr std::size_t kMostHeldBack = 3;
  for (std::size_t length = 1; length <= kMostHeldBack && length <= text.size(); ++length) {
    const std::size_t at = text.size() - length;
    if (is_continuation(text[at])) continue;
    return begun_length(text, at) == length && character_at(text, at).code_point == kInvalidByte
               ? at
               : text.size();
  }
  return text.size();
}

}  // namespace

void Utf8Stream::write(std::string_view bytes, std::string& out) {
  std::string joined;
  if (!held_back_.empty()) {
    joined = held_back_.append(bytes);
    bytes = joined;
  }
  const std::size_t end = whole_end(bytes);
  append(bytes.substr(0, end), out);
  held_back_ = bytes.substr(end);
}

void Utf8Stream::finish(std::string& out) {
  append(held_back_, out);
  held_back_.clear();
  offset_ = 0;
}

void Utf8Stream::append(std::string_view text, std::string& out) {
  offset_ += text.size();
  if (errors_ == Utf8Errors::kBytes || simdjson::validate_utf8(text.data(), text.size())) {
    out += text;
    return;
  }
  for (std::size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    if (c.code_point != kInvalidByte) {
      out += text.substr(at, c.length);
      at += c.length;
      continue;
    }
    if (errors_ == Utf8Errors::kStrict) {
      throw Error(
          fmt::format("offset {}: byte 0x{:02X} is not UTF-8; replace or ignore such bytes, or take them",
                      offset_ - text.size() + at, static_cast<unsigned char>(text[at])));
    }
    if (errors_ == Utf8Errors::kReplace) out += kReplacement;
    at += std::max<std::size_t>(1, begun_length(text, at));
  }
}

}  // namespace bytepiece
