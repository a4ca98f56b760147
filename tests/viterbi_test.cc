// Every form of the search against the oracle, enumeration and the plain walk of the benchmark.
#include "encode/viterbi.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reference.h"
#include "support.h"
#include "text/split.h"
#include "tools/bench/plain_walk.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

// A search with each form, whose results must agree.
class Search {
 public:
  explicit Search(const reference::PieceScores& scores)
      : pieces_(in_id_order(scores)), values_(values(scores, pieces_)), trie_(views(), values_, kFirstId) {}

  Strings operator()(std::string_view text) {
    std::vector<Id> first;
    for (const Form form : supported_forms()) {
      std::vector<Id> ids = encode(form, text);
      if (form == Form::kPlain)
        first = std::move(ids);
      else if (ids != first)
        FAIL_CHECK("not what the plain form gives: ", form_name(form), " ", text);
    }
    Strings pieces;
    for (const Id id : first) pieces.push_back(pieces_.at(id - kFirstId));
    return pieces;
  }

  std::vector<std::string_view> views() const { return {pieces_.begin(), pieces_.end()}; }
  const std::vector<double>& values() const { return values_; }

 private:
  static constexpr Id kBefore = 12345, kFirstId = 7;

  std::vector<Id> encode(Form form, std::string_view text) {
    const std::vector<char> exact(text.begin(), text.end());  // so that sanitizers see what is read past it
    std::vector<Id> ids = {kBefore};                          // what is there stays
    Viterbi(trie_, form).encode({exact.data(), exact.size()}, scratch_, ids);
    REQUIRE(ids.front() == kBefore);
    ids.erase(ids.begin());
    if (text.size() < 500) check_among_others(form, text, ids);
    return ids;
  }

  // Neighbours that would go on with the text, or it with them, if texts were not kept apart.
  void check_among_others(Form form, std::string_view text, const std::vector<Id>& expected) {
    const std::vector<std::string_view> texts = {text, "", text, text.substr(text.size() / 2), text};
    std::size_t visited = 0;
    Viterbi(trie_, form).encode_each(texts, scratch_, [&](std::span<const Id> ids) {
      const bool is_text = visited != 1 && visited != 3;
      if (is_text && !std::equal(ids.begin(), ids.end(), expected.begin(), expected.end())) {
        FAIL_CHECK("other ids among other texts: ", form_name(form), " ", text);
      }
      if (visited == 1) CHECK(ids.empty());
      ++visited;
    });
    CHECK(visited == texts.size());
  }

  static Strings in_id_order(const reference::PieceScores& scores) {
    Strings pieces;
    for (const auto& [piece, score] : scores.score) pieces.push_back(piece);
    std::sort(pieces.begin(), pieces.end(), [](const std::string& a, const std::string& b) {
      return a.size() != b.size() ? a.size() < b.size() : a < b;
    });
    return pieces;
  }

  static std::vector<double> values(const reference::PieceScores& scores, const Strings& pieces) {
    std::vector<double> values;
    for (const std::string& piece : pieces) values.push_back(scores.score.at(piece));
    return values;
  }

  Strings pieces_;
  std::vector<double> values_;
  Trie trie_;
  Viterbi::Scratch scratch_;
};

// The oracle's pieces of all chunks of a text, which is not normalized.
Strings oracle(const reference::PieceScores& scores, std::string_view text) {
  Strings pieces;
  for (const std::string& chunk : reference::split(text, 0, false)) {
    for (std::string& piece : reference::best_segmentation(scores, chunk)) pieces.push_back(std::move(piece));
  }
  return pieces;
}

// Section 5.1 without dynamic programming: of all segmentations with the largest score the one with the
// longest last piece, and the same again for what is left of that piece.
Strings best_chunk(const reference::PieceScores& scores, std::string_view chunk) {
  if (chunk.empty()) return {};
  const auto segmentations = reference::all_segmentations(scores, chunk);
  double largest = segmentations.front().score;
  for (const auto& each : segmentations) largest = std::max(largest, each.score);
  std::string_view last;
  for (const auto& each : segmentations) {
    if (each.score == largest && each.pieces.back().size() > last.size()) last = each.pieces.back();
  }
  Strings pieces = best_chunk(scores, chunk.substr(0, chunk.size() - last.size()));
  pieces.emplace_back(last);
  return pieces;
}

Strings best_by_enumeration(const reference::PieceScores& scores, std::string_view text) {
  Strings pieces;
  for (const std::string& chunk : reference::split(text, 0, false)) {
    for (std::string& piece : best_chunk(scores, chunk)) pieces.push_back(std::move(piece));
  }
  return pieces;
}

