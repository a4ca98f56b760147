#include "text/nfc.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "reference.h"
#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

std::string nfc(std::string_view text) {
  std::string buffer;
  return std::string(normalize(text, buffer));
}

struct Row {
  std::string text, expected;
};

TEST_CASE("nfc: a table") {
  static const Row rows[] = {
      {"", ""},
      {"plain\nASCII\t", "plain\nASCII\t"},
      {"e\u0301", "\u00E9"},
      {"Vie\u0302\u0323t", "Vi\u1EC7t"},
      {"Vie\u0323\u0302t", "Vi\u1EC7t"},
      {"\u00E9\u0301", "\u00E9\u0301"},
      {"\u212B\u2126\u212A", "\u00C5\u03A9K"},                               // singletons
      {"\u0958\uFB2C\u2ADC", "\u0915\u093C\u05E9\u05BC\u05C1\u2ADD\u0338"},  // composition exclusions
      {"\u1100\u1161\u11A8", "\uAC01"},                                      // Hangul
      {"\uAC00\u11A8", "\uAC01"},
      {"\uAC01\u11A8", "\uAC01\u11A8"},
      {"\u1100\u1161\u11A7", "\uAC00\u11A7"},         // U+11A7 joins nothing
      {"a\u0327\u0301\u0323", "\u1EA1\u0327\u0301"},  // joins across a mark of another class
      {"\u0301\u0327", "\u0327\u0301"},               // marks alone are ordered
      {"\u0344", "\u0308\u0301"},
      {"\u09C7\u09BE", "\u09CB"},
      {"\U0001D15E", "\U0001D157\U0001D165"},
      {"\U0002F800", "\u4E3D"},
      {"\uFB01\u00B2\uFF11", "\uFB01\u00B2\uFF11"},  // compatibility characters stay
      {"o\u0301\xFFo\u0301", "\u00F3\xFF\u00F3"},    // an invalid byte separates
      {"e\xFF\u0301", "e\xFF\u0301"},
      {"e\xCC", "e\xCC"},
      {"e\xCC\xCC\x81", "e\xCC\u0301"},
      {"\xED\xA0\x80\xC0\xAF\xF4\x90\x80\x80", "\xED\xA0\x80\xC0\xAF\xF4\x90\x80\x80"},
      {bytes("\0e\u0301\0"), bytes("\0\u00E9\0")},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(nfc(row.text) == reference::normalize(row.text));
    CHECK(nfc(row.text) == row.expected);
  }
}

TEST_CASE("nfc: text in NFC is not copied") {
  for (const std::string text : {"", "hello", "Vi\u1EC7t \u4F60\u597D \xFF\n", "\uAC00\uD7A3"}) {
    std::string buffer = "untouched";
    const std::string_view result = normalize(text, buffer);
    CHECK(result.data() == text.data());
    CHECK(result.size() == text.size());
  }
}

TEST_CASE("nfc: the changes say what became of what") {
  Random random(4);
  std::size_t found = 0;
  for (std::size_t round = 0; round < rounds(3000); ++round) {
    const std::string text = random_text(random, random.below(50));
    CAPTURE(text);
    std::string buffer;
    std::vector<NfcChange> changes;
    const std::string normalized(normalize(text, buffer, changes));
    CHECK(normalized == nfc(text));
    std::size_t at = 0, normalized_at = 0;
    for (const NfcChange& change : changes) {
      const std::string before = text.substr(at, change.begin - at);
      CHECK(before == normalized.substr(normalized_at, change.normalized_begin - normalized_at));
      const std::string was = text.substr(change.begin, change.end - change.begin);
      const std::string is =
          normalized.substr(change.normalized_begin, change.normalized_end - change.normalized_begin);
      CHECK(was != is);
      CHECK(nfc(was) == is);
      at = change.end;
      normalized_at = change.normalized_end;
      ++found;
    }
    CHECK(text.substr(at) == normalized.substr(normalized_at));
  }
  CHECK(found > 0);
}

TEST_CASE("nfc: every code point, alone and between others") {
  const char32_t step = test_scale() == 0 ? 13 : 1;
  for (const std::string before : {"", "a", "e\u0327", "\u1100", "\uAC00", "\u09C7"}) {
    std::string text;
    for (char32_t c = 0; c <= 0x10FFFF; c += step) {
      if (c >= 0xD800 && c < 0xE000) continue;
      if (before != "" && c % 16 != 0 && c > 0x30000) continue;  // nothing there joins; see the empty one
      text += before + utf8(c) + "\u0301\u0323\n";
      if (text.size() < 4000 && c < 0x10FFFF - step) continue;
      if (nfc(text) != reference::normalize(text)) FAIL_CHECK("up to ", static_cast<unsigned>(c));
      text.clear();
    }
  }
}

TEST_CASE("nfc: random texts as the oracle has them, and twice is once") {
  Random random(1);
  for (std::size_t round = 0; round < rounds(3000); ++round) {
    const std::string text = random_text(random, random.below(50));
    const std::string result = nfc(text);
    CHECK(result == reference::normalize(text));
    CHECK(nfc(result) == result);
  }
}

TEST_CASE("nfc: a long run of marks does not take long") {
  // Classes 230 and 220 in turn; after ordering all of class 220 come first. Done by insertion this would
  // take minutes.
  constexpr std::size_t kMarks = 200000;
  std::string text = "x";
  for (std::size_t i = 0; i < kMarks; ++i) text += "\u0300\u0323";
  std::string expected = "x";
  for (std::size_t i = 0; i < kMarks; ++i) expected += "\u0323";
  for (std::size_t i = 0; i < kMarks; ++i) expected += "\u0300";
  const bool same = nfc(text) == expected;
  CHECK(same);
}

TEST_CASE("nfc: what comes after a boundary does not change what is before") {
  Random random(2);
  static const Strings items = {"e",      "\u0301", "\u0323", "\u1100",  "\u1161", "\u11A8",
                                "\uAC00", "\u11A7", "\xE4",   "\xBD",    "\xA0",   "\xCC",
                                "\x81",   "\n",     "\u4F60", "\xF0\x9F"};
  std::size_t found = 0;
  for (std::size_t round = 0; round < rounds(5000); ++round) {
    const std::string text =
        round % 2 == 0 ? random_of(random, items, random.below(12)) : random_text(random, random.below(80));
    const std::size_t boundary = last_boundary(text);
    REQUIRE(boundary <= text.size());
    found += boundary > 0;
    for (int i = 0; i < 3; ++i) {
      const std::string whole = text + random_of(random, items, random.below(8));
      CAPTURE(text);
      CHECK(nfc(whole) == nfc(whole.substr(0, boundary)) + nfc(whole.substr(boundary)));
    }
  }
  CHECK(found > rounds(5000) / 2);
  CHECK(last_boundary("") == 0);
  CHECK(last_boundary("\u0301\u0301") == 0);
  CHECK(last_boundary("ab") == 1);
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
