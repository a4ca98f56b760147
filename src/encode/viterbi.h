// Viterbi: the exact best segmentation of a text, chunk by chunk.
//
// A chunk is a line with the line feeds after it. Per chunk: S[0] = 0; for every end e and every
// piece that ends at e, in order of ascending start s, x = S[s] + score(piece); if x > S[e] then
// S[e] = x and the piece is the best at e. The ids are read off backwards from the end of the
// chunk. All sums are doubles, left to right from the start of the chunk, and ties go to the
// longest piece; both decide ids in practice ("-----"), so every form below computes these very
// sums and comparisons.
//
// Whole chunks, about 8 kB of them, go through four phases:
//
//   text      "ab cd\nef"
//   spell     symbols    a b _ c d \n e f     bytes, or characters where that is exact (symbols.h)
//   match     nodes      per start the deepest node of the trie, hence its row of scores (trie.h)
//   forward   takes      which sums won: one byte per symbol (kernels.h)
//   trace     ids        backwards along the winners
//
// Apart, each phase runs without waiting for the others: matching waits for memory, the dynamic
// program for its own last sum, the way back for its last step. Together, every wrong guess of one
// throws away the work of all.
//
// Why chunks can be processed together: no walk leaves its chunk (trie.h, invariant 3), so where a
// chunk starts, nothing but -inf is in the window; the start flag puts S = 0 there.
// Why the two streams may be computed in turns: they start at chunk boundaries and share no sum.
//
// Several short texts go through the phases together as well, with the alphabet's stop() behind each: no
// piece has this symbol, so no sum gets past it, and the way back notes it as kEndOfText among the ids.
//
// A line that is longer than a batch, and a text that comes in parts, go through the phases span by span
// (Stream): the window is carried on, and the way back begins where all paths meet, a few dozen symbols
// before the end of the span. What lies before that place is forgotten.
//
// Costs. Linear in the text (times the longest match, at worst). Memory: some 400 kB in Scratch, however long
// the lines are, unless paths do not meet or pieces have thousands of symbols (11 bytes for each symbol in
// between); nothing is allocated in the steady state.
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

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "encode/columns.h"
#include "encode/kernels.h"

namespace bytepiece {

class Viterbi {
 public:
  class Scratch;
  class Stream;
  using Visit = std::function<void(std::span<const Id> ids)>;

  // The trie must outlive this object. REQUIRES: is_supported(form).
  explicit Viterbi(const Trie& trie, Form form = best_form());

  // Appends the ids of `text`, which is normalized, to `out`.
  void encode(std::string_view text, Scratch& scratch, std::vector<Id>& out) const;

  // Calls visit(ids) for each of the texts in order: the ids of encode(), faster where texts are short (one
  // by one, lines of 70 bytes take 1.5 times as long on English, twice as long on code).
  void encode_each(std::span<const std::string_view> texts, Scratch& scratch, const Visit& visit) const;

 private:
  using Windows = std::array<double, 2 * Trie::kNear>;
  struct Run {
    std::span<const Id> first, second;  // the ids, in two stretches
  };
  // The ids of the symbols spelled in scratch.
  Run search(std::size_t symbols, Scratch& scratch) const;
  void match(std::size_t begin, std::size_t end, Scratch& scratch) const;
  void forward(std::size_t begin, std::size_t half, std::size_t end, Windows& windows,
               Scratch& scratch) const;
  Trace trace(Scratch& scratch) const;
  void check(std::span<const Id> ids) const;  // throws Error

  const Trie* trie_;
  const Kernels* kernels_;
  std::size_t ring_size_;
};

// Working memory; may be used with any Viterbi, one call or one Stream at a time.
class Viterbi::Scratch {
 public:
  Scratch();
  std::size_t bytes() const;  // of memory held

 private:
  friend class Viterbi;
  void reserve_rings(std::size_t ring_size);

  Columns columns_;
  std::vector<double> rings_;
  std::vector<std::uint8_t> alive_;  // by position: a path goes through it
  std::vector<Id> ids_;              // of one text among several
  std::unique_ptr<MatchScratch> match_;
};

// The ids of one text that comes in parts, as early as they are certain.
//
//   text so far    ......................................................................
//                            │ done_                              │ matched_     │ size_
//   forgotten      ──────────┤ ids are out, but for a few symbols ─┤ spelled only ─┤
class Viterbi::Stream {
 public:
  // Both must outlive this object; the scratch serves nothing else until finish().
  Stream(const Viterbi& viterbi, Scratch& scratch);

  // Appends the ids that became certain. REQUIRES: normalized; no part ends inside a character.
  void add(std::string_view part, std::vector<Id>& out);
  // Appends the others. The next part begins a new text.
  void finish(std::vector<Id>& out);

 private:
  void spell(std::string_view slice);
  void search_until(std::size_t end);
  void take_ids(std::size_t end, std::vector<Id>& out);

  const Viterbi& viterbi_;
  Scratch& scratch_;
  std::size_t step_;  // symbols that go through the phases together
  Windows windows_;
  std::size_t done_ = 0, matched_ = 0, size_ = 0;
};

}  // namespace bytepiece
