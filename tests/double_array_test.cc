#include "tools/bench/double_array.h"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;
using bench::DoubleArray;

TEST_SUITE_BEGIN("unit");

// A trie to ask two things: whether any piece begins with some bytes, and whether they are a piece.
struct Answer {
  bool begins = true;
  std::uint32_t piece = DoubleArray::kNoPiece;
  friend bool operator==(const Answer&, const Answer&) = default;
};

Answer ask(const DoubleArray& array, std::string_view bytes) {
  DoubleArray::Place place = DoubleArray::kRoot;
  for (const char byte : bytes) {
    if (!array.step(place, static_cast<unsigned char>(byte))) return {false, DoubleArray::kNoPiece};
  }
  return {true, bytes.empty() ? DoubleArray::kNoPiece : array.piece(place)};
}

void check(const Strings& pieces, const Strings& questions) {
  const std::vector<std::string_view> views(pieces.begin(), pieces.end());
  const DoubleArray array(views);
  std::map<std::string, Answer> expected;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    for (std::size_t length = 1; length <= pieces[i].size(); ++length) expected[pieces[i].substr(0, length)];
  }
  for (std::size_t i = 0; i < pieces.size(); ++i) expected[pieces[i]].piece = static_cast<std::uint32_t>(i);
  for (const auto& [bytes, answer] : expected) {
    if (!(ask(array, bytes) == answer)) FAIL_CHECK("wrong for ", bytes);
    for (int next = 0; next < 256; next += 31) {
      const std::string longer = bytes + static_cast<char>(next);
      if (!expected.contains(longer) && ask(array, longer).begins) FAIL_CHECK("finds ", longer);
    }
  }
  for (const std::string& question : questions) {
    if (question.empty()) continue;
    const auto found = expected.find(question);
    const Answer answer = found == expected.end() ? Answer{false, DoubleArray::kNoPiece} : found->second;
    if (!(ask(array, question) == answer)) FAIL_CHECK("wrong for ", question);
  }
}

TEST_CASE("double_array: the example of the header") {
  check({"a", "ab", "b"}, all_texts("abc", 3));
  check({"b", "ab", "a"}, all_texts("abc", 3));
}

TEST_CASE("double_array: one piece, a long one, all bytes") {
  check({std::string(1, '\0')}, {bytes("\0\0"), "a"});
  check({std::string(3000, 'a'), std::string(3000, '\0')}, {"b", std::string(3001, 'a')});
  Strings single, pairs;
  for (int byte = 0; byte < 256; ++byte) single.emplace_back(1, static_cast<char>(byte));
  check(single, {"aa", bytes("\0a"), "\xFF\xFF"});
  for (const std::string& first : single) {
    for (const std::string& second : single) pairs.push_back(first + second);
  }
  check(pairs, {"aaa", "a"});
}

TEST_CASE("double_array: random sets of pieces") {
  Random random(1);
  for (std::size_t round = 0; round < rounds(40); ++round) {
    std::set<std::string> set;
    const Strings letters = round % 2 == 0 ? Strings{"a", "b", "c"} : Strings{};
    for (std::size_t i = random.below(round % 10 == 0 ? 5000 : 200); i > 0; --i) {
      const std::size_t length = random.between(1, 7);
      set.insert(letters.empty() ? random_bytes(random, length) : random_of(random, letters, length));
    }
    Strings pieces(set.begin(), set.end());
    for (std::size_t i = pieces.size(); i > 1; --i) std::swap(pieces[i - 1], pieces[random.below(i)]);
    Strings questions;
    for (int i = 0; i < 200; ++i) questions.push_back(random_of(random, {"a", "b", "c", "\xFF"}, 4));
    check(pieces, questions);
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
