// The trie that is written, walked as its readers do.
#include "model/charsmap.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "base/little_endian.h"
#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

// The longest match in front of the text: what it becomes, and its size, 0 if there is none.
std::pair<std::string, std::size_t> longest_match(const std::string& map, std::string_view text) {
  const auto trie_bytes = little_endian_at<std::uint32_t>(map, 0);
  REQUIRE(trie_bytes % 1024 == 0);
  REQUIRE(4 + trie_bytes < map.size());
  const auto unit_at = [&](std::size_t at) {
    REQUIRE(4 * at + 4 <= trie_bytes);
    return little_endian_at<std::uint32_t>(map, 4 + 4 * at);
  };
  const auto offset_of = [](std::uint32_t unit) { return (unit >> 10) << ((unit & 512) >> 6); };
  std::pair<std::string, std::size_t> found{"", 0};
  std::size_t at = offset_of(unit_at(0));
  for (std::size_t i = 0; i < text.size(); ++i) {
    at ^= static_cast<unsigned char>(text[i]);
    const std::uint32_t unit = unit_at(at);
    if ((unit & 0x800000FF) != static_cast<unsigned char>(text[i])) break;
    at ^= offset_of(unit);
    if (unit >> 8 & 1) found = {map.data() + 4 + trie_bytes + (unit_at(at) & 0x7FFFFFFF), i + 1};
  }
  return found;
}

TEST_CASE("charsmap: the longest match of every text, as in the rules") {
  Random random(1);
  for (std::size_t round = 0; round < rounds(60); ++round) {
    std::map<std::string, std::string> rules;
    const Strings letters = {"a", "b", "\x01", "\xFF", "\xC3\xA9"};
    for (std::size_t i = random.between(1, 800); i > 0; --i) {
      rules["x" + random_of(random, letters, random.below(8))] = random_of(random, letters, random.below(4));
    }
    const std::string map = charsmap(rules);
    for (const auto& [text, result] : rules)
      CHECK(longest_match(map, text) == std::pair(result, text.size()));
    for (int i = 0; i < 300; ++i) {
      const std::string text = (i % 2 ? "x" : "") + random_of(random, letters, 9);
      std::size_t size = text.size();
      while (size > 0 && !rules.contains(text.substr(0, size))) --size;
      CHECK(longest_match(map, text) == std::pair(size > 0 ? rules[text.substr(0, size)] : "", size));
    }
  }
  CHECK(charsmap({}).empty());
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
