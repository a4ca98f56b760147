// The yardstick: the best segmentation of a chunk by a walk through a double array from every position.
//
// A lattice has a position between any two bytes; a piece is an arc from where it begins to where it ends:
//
//        ┌───── the ────┐
//   0 ─t─▶ 1 ─h─▶ 2 ─e─▶ 3        best[0] = 0
//   └── th ──────▲                best[e] = max over arcs s─▶e of best[s] + score(arc)
//
// Rule for ties: among equal sums at one end the longest arc wins. Sums are doubles added from the left
// to the right from the begin of the chunk, in this order and no other: where two segmentations are
// equal in theory, their last bits decide, and the same ids as the original's follow only so.
//
// Arcs are pushed forward from each position in turn, so that those into one end arrive in the order of
// falling length and a strict > keeps the longest. Every position can be reached, since every byte is a
// piece.
//
// Costs: O(bytes * longest match); 4 bytes a byte for the arcs chosen, and as many sums as the longest
// piece has bytes.
// Thread rule: one PlainWalk per thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "tools/bench/double_array.h"

namespace bytepiece::bench {

// A list of pieces that texts are cut into: what the search needs of a vocabulary.
class PieceIndex {
 public:
  // REQUIRES: pieces are distinct and hold all single bytes; scores[i] belongs to pieces[i]. The bytes
  // of the pieces are not needed afterwards. Throws Error when the pieces are too many.
  PieceIndex(std::span<const std::string_view> pieces, std::span<const double> scores);

 private:
  friend class PlainWalk;
  DoubleArray trie_;
  std::vector<double> scores_;
  std::vector<std::uint32_t> lengths_;
  std::size_t longest_ = 0;
};

// The search, with the memory that it uses again from chunk to chunk.
class PlainWalk {
 public:
  // Appends the indices of the chunk's pieces, in order.
  void segment(const PieceIndex& index, std::string_view chunk, std::vector<std::uint32_t>& out);

 private:
  std::vector<double> best_;         // ring: best sum at a position, for those not yet passed
  std::vector<std::uint32_t> arcs_;  // the arc chosen into each position of the chunk
};

}  // namespace bytepiece::bench
