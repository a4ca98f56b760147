// The oracle of the tests, slow and obvious; see reference.h. Sections in the comments are those of
// the compatibility specification.
//
// Compile without contraction of floating-point sums (-ffp-contract=off): the choice between two
// segmentations can hang on the last bit of a double.

#include "reference.h"

#include <utf8proc.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>
#include <utility>

namespace bytepiece::reference {
namespace {

constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();
constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

unsigned char byte_at(std::string_view bytes, std::size_t i) { return static_cast<unsigned char>(bytes[i]); }

std::string byte_string(int byte) { return std::string(1, static_cast<char>(byte)); }

// ---- UTF-8 ----

// The length of the well-formed sequence that starts at byte i (Unicode, table 3-7), or 0.
std::size_t well_formed_length(std::string_view bytes, std::size_t i) {
  const auto in_range = [&](std::size_t at, int low, int high) {
    return at < bytes.size() && byte_at(bytes, at) >= low && byte_at(bytes, at) <= high;
  };
  const auto continuation = [&](std::size_t at) { return in_range(at, 0x80, 0xBF); };

  if (in_range(i, 0x00, 0x7F)) return 1;
  if (in_range(i, 0xC2, 0xDF) && continuation(i + 1)) return 2;
  if (in_range(i, 0xE0, 0xE0) && in_range(i + 1, 0xA0, 0xBF) && continuation(i + 2)) return 3;
  if (in_range(i, 0xE1, 0xEC) && continuation(i + 1) && continuation(i + 2)) return 3;
  if (in_range(i, 0xED, 0xED) && in_range(i + 1, 0x80, 0x9F) && continuation(i + 2)) return 3;
  if (in_range(i, 0xEE, 0xEF) && continuation(i + 1) && continuation(i + 2)) return 3;
  if (in_range(i, 0xF0, 0xF0) && in_range(i + 1, 0x90, 0xBF) && continuation(i + 2) && continuation(i + 3)) {
    return 4;
  }
  if (in_range(i, 0xF1, 0xF3) && continuation(i + 1) && continuation(i + 2) && continuation(i + 3)) {
    return 4;
  }
  if (in_range(i, 0xF4, 0xF4) && in_range(i + 1, 0x80, 0x8F) && continuation(i + 2) && continuation(i + 3)) {
    return 4;
  }
  return 0;
}

struct Character {
  std::string bytes;
  bool valid;  // false: one byte that is not part of a well-formed sequence
};

std::vector<Character> characters_of(std::string_view text) {
  std::vector<Character> characters;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = well_formed_length(text, i);
    characters.push_back({std::string(text.substr(i, std::max<std::size_t>(length, 1))), length > 0});
    i += characters.back().bytes.size();
  }
  return characters;
}

// The general category Nd.
bool is_digit(const Character& character) {
  if (!character.valid) return false;
  utf8proc_int32_t code_point = 0;
  utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(character.bytes.data()),
                   static_cast<utf8proc_ssize_t>(character.bytes.size()), &code_point);
  return utf8proc_category(code_point) == UTF8PROC_CATEGORY_ND;
}

// NFC of valid UTF-8.
std::string nfc(const std::string& valid_text) {
  utf8proc_uint8_t* output = nullptr;
  const utf8proc_ssize_t length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(valid_text.data()),
                   static_cast<utf8proc_ssize_t>(valid_text.size()), &output,
                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  if (length == UTF8PROC_ERROR_NOMEM) throw std::bad_alloc();
  if (length < 0) throw std::logic_error(utf8proc_errmsg(length));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(output, &std::free);
  return std::string(reinterpret_cast<const char*>(output), static_cast<std::size_t>(length));
}

}  // namespace

// ---- Section 1 ----

std::string normalize(std::string_view text) {
  // U+11A7 stands alone, like an invalid byte: utf8proc 2.8 takes it for a Hangul trailing
  // consonant and loses it after a syllable. It is inert under NFC (combining class 0, part of no
  // composition), so that nothing joins or moves across it.
  const std::string inert = "\u11A7";
  std::string result, run;
  for (const Character& character : characters_of(text)) {
    if (character.valid && character.bytes != inert) {
      run += character.bytes;
    } else {
      result += nfc(run);
      result += character.bytes;
      run.clear();
    }
  }
  return result + nfc(run);
}

