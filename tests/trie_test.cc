// The rows that walks through the trie end at, against all pieces that begin a text.
#include "encode/trie.h"

#include <doctest/doctest.h>

#include <bit>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

struct Match {
  std::size_t length;  // symbols
  Id id;
  double score;
  friend bool operator==(const Match&, const Match&) = default;
};

// A set of pieces to which the single bytes are added, and what the trie says about it.
class World {
 public:
  explicit World(std::set<std::string> pieces)
      : pieces_(with_bytes(std::move(pieces))), trie_(trie_of(pieces_)) {}

  // Walks to the deepest node, as the encoder does, and reads its row.
  std::vector<Match> matches(std::string_view text) const {
    std::vector<Symbol> symbols(text.size() + 8);
    symbols.resize(trie_.alphabet().spell(text, symbols.data()));
    symbols.push_back(trie_.alphabet().stop());
    std::uint32_t node = symbols[0];
    for (std::size_t i = 1; i < symbols.size(); ++i) {
      const std::uint32_t next = trie_.units()[node].base + symbols[i];
      if (trie_.units()[next].label != symbols[i]) break;
      node = next;
    }
    return row(trie_.units()[node]);
  }

  std::vector<Match> expected(std::string_view text) const {
    std::vector<Match> all;
    Id id = kFirstId;
    std::map<std::size_t, Match> by_length;
    for (const std::string& piece : pieces_) {
      if (text.starts_with(piece)) by_length[piece.size()] = {piece.size(), id, score(id)};
      ++id;
    }
    for (const auto& [length, match] : by_length) all.push_back(match);
    return all;
  }

  const Trie& trie() const { return trie_; }

 private:
  static constexpr Id kFirstId = 10;

  static double score(Id id) { return -1.0 - 1e-6 * id; }

  static std::set<std::string> with_bytes(std::set<std::string> pieces) {
    for (int byte = 0; byte < 256; ++byte) pieces.emplace(1, static_cast<char>(byte));
    return pieces;
  }

  static Trie trie_of(const std::set<std::string>& pieces) {
    std::vector<double> scores;
    for (std::size_t i = 0; i < pieces.size(); ++i) scores.push_back(score(kFirstId + static_cast<Id>(i)));
    return Trie(std::vector<std::string_view>(pieces.begin(), pieces.end()), scores, kFirstId);
  }

  double score_at(std::size_t entry) const {
    double score;
    std::memcpy(&score, trie_.entries() + entry, sizeof score);
    return score;
  }

  std::vector<Match> row(const Unit& unit) const {
    std::vector<Match> all;
    std::size_t scores = unit.entries, ids = unit.entries;
    for (std::size_t length = 1; length <= Trie::kNear; ++length) {
      if ((unit.near >> (length - 1) & 1) == 0) continue;
      all.push_back({length, trie_.entries()[--ids], score_at(scores)});
      scores += 2;
    }
    for (unsigned i = 0; i < unit.far; ++i, scores += 2) {
      ids -= 2;
      all.push_back({trie_.entries()[ids + 1], trie_.entries()[ids], score_at(scores)});
    }
    return all;
  }

  std::set<std::string> pieces_;
  Trie trie_;
};

void check(const std::set<std::string>& pieces, const Strings& texts) {
  const World world(pieces);
  for (const std::string& text : texts) {
    if (!text.empty() && !(world.matches(text) == world.expected(text))) FAIL_CHECK("wrong for ", text);
  }
  for (const std::string& piece : pieces) {
    if (!(world.matches(piece) == world.expected(piece))) FAIL_CHECK("wrong for ", piece);
  }
}

TEST_CASE("trie: the example of the header") { check({"a", "ab", "abcd", "b"}, all_texts("abcd", 5)); }

TEST_CASE("trie: no other pieces than bytes, a long one, all pairs") {
  check({}, all_texts("ab", 2));
  check({std::string(3000, 'a'), std::string(3000, '\0')}, {"aa", std::string(3001, 'a')});
  std::set<std::string> pairs;
  for (int i = 0; i < 65536; ++i) pairs.insert({static_cast<char>(i >> 8), static_cast<char>(i)});
  const World world(pairs);
  CHECK(world.trie().max_length() == 2);
  CHECK(world.matches("ab") == world.expected("ab"));
  CHECK(world.matches("\xFF\xFF") == world.expected("\xFF\xFF"));
}

TEST_CASE("trie: pieces with a line feed before another byte are left out") {
  const World world({"a\n", "a\n\n", "a\nb", "\nb"});
  CHECK(world.matches("a\nb").size() == 2);
  CHECK(world.matches("\nb").size() == 1);
  CHECK(world.trie().max_length() == 3);
}

TEST_CASE("trie: lengths count symbols where pieces are whole characters") {
  const World world({"\u4E2D", "\u4E2D\u6587", "\u6587"});
  const std::vector<Match> matches = world.matches("\u4E2D\u6587");
  REQUIRE(matches.size() == 2);
  CHECK(matches[0].length == 1);
  CHECK(matches[1].length == 2);
}

TEST_CASE("trie: random sets of pieces") {
  Random random(1);
  for (std::size_t round = 0; round < rounds(40); ++round) {
    std::set<std::string> pieces;
    const Strings letters = round % 2 == 0 ? Strings{"a", "b", "c"} : Strings{};
    for (std::size_t i = random.below(round % 10 == 0 ? 5000 : 200); i > 0; --i) {
      const std::size_t length = random.between(1, 12);
      std::string piece = letters.empty() ? random_bytes(random, length) : random_of(random, letters, length);
      std::erase(piece, '\n');
      if (!piece.empty()) pieces.insert(std::move(piece));
    }
    pieces.insert("\xFF\xFE");  // not whole characters: symbols are bytes
    Strings texts;
    for (int i = 0; i < 50; ++i)
      texts.push_back(random_of(random, {"a", "b", "c", "\xFF"}, random.between(1, 14)));
    const World world(pieces);
    for (const std::string& text : texts) {
      if (!(world.matches(text) == world.expected(text))) FAIL_CHECK("wrong for ", text);
    }
    int left = 100;
    for (const std::string& piece : pieces) {
      if (left-- > 0 && !(world.matches(piece) == world.expected(piece))) FAIL_CHECK("wrong for ", piece);
    }
  }
}

TEST_CASE("trie: a piece that is too long is an error") {
  Strings pieces;
  for (int byte = 0; byte < 256; ++byte) pieces.emplace_back(1, static_cast<char>(byte));
  pieces.emplace_back(Trie::kMaxPieceLength + 1, 'a');
  const std::vector<std::string_view> views(pieces.begin(), pieces.end());
  const std::vector<double> scores(pieces.size(), -1.0);
  CHECK(contains(error_of([&] { Trie(views, scores, 0); }), "too long"));
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
