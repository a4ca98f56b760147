// N-best: the n segmentations of a lattice with the largest scores, in order, without computing more than
// they need.
//
// A score is the sum of the pieces' scores from the left to the right, as in viterbi.h, in doubles. The order
// is total:
//   (1) larger scores first;
//   (2) among equal ones those with the longer last piece;
//   (3) with the same last piece, as what is before it: (1) to (3) again.
// So the first is the segmentation of encode(), whose ties go to the longest last piece.
//
// How. The segmentations that end at e are, for each arc into e, those that end at its start, each with the
// arc behind it: a few lists that are in order already (adding a score keeps the order of doubles, though it
// may make ties, which (3) takes care of), to be merged. Lists are made on demand: the k-th of e asks one of
// its arcs' starts for its next one at most, that asks on, and so on back to the beginning.
//
//   e's heap of arcs      the head of each list, the largest on top
//   e's found             what was taken from the heap: which arc, and the how many-th of its start
//
// Costs. The n-th best costs one walk along a path, O(tokens * log(arcs into a place)), after O(arcs) for
// the first. Memory: as much; only places that are asked for more than their best get a heap.
// Thread rule: one thread at a time.
// Source: Huang and Chiang, Better k-best parsing (2005), algorithm 3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "encode/lattice.h"

namespace bytepiece {

class NBest {
 public:
  struct Segmentation {
    double score;
    std::vector<Id> ids;
  };

  // Of the chunk that the lattice has; does not need it weighed. The lattice must not change.
  explicit NBest(const Lattice& lattice);
  ~NBest();

  // The k-th, k = 0, 1, 2, ..; false if there are not so many. In any order, but each costs those before it.
  bool find(std::size_t k, Segmentation& result);

 private:
  struct Found {
    double score;
    std::uint32_t arc;  // among those into the place
    std::size_t rank;   // of the segmentation that ends at its start
  };
  struct Place;

  Place& place(std::size_t end);
  bool has(std::size_t end, std::size_t k);
  double score(std::size_t end, std::size_t k) const;

  const Lattice& lattice_;
  std::vector<double> best_;  // by end: the largest score
  std::vector<std::unique_ptr<Place>> places_;
};

// The n best of a text of these chunks, fewer if there are not so many. The score of a text is the sum of
// those of its chunks from the first to the last; among equal ones those come first whose last chunk is
// better, and then those whose chunks before it are.
std::vector<NBest::Segmentation> n_best(Lattice& lattice, std::span<const std::string_view> chunks,
                                        std::size_t n);

}  // namespace bytepiece
