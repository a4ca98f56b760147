// Checks the oracle of the tests (reference.h) against results of the original, the golden cases.
//
// The folder BYTEPIECE_GOLDEN_DIR (a compile definition) is part of the project. More cases are
// checked where the environment variable BYTEPIECE_CONFORMANCE_DIR names a folder that has them in
// golden/open/, and published models that some of them belong to in models/.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "golden_data.h"
#include "reference.h"
#include "support.h"

namespace bytepiece {
namespace {

using Ids = std::vector<std::uint32_t>;

constexpr std::uint32_t kFirstPiece = 3;

std::optional<std::filesystem::path> open_golden() {
  const auto folder = golden::conformance_folder();
  if (!folder) MESSAGE("BYTEPIECE_CONFORMANCE_DIR is not set: nothing checked here");
  return folder;
}

// Models by their names, each read once.
class Models {
 public:
  struct Entry {
    golden::Model model;
    reference::PieceScores scores;
  };
  using PathOf = std::function<std::filesystem::path(const std::string& name)>;

  explicit Models(PathOf path_of) : path_of_(std::move(path_of)) {}

  const Entry& find(const std::string& name) {
    const auto [entry, is_new] = entries_.try_emplace(name);
    if (is_new) {
      entry->second.model = golden::read_model(path_of_(name));
      entry->second.scores = reference::piece_scores(entry->second.model.counts);
    }
    return entry->second;
  }

