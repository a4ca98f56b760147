// All pieces in one table: a trie packed into a double array (Aoe 1989, with XOR offsets).
//
// A node is a place in the table. The child of a node by byte c, if there is one, stands at base ^ c and
// names its parent:
//
//   pieces a, ab, b              place  what       base  parent  piece
//        (root)                    0    root        256     -      -
//        a/    \b                 353   a  (256^97) 512     0      0        512 ^ 98 = 610 is the child
//       (a)    (b)                354   b  (256^98)   0     0      2        of "a" by b: its parent is 353
//        |b                       610   ab            0    353     1
//       (ab)
//
// All children of a node lie in one block of 256 places. Blocks are filled in the order of breadth, so
// that the upper levels, which every search visits, lie close together.
//
// Invariants: place 0 is the root and nobody's child; a free place has itself as its parent; a node without
// children has base 0 and block 0 holds nothing but the root, so that a look-up there finds nothing.
// Costs: building is linear in the sum of lengths (a new block is opened when the last few open ones do not
// fit), 12 bytes per place; a step is two reads.
// Thread rule: const after construction; share freely.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace bytepiece::bench {

class DoubleArray {
 public:
  using Place = std::uint32_t;
  static constexpr Place kRoot = 0;
  static constexpr std::uint32_t kNoPiece = 0xFFFFFFFF;

  // REQUIRES: pieces are distinct and not empty. A piece is known by its index in the list. Throws Error
  // when they need more than 2^32 places.
  explicit DoubleArray(std::span<const std::string_view> pieces);

  // Moves on by one byte; false if no piece begins with the bytes so far.
  bool step(Place& place, unsigned char byte) const {
    const Place child = nodes_[place].base ^ byte;
    if (nodes_[child].parent != place) return false;
    place = child;
    return true;
  }

  // The piece that ends here, or kNoPiece.
  std::uint32_t piece(Place place) const { return pieces_[place]; }

 private:
  friend class DoubleArrayBuilder;

  struct Node {
    Place base = 0;
    Place parent = 0;
  };
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> pieces_;
};

}  // namespace bytepiece::bench
