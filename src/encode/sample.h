// SampleSearch: draws a segmentation of each chunk with probability proportional to exp(alpha * score), at
// nearly the speed of the Viterbi search, whose phases it shares (viterbi.h): only sums take the place of
// maxima, and the way back draws.
//
//   text      "ab cd\nef"
//   spell, match    as in viterbi.h
//   sum       sums       S[e], the weight of all segmentations of what is before e, and its parts (kernels.h)
//   draw      ids        backwards, a random number for each piece
//
// What is drawn. The weight of a piece is w = exp(alpha * score), that of a segmentation the product of its
// pieces' weights. S[0] = 1 and S[e] = sum over all pieces (s, e) that end at e of S[s] * w(s, e); by
// induction S[e] is the sum of the weights of all segmentations of [0, e). On the way back from the end n, at
// e the piece (s, e) is taken with probability S[s] * w(s, e) / S[e]. A segmentation 0 = e0 < e1 < .. < ek =
// n then has the probability
//   S[e0] w(e0, e1)   S[e1] w(e1, e2)         S[ek-1] w(ek-1, ek)     S[0]
//   --------------- * --------------- * .. * --------------------- = ---- * product of the weights
//        S[e1]             S[e2]                    S[ek]             S[n]
// as everything else cancels: the weight of the segmentation over that of all, exactly.
//
// Why not "Viterbi with a coin": going through the pieces that end at e, and keeping the new one instead of
// the one held with probability x / (x + weight of the best piece so far), as the first sampling of this kind
// did, is a choice between two, without what was refused before. With three candidates of weight 1 the last
// one gets 1/2 instead of 1/3. The denominator must be the sum of all so far (then the choices are a
// reservoir, and exact too, for a random number per piece of the lattice instead of one per piece taken).
// tests/sample_test.cc has this sampler, and shows that the tests find it out.
//
// Random numbers. The choice at e depends on the number of the line, on e (counted in symbols from its start)
// and on the key of the text (base/random_numbers.h), and on nothing that was drawn elsewhere. So it does not
// matter in which order or how often positions are looked at: results are independent of threads, batches and
// forms, a text may be drawn in parts of whole lines, and long lines go span by span as in viterbi.h, from
// where all drawn ways back meet.
//
// Exactness in doubles. A choice compares u * S[e], u a multiple of 2^-53 in [0, 1), with the running sums
// that made S[e], in their order, so the last one is S[e] itself and nothing falls through. A probability p
// is realized within 2^-53 plus the rounding of the sums, all of whose terms are positive: at most a relative
// error of 2^-53 for each addition and multiplication on the way, in practice 1e-15 on lines of any length,
// as an error that S[s] and S[e] share cancels.
//
// Scale. S falls by some nats a symbol, so on long lines it would leave the range of doubles. Every
// kScaleStep symbols an S outside [2^-128, 2^128] is brought back to [1, 2) with all that is in windows and
// rings (kernels.h). In between, and ahead, nothing leaves the range, by this bound (all in bits): let C be
// the largest cost -log2 w of a symbol, D of a piece, G the largest gain log2 w(piece) - sum of log2 w(its
// symbols), L the length of the longest piece in symbols.
//   (1) S[s] w(s, e) <= L 2^(G + L) S[i] for s <= i < e, as S[i] is at least S[s] times the symbols between,
//       whose weights are at most 2 ("strong characters" below), so no sum grows by more than
//       log2 L + G + 1.6 (L + k) over k symbols;
//   (2) read the other way round, S[s] >= S[i] 2^-(log2 L + G + 1.6 L), and no term is below 2^-D S[s];
//   (3) S falls by at most C a symbol.
// So everything stays normal while 128 + 8 C + D + G + log2 L + 1.6 (L + 8) <= 1022. That is so for alpha up
// to about 1.2 on the published model of 160k pieces; where it is not, fits() is false and lattice.h draws,
// in numbers of any range, slower and with more memory.
//
// Strong characters (symbols.h) are one symbol here too, although their bytes on their own are segmentations
// that count: pieces that begin or end inside such a character are single bytes only, so the arcs inside it
// are one more arc beside its own piece. The weight of the symbol is the sum of both, and a draw that takes
// the symbol tells them apart by where in that part of the sum it fell.
//
// Costs. Linear in the text (times the longest match, at worst). Memory: 92 bytes for each of 8192 symbols,
// or of 32768 where a line is longer than 4 kB, and for that line 2 bytes a byte; a copy of the trie, 11 MB
// for 160k pieces. Speed, as a part of the Viterbi search of the same form in the same run (tools/bench): see
// README.md.
//
// Thread rule: const after construction; share freely, each thread with its own Scratch.
// Sources: Kudo: Subword Regularization (2018), with all segmentations; Scott: Bayesian methods for hidden
// Markov models (2002), for forward filtering and backward sampling.
#pragma once

