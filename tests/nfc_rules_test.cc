// The rules against NFC itself, used as SentencePiece uses them: the longest match is replaced.
#include "text/nfc_rules.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "support.h"
#include "text/nfc.h"
#include "text/utf8.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

const std::map<std::string, std::string>& rules() {
  static const auto all = nfc_rules();
  return all;
}

std::string nfc(std::string_view text) {
  std::string buffer;
  return std::string(normalize(text, buffer));
}

std::string replaced(std::string_view text) {
  constexpr std::size_t kLongest = 32;
  std::string out;
  while (!text.empty()) {
    std::size_t size = std::min(kLongest, text.size());
    while (size > 0 && !rules().contains(std::string(text.substr(0, size)))) --size;
    if (size > 0) {
      out += rules().at(std::string(text.substr(0, size)));
    } else {
      size = character_at(text, 0).length;
      out += text.substr(0, size);
    }
    text.remove_prefix(size);
  }
  return out;
}

TEST_CASE("nfc_rules: every rule is NFC, and changes something") {
  CHECK(rules().size() > 30000);
  CHECK(rules().size() < 200000);
  for (const auto& [text, result] : rules()) {
    if (nfc(text) != result || text == result || text.size() > 20) FAIL_CHECK(text, " becomes ", result);
  }
}

TEST_CASE("nfc_rules: every character, composed and in parts, is brought into NFC") {
  for (std::uint32_t c = 0x80; c < 0x30000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    std::string text;
    if (c < 0x800) {
      text = {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
    } else if (c < 0x10000) {
      text = {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)),
              static_cast<char>(0x80 | (c & 63))};
    } else {
      text = {static_cast<char>(0xF0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 63)),
              static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
    }
    const std::string line = "\u4E00" + text + "b";  // behind what composes with nothing
    if (replaced(line) != nfc(line)) FAIL_CHECK("U+", c);
  }
}

TEST_CASE("nfc_rules: words as people write them without NFC") {
  for (const char* text :
       {"Vie\u0323\u0302t Vi\u00EA\u0323t Vie\u0302\u0323t",  // marks of Vietnamese in any order
        "e\u0301e\u0300 o\u031B\u0301 o\u0301\u031B A\u030A \u212B \u2126",
        "e\u0323\u0301 e\u0301\u0323 \u00E9\u0323",           // one mark that composes, one that does not
        "\u1112\u1161\u11AB\u1100\u116E\u11A8 \uAC00\u11A8",  // Hangul
        "\u05E9\u05BC\u05C1\u05B8 \u05E9\u05C1\u05BC\u05B8 \uFB2A",  // Hebrew points
        "\u0645\u064E\u0651 \u0645\u0651\u064E \u0627\u0653",        // Arabic
        "\u0915\u093C \u0958 \u0928\u093C \u0915\u094D\u093C",       // nukta, virama
        "x\u0301\u0323",                                             // nothing to compose with
        "\u304B\u3099\u306F\u309A"}) {                               // kana
    CHECK(replaced(text) == nfc(text));
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
