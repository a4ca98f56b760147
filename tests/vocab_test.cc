#include <bytepiece/vocab.h>
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "golden_data.h"
#include "reference.h"
#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

std::vector<Piece> single_bytes() {
  std::vector<Piece> pieces;
  for (int byte = 0; byte < 256; ++byte) pieces.push_back({std::string(1, static_cast<char>(byte)), 1});
  return pieces;
}

TEST_CASE("vocab: ids follow (length, bytes), whatever the order of the pieces") {
  std::vector<Piece> pieces = single_bytes();
  pieces.insert(pieces.begin(), {{"zz", 5}, {"abc", 7}, {"ab", 9}, {"\xFF\xFF", 3}});
  const Vocab vocab(pieces);
  CHECK(vocab.size() == 263);
  CHECK(vocab.total() == 256 + 24);
  CHECK(vocab.max_piece_length() == 3);
  static const Strings longer = {"ab", "zz", "\xFF\xFF", "abc"};
  for (Id byte = 0; byte < 256; ++byte) {
    CHECK(vocab.bytes(kFirstPiece + byte) == std::string(1, static_cast<char>(byte)));
  }
  for (std::size_t i = 0; i < longer.size(); ++i) {
    const Id id = kFirstPiece + 256 + static_cast<Id>(i);
    CHECK(vocab.bytes(id) == longer[i]);
    CHECK(vocab.find(longer[i]) == id);
  }
  CHECK(vocab.count(*vocab.find("ab")) == 9);
  CHECK(vocab.log_prob(*vocab.find("abc")) == std::log(7.0) - std::log(280.0));
}

TEST_CASE("vocab: what is no piece is not found, and what is no id has no bytes") {
  const Vocab vocab = vocab_of({{"ab", 2}, {"abc", 3}});
  for (const std::string piece : {"", "aa", "ac", "abcd", "abb", "\xFF\xFF", "zzzzzzzz"}) {
    CAPTURE(piece);
    CHECK_FALSE(vocab.find(piece));
  }
  for (const Id id : {Id{0}, Id{1}, Id{2}, Id{261}, std::numeric_limits<Id>::max()}) {
    CHECK(contains(error_of([&] { vocab.bytes(id); }), "id " + std::to_string(id)));
    CHECK_THROWS_AS(vocab.count(id), Error);
    CHECK_THROWS_AS(vocab.log_prob(id), Error);
  }
}

struct Row {
  std::string name;
  std::vector<Piece> pieces;
  std::string message;
};

TEST_CASE("vocab: the invariants are checked") {
  const auto with = [](std::vector<Piece> more) {
    std::vector<Piece> pieces = single_bytes();
    pieces.insert(pieces.end(), more.begin(), more.end());
    return pieces;
  };
  const auto without = [](std::size_t byte) {
    std::vector<Piece> pieces = single_bytes();
    pieces.erase(pieces.begin() + static_cast<std::ptrdiff_t>(byte));
    return pieces;
  };
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  const Row rows[] = {
      {"no pieces", {}, "single byte 0x00 is no piece"},
      {"only a long piece", {{"ab", 1}}, "single byte 0x00 is no piece"},
      {"without 00", without(0), "single byte 0x00 is no piece"},
      {"without 0A", without(10), "single byte 0x0A is no piece"},
      {"without FF", without(255), "single byte 0xFF is no piece"},
      {"twice", with({{"ab", 1}, {"ab", 2}}), "piece ab is there twice"},
      {"a byte twice", with({{"a", 1}}), "piece a is there twice"},
      {"count 0", with({{"a\n", 0}}), "piece a\\n has count 0"},
      {"empty piece", with({{"", 1}}), "a piece is empty"},
      {"sum of counts", with({{"ab", kMost}}), "sum up to 2^64 or more"},
      {"sum of two counts", with({{"ab", kMost / 2}, {"cd", kMost / 2 + 1}}), "sum up to 2^64 or more"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(contains(error_of([&] { Vocab vocab(row.pieces); }), row.message));
  }
  CHECK(Vocab(with({{"ab", kMost - 256}})).total() == kMost);
}

TEST_CASE("vocab: save and load give the same vocabulary, and the file is the oracle's") {
  const TemporaryFolder folder;
  Random random(1);
  for (std::size_t round = 0; round < rounds(40); ++round) {
    reference::Counts counts;
    for (std::size_t i = random.below(60); i > 0; --i) {
      counts[random_text(random, random.between(1, 9)) + "."] = random.number() >> random.between(8, 63) | 1;
    }
    counts = with_all_bytes(counts);
    const Vocab vocab = vocab_of(counts);
    vocab.save(folder / "a.json");
    CHECK(golden::read_bytes(folder / "a.json") == reference::to_json(counts));
    const Vocab loaded = Vocab::load(folder / "a.json");
    CHECK(counts_of(loaded) == counts);
    CHECK(loaded.total() == vocab.total());
    CHECK(file_of(loaded) == reference::to_json(counts));
  }
}

TEST_CASE("vocab: a file that cannot be read or written") {
  const TemporaryFolder folder;
  const std::string missing = folder / "missing.bp";
  CHECK(error_of([&] { Vocab::load(missing); }) == missing + ": no such file; expected a model");
  CHECK(contains(error_of([&] { Vocab::load(folder.path()); }), "is a directory"));
  const Vocab vocab = vocab_of({});
  CHECK(contains(error_of([&] { vocab.save(folder / "none/a.bp"); }), "none/a.bp: cannot be written"));
  CHECK(contains(error_of([&] { vocab.save(folder.path()); }), "cannot be written"));
  CHECK(files_in(folder.path()).empty());
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
