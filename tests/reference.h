// The oracle: BytePiece once more, slow and obvious, written from the specification alone.
//
// Every function names the section of the compatibility specification it follows and keeps the
// order of steps and the tie rules of that section, so that a reader can compare the two line by
// line. It shares no code with the library: the tests compare the fast implementation with this
// one, and golden_reference_test.cc compares this one with results of the original.
//
// Invalid UTF-8, on which the specification is silent, passes through: a byte that is not part of a
// well-formed sequence (Unicode, table 3-7) counts as one character of its own, which is a line
// character and not a digit, and NFC applies to each run of valid text between such bytes.
//
// Misuse throws std::invalid_argument.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace bytepiece::reference {

// Byte strings with their counts, ordered by bytes.
using Counts = std::map<std::string, std::uint64_t>;

// A hash map keyed by strings that can be searched with a string_view.
struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
template <typename Value>
using StringMap = std::unordered_map<std::string, Value, StringHash, std::equal_to<>>;

// ---- Section 1: normalisation and splitting ----

// NFC over the whole text.
std::string normalize(std::string_view text);

// Cuts normalized text into chunks; their concatenation is the text. `max_chunk_chars` 0: no limit.
std::vector<std::string> split(std::string_view nfc_text, std::size_t max_chunk_chars, bool isolate_digits);

// ---- Section 2: training ----

struct TrainOptions {
  int order = 6;
  std::vector<std::size_t> vocab_sizes{10000};
  std::size_t max_piece_length = 36;  // bytes
  std::uint64_t min_count = 2;
  bool isolate_digits = false;
  bool ensure_unicode = true;
};

// Normalizes and splits as the trainer does, into chunks of at most 10000 characters and their LFs.
std::vector<std::string> training_chunks(const std::vector<std::string>& texts, bool isolate_digits);

// 2.1: table n, n in 0..order, counts the n-grams inside chunks; table 0 holds the number of bytes.
using NgramCounts = std::vector<StringMap<std::uint64_t>>;
NgramCounts count_ngrams(const std::vector<std::string>& chunks, int order);

// 2.2: entry g of table n is log p(last byte of g | its first n - 1 bytes); table 0 is empty.
using NgramLogProbs = std::vector<StringMap<double>>;
NgramLogProbs log_probs(NgramCounts counts, std::uint64_t min_count);

// 2.3: cuts one chunk into pieces, dead zones included. The order is that of the tables.
std::vector<std::string> segment(std::string_view chunk, const NgramLogProbs& log_probs, bool ensure_unicode);

// 2.4: the pieces of all chunks.
Counts count_pieces(const std::vector<std::string>& chunks, const NgramLogProbs& log_probs,
                    bool ensure_unicode);

// 2.5: from pieces to vocabularies, one for each size, sizes in descending order.
std::vector<Counts> prune(const Counts& pieces, const TrainOptions& options);

// 2.1 to 2.5. No text at all gives the 256 single bytes, each with count 1.
std::vector<Counts> train(const std::vector<std::string>& texts, const TrainOptions& options);

// 2.6: the pieces in the order of their ids; the first one has id 3.
std::vector<std::string> pieces_by_id(const Counts& vocab);

// 2.6: the file in the layout of the original, byte for byte.
std::string to_json(const Counts& vocab);

// What Python's bytes.decode("utf-8", errors="ignore") keeps.
std::string drop_invalid_utf8(std::string_view bytes);

// ---- Section 5: encoding ----

// The score of every piece of a vocabulary, and the length of the longest piece.
struct PieceScores {
  StringMap<double> score;
  std::size_t longest = 0;
};
PieceScores piece_scores(const Counts& vocab);

// 5.1 on one chunk. Throws where no segmentation exists (a single byte is missing).
std::vector<std::string> best_segmentation(const PieceScores& scores, std::string_view chunk);

// 5.2: the pieces of a text. The first form is for many texts with one vocabulary.
std::vector<std::string> encode(const PieceScores& scores, std::string_view text);
std::vector<std::string> encode(const Counts& vocab, std::string_view text);

// The sum of the scores, from the left as in 5.1. Throws on an unknown piece.
double segmentation_score(const PieceScores& scores, const std::vector<std::string>& pieces);

struct Segmentation {
  std::vector<std::string> pieces;
  double score = 0;  // segmentation_score of the pieces
};

// All ways to cut a chunk into pieces, those with the shorter first piece first. There are up to
// 2^(n-1) of them for n bytes. An empty chunk has one segmentation, the empty one.
std::vector<Segmentation> all_segmentations(const PieceScores& scores, std::string_view chunk);
std::vector<Segmentation> all_segmentations(const Counts& vocab, std::string_view chunk);

// 5.4: the probability of each segmentation, proportional to exp(alpha * score).
std::vector<double> sampling_distribution(const std::vector<Segmentation>& segmentations, double alpha);

}  // namespace bytepiece::reference