// Scores that are small whole numbers, so that very many sums are equal, exactly.
reference::PieceScores whole_number_scores(Random& random, std::string_view letters, std::size_t size) {
  reference::PieceScores scores;
  for (const auto& [piece, count] : with_all_bytes(random_pieces(random, letters, size, true))) {
    const std::size_t longest = 2 * piece.size();
    scores.score.emplace(piece, -static_cast<double>(random.between(piece.size(), longest)));
    scores.longest = std::max(scores.longest, piece.size());
  }
  return scores;
}

TEST_CASE("viterbi: ties go to the longest last piece") {
  struct Row {
    reference::StringMap<double> scores;
    std::string chunk;
    Strings pieces;
  };
  static const Row rows[] = {
      {{{"a", -1.0}}, "", {}},
      {{{"a", -1.0}, {"aa", -2.0}}, "a", {"a"}},
      {{{"a", -1.0}, {"aa", -2.0}}, "aa", {"aa"}},
      {{{"a", -1.0}, {"aa", -2.0}}, "aaa", {"a", "aa"}},
      {{{"a", -1.0}, {"aa", -2.0}}, "aaaa", {"aa", "aa"}},
      {{{"a", -1.0}, {"aa", -2.0}, {"aaa", -3.0}}, "aaaa", {"a", "aaa"}},
      {{{"a", -1.0}, {"aa", -2.5}}, "aaa", {"a", "a", "a"}},
      {{{"a", -1.0}, {"b", -1.0}, {"ab", -1.0}, {"ba", -1.0}}, "aba", {"a", "ba"}},
      {{{"a", -0.0}, {"aa", 0.0}}, "aaa", {"a", "aa"}},
      // The longest last piece wins although the piece before it is then shorter.
      {{{"a", -1.0}, {"b", -1.0}, {"aab", -3.0}, {"bb", -2.0}}, "aabb", {"a", "a", "bb"}},
  };
  for (const Row& row : rows) {
    reference::PieceScores scores;
    for (int byte = 0; byte < 256; ++byte)
      scores.score.emplace(std::string(1, static_cast<char>(byte)), -9.0);
    for (const auto& [piece, score] : row.scores) scores.score[piece] = score;
    for (const auto& [piece, score] : scores.score) scores.longest = std::max(scores.longest, piece.size());
    CAPTURE(row.chunk);
    CHECK(oracle(scores, row.chunk) == row.pieces);
    CHECK(Search(scores)(row.chunk) == row.pieces);
  }
}

TEST_CASE("viterbi: small worlds as a whole") {
  struct World {
    std::string letters;
    std::size_t longest;
    bool enumerate;  // also compare with all segmentations
  };
  static const World worlds[] = {{"ab", 8, true}, {"ab", 11, false}, {"a\nb", 6, true}, {"abc", 8, false}};
  Random random(1);
  for (const World& world : worlds) {
    const std::size_t longest = world.longest - (test_scale() == 0 ? 2 : 0);
    const Strings chunks = all_texts(world.letters, longest);
    for (std::size_t round = 0; round < rounds(12); ++round) {
      const std::size_t size = random.between(2, 12);
      const reference::PieceScores scores =
          round % 2 == 0 ? whole_number_scores(random, world.letters, size)
                         : reference::piece_scores(random_pieces(random, world.letters, size, true));
      reference::PieceScores all = scores;  // the search wants all single bytes
      for (int byte = 0; byte < 256; ++byte)
        all.score.emplace(std::string(1, static_cast<char>(byte)), -99.0);
      Search search(all);
      for (const std::string& chunk : chunks) {
        const Strings found = search(chunk);
        if (found != oracle(all, chunk)) FAIL_CHECK("not the oracle's: ", chunk);
        if (world.enumerate && found != best_by_enumeration(all, chunk)) FAIL_CHECK("not best: ", chunk);
      }
    }
  }
}

TEST_CASE("viterbi: random chunks of random length") {
  Random random(2);
  for (std::size_t round = 0; round < rounds(60); ++round) {
    const std::string letters = round % 3 == 0 ? "a" : round % 3 == 1 ? "ab" : "abcdefgh";
    const reference::Counts pieces = random_pieces(random, letters, random.below(80), round % 2 == 0);
    const auto scores = reference::piece_scores(with_all_bytes(pieces));
    Search search(scores);
    for (int i = 0; i < 10; ++i) {
      std::string chunk;
      for (std::size_t left = random.below(i == 0 ? 3000 : 100); left > 0; --left) {
        chunk += random.chance(30) ? static_cast<char>(random.below(256)) : random.pick(letters);
      }
      CHECK(search(chunk) == oracle(scores, chunk));
    }
  }
}

