#include "train/selection.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

using Pieces = std::map<std::string, std::uint64_t>;

Pieces pieces_of(std::string_view text, const Repeats& repeats, const Selection& selection) {
  Pieces pieces;
  for (const Selection::Chosen& chosen : selection.chosen()) {
    const Repeat& repeat = repeats.all[chosen.repeat];
    const std::string bytes = chosen.repeat < 256 ? std::string(1, static_cast<char>(chosen.repeat))
                                                  : std::string(text.substr(repeat.place, repeat.length));
    pieces[bytes] = chosen.count;
  }
  return pieces;
}

Pieces choose(const std::string& text, std::size_t size, std::size_t threads,
              std::vector<TextSample::Weight> weights = {}) {
  if (weights.empty()) weights = {{text.size(), 1}};
  const TextSample sample{text, weights};
  const Repeats repeats = find_repeats(text, {}, 1);
  Selection selection(sample, '\xFF', repeats, threads);
  selection.shrink(size);
  return pieces_of(text, repeats, selection);
}

std::string lines(Random& random, const Strings& words, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += random_of(random, words, random.below(12)) + "\xFF";
  return text;
}

TEST_CASE("selection: single bytes and as many pieces as asked for, whatever the number of threads") {
  Random random(1);
  const std::string text =
      lines(random, {"the ", "cat ", "sat ", "on ", "a ", "mat", "\u4F60\u597D", "\u4F60"}, 2000);
  for (const std::size_t size : {std::size_t{256}, std::size_t{257}, std::size_t{270}, std::size_t{400}}) {
    const Pieces one = choose(text, size, 1);
    CHECK(one.size() == size);
    for (int byte = 0; byte < 256; ++byte) CHECK(one.contains(std::string(1, static_cast<char>(byte))));
    for (const std::size_t threads : {2, 3, 30}) CHECK(choose(text, size, threads) == one);
  }
}

TEST_CASE("selection: counts are those of a segmentation of the text") {
  Random random(2);
  const std::string text = lines(random, {"abc", "ab", "c", "\u00E9t\u00E9 "}, 500);
  std::uint64_t bytes = 0;
  for (const auto& [piece, count] : choose(text, 262, 2)) bytes += piece.size() * count;
  CHECK(bytes == text.size() - static_cast<std::size_t>(std::count(text.begin(), text.end(), '\xFF')));
}

TEST_CASE("selection: what is of use everywhere stays before what is of use in one place") {
  Random random(3);
  std::string text;
  for (int part = 0; part < 240; ++part) {
    text += "every\xFF";
    for (int i = 0; i < 20; ++i) text += random_of(random, {"1", "2", "3"}, 5) + "\xFF";
    for (int i = 0; part == 7 && i < 300; ++i) text += "place\xFF";
  }
  const Pieces pieces = choose(text, 257, 1);  // "place" occurs more often
  CHECK(pieces.contains("every"));
}

TEST_CASE("selection: a loss counts more where text takes many tokens") {
  Random random(5);
  const auto noise = [&](int size) {
    std::string bytes;
    for (int n = 0; n < size; ++n) bytes += static_cast<char>(random.between(0x80, 0xFE));
    return bytes;
  };
  const std::string phrase = "a phrase that is one piece, as long!";
  std::string easy, text;
  for (int i = 0; i < 10; ++i) easy += phrase;
  for (int i = 0; i < 480; ++i) {
    text += easy + noise(1) + "xy\xFF";
    if (i % 2 == 0) text += noise(360) + "cd\xFF";  // "xy" occurs twice as often
  }
  const Pieces pieces = choose(text, 258, 2);
  CHECK(pieces.contains(phrase));
  CHECK(pieces.contains("cd"));
}

TEST_CASE("selection: letters of a rare script stay, though a word that is a piece has them all") {
  Random random(6);
  const std::string georgian = "\u10E5\u10D0\u10E0";
  std::string text;
  for (int i = 0; i < 400; ++i) {
    text += random_of(random, {"the ", "cat ", "sat ", "mat ", "on "}, 12) + "\xFF";
    if (i % 8 == 0) text += georgian + "\xFF";
  }
  const Pieces many = choose(text, 320, 2), few = choose(text, 280, 2);
  for (const char* letter : {"\u10E5", "\u10D0", "\u10E0"}) CHECK(many.contains(letter));
  CHECK(many.contains(georgian));
  CHECK(few.contains(georgian));
  CHECK_FALSE(few.contains("\u10E0"));  // one letter for sixteen pieces
}

TEST_CASE("selection: a text of large weight decides") {
  Random random(4);
  std::string much, little;
  for (int i = 0; i < 3000; ++i) much += "much\xFF" + random_of(random, {"1", "2", "3"}, 5) + "\xFF";
  for (int i = 0; i < 1000; ++i) little += "little\xFF" + random_of(random, {"1", "2", "3"}, 5) + "\xFF";
  const std::string text = much + little;
  CHECK(choose(text, 257, 2).contains("much"));
  for (const std::uint32_t weight : {100U, 1000U}) {
    CHECK(choose(text, 257, 2, {{much.size(), 1}, {text.size(), weight}}).contains("little"));
  }
  CHECK(choose(text, 257, 2, {{text.size(), 0xFFFFFFFF}}).size() == 257);  // sums do not overflow
}

TEST_CASE("selection: threads without a block of text take no memory") {
  CHECK(Selection::bytes(1000, 10, 2) > Selection::bytes(1000, 10, 1));
  CHECK(Selection::bytes(1000, 10, 256) == Selection::bytes(1000, 10, 24));
}

TEST_CASE("selection: nothing to choose from") {
  CHECK(choose("", 300, 2).size() == 256);
  CHECK(choose("\xFF", 300, 2).size() == 256);
  CHECK(choose("abc\xFF", 300, 2).size() == 256);
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
