// Tested by tests/imported_test.cc.
#include "model/imported.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "text/visible.h"

namespace bytepiece {
namespace {

constexpr double kScale = 4611686018427387904.0;     // 2^62
constexpr double kBelowAll = 10;                     // as SentencePiece has it for what it does not know
constexpr std::uint32_t kAdded = ~std::uint32_t{0};  // the id of a byte that they do not have

void add_missing_bytes(Import& import) {
  std::array<bool, 256> there{};
  double least = 0;
  for (const ScoredPiece& piece : import.pieces) {
    least = std::min(least, piece.score);
    if (piece.bytes.size() == 1) there[static_cast<unsigned char>(piece.bytes[0])] = true;
  }
  for (std::size_t byte = 0; byte < 256; ++byte) {
    if (there[byte]) continue;
    import.pieces.push_back({std::string(1, static_cast<char>(byte)), least - kBelowAll, kAdded});
  }
}

// Counts whose shares are the scores, if small whole numbers are; else nothing.
std::vector<std::uint64_t> exact_counts(const std::vector<ScoredPiece>& pieces) {
  constexpr int kMostLeast = 64;  // the largest count that the rarest piece may have had
  double least = 0;
  for (const ScoredPiece& piece : pieces) least = std::min(least, piece.score);
  for (int k = 1; k <= kMostLeast; ++k) {
    std::vector<std::uint64_t> counts;
    double sum = 0;
    for (const ScoredPiece& piece : pieces) {
      const double count = k * std::exp(piece.score - least), whole = std::round(count);
      if (count > 1e12 || std::abs(count - whole) > 1e-3 || std::abs(count - whole) > 1e-7 * whole) break;
      counts.push_back(static_cast<std::uint64_t>(whole));
      sum += whole;
    }
    if (counts.size() == pieces.size() && std::abs(sum * std::exp(least) / k - 1) < 1e-6) return counts;
  }
  return {};
}

std::vector<std::uint64_t> scaled_counts(const std::vector<ScoredPiece>& pieces,
                                         std::vector<std::string>& notes) {
  std::vector<std::uint64_t> counts;
  double sum = 0;
  for (const ScoredPiece& piece : pieces) sum += std::exp(piece.score);
  const double scale = sum > 1 ? kScale / sum : kScale;
  std::size_t raised = 0;
  for (const ScoredPiece& piece : pieces) {
    const double count = std::exp(piece.score) * scale;
    raised += count < 1 && piece.id != kAdded;
    counts.push_back(std::max<std::uint64_t>(1, static_cast<std::uint64_t>(count)));
  }
  if (raised > 0) {
    notes.push_back(
        fmt::format("{} pieces have scores below {:.2f}, the least that a count can say: they are "
                    "likelier now, and texts that have them may get other ids",
                    raised, -std::log(scale)));
  }
  if (sum > 1 + 1e-6) {
    notes.push_back(
        fmt::format("probabilities sum up to {:.7g} instead of 1: they are divided by that, which favours "
                    "fewer pieces",
                    sum));
  }
  for (std::size_t i = 0; sum < 1 && i < pieces.size(); ++i) {
    if (pieces[i].bytes == "\xFF") counts[i] += static_cast<std::uint64_t>((1 - sum) * scale);
  }
  return counts;
}

}  // namespace

Imported finish(Import import) {
  add_missing_bytes(import);
  for (const ScoredPiece& piece : import.pieces) {
    if (!(piece.score <= 0 && piece.score > -1e6)) {
      throw Error(fmt::format("piece {} has the score {}; expected the logarithm of a probability",
                              excerpt(piece.bytes), piece.score));
    }
  }
  std::vector<std::uint64_t> counts = exact_counts(import.pieces);
  if (counts.empty()) counts = scaled_counts(import.pieces, import.notes);
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < counts.size(); ++i) pieces.push_back({import.pieces[i].bytes, counts[i]});
  std::vector<std::string> tokens;
  for (const auto& [token, id] : import.special_tokens) tokens.push_back(token);
  Vocab vocab = Vocab(std::move(pieces)).with_special_tokens(tokens);
  std::vector<std::pair<Id, std::uint32_t>> ids = import.reserved;
  for (const ScoredPiece& piece : import.pieces) {
    if (piece.id != kAdded) ids.emplace_back(*vocab.find(piece.bytes), piece.id);
  }
  auto special = static_cast<Id>(vocab.size());
  for (const auto& [token, id] : import.special_tokens) ids.emplace_back(special++, id);
  std::sort(ids.begin(), ids.end());
  return {std::move(vocab), std::move(ids), std::move(import.notes)};
}

}  // namespace bytepiece