#include <bytepiece/random.h>
#include <bytepiece/vocab.h>

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/random_numbers.h"
#include "encode/kernels.h"

namespace bytepiece {

class SampleSearch {
 public:
  class Scratch;
  using Visit = std::function<void(std::span<const Id> ids)>;

  // The trie is of that vocabulary and is not needed afterwards. REQUIRES: is_supported(form); alpha is
  // finite and not negative.
  SampleSearch(const Trie& trie, const Vocab& vocab, double alpha, Form form);

  // Whether all sums stay in the range of doubles. Else nothing below may be called.
  bool fits() const { return fits_; }

  // Appends the ids of a segmentation of `text`, which is normalized.
  void sample(std::string_view text, const RandomKey& key, Scratch& scratch, std::vector<Id>& out) const;

  // Calls visit(ids) for each of the texts in order; text i has the key of document key.document + i. The
  // same ids as one by one, faster where texts are short.
  void sample_each(std::span<const std::string_view> texts, RandomKey key, Scratch& scratch,
                   const Visit& visit) const;

 private:
  class Draw;
  struct StrongCharacter {
    Id id;                    // of its own piece
    double weight;            // of the symbol
    double share;             // of its own piece in that
    std::array<Id, 4> bytes;  // of its bytes as pieces, the last one first
    std::uint32_t length;
  };

  static std::vector<StrongCharacter> strong_characters(const Trie& trie, const Vocab& vocab, double alpha);
  static std::unordered_map<Id, double> weights_by_id(const std::vector<StrongCharacter>& strong);
  bool stays_in_range(const Vocab& vocab, double alpha) const;
  void find_lines(std::size_t symbols, std::uint64_t first_line, Scratch& scratch) const;
  void search(std::size_t symbols, std::uint64_t first_line, Scratch& scratch) const;
  void sample_line(std::string_view line, const RandomNumbers& random, std::uint64_t origin, Scratch& scratch,
                   std::vector<Id>& out) const;
  template <class StartOf>
  std::size_t meeting_point(std::size_t begin, std::size_t end, std::size_t most, const StartOf& start_of,
                            std::vector<std::uint8_t>& alive) const;

  std::vector<StrongCharacter> strong_;  // by symbol - 256
  Trie trie_;                            // with weights for scores
  const Kernels* kernels_;
  std::size_t ring_size_;
  std::vector<std::uint32_t> far_lengths_;  // of all far pieces, each once, longest first
  bool fits_ = false;
};

// Working memory; may be used with any SampleSearch, one call at a time.
class SampleSearch::Scratch {
 public:
  Scratch();
  std::size_t bytes() const;  // of memory held

 private:
  friend class SampleSearch;

  // Of a text, among the symbols that go through the phases together.
  struct Line {
    std::size_t begin;
    std::uint64_t origin;  // its place_in_line() 0
    RandomNumbers random;
  };
  void reserve(std::size_t symbols);
  void grow();
  void drop_front(std::size_t drop, std::size_t used);
  void reserve_rings(std::size_t ring_size);
  struct alignas(64) Window {  // in a cache line
    double sums[Trie::kNear];
  };
  double* sums() { return windows_[Trie::kNear].sums; }  // windows of zeros are before the first

  std::size_t room_ = 0;  // symbols, for the following
  std::unique_ptr<Symbol[]> symbols_;
  std::unique_ptr<std::uint32_t[]> nodes_;
  std::unique_ptr<std::uint8_t[]> flags_;
  std::unique_ptr<std::uint32_t[]> far_lengths_;
  std::unique_ptr<Window[]> windows_;
  std::unique_ptr<double[]> factors_;
  std::unique_ptr<Id[]> ids_;

  std::vector<double> rings_;
  std::vector<Symbol> line_;
  std::vector<std::uint8_t> alive_;
  std::vector<RandomNumbers> texts_;
  std::vector<Line> lines_;
  std::span<const Id> first_, second_;  // the ids of the last search, in two pieces
  std::vector<Id> text_ids_;            // of one text among several
  std::unique_ptr<MatchScratch> match_;
};

}  // namespace bytepiece
