#include "text/utf8.h"

#include <doctest/doctest.h>

#include <string>

#include "reference.h"
#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

struct Row {
  std::string text;
  std::uint32_t code_point, length;
};

TEST_CASE("utf8: one character at a time") {
  static const Row rows[] = {
      {"a", 'a', 1},
      {std::string(1, '\0'), 0, 1},
      {"\x7F", 0x7F, 1},
      {"\xC2\x80", 0x80, 2},
      {"\xDF\xBF", 0x7FF, 2},
      {"\xE0\xA0\x80", 0x800, 3},
      {"\xED\x9F\xBF", 0xD7FF, 3},
      {"\xEE\x80\x80", 0xE000, 3},
      {"\xEF\xBF\xBF", 0xFFFF, 3},
      {"\xF0\x90\x80\x80", 0x10000, 4},
      {"\xF4\x8F\xBF\xBF", 0x10FFFF, 4},
      {"\x80", kInvalidByte, 1},
      {"\xBF\x80", kInvalidByte, 1},
      {"\xC0\x80", kInvalidByte, 1},
      {"\xC1\xBF", kInvalidByte, 1},
      {"\xC2", kInvalidByte, 1},
      {"\xC2z", kInvalidByte, 1},
      {"\xE0\x9F\xBF", kInvalidByte, 1},
      {"\xE4\xBD", kInvalidByte, 1},
      {"\xE4\xBDz", kInvalidByte, 1},
      {"\xED\xA0\x80", kInvalidByte, 1},
      {"\xF0\x8F\xBF\xBF", kInvalidByte, 1},
      {"\xF4\x90\x80\x80", kInvalidByte, 1},
      {"\xF0\x9F\x98", kInvalidByte, 1},
      {"\xF5\x80\x80\x80", kInvalidByte, 1},
      {"\xFF", kInvalidByte, 1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    for (const std::string& text : {row.text, row.text + "z"}) {
      const Character c = character_at(text, 0);
      CHECK(c.code_point == row.code_point);
      CHECK(c.length == row.length);
    }
  }
}

TEST_CASE("utf8: every code point is read back, surrogates are not") {
  bool good = true;
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    const std::string text = "." + utf8(c);
    const Character read = character_at(text, 1);
    const bool surrogate = c >= 0xD800 && c < 0xE000;
    good = good && (surrogate ? read.code_point == kInvalidByte && read.length == 1
                              : read.code_point == c && read.length + 1 == text.size());
  }
  CHECK(good);
}

TEST_CASE("utf8: invalid bytes are dropped as Python drops them") {
  CHECK(drop_invalid_bytes("\xC3(") == "(");
  CHECK(drop_invalid_bytes("\xE4\xBD") == "");
  CHECK(drop_invalid_bytes("a\xE4\xBD\xE4\xBD\xA0\xA0z") == "a\u4F60z");
  // All strings of up to four of the bytes at which a rule changes.
  const std::string edges = "z\x80\x8F\x90\x9F\xA0\xBF\xC1\xC2\xDF\xE0\xE1\xED\xEE\xEF\xF0\xF1\xF4\xF5";
  for (const std::string& text : all_texts(edges, test_scale() == 0 ? 3 : 4)) {
    if (drop_invalid_bytes(text) != reference::drop_invalid_utf8(text)) FAIL_CHECK("differs: ", text);
    if (is_whole_characters(text) != (drop_invalid_bytes(text) == text)) FAIL_CHECK("not whole: ", text);
  }
  Random random(1);
  for (std::size_t round = 0; round < rounds(500); ++round) {
    const std::string text = random_text(random, random.below(60));
    CHECK(drop_invalid_bytes(text) == reference::drop_invalid_utf8(text));
  }
}

TEST_CASE("utf8: the length of an ASCII run, wherever it begins and ends") {
  for (std::size_t size = 0; size < 40; ++size) {
    for (std::size_t end = 0; end <= size; ++end) {
      std::string text(size, '\x7F');
      if (end < size) text[end] = '\x80';
      for (std::size_t at = 0; at <= size; ++at) {
        if (at > end) text[end] = 'a';
        const std::size_t expected = at > end ? size - at : end - at;
        if (ascii_length(text, at) != expected) FAIL_CHECK("at ", at, " of ", size, ", run to ", end);
      }
    }
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
