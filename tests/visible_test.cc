#include "text/visible.h"

#include <doctest/doctest.h>

#include <string>

#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

struct Row {
  std::string bytes, shown, item;
};

TEST_CASE("visible: a table") {
  static const Row rows[] = {
      {"", "", ""},
      {"ab c", "ab c", "ab\u2581c"},
      {"a\n\xE4\xBD\xA0\xFF", "a\\n\u4F60\\xff", "a\\n\u4F60\\xff"},
      {"\r\t\\", "\\r\\t\\\\", "\\r\\t\\\\"},
      {bytes("\0\x1B\x7F"), "\\x00\\x1b\\x7f", "\\x00\\x1b\\x7f"},
      {"\xE4\xBD", "\\xe4\\xbd", "\\xe4\\xbd"},
      {"\u2581", "\u2581", "\\xe2\\x96\\x81"},
      {"\u00A0", "\\xc2\\xa0", "\\xc2\\xa0"},
      {"\u200B", "\\xe2\\x80\\x8b", "\\xe2\\x80\\x8b"},
      {"\u0301", "\\xcc\\x81", "\\xcc\\x81"},
      {"\u2028", "\\xe2\\x80\\xa8", "\\xe2\\x80\\xa8"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.shown);
    CHECK(visible(row.bytes) == row.shown);
    CHECK(visible_item(row.bytes) == row.item);
  }
}

// Reads what visible() writes.
std::string read_back(const std::string& shown, bool item) {
  std::string out;
  for (std::size_t at = 0; at < shown.size();) {
    if (item && shown.compare(at, 3, "\u2581") == 0) {
      out += ' ';
      at += 3;
    } else if (shown[at] != '\\') {
      out += shown[at++];
    } else if (shown[at + 1] == 'x') {
      out += static_cast<char>(std::stoi(shown.substr(at + 2, 2), nullptr, 16));
      at += 4;
    } else {
      const char letter = shown[at + 1];
      out += letter == 'n' ? '\n' : letter == 'r' ? '\r' : letter == 't' ? '\t' : '\\';
      at += 2;
    }
  }
  return out;
}

TEST_CASE("visible: one line, and nothing is ambiguous") {
  Random random(1);
  for (std::size_t round = 0; round < rounds(1000); ++round) {
    const std::string text = random_text(random, random.below(30));
    CHECK(read_back(visible(text), false) == text);
    CHECK(read_back(visible_item(text), true) == text);
    CHECK(visible(text).find('\n') == std::string::npos);
    CHECK(visible_item(text).find(' ') == std::string::npos);
  }
}

TEST_CASE("visible: messages show the begin of what is long, in whole characters") {
  const std::string most(60, 'a');
  CHECK(excerpt(most) == most);
  CHECK(excerpt("\n") == "\\n");
  CHECK(excerpt(most + "a") == most + "... (61 bytes)");
  CHECK(excerpt(most.substr(1) + "\u4F60") == most.substr(1) + "... (62 bytes)");
  CHECK(excerpt(std::string(3000000, '\xFF')).size() < 300);
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