std::vector<std::string> split(std::string_view nfc_text, std::size_t max_chunk_chars, bool isolate_digits) {
  const std::vector<Character> characters = characters_of(nfc_text);
  const auto is_feed = [&](std::size_t i) { return characters[i].bytes == "\n"; };
  const auto isolated = [&](std::size_t i) { return isolate_digits && is_digit(characters[i]); };

  // With a limit of M characters: at most M of the line, and at most 100 line feeds after it.
  const std::size_t max_run = max_chunk_chars == 0 ? kUnlimited : max_chunk_chars;
  const std::size_t max_feeds = max_chunk_chars == 0 ? kUnlimited : 100;

  std::vector<std::string> chunks;
  for (std::size_t at = 0; at < characters.size();) {
    std::size_t length = 0;  // of the next chunk, in characters
    if (isolated(at)) {
      length = 1;
    } else {
      // The run of line characters ahead. Counting can stop once it is longer than the limit.
      std::size_t run = 0;
      while (at + run < characters.size() && !is_feed(at + run) && !isolated(at + run) && run <= max_run) {
        ++run;
      }
      std::size_t feeds = 0;
      while (at + run + feeds < characters.size() && is_feed(at + run + feeds) && feeds < max_feeds) {
        ++feeds;
      }
      length = run <= max_run && feeds > 0 ? run + feeds : std::min(run, max_run);
    }
    std::string chunk;
    for (std::size_t i = at; i < at + length; ++i) chunk += characters[i].bytes;
    chunks.push_back(chunk);
    at += length;
  }
  return chunks;
}

// ---- Section 2 ----

std::vector<std::string> training_chunks(const std::vector<std::string>& texts, bool isolate_digits) {
  constexpr std::size_t kMaxChunkChars = 10000;
  std::vector<std::string> chunks;
  for (const std::string& text : texts) {
    for (std::string& chunk : split(normalize(text), kMaxChunkChars, isolate_digits)) {
      chunks.push_back(std::move(chunk));
    }
  }
  return chunks;
}

NgramCounts count_ngrams(const std::vector<std::string>& chunks, int order) {
  if (order < 1) throw std::invalid_argument("reference: order must be at least 1");
  NgramCounts counts(static_cast<std::size_t>(order) + 1);
  counts[0][""] = 0;
  for (const std::string& chunk : chunks) {
    for (std::size_t i = 0; i < chunk.size(); ++i) {
      for (std::size_t n = 0; n < counts.size() && i + n <= chunk.size(); ++n) {
        ++counts[n][chunk.substr(i, n)];
      }
    }
  }
  return counts;
}

NgramLogProbs log_probs(NgramCounts counts, std::uint64_t min_count) {
  // Step 1: every byte exists.
  for (int byte = 0; byte < 256; ++byte) {
    if (counts[1].emplace(byte_string(byte), 1).second) ++counts[0].at("");
  }
  // Step 2: rare n-grams do not.
  for (std::size_t n = 2; n < counts.size(); ++n) {
    std::erase_if(counts[n], [&](const auto& entry) { return entry.second < min_count; });
  }
  // Step 3: one subtraction of two rounded logarithms.
  NgramLogProbs result(counts.size());
  for (std::size_t n = 1; n < counts.size(); ++n) {
    for (const auto& [ngram, count] : counts[n]) {
      const std::string prefix = ngram.substr(0, n - 1);
      const double log_count = std::log(static_cast<double>(count));
      const double log_prefix = std::log(static_cast<double>(counts[n - 1].at(prefix)));
      result[n].emplace(ngram, log_count - log_prefix);
    }
  }
  return result;
}

