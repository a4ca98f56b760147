#include "text/split.h"

#include <doctest/doctest.h>

#include <string>

#include "reference.h"
#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

Strings split(std::string_view text, std::size_t max_chars, bool isolate_digits) {
  Strings chunks;
  for_each_chunk(text, {max_chars, isolate_digits},
                 [&](std::string_view chunk) { chunks.emplace_back(chunk); });
  return chunks;
}

struct Row {
  std::string name, text;
  std::size_t max_chars;
  bool isolate_digits;
  Strings chunks;
};

TEST_CASE("split: a table") {
  const std::string feeds(250, '\n');
  static const Row rows[] = {
      {"empty", "", 0, false, {}},
      {"a line keeps its line feeds", "ab\n\ncd", 0, false, {"ab\n\n", "cd"}},
      {"line feeds at the begin", "\n\nab", 0, false, {"\n\n", "ab"}},
      {"CR LF stays at the end", "a\r\nb", 0, false, {"a\r\n", "b"}},
      {"CR begins a line", "\n\r\n", 0, false, {"\n", "\r\n"}},
      {"only LF ends a line", "a\x0B\x0C\x1C\u0085\u2028b", 0, false, {"a\x0B\x0C\x1C\u0085\u2028b"}},
      {"digits", "a12\n", 0, true, {"a", "1", "2", "\n"}},
      {"a digit and a line feed", "1\n", 0, true, {"1", "\n"}},
      {"digits of all scripts", "\u0661\uFF11\U0001D7CE", 0, true, {"\u0661", "\uFF11", "\U0001D7CE"}},
      {"not digits", "\u00B2\u2460\u2167\u00BD", 0, true, {"\u00B2\u2460\u2167\u00BD"}},
      {"digits are nothing special", "a12\n", 0, false, {"a12\n"}},
      {"exactly the limit", "abcde\nf", 5, false, {"abcde\n", "f"}},
      {"one above the limit", "abcdef\ng", 5, false, {"abcde", "f\n", "g"}},
      {"twice the limit", "abcdefghij\n", 5, false, {"abcde", "fghij\n"}},
      {"characters, not bytes", "\u4F60\u4F60\u4F60", 2, false, {"\u4F60\u4F60", "\u4F60"}},
      {"an invalid byte is a character", "\xE4\xBD\n\xFFz", 1, false, {"\xE4", "\xBD\n", "\xFF", "z"}},
      {"100 line feeds with a limit",
       "a" + feeds,
       5,
       false,
       {"a" + std::string(100, '\n'), std::string(100, '\n'), std::string(50, '\n')}},
      {"all line feeds without", "a" + feeds, 0, false, {"a" + feeds}},
      {"limit and digits", "abc1de\n", 2, true, {"ab", "c", "1", "de\n"}},
      {"NUL is a character", bytes("a\0b\n\0"), 0, false, {bytes("a\0b\n"), bytes("\0")}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(split(row.text, row.max_chars, row.isolate_digits) == row.chunks);
    CHECK(reference::split(row.text, row.max_chars, row.isolate_digits) == row.chunks);
  }
}

TEST_CASE("split: all short texts as the oracle splits them") {
  for (const std::string& text : all_texts("a7\n\x80", test_scale() == 0 ? 5 : 7)) {
    for (const std::size_t max_chars : {0, 1, 2, 3}) {
      for (const bool isolate_digits : {false, true}) {
        if (split(text, max_chars, isolate_digits) != reference::split(text, max_chars, isolate_digits)) {
          FAIL_CHECK("differs: ", text, " with ", max_chars, ", ", isolate_digits);
        }
      }
    }
  }
}

TEST_CASE("split: random texts, and nothing is lost") {
  Random random(1);
  for (std::size_t round = 0; round < rounds(500); ++round) {
    const std::string text = random_text(random, random.below(400));
    for (const std::size_t max_chars : {0, 1, 7, 50, 10000}) {
      for (const bool isolate_digits : {false, true}) {
        const Strings chunks = split(text, max_chars, isolate_digits);
        CHECK(chunks == reference::split(text, max_chars, isolate_digits));
        std::string whole;
        for (const std::string& chunk : chunks) whole += chunk;
        CHECK(whole == text);
      }
    }
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
