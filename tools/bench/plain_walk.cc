// Tested by tests/viterbi_test.cc.
#include "tools/bench/plain_walk.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace bytepiece::bench {
namespace {

constexpr double kUnreached = -std::numeric_limits<double>::infinity();

}  // namespace

PieceIndex::PieceIndex(std::span<const std::string_view> pieces, std::span<const double> scores)
    : trie_(pieces), scores_(scores.begin(), scores.end()), lengths_(pieces.size()) {
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    lengths_[i] = static_cast<std::uint32_t>(pieces[i].size());
    longest_ = std::max(longest_, pieces[i].size());
  }
}

void PlainWalk::segment(const PieceIndex& index, std::string_view chunk, std::vector<std::uint32_t>& out) {
  const std::size_t mask = std::bit_ceil(index.longest_ + 1) - 1;
  best_.resize(mask + 1);
  std::fill_n(best_.begin(), std::min(mask, chunk.size()) + 1, kUnreached);
  best_[0] = 0;
  arcs_.resize(chunk.size() + 1);
  for (std::size_t start = 0; start < chunk.size(); ++start) {
    const double sum = best_[start & mask];
    best_[start & mask] = kUnreached;  // its place is that of a position ahead from now on
    DoubleArray::Place place = DoubleArray::kRoot;
    for (std::size_t end = start; end < chunk.size();) {
      if (!index.trie_.step(place, static_cast<unsigned char>(chunk[end]))) break;
      ++end;
      const std::uint32_t piece = index.trie_.piece(place);
      if (piece == DoubleArray::kNoPiece) continue;
      const double candidate = sum + index.scores_[piece];
      if (candidate > best_[end & mask]) {
        best_[end & mask] = candidate;
        arcs_[end] = piece;
      }
    }
  }
  const std::size_t first = out.size();
  for (std::size_t end = chunk.size(); end > 0; end -= index.lengths_[arcs_[end]]) out.push_back(arcs_[end]);
  std::reverse(out.begin() + static_cast<std::ptrdiff_t>(first), out.end());
}

}  // namespace bytepiece::bench
