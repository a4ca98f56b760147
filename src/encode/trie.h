// Trie: all pieces of a vocabulary as one double array whose nodes lead to *rows* of scores.
//
// For every start in a text the encoder needs all pieces that start there, with scores and ids.
// They all lie on one path of the trie, so the deepest node on that path names them all: its row.
// Pieces a, ab, abcd, b with scores A, AB, ABCD, B:
//
//   trie         root ─a─▶ 1* ─b─▶ 2* ─c─▶ 3 ─d─▶ 4*           * a piece ends here
//                     └b─▶ 5*
//
//   node   near      far   entries
//   1      00000001   0    ─┐
//   2      00000011   0    ─┤     near: bit l - 1 is set if a piece of l symbols is on the path
//   3      00000011   0    ─┤           (l <= kNear); far: how many pieces are longer
//   4      00001011   0    ─┴▶ x
//
//   words (32 bits)   [id ABCD] [id AB] [id A] | [ A ][ AB ][ ABCD ]
//                                              x: scores (two words each) rise from here, ids fall
//
// Rows are shared by prefix: node 1 needs only the first entry of what its descendant 4 has.
// Scores lie packed, as AVX-512's expanding load wants them, with the ids next to them: what the
// dynamic program has loaded is what the way back needs. The id of a far piece is followed by its
// length, so it takes two words on its way down.
//
// Units. Node v with children lies in the double array with a base no other node has; the child by
// symbol s is unit base(v) + s, if that unit's label is s. As bases are unique, the label alone
// proves the parent, and a step costs one load:
//
//   unit 16 bytes: base 4 | label 2 | 0 2 | entries 4 | near 1 | far 3
//
// The root has base 0, so the unit of a text's first symbol s is unit s. Leaves have base
// kNoChildren, which no node with children has: a walk that runs on from a leaf misses by itself.
//
// Invariants
//   (1) every symbol of the alphabet has unit s = its number, with a piece of length 1;
//   (2) unit stop() is nobody's: a walk that begins with stop() finds nothing and ends;
//       base + s is inside the array for every base, symbol and the alphabet's stop();
//   (3) no piece has a line feed before another byte: such pieces can match in no chunk and are
//       left out, so no walk that began in one chunk gets into the next;
//   (4) kPadding words after the last entry may be read.
//
// The arrays are made here, or they lie in a file that is mapped (search_section.h), and such a file may hold
// anything. One pass over the units, each for itself, makes sure of what costs nothing to make sure of:
//   (5) base + symbol is inside the array, labels are symbols, so a walk ends at stop() at the latest;
//   (6) rows lie inside the entries: up to kNear words and two for each far piece in front of a row's scores,
//       and two words a score behind, or the padding; also those of units that are free;
//   (7) every node has a piece of length 1, near ones are no longer than max_length(), far ones are no more
//       than there are lengths.
// Not made sure of: that units are a tree, that pieces are as long as the walk that finds them and end in
// their chunk, that ids and scores are the right ones. So a search takes walks no further than max_length(),
// has room for pieces that reach so far over the end of a text, keeps its two streams apart, minds lengths of
// far pieces and positions that no piece reaches (a score may be NaN), and compares an id with id_end()
// before it is handed out. (A proof of the lengths took 2.4 ms for 160k pieces, and an array more.)
//
// Costs. n pieces with m symbols in all: O(n log n) comparisons of eight-byte keys to sort, O(m) to
// build; 0.08 s and 11 MB for 160k pieces. Sets of siblings are placed most children first, 64
// bases per step with bit sets, and leave hardly a gap.
//
// Tried and not kept: rows apart from units, which are 8 bytes then (one cache miss more per start;
// 4 to 7 % slower); units in order of frequency (0.9 x), rows in order of frequency (same); huge
// pages (no difference where it was measured, in a virtual machine). Not built: two symbols per
// step with a hash, which by the depths counted would save at most 20 % of the steps.
//
// Thread rule: const after construction; share freely.
#pragma once

#include <bytepiece/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "encode/symbols.h"

namespace bytepiece {

struct Unit {
  std::uint32_t base;
  Symbol label;
  std::uint16_t zero;
  std::uint32_t entries;
  std::uint32_t near : 8;
  std::uint32_t far : 24;
};
static_assert(sizeof(Unit) == 16);

class Trie {
 public:
  static constexpr std::size_t kNear = 8;
  static constexpr std::size_t kMaxPieceLength = 0xFFFFFF;
  static constexpr std::size_t kPadding = 16;
  static constexpr std::uint32_t kNoChildren = 1;

  // Piece i gets the id first_id + i. REQUIRES: pieces are distinct and not empty, all 256 single bytes
  // are among them; scores[i], which is finite, belongs to pieces[i]. The bytes of the pieces are not needed
  // afterwards. Throws Error if a piece is longer than kMaxPieceLength or the structure would not fit
  // 32-bit offsets (some 300 million pieces).
  Trie(std::span<const std::string_view> pieces, std::span<const double> scores, Id first_id);

  // Arrays somewhere in memory, which `owner` keeps; of kMostMapped entries at most.
  static constexpr std::size_t kMostMapped = std::size_t{1} << 30;
  struct Arrays {
    std::span<const Unit> units;
    std::span<const std::uint32_t> entries;
    std::shared_ptr<const void> owner;
  };

  // Takes arrays as they are. Throws Error unless (1) to (7) hold, but for (3) and all that is said of
  // pieces.
  Trie(Alphabet alphabet, Arrays arrays, std::size_t max_length, Id id_end);

  // The same with other numbers in the rows: score_of(id, score) in the place of each score.
  // REQUIRES: made here, not mapped.
  Trie with_scores(const std::function<double(Id id, double score)>& score_of) const;

  const Alphabet& alphabet() const { return alphabet_; }
  const Unit* units() const { return units_.data(); }
  const std::uint32_t* entries() const { return entries_.data(); }
  std::span<const Unit> all_units() const { return units_; }
  std::span<const std::uint32_t> all_entries() const { return entries_; }
  std::size_t max_length() const { return max_length_; }  // of a piece, in symbols
  Id id_end() const { return id_end_; }                   // behind the largest id

 private:
  void check() const;

  Alphabet alphabet_;
  std::span<const Unit> units_;
  std::span<const std::uint32_t> entries_;
  std::size_t max_length_ = 0;
  Id id_end_ = 0;
  std::shared_ptr<const void> owner_;  // of units_ and entries_
};

}  // namespace bytepiece
