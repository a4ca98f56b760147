// Viterbi: the exact best segmentation of a text, chunk by chunk (search.h).
//
// Per chunk: S[0] = 0; for every end e and every piece that ends at e, in order of ascending start s, x =
// S[s] + score(piece); if x > S[e] then S[e] = x and the piece is the best at e. The ids are read off
// backwards from the end of the chunk. All sums are doubles, left to right from the start of the chunk, and
// ties go to the longest piece; both decide ids in practice ("-----"), so every form computes these very sums
// and comparisons.
//
// Figures: MB/s and, in brackets, the ratio to a plain double-array walk from every position in the
// same run (tools/bench; published 160k model, one Sapphire Rapids core at about 3.5 GHz,
// shared):
//            en            zh            code          multi
//   walk    17            71            32            50
//   plain   32 (1.8)      120 (1.7)     46 (1.4)      59 (1.2)
//   sse2    35 (2.1)      133 (1.9)     48 (1.5)      66 (1.3)
//   avx2    42 (2.4)      153 (2.1)     62 (1.9)      78 (1.6)
//   avx512  64 (3.7)      205 (2.9)     95 (3.0)      112 (2.2)
// Where starts have hardly a match but their own byte, the plain walk is faster (random bytes, 40k
// model with pieces that cut characters: plain 0.5, avx2 0.7, avx512 0.9).
//
// Thread rule: encode() is const; one Viterbi serves any number of threads, each with its own Scratch.
#pragma once

#include <span>
#include <vector>

#include "encode/search.h"

namespace bytepiece {

// The rule of a Search: a piece wins where its sum is strictly larger than all before.
struct BestPath {
  using Number = double;
  static constexpr double empty() { return kNever; }
  static constexpr bool kDraws = false;

  struct Guide {
    void begin_text(std::size_t) {}
    void prepare(const Kernels&, Columns&, Symbol, std::size_t, std::size_t) {}
  };

  void forward(const Kernels& kernels, const Trie& trie, const Program& program) const {
    kernels.forward(trie, program);
  }
  auto settler(Columns&) const {
    return [](Id id, std::size_t, std::size_t) { return id; };
  }
  void append(std::span<const Id> ids, std::vector<Id>& out) const {
    out.insert(out.end(), ids.begin(), ids.end());
  }
};

class Viterbi : public Search<BestPath> {
 public:
  using Search::Search;
};

}  // namespace bytepiece
