// Tested by tests/split_test.cc.
#include "text/split.h"

#include <utf8proc.h>

#include <algorithm>
#include <limits>

#include "text/utf8.h"

namespace bytepiece {
namespace {

constexpr std::size_t kMostLineFeeds = 100;  // with max_chars
constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

bool is_digit(std::uint32_t code_point) {
  if (code_point < 0x80) return code_point >= '0' && code_point <= '9';
  return code_point != kInvalidByte &&
         utf8proc_category(static_cast<utf8proc_int32_t>(code_point)) == UTF8PROC_CATEGORY_ND;
}

// The end of the run of at most max_chars line characters (digits excepted with isolate_digits).
std::size_t run_end(std::string_view text, std::size_t begin, std::size_t max_chars, bool isolate_digits) {
  std::size_t at = begin;
  for (std::size_t chars = 0; at < text.size() && text[at] != '\n' && chars < max_chars; ++chars) {
    const Character c = character_at(text, at);
    if (isolate_digits && is_digit(c.code_point)) break;
    at += c.length;
  }
  return at;
}

// The same for plain lines: a line of few bytes has few characters, so mostly nothing is counted.
std::size_t line_end(std::string_view text, std::size_t begin, std::size_t max_chars) {
  const std::size_t window = max_chars < kUnlimited - 1 ? max_chars + 1 : kUnlimited;
  const std::string_view ahead = text.substr(begin, window);
  const std::size_t line_feed = ahead.find('\n');
  if (line_feed != std::string_view::npos) return begin + line_feed;
  if (ahead.size() <= max_chars) return text.size();
  return run_end(text, begin, max_chars, false);
}

}  // namespace

std::size_t chunk_end(std::string_view text, std::size_t begin, const SplitOptions& options) {
  const std::size_t max_chars = options.max_chars == 0 ? kUnlimited : options.max_chars;
  std::size_t end =
      options.isolate_digits ? run_end(text, begin, max_chars, true) : line_end(text, begin, max_chars);
  const std::size_t most = options.max_chars == 0 ? kUnlimited : kMostLineFeeds;
  const std::size_t stop = text.size() - end < most ? text.size() : end + most;
  while (end < stop && text[end] == '\n') ++end;
  if (end == begin) end += character_at(text, begin).length;  // a digit
  return end;
}

}  // namespace bytepiece