std::vector<std::string> segment(std::string_view chunk, const NgramLogProbs& log_probs,
                                 bool ensure_unicode) {
  if (chunk.empty()) return {};
  const std::size_t order = log_probs.size() - 1;

  // State j < order - 1: "byte j + 1 of its piece"; state order - 1: "byte `order` or later".
  const auto emission = [&](std::size_t i, std::size_t j) {
    if (i < j) return kMinusInfinity;
    const bool continuation = byte_at(chunk, i) >= 0x80 && byte_at(chunk, i) <= 0xBF;
    if (ensure_unicode && j == 0 && continuation) return kMinusInfinity;
    const auto found = log_probs[j + 1].find(chunk.substr(i - j, j + 1));
    return found == log_probs[j + 1].end() ? kMinusInfinity : found->second;
  };
  const auto transition = [&](std::size_t a, std::size_t b) {
    return b == 0 || b == std::min(a + 1, order - 1) ? 0.0 : kMinusInfinity;
  };

  // best[j]: V[i][j] of the byte i just done; back[i][j]: the smallest state before that gives it.
  std::vector<double> best(order);
  for (std::size_t j = 0; j < order; ++j) best[j] = emission(0, j);
  std::vector<std::vector<std::size_t>> back(chunk.size(), std::vector<std::size_t>(order, 0));
  for (std::size_t i = 1; i < chunk.size(); ++i) {
    std::vector<double> next(order, kMinusInfinity);
    for (std::size_t b = 0; b < order; ++b) {
      const double emitted = emission(i, b);
      for (std::size_t a = 0; a < order; ++a) {
        const double candidate = (best[a] + transition(a, b)) + emitted;
        if (candidate > next[b]) {
          next[b] = candidate;
          back[i][b] = a;
        }
      }
    }
    best = next;
  }

  // The smallest last state among the best; from there backwards.
  std::vector<std::size_t> states(chunk.size());
  states.back() = static_cast<std::size_t>(std::max_element(best.begin(), best.end()) -
                                           best.begin());  // the first of equal ones
  for (std::size_t i = chunk.size() - 1; i > 0; --i) states[i - 1] = back[i][states[i]];

  // A piece starts wherever the state is 0.
  std::vector<std::string> pieces;
  for (std::size_t i = 0; i < chunk.size(); ++i) {
    if (states[i] == 0) pieces.emplace_back();
    pieces.back() += chunk[i];
  }
  return pieces;
}

Counts count_pieces(const std::vector<std::string>& chunks, const NgramLogProbs& log_probs,
                    bool ensure_unicode) {
  Counts counts;
  for (const std::string& chunk : chunks) {
    for (const std::string& piece : segment(chunk, log_probs, ensure_unicode)) ++counts[piece];
  }
  return counts;
}

namespace {

// SPLIT(K, D): the pieces that the tokenizer of `vocab` makes of the strings of `counts`.
Counts split_pieces(const Counts& vocab, const Counts& counts) {
  const PieceScores scores = piece_scores(vocab);
  Counts result;
  for (const auto& [piece, count] : counts) {
    for (const std::string& part : best_segmentation(scores, piece)) result[part] += count;
  }
  return result;
}

void add(Counts& to, const Counts& counts) {
  for (const auto& [piece, count] : counts) to[piece] += count;
}

// Step 3: pieces that are not their own best segmentation disappear.
Counts remove_waste(Counts keep) {
  while (true) {
    Counts next = split_pieces(keep, keep);
    const bool stable = next.size() == keep.size();
    keep = std::move(next);
    if (stable) return keep;
  }
}

// Step 4: the first `size` of the pieces in the order (length > 1, count descending, length
// descending, bytes ascending); the others are split into them.
Counts cut(const Counts& keep, std::size_t size) {
  std::vector<std::pair<std::string, std::uint64_t>> sorted(keep.begin(), keep.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    const bool a_is_long = a.first.size() > 1, b_is_long = b.first.size() > 1;
    if (a_is_long != b_is_long) return b_is_long;
    if (a.second != b.second) return a.second > b.second;
    if (a.first.size() != b.first.size()) return a.first.size() > b.first.size();
    return a.first < b.first;
  });
  Counts first, others;
  for (std::size_t i = 0; i < sorted.size(); ++i) (i < size ? first : others).insert(sorted[i]);
  add(first, split_pieces(first, others));
  return first;
}

}  // namespace

