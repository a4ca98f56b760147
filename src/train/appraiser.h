// All ways to cut a chunk into pieces, the best of them, and what each of its pieces is worth there.
//
// A piece has a cost, an integer; the best way is the cheapest. An arc is a piece at a place of the chunk:
//
//   chunk     t   h   e   _   c   a   t
//   arcs      └──"the"──┘   └──"cat"──┘        before[i]: the cheapest way from the begin to place i
//                 └─"he_"──┘     └"at"┘        after[i]:  the cheapest way from place i to the end
//             └"t"┘  ...
//
// The cheapest way that takes the arc from i to e costs before[i] + cost + after[e]. What is a token, an arc
// of the best way, worth? Its loss: by how much the cheapest way without it is dearer. Every way covers the
// token's first byte by exactly one arc, so the ways without the token are those that take another arc over
// this byte, and the cheapest of them is found with one look at each arc. In the same way a piece that is not
// used yet has a gain wherever the cheapest way through it would be cheaper than the best.
//
// Ties: the first arc seen wins; starts ascend, and at one start the longest piece comes first.
//
// Costs: linear in the arcs, of which a place has as many as there are pieces that start there, in one byte
// repeated as many as the longest piece has bytes, and losses look at each arc once for every token it
// covers; memory see bytes(). Thread rule: one Appraiser per thread; they share the table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "train/repeats.h"

namespace bytepiece {

// The pieces that an appraiser works with, as numbers into `rows`. All single bytes are used.
struct PieceTable {
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  struct Row {
    std::uint32_t shorter;  // the next shorter row that starts where this one does, or kNone
    std::uint32_t length : 31;
    std::uint32_t used : 1;  // else it is only asked what it would gain
    std::int32_t cost;       // so that 40100 of them, the bytes of the longest chunk, stay below 2^30
  };
  std::vector<Row> rows;
  std::vector<std::uint32_t>
      longest_row;                     // by repeat: the row of the repeat or of its longest prefix with one
  std::vector<std::uint32_t> repeats;  // by row
};

class Appraiser {
 public:
  struct Token {
    std::uint32_t begin, row;
    std::int32_t loss;  // of single bytes that nothing else can replace: more than any other
  };

  // Of memory at most, for chunks of at most 40100 bytes in which pieces of more than one byte start at that
  // many places.
  static constexpr std::uint64_t bytes(std::uint64_t starts, std::uint64_t longest_piece) {
    constexpr std::uint64_t kChunk = 40100, kOfPlace = 50;  // with room to grow
    return kChunk * kOfPlace + 2 * sizeof(Arc) * (kChunk + starts * longest_piece);
  }

  explicit Appraiser(const PieceTable& table) : table_(table) {}

  // The best way through a chunk, given the longest repeat at each of its places; losses are 0. The tokens
  // are valid until the next call.
  std::span<const Token> best(std::span<const std::uint32_t> longest);
  // The same with losses.
  std::span<const Token> best_with_losses(std::span<const std::uint32_t> longest);

  // Calls visit(row, gain) for each arc of a row that is not used and would make the best way cheaper.
  template <class Visit>
  void for_each_gain(std::span<const std::uint32_t> longest, const Visit& visit) {
    search(longest, true);
    const std::int32_t best = before_[longest.size()];
    sweep_back(longest.size(), [&](std::uint32_t, const Arc& arc, std::int32_t whole) {
      if (!table_.rows[arc.row].used && whole < best) visit(arc.row, best - whole);
    });
  }

 private:
  static constexpr std::int32_t kFar = std::numeric_limits<std::int32_t>::max() / 2;

  struct Arc {
    std::uint32_t row, length;
    std::int32_t cost;
  };

  void search(std::span<const std::uint32_t> longest, bool with_unused);
  void trace(std::size_t size);

  // Calls visit(start, arc, cost of the cheapest way through it) for all arcs, from the last start on.
  template <class Visit>
  void sweep_back(std::size_t size, const Visit& visit) {
    after_[size] = 0;
    for (std::size_t i = size; i-- > 0;) {
      std::int32_t least = kFar;
      for (std::uint32_t a = arcs_begin_[i]; a < arcs_begin_[i + 1]; ++a) {
        const Arc& arc = arcs_[a];
        const std::int32_t rest = arc.cost + after_[i + arc.length];
        if (table_.rows[arc.row].used && rest < least) least = rest;
        visit(static_cast<std::uint32_t>(i), arc, before_[i] + rest);
      }
      after_[i] = least;
    }
  }

  const PieceTable& table_;
  std::vector<Arc> arcs_;
  std::vector<std::uint32_t> arcs_begin_;     // by place, and the end
  std::vector<std::int32_t> before_, after_;  // by place
  std::vector<std::uint32_t> last_arc_;       // by place: of the cheapest way there
  std::vector<std::uint32_t>
      token_from_;  // by place: the number of the first token that begins there or later
  std::vector<Token> tokens_;
};

}  // namespace bytepiece
