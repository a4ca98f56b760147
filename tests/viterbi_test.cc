// The search against the oracle and against enumeration. What is under test stands behind one class, Search,
// so that another form of it needs another few lines only.
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

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

class Search {
 public:
  explicit Search(const reference::PieceScores& scores) : index_(make_index(scores)) {}

  Strings operator()(std::string_view chunk) {
    std::vector<std::uint32_t> segmentation = {kBefore};  // what is there stays
    viterbi_.segment(index_, chunk, segmentation);
    REQUIRE(segmentation.front() == kBefore);
    Strings pieces;
    for (std::size_t i = 1; i < segmentation.size(); ++i) pieces.push_back(pieces_.at(segmentation[i]));
    return pieces;
  }

 private:
  static constexpr std::uint32_t kBefore = 12345;

  PieceIndex make_index(const reference::PieceScores& scores) {
    std::vector<double> values;
    for (const auto& [piece, score] : scores.score) pieces_.push_back(piece);
    std::sort(pieces_.begin(), pieces_.end(), [](const std::string& a, const std::string& b) {
      return a.size() != b.size() ? a.size() < b.size() : a < b;
    });
    for (const std::string& piece : pieces_) values.push_back(scores.score.at(piece));
    return PieceIndex(std::vector<std::string_view>(pieces_.begin(), pieces_.end()), values);
  }

  Strings pieces_;  // in id order
  PieceIndex index_;
  Viterbi viterbi_;
};

// Section 5.1 without dynamic programming: of all segmentations with the largest score the one with the
// longest last piece, and the same again for what is left of that piece.
Strings best_by_enumeration(const reference::PieceScores& scores, std::string_view chunk) {
  if (chunk.empty()) return {};
  const auto segmentations = reference::all_segmentations(scores, chunk);
  double largest = segmentations.front().score;
  for (const auto& each : segmentations) largest = std::max(largest, each.score);
  std::string_view last;
  for (const auto& each : segmentations) {
    if (each.score == largest && each.pieces.back().size() > last.size()) last = each.pieces.back();
  }
  Strings pieces = best_by_enumeration(scores, chunk.substr(0, chunk.size() - last.size()));
  pieces.emplace_back(last);
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
    CHECK(reference::best_segmentation(scores, row.chunk) == row.pieces);
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
        if (found != reference::best_segmentation(all, chunk)) FAIL_CHECK("not the oracle's: ", chunk);
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
      CHECK(search(chunk) == reference::best_segmentation(scores, chunk));
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
      CHECK(search(chunk) == reference::best_segmentation(scores, chunk));
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
      CHECK(search(chunk) == reference::best_segmentation(scores, chunk));
    }
  }
}

TEST_CASE("viterbi: bytes of every value, and single bytes only") {
  const auto scores = reference::piece_scores(with_all_bytes({{"\xFF\xFF", 9}, {bytes("\0\0"), 9}}));
  Search search(scores);
  Random random(4);
  for (int i = 0; i < 50; ++i) {
    const std::string chunk = random_of(random, {"\xFF", bytes("\0"), "\x80", "\n"}, random.below(200));
    CHECK(search(chunk) == reference::best_segmentation(scores, chunk));
  }
  const auto single = reference::piece_scores(with_all_bytes({}));
  const std::string chunk = random_bytes(random, 1000);
  CHECK(Search(single)(chunk) == reference::best_segmentation(single, chunk));
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