 private:
  PathOf path_of_;
  std::map<std::string, Entry> entries_;
};

Models trained_models(const std::filesystem::path& folder) {
  return Models([folder](const std::string& name) { return folder / "train" / name; });
}

Models published_models() {
  return Models([](const std::string& name) { return golden::published_models().find(name); });
}

Ids ids_of(const golden::Model& model, const std::vector<std::string>& pieces) {
  Ids ids;
  for (const std::string& piece : pieces) ids.push_back(model.ids.at(piece));
  return ids;
}

void check_training(const std::filesystem::path& folder) {
  for (const golden::TrainRun& run : golden::read_manifest(folder)) {
    if (testing::test_scale() == 0 && run.order > 2) continue;  // slow with sanitizers
    const auto vocabs = reference::train(golden::read_texts(folder, run),
                                         {run.order, run.vocab_sizes, run.max_piece_length, run.min_count,
                                          run.isolate_digits, run.ensure_unicode});
    REQUIRE(vocabs.size() == run.models.size());
    for (std::size_t i = 0; i < vocabs.size(); ++i) {
      INFO(run.models[i]);
      CHECK(vocabs[i].size() == run.piece_counts[i]);
      const std::string expected = golden::read_bytes(folder / "train" / run.models[i]);
      const bool same_file = reference::to_json(vocabs[i]) == expected;
      CHECK(same_file);
    }
  }
}

void check_models(const std::filesystem::path& folder) {
  for (const golden::TrainRun& run : golden::read_manifest(folder)) {
    for (const std::string& name : run.models) {
      INFO(name);
      const golden::Model model = golden::read_model(folder / "train" / name);
      const std::vector<std::string> pieces = reference::pieces_by_id(model.counts);
      bool same_ids = true;
      for (std::size_t i = 0; i < pieces.size(); ++i) {
        same_ids = same_ids && model.ids.at(pieces[i]) == i + kFirstPiece;
      }
      CHECK(same_ids);
    }
  }
}

void check_encoding(const std::filesystem::path& folder, Models models) {
  for (const golden::EncodeRow& row : golden::read_encode(folder)) {
    const Models::Entry& entry = models.find(row.model);
    INFO(row.model, " ", row.kind, ": ", row.text);
    CHECK(ids_of(entry.model, reference::encode(entry.scores, row.text)) == row.ids);
  }
}

void check_decoding(const std::filesystem::path& folder, Models models) {
  for (const golden::DecodeRow& row : golden::read_decode(folder)) {
    const Models::Entry& entry = models.find(row.model);
    std::string bytes;
    for (const std::uint32_t id : row.ids) {
      if (id >= kFirstPiece) bytes += entry.model.pieces.at(id);
    }
    INFO(row.model, ": ", row.text);
    CHECK(reference::drop_invalid_utf8(bytes) == row.text);
  }
}

void check_normalization(const std::filesystem::path& folder) {
  for (const golden::NormalizeRow& row : golden::read_normalize(folder)) {
    INFO(row.max_chunk_chars, " ", row.isolate_digits, ": ", row.text);
    const std::string text = reference::normalize(row.text);
    CHECK(reference::split(text, row.max_chunk_chars, row.isolate_digits) == row.chunks);
  }
}

void check_sampling(const std::filesystem::path& folder, Models models) {
  for (const golden::SamplingRow& row : golden::read_sampling(folder)) {
    const Models::Entry& entry = models.find(row.model);
    INFO(row.model, " alpha ", row.alpha, ": ", row.text);

    // Chunks are independent, so the probabilities of their segmentations multiply.
    std::map<Ids, double> distribution = {{Ids{}, 1.0}};
    for (const std::string& chunk : reference::split(reference::normalize(row.text), 0, false)) {
      const auto segmentations = reference::all_segmentations(entry.scores, chunk);
      const auto probabilities = reference::sampling_distribution(segmentations, row.alpha);
      std::map<Ids, double> longer;
      for (const auto& [begun, probability] : distribution) {
        for (std::size_t i = 0; i < segmentations.size(); ++i) {
          Ids ids = begun;
          for (const std::string& piece : segmentations[i].pieces) {
            ids.push_back(entry.model.ids.at(piece));
          }
          longer[ids] = probability * probabilities[i];
        }
      }
      distribution = longer;
    }

    CHECK(distribution.size() == row.segmentation_count);
    CHECK(distribution.size() == row.distribution.size());
    double largest_error = 0;
    for (const auto& [ids, probability] : row.distribution) {
      REQUIRE(distribution.contains(ids));
      largest_error = std::max(largest_error, std::abs(distribution[ids] / probability - 1));
    }
    CHECK(largest_error < 1e-9);
    CHECK(ids_of(entry.model, reference::encode(entry.scores, row.text)) == row.best);
  }
}

TEST_SUITE_BEGIN("oracle");

TEST_CASE("the oracle trains the golden models of the project") { check_training(golden::project_folder()); }

TEST_CASE("the oracle trains the open golden models") {
  if (const auto folder = open_golden()) check_training(*folder);
}

TEST_CASE("the oracle orders pieces as in the golden models") {
  check_models(golden::project_folder());
  if (const auto folder = open_golden()) check_models(*folder);
}

TEST_CASE("the oracle encodes the golden texts of the project") {
  check_encoding(golden::project_folder(), trained_models(golden::project_folder()));
}

TEST_CASE("the oracle encodes the open golden texts") {
  if (const auto folder = open_golden()) check_encoding(*folder, published_models());
}

TEST_CASE("the oracle decodes the open golden ids") {
  if (const auto folder = open_golden()) check_decoding(*folder, published_models());
}

TEST_CASE("the oracle normalizes and splits the open golden texts") {
  if (const auto folder = open_golden()) check_normalization(*folder);
}

TEST_CASE("the oracle computes the open golden sampling distributions") {
  if (const auto folder = open_golden()) check_sampling(*folder, published_models());
}

// ---- What no golden case says ----

using Strings = std::vector<std::string>;

TEST_CASE("U+11A7 survives NFC after a Hangul syllable") {
  CHECK(reference::normalize("\u1100\u1161\u11A7") == "\uAC00\u11A7");
  CHECK(reference::normalize("\uAC00\u11A7") == "\uAC00\u11A7");
  CHECK(reference::normalize("\u1100\u1161\u11A8") == "\uAC01");
  CHECK(reference::normalize("\u11A7\u0301e\u0301") == "\u11A7\u0301\u00E9");
}

TEST_CASE("invalid bytes pass through and separate valid runs") {
  CHECK(reference::normalize("o\u0301\xFFo\u0301") == "\u00F3\xFF\u00F3");
  CHECK(reference::normalize("e\xFF\u0301") == "e\xFF\u0301");
  CHECK(reference::split("\xE4\xBD\n\xFFz", 1, false) == Strings{"\xE4", "\xBD\n", "\xFF", "z"});
  CHECK(reference::split("\xE4\xBDz1\xFF\n", 0, true) == Strings{"\xE4\xBDz", "1", "\xFF\n"});
  CHECK(reference::drop_invalid_utf8("\xC3(\xE4\xBD\x80\x80\xED\xA0\x80z") == "(\u4F40z");
  CHECK(reference::drop_invalid_utf8("\xF4\x90\x80\x80\xC0\xAFz\xE4\xBD") == "z");
}

TEST_CASE("a dead zone shreds the rest of its chunk") {
  // U+7F55 occurs once, below min_count; U+732B often.
  const Strings chunks = {"\u732B\u732B\u732B", "\u732B\u732B\u7F55\u732B\u732B"};
  const auto model = reference::log_probs(reference::count_ngrams(chunks, 6), 2);
  const Strings pieces = reference::segment(chunks[1], model, true);
  const Strings shreds = {"\xE7", "\xBD", "\x95", "\xE7", "\x8C", "\xAB", "\xE7", "\x8C", "\xAB"};
  REQUIRE(pieces.size() >= shreds.size());
  CHECK(Strings(pieces.end() - static_cast<std::ptrdiff_t>(shreds.size()), pieces.end()) == shreds);
  CHECK(reference::segment(chunks[0], model, true).front().size() % 3 == 0);
}

// Section 5.1 said once more, without dynamic programming: of all segmentations with the largest
// score the one with the longest last piece, and the same again for what is left of that piece.
Strings best_by_enumeration(const reference::PieceScores& scores, std::string_view chunk) {
  if (chunk.empty()) return {};
  const auto segmentations = reference::all_segmentations(scores, chunk);
  double largest = segmentations.front().score;
  for (const auto& each : segmentations) largest = std::max(largest, each.score);
  std::string last;
  for (const auto& each : segmentations) {
    CHECK(each.score == reference::segmentation_score(scores, each.pieces));
    if (each.score == largest && each.pieces.back().size() > last.size()) last = each.pieces.back();
  }
  Strings pieces = best_by_enumeration(scores, chunk.substr(0, chunk.size() - last.size()));
  pieces.push_back(last);
  return pieces;
}

TEST_CASE("the best segmentation is the best of all, ties included") {
  // Counts that are powers of two of their total, so that many sums tie or nearly tie.
  const reference::Counts vocab = {{"a", 4},  {"b", 4},   {"aa", 1},  {"ab", 1},  {"ba", 2},
                                   {"bb", 1}, {"aba", 1}, {"abb", 1}, {"bbbb", 1}};
  const auto scores = reference::piece_scores(vocab);
  for (std::size_t length = 0; length <= 8; ++length) {
    for (std::size_t bits = 0; bits < std::size_t{1} << length; ++bits) {
      std::string chunk;
      for (std::size_t i = 0; i < length; ++i) chunk += (bits >> i & 1) != 0 ? 'b' : 'a';
      CHECK(reference::best_segmentation(scores, chunk) == best_by_enumeration(scores, chunk));
    }
  }
  CHECK(reference::all_segmentations(vocab, "aba").size() == 4);
  CHECK(reference::all_segmentations(vocab, "").size() == 1);
  CHECK_THROWS_AS(reference::best_segmentation(scores, "ac"), std::invalid_argument);
}

TEST_CASE("nothing to train on gives the single bytes") {
  const auto vocabs = reference::train({}, {});
  REQUIRE(vocabs.size() == 1);
  CHECK(vocabs[0].size() == 256);
  CHECK_THROWS_AS(reference::train({}, {.vocab_sizes = {258}}), std::invalid_argument);
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
