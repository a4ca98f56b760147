#include "train/repeats.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "support.h"
#include "text/utf8.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

std::string bytes_of(std::string_view text, const Repeats& repeats, std::size_t number) {
  if (number < 256) return std::string(1, static_cast<char>(number));
  return std::string(text.substr(repeats.all[number].place, repeats.all[number].length));
}

// Whether the bytes are whole characters, none of them the separator.
bool is_whole(std::string_view bytes, char separator) {
  for (std::size_t at = 0; at < bytes.size();) {
    const Character c = character_at(bytes, at);
    if (c.code_point == kInvalidByte || bytes[at] == separator) return false;
    at += c.length;
  }
  return true;
}

bool may_be_repeat(std::string_view bytes, const RepeatOptions& options) {
  if (bytes.size() < 2) return false;
  if (bytes.find(options.separator) != bytes.npos) return false;
  return !options.whole_characters || is_whole(bytes, options.separator);
}

// The obvious way: all substrings in a map. One that every longer substring with the same begin makes
// superfluous is left out, if it is not a character: what follows it is always the same.
std::map<std::string, std::uint32_t> expected(std::string_view text, const RepeatOptions& options) {
  std::map<std::string, std::uint32_t> counts;
  for (std::size_t begin = 0; begin < text.size(); ++begin) {
    for (std::size_t size = 1; size <= options.max_length && begin + size <= text.size(); ++size) {
      ++counts[std::string(text.substr(begin, size))];
    }
  }
  std::map<std::string, std::uint32_t> repeats;
  for (const auto& [bytes, count] : counts) {
    if (count < options.min_count || !may_be_repeat(bytes, options)) continue;
    bool superfluous = false;  // a longer one that may be a repeat occurs as often
    for (auto longer = counts.upper_bound(bytes); longer != counts.end() && longer->first.starts_with(bytes);
         ++longer) {
      superfluous |= longer->second == count && may_be_repeat(longer->first, options);
    }
    const bool character = options.whole_characters && character_at(bytes, 0).length == bytes.size();
    if (!superfluous || character) repeats[bytes] = count;
  }
  return repeats;
}

void check(const std::string& text, const RepeatOptions& options) {
  CAPTURE(text);
  const Repeats repeats = find_repeats(text, options, 1 + text.size() % 3);
  const auto all = expected(text, options);
  REQUIRE(repeats.all.size() == 256 + all.size());
  std::map<std::string, std::size_t> numbers;
  for (std::size_t i = 0; i < repeats.all.size(); ++i) {
    const std::string bytes = bytes_of(text, repeats, i);
    numbers[bytes] = i;
    CHECK(repeats.all[i].length == bytes.size());
    if (i < 256) {
      CHECK(repeats.all[i].count == std::count(text.begin(), text.end(), static_cast<char>(i)));
      continue;
    }
    REQUIRE(all.contains(bytes));
    CHECK(repeats.all[i].count == all.at(bytes));
  }
  const auto longest_prefix = [&](std::string_view bytes, std::size_t most) {
    std::size_t size = std::min(most, bytes.size());
    while (!numbers.contains(std::string(bytes.substr(0, size)))) --size;
    return numbers.at(std::string(bytes.substr(0, size)));
  };
  for (std::size_t i = 256; i < repeats.all.size(); ++i) {
    const std::string bytes = bytes_of(text, repeats, i);
    CHECK(repeats.all[i].prefix == longest_prefix(bytes, bytes.size() - 1));
    CHECK(repeats.all[i].prefix < i);
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    CHECK(repeats.longest[at] == longest_prefix(std::string_view(text).substr(at), options.max_length));
  }
}

TEST_CASE("repeats: all of them, as a map of all substrings has them, with any number of threads") {
  Random random(1);
  for (std::size_t i = 0; i < rounds(150); ++i) {
    const RepeatOptions options{random.between(1, 9), static_cast<std::uint32_t>(random.between(2, 4)),
                                1000000, random.chance(2), '\xFF'};
    check(random_of(random, {"a", "b", "ab", "\u00E9", "\u4F60\u597D", "\u4F61", "\xFF", "\xE4\xBD", "\n"},
                    random.below(60)),
          options);
    check(random_bytes(random, random.below(80)), options);
    check(random_text(random, random.below(80)), options);
  }
}

TEST_CASE("repeats: texts of one kind of byte, and none") {
  for (const std::string& text : {std::string(), std::string(1, 'a'), std::string(100, ' '),
                                  std::string(50, '\xFF'), std::string(60, '\x80'), std::string(60, '\0')}) {
    check(text, {});
    check(text, {7, 2, 1000000, false, '\xFF'});
  }
}

TEST_CASE("repeats: of too many, the best ranked and all characters") {
  std::string text;
  for (int i = 0; i < 20; ++i) text += "abc\xFF";
  for (int i = 0; i < 26; ++i) text += "xy\xFF";
  for (int i = 0; i < 5; ++i) text += "\u4F60\xFF";
  const Repeats repeats = find_repeats(text, {36, 5, 1, true, '\xFF'}, 1);
  std::set<std::string> found;
  for (std::size_t i = 256; i < repeats.all.size(); ++i) found.insert(bytes_of(text, repeats, i));
  CHECK(found == std::set<std::string>{"abc", "\u4F60"});  // 20 * sqrt(2); xy: 26
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
