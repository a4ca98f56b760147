// What a text is spelled in: a character is one symbol exactly when only whole pieces can win on it.
#include "encode/symbols.h"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

// An alphabet of a vocabulary whose single bytes have the score -3.
Alphabet alphabet_of(const std::map<std::string, double>& others) {
  Strings pieces;
  std::vector<double> scores(256, -3.0);
  for (int byte = 0; byte < 256; ++byte) pieces.emplace_back(1, static_cast<char>(byte));
  for (const auto& [piece, score] : others) {
    pieces.push_back(piece);
    scores.push_back(score);
  }
  return Alphabet(std::vector<std::string_view>(pieces.begin(), pieces.end()), scores);
}

std::vector<Symbol> spelled(const Alphabet& alphabet, std::string_view text) {
  const std::vector<char> exact(text.begin(), text.end());  // so that sanitizers see what is read past it
  std::vector<Symbol> symbols(text.size() + 8);
  symbols.resize(alphabet.spell({exact.data(), exact.size()}, symbols.data()));
  return symbols;
}

std::vector<Symbol> bytes_of(std::string_view text) {
  std::vector<Symbol> symbols;
  for (const char byte : text) symbols.push_back(static_cast<unsigned char>(byte));
  return symbols;
}

TEST_CASE("symbols: a character that beats its bytes by at least 1 is a symbol of its own") {
  // \u00E9 wins by 3, \u4E2D by exactly 1, \u6587 by too little.
  const Alphabet alphabet = alphabet_of({{"\u00E9", -3}, {"\u4E2D", -8}, {"\u6587", -8.5}});
  CHECK(alphabet.size() == 258);
  CHECK(spelled(alphabet, "a\u00E9") == std::vector<Symbol>{'a', 256});
  CHECK(spelled(alphabet, "\u4E2D\u6587") == std::vector<Symbol>{257, 0xE6, 0x96, 0x87});
  CHECK(spelled(alphabet, "").empty());
}

TEST_CASE("symbols: one piece that cuts a character, and all symbols are bytes") {
  for (const std::string cut : {"\xE4\xB8", "a\xC3", "\xB8\xAD", "\xED\xA0\x80", "\xC0\x80"}) {
    const Alphabet alphabet = alphabet_of({{"\u00E9", -3}, {"\u4E2D", -3}, {cut, -20}});
    CHECK(alphabet.size() == 256);
    CHECK(spelled(alphabet, "a\u00E9\u4E2D") == bytes_of("a\u00E9\u4E2D"));
  }
}

TEST_CASE("symbols: anything but well-formed strong characters stays bytes") {
  const Alphabet alphabet =
      alphabet_of({{"\u00E9", -3}, {"\u4E2D", -3}, {"\U0001F600", -3}, {"\u007F\u00E9", -3}});
  REQUIRE(alphabet.size() == 259);
  for (const std::string text :
       {"\xC3", "\xE4\xB8", "\xF0\x9F\x98", "\xC1\xA9", "\xE0\x83\xA9", "\xF0\x84\xB8\xAD", "\xED\xA0\x80",
        "\x80\x80", "\xFF\xC3", "\xF4\x90\x80\x80", "\u00E8\u4E2E\U0001F601"}) {
    CHECK(spelled(alphabet, text) == bytes_of(text));
    CHECK(spelled(alphabet, text + "a long enough rest") == bytes_of(text + "a long enough rest"));
  }
}

// The rule, a character at a time.
std::vector<Symbol> by_definition(const std::map<std::string, Symbol>& strong, const std::string& text) {
  std::vector<Symbol> symbols;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character_at(text, at).length;
    const auto found = strong.find(text.substr(at, length));
    if (found != strong.end()) {
      symbols.push_back(found->second);
    } else {
      for (std::size_t i = 0; i < length; ++i) symbols.push_back(static_cast<unsigned char>(text[at + i]));
    }
    at += length;
  }
  return symbols;
}

TEST_CASE("symbols: random texts are spelled by the rule") {
  Random random(1);
  for (std::size_t round = 0; round < rounds(100); ++round) {
    std::map<std::string, double> pieces;
    for (int i = 0; i < 20; ++i) {
      const std::string character = random_characters(random, 1);
      if (character.size() > 1) pieces[character] = -1 - 0.01 * i;
    }
    const Alphabet alphabet = alphabet_of(pieces);
    REQUIRE(alphabet.size() == 256 + pieces.size());
    std::map<std::string, Symbol> strong;
    Strings items = {"a", "\n", "\x80", "\xE4\xB8", "\xFF"};
    for (const auto& [character, score] : pieces) {
      const std::vector<Symbol> symbols = spelled(alphabet, character);
      REQUIRE(symbols.size() == 1);
      strong[character] = symbols.front();
      items.push_back(character);
    }
    for (int i = 0; i < 10; ++i) {
      const std::string text =
          i % 2 == 0 ? random_of(random, items, random.below(100)) : random_text(random, 100);
      CHECK(spelled(alphabet, text) == by_definition(strong, text));
    }
  }
}

TEST_CASE("symbols: the best scored characters where there are more than fit") {
  std::map<std::string, double> pieces;
  for (char32_t c = 0x10000; c < 0x10000 + Alphabet::kMaxChars + 10; ++c) {
    pieces[utf8(c)] = -1 - 1e-6 * static_cast<double>(c);
  }
  const Alphabet alphabet = alphabet_of(pieces);
  CHECK(alphabet.size() == 256 + Alphabet::kMaxChars);
  CHECK(spelled(alphabet, utf8(0x10000)) == std::vector<Symbol>{256});
  CHECK(spelled(alphabet, utf8(0x10000 + Alphabet::kMaxChars)).size() == 4);
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