TEST_CASE("viterbi: runs, where the last bit decides") {
  // In a run of one letter all orders of the same pieces tie in theory; the rounding of the sums decides.
  Random random(3);
  for (std::size_t round = 0; round < rounds(20); ++round) {
    reference::Counts counts;
    for (std::size_t length = 1; length <= 12; ++length) {
      counts[std::string(length, '-')] = random.between(1, 100000);
    }
    const auto scores = reference::piece_scores(with_all_bytes(counts));
    Search search(scores);
    for (const std::size_t length : {1, 12, 13, 63, 64, 65, 255, 256, 257, 1000, 4095, 4096, 4097}) {
      const std::string chunk(length, '-');
      CHECK(search(chunk) == oracle(scores, chunk));
    }
  }
}

TEST_CASE("viterbi: pieces from one byte to hundreds, and chunks that end inside one") {
  reference::Counts counts;
  for (const std::size_t length : {1, 2, 3, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 400}) {
    counts[std::string(length, 'x')] = 1000 + length;
    counts[std::string(length, 'x') + "y"] = 7;
  }
  const auto scores = reference::piece_scores(with_all_bytes(counts));
  Search search(scores);
  for (const std::size_t length : {1, 2, 14, 16, 17, 18, 64, 100, 399, 400, 401, 900}) {
    for (const std::string end : {"", "y", "z", "xy"}) {
      const std::string chunk = std::string(length, 'x') + end;
      CHECK(search(chunk) == oracle(scores, chunk));
    }
  }
}

TEST_CASE("viterbi: bytes of every value, and single bytes only") {
  const auto scores = reference::piece_scores(with_all_bytes({{"\xFF\xFF", 9}, {bytes("\0\0"), 9}}));
  Search search(scores);
  Random random(4);
  for (int i = 0; i < 50; ++i) {
    const std::string chunk = random_of(random, {"\xFF", bytes("\0"), "\x80", "\n"}, random.below(200));
    CHECK(search(chunk) == oracle(scores, chunk));
  }
  const auto single = reference::piece_scores(with_all_bytes({}));
  const std::string chunk = random_bytes(random, 1000);
  CHECK(Search(single)(chunk) == oracle(single, chunk));
}

// Scores are whole numbers or thirds: the first tie exactly, the second as the order of sums decides.
reference::PieceScores random_scores(Random& random, const Strings& items, std::size_t longest, bool whole,
                                     double unit) {
  reference::PieceScores scores;
  const double byte = -unit * static_cast<double>(random.between(1, 9));
  for (int b = 0; b < 256; ++b) scores.score[std::string(1, static_cast<char>(b))] = byte;
  for (std::size_t i = random.below(60); i > 0; --i) {
    std::string piece = random_of(random, items, random.between(1, longest));
    if (!whole) piece = piece.substr(random.below(piece.size()));
    scores.score[piece] = -unit * static_cast<double>(random.between(1, 2 + 3 * piece.size()));
  }
  for (const auto& [piece, score] : scores.score) scores.longest = std::max(scores.longest, piece.size());
  return scores;
}

TEST_CASE("viterbi: random vocabularies of letters and characters, whole and cut") {
  struct World {
    Strings items;
    std::size_t longest;
    bool whole;
  };
  static const World worlds[] = {{{"a", "b"}, 12, true},
                                 {{"a", "b", "c", "\n"}, 30, true},
                                 {{"a", "\u00E9", "\u4E2D", "\n"}, 8, false},
                                 {{"a", "\u00E9", "\u4E2D", "\n"}, 8, true}};
  Random random(5);
  for (const World& world : worlds) {
    for (std::size_t round = 0; round < rounds(40); ++round) {
      const auto scores =
          random_scores(random, world.items, world.longest, world.whole, round % 2 == 0 ? 1.0 : 1.0 / 3);
      Search search(scores);
      Strings items = world.items;
      for (const auto& [piece, score] : scores.score) {
        if (piece.size() > 1) items.push_back(piece);
      }
      for (std::size_t i = 0; i < 20; ++i) {
        std::string text = random_of(random, items, random.below(i == 0 ? 1000 : 60));
        if (i % 4 == 1 && !text.empty())
          text[random.below(text.size())] = static_cast<char>(random.below(256));
        if (search(text) != oracle(scores, text)) FAIL_CHECK("not the oracle's: ", text);
      }
    }
  }
}