std::vector<Counts> prune(const Counts& pieces, const TrainOptions& options) {
  // Step 1.
  Counts all = pieces;
  for (int byte = 0; byte < 256; ++byte) all.emplace(byte_string(byte), 1);
  // Step 2.
  Counts keep, drop;
  for (const auto& [piece, count] : all) {
    const bool wanted = piece.size() <= options.max_piece_length && count >= options.min_count;
    (piece.size() == 1 || wanted ? keep : drop).emplace(piece, count);
  }
  add(keep, split_pieces(keep, drop));
  // Step 3.
  keep = remove_waste(keep);
  // Step 4: each size continues from the result of the one before.
  std::vector<std::size_t> sizes = options.vocab_sizes;
  std::sort(sizes.begin(), sizes.end(), std::greater<>());
  std::vector<Counts> vocabs;
  for (const std::size_t size : sizes) {
    if (size < 256 + 3) throw std::invalid_argument("reference: vocab_sizes must be at least 259");
    if (keep.size() > size - 3) keep = remove_waste(cut(keep, size - 3));
    vocabs.push_back(keep);
  }
  return vocabs;
}

std::vector<Counts> train(const std::vector<std::string>& texts, const TrainOptions& options) {
  const std::vector<std::string> chunks = training_chunks(texts, options.isolate_digits);
  const NgramCounts ngrams = count_ngrams(chunks, options.order);
  const NgramLogProbs model = log_probs(ngrams, options.min_count);
  const Counts pieces = count_pieces(chunks, model, options.ensure_unicode);
  return prune(pieces, options);
}

// ---- Section 2.6 ----

std::vector<std::string> pieces_by_id(const Counts& vocab) {
  std::vector<std::string> pieces;
  for (const auto& [piece, count] : vocab) pieces.push_back(piece);  // ascending bytes
  std::stable_sort(pieces.begin(), pieces.end(),
                   [](const auto& a, const auto& b) { return a.size() < b.size(); });
  return pieces;
}

std::string drop_invalid_utf8(std::string_view bytes) {
  // Python skips a truncated sequence as a whole, here it goes byte by byte. That is the same:
  // all its bytes but the first are continuation bytes, and no sequence starts with one.
  std::string result;
  for (const Character& character : characters_of(bytes)) {
    if (character.valid) result += character.bytes;
  }
  return result;
}

namespace {

std::string base64(std::string_view bytes) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bits;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 7; bit >= 0; --bit) bits += (byte_at(bytes, i) >> bit & 1) != 0 ? '1' : '0';
  }
  while (bits.size() % 6 != 0) bits += '0';
  std::string result;
  for (std::size_t i = 0; i < bits.size(); i += 6) {
    result += kAlphabet[std::stoul(bits.substr(i, 6), nullptr, 2)];
  }
  while (result.size() % 4 != 0) result += '=';
  return result;
}