TEST_CASE("viterbi: characters that hardly beat their bytes, tie with them, or lose") {
  const Strings whole = {"a", "\u00E9", "\u4E2D", "\u6587", "\U0001F600", "\n"};
  Strings any = whole;
  any.insert(any.end(), {"\x80", "\xE4\xB8", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF"});
  Random random(6);
  for (std::size_t round = 0; round < rounds(100); ++round) {
    reference::PieceScores scores;
    for (int byte = 0; byte < 256; ++byte) scores.score[std::string(1, static_cast<char>(byte))] = -3;
    for (std::size_t i = 1; i < 5; ++i) {
      const double spelled = -3 * static_cast<double>(whole[i].size());
      const double choices[] = {spelled - 1, spelled, spelled + 0.5, spelled + 1, spelled + 4};
      if (!random.chance(5))
        scores.score[whole[i]] = random.pick(std::vector(std::begin(choices), std::end(choices)));
    }
    for (std::size_t i = random.below(12); i > 0; --i) {
      const std::string piece = random_of(random, whole, random.between(2, 11));
      scores.score[piece] = -static_cast<double>(random.between(1, 3 * piece.size()));
    }
    for (const auto& [piece, score] : scores.score) scores.longest = std::max(scores.longest, piece.size());
    Search search(scores);
    for (std::size_t i = 0; i < 20; ++i) {
      const std::string text = random_of(random, i % 2 == 0 ? whole : any, i == 0 ? 1000 : 60);
      if (search(text) != oracle(scores, text)) FAIL_CHECK("not the oracle's: ", text);
    }
  }
}

TEST_CASE("viterbi: lines around the sizes of blocks and batches") {
  Random random(7);
  auto scores = random_scores(random, {"a", "b", "c", "\u4E2D"}, 12, true, 1.0 / 3);
  Search search(scores);
  for (const std::size_t size : {63, 64, 65, 1023, 1024, 1025, 8191, 8192, 8193, 16384, 20000}) {
    const std::string line = random_of(random, {"a", "b", "c"}, size);
    for (const std::string& text : {line, line + "\n", line + "\n\n" + line + "\n\n\n",
                                    line.substr(1) + "\n" + std::string(9000, '\n') + line,
                                    random_of(random, {"a", "b", "\u4E2D", "\n"}, size)}) {
      const bool same = search(text) == oracle(scores, text);
      CHECK(same);
    }
  }
}

TEST_CASE("viterbi: many pieces and long texts, as the plain walk has it") {
  Random random(8);
  const Strings items = {"e", "t", "a", "o", " ", "\n", "th", "\u00E9", "\u4E2D", "\u6587"};
  for (std::size_t round = 0; round < rounds(4); ++round) {
    reference::Counts counts;
    for (int i = 0; i < 20000; ++i)
      counts[random_of(random, items, random.between(1, 14))] = random.between(1, 99);
    if (round % 2 == 1) counts["\xE4\xB8"] = 500;  // a piece that is no whole character
    const auto scores = reference::piece_scores(with_all_bytes(counts));
    Search search(scores);
    const auto views = search.views();
    const bench::PieceIndex index(views, search.values());
    bench::PlainWalk walk;
    const std::string text = random_of(random, items, 200000);
    Strings expected;
    for_each_chunk(text, {}, [&](std::string_view chunk) {
      std::vector<std::uint32_t> pieces;
      walk.segment(index, chunk, pieces);
      for (const std::uint32_t piece : pieces) expected.emplace_back(views[piece]);
    });
    const bool same = search(text) == expected;
    CHECK(same);
  }
}

TEST_CASE("viterbi: long lines, whether their paths meet soon, late or never") {
  Random random(10);
  const std::string a(100000, 'a');
  struct Row {
    reference::Counts counts;
    std::string text;
    std::size_t most = 1000000;
  };
  const std::string mixed = random_of(random, {"a", "b", "ab", "\u4E2D", "a\xFF"}, 60000);
  const Row rows[] = {{{{"aa", 1000}}, a},
                      {{{"aa", 1000}}, a.substr(1)},
                      {{{"aa", 1000}, {"aaa", 900}, {"aaaaaaaaa", 5}}, a + "b" + a},
                      {{{"ab", 50}, {"ba", 50}, {"\u4E2D", 70}, {"\u4E2Da", 20}, {"abababababab", 9}}, mixed},
                      {{{std::string(2000, 'a'), 5}, {"aa", 7}}, "b" + a + "b", 25000}};
  for (const Row& row : rows) {
    const auto scores = reference::piece_scores(with_all_bytes(row.counts));
    Search search(scores);
    const auto views = search.views();
    const bench::PieceIndex index(views, search.values());
    bench::PlainWalk walk;
    std::vector<std::uint32_t> pieces;
    const std::string_view text = std::string_view(row.text).substr(0, row.most);
    walk.segment(index, text, pieces);
    Strings expected;
    for (const std::uint32_t piece : pieces) expected.emplace_back(views[piece]);
    const bool same = search(text) == expected;
    CHECK(same);
  }
}

TEST_CASE("viterbi: a piece of a hundred thousand bytes") {
  Random random(9);
  const Strings letters = {"a", "b", "c", "d"};  // no runs, where every position would begin a long match
  const std::string one = random_of(random, letters, 100000), other = random_of(random, letters, 70000);
  const auto scores = reference::piece_scores(with_all_bytes({{one, 1000}, {other, 1000}}));
  Search search(scores);
  const bool same = search("y" + other + one) == Strings{"y", other, one};
  CHECK(same);
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