std::string json_escape(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"') {
      result += "\\\"";
    } else if (c == '\\') {
      result += "\\\\";
    } else if (c == '\n') {
      result += "\\n";
    } else if (c == '\r') {
      result += "\\r";
    } else if (c == '\t') {
      result += "\\t";
    } else if (c == '\b') {
      result += "\\b";
    } else if (c == '\f') {
      result += "\\f";
    } else if (byte < 0x20) {
      result += "\\u00";
      result += kHex[byte / 16];
      result += kHex[byte % 16];
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace

std::string to_json(const Counts& vocab) {
  if (vocab.empty()) return "{}";
  std::string result = "{\n";
  std::size_t id = 3;
  for (const std::string& piece : pieces_by_id(vocab)) {
    if (id > 3) result += ",\n";
    result += "    \"" + base64(piece) + "\": [\n";
    result += "        " + std::to_string(id) + ",\n";
    result += "        \"" + json_escape(drop_invalid_utf8(piece)) + "\",\n";
    result += "        " + std::to_string(vocab.at(piece)) + "\n";
    result += "    ]";
    ++id;
  }
  return result + "\n}";
}

// ---- Section 5 ----

PieceScores piece_scores(const Counts& vocab) {
  std::uint64_t total = 0;
  for (const auto& [piece, count] : vocab) total += count;
  const double log_total = std::log(static_cast<double>(total));
  PieceScores result;
  for (const auto& [piece, count] : vocab) {
    result.score.emplace(piece, std::log(static_cast<double>(count)) - log_total);
    result.longest = std::max(result.longest, piece.size());
  }
  return result;
}

std::vector<std::string> best_segmentation(const PieceScores& scores, std::string_view chunk) {
  // best[e]: the best sum of scores of the first e bytes; start[e]: where its last piece starts.
  std::vector<double> best(chunk.size() + 1, kMinusInfinity);
  std::vector<std::size_t> start(chunk.size() + 1);
  best[0] = 0;
  for (std::size_t end = 1; end <= chunk.size(); ++end) {
    start[end] = end;
    // From the longest piece to the shortest; only a strictly larger sum replaces.
    for (std::size_t length = std::min(end, scores.longest); length > 0; --length) {
      const auto found = scores.score.find(chunk.substr(end - length, length));
      if (found == scores.score.end()) continue;
      const double sum = best[end - length] + found->second;
      if (sum > best[end]) {
        best[end] = sum;
        start[end] = end - length;
      }
    }
  }
  std::vector<std::string> pieces;
  for (std::size_t end = chunk.size(); end > 0; end = start[end]) {
    if (start[end] == end) throw std::invalid_argument("reference: chunk has no segmentation");
    pieces.emplace_back(chunk.substr(start[end], end - start[end]));
  }
  std::reverse(pieces.begin(), pieces.end());
  return pieces;
}

std::vector<std::string> encode(const PieceScores& scores, std::string_view text) {
  std::vector<std::string> pieces;
  for (const std::string& chunk : split(normalize(text), 0, false)) {
    for (std::string& piece : best_segmentation(scores, chunk)) pieces.push_back(std::move(piece));
  }
  return pieces;
}

std::vector<std::string> encode(const Counts& vocab, std::string_view text) {
  return encode(piece_scores(vocab), text);
}

double segmentation_score(const PieceScores& scores, const std::vector<std::string>& pieces) {
  double sum = 0;
  for (const std::string& piece : pieces) {
    const auto found = scores.score.find(piece);
    if (found == scores.score.end()) throw std::invalid_argument("reference: unknown piece");
    sum += found->second;
  }
  return sum;
}

namespace {

// Appends all segmentations that begin with the pieces of `begun` and go on with those of `rest`.
void continue_segmentation(const PieceScores& scores, std::string_view rest, Segmentation& begun,
                           std::vector<Segmentation>& result) {
  if (rest.empty()) result.push_back(begun);
  for (std::size_t length = 1; length <= std::min(rest.size(), scores.longest); ++length) {
    const auto found = scores.score.find(rest.substr(0, length));
    if (found == scores.score.end()) continue;
    const double score_before = begun.score;
    begun.pieces.push_back(found->first);
    begun.score += found->second;
    continue_segmentation(scores, rest.substr(length), begun, result);
    begun.pieces.pop_back();
    begun.score = score_before;
  }
}

}  // namespace

std::vector<Segmentation> all_segmentations(const PieceScores& scores, std::string_view chunk) {
  std::vector<Segmentation> result;
  Segmentation begun;
  continue_segmentation(scores, chunk, begun, result);
  return result;
}

std::vector<Segmentation> all_segmentations(const Counts& vocab, std::string_view chunk) {
  return all_segmentations(piece_scores(vocab), chunk);
}

std::vector<double> sampling_distribution(const std::vector<Segmentation>& segmentations, double alpha) {
  // Relative to the largest, so that not all weights can vanish.
  double largest = kMinusInfinity;
  for (const Segmentation& each : segmentations) largest = std::max(largest, alpha * each.score);
  std::vector<double> weights;
  double total = 0;
  for (const Segmentation& each : segmentations) {
    weights.push_back(std::exp(alpha * each.score - largest));
    total += weights.back();
  }
  for (double& weight : weights) weight /= total;
  return weights;
}

}  // namespace bytepiece::reference
