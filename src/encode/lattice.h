// Lattice: all segmentations of one chunk as arcs between its bytes, and what can be read off it.
//
//   "aab" with pieces      0 ─a─▶ 1 ─a─▶ 2 ─b─▶ 3      arcs into 3, longest first:
//   a, aa, ab, b           └────aa──────▶┘      │      ab (from 1), b (from 2)
//                                 └────ab──────▶┘
//
// Weights<alpha> of an arc, and sums of them, are as in sample.h, where the proof is; here they are numbers
// without limits (base/scaled.h), so any alpha and any length will do. Everything follows from one thing, the
// probability that the last step into e is that arc:
//
//   step(arc (s, e)) = S[s] w(s, e) / S[e]
//
//   log posterior      of a segmentation: the sum of the logarithms of its steps. (Not score * alpha - log Z:
//                      two numbers that grow with the text while their difference need not.)
//   marginals          reach(n) = 1, marginal(arc) = reach(e) * step(arc),
//                      reach(s) = sum of the marginals out of s:
//                      probability that a segmentation takes an arc, or goes through a place
//   entropy            sum over e of reach(e) * H(steps into e): the chain rule, without cancellation
//   expected length    sum of all marginals
//
// Here a place is a byte, and arcs inside characters are there as well; strong characters (symbols.h) are
// used for matching only.
//
// Costs. Linear in the arcs; memory of 16 bytes an arc (three a byte, usually) and 40 bytes a byte of the
// chunk, kept from chunk to chunk. Thread rule: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/random_numbers.h"
#include "base/scaled.h"
#include "encode/kernels.h"

namespace bytepiece {

class Lattice {
 public:
  struct Arc {
    std::uint32_t length;  // bytes
    Id id;
    double score;
  };

  // The trie, whose scores are log probabilities, must outlive this object. REQUIRES: is_supported(form).
  Lattice(const Trie& trie, Form form);

  // Makes this the lattice of that chunk (text/split.h). Throws Error if the trie, mapped, is not what it
  // should be.
  void build(std::string_view chunk);

  std::size_t size() const { return size_; }  // bytes
  std::span<const Arc> arcs_into(std::size_t end) const {
    return std::span(arcs_).subspan(first_[end], first_[end + 1] - first_[end]);
  }

  // Sets S for that alpha; all the rest needs it. REQUIRES: alpha is finite and not negative.
  void weigh(double alpha);
  double log_z() const { return log_of(sums_[size_]); }

  // The probability of step `arc`, one of arcs_into(end); its logarithm is finite where it is 0 as a double.
  double step(std::size_t end, const Arc& arc) const;
  double log_step(std::size_t end, const Arc& arc) const;

  // Of a segmentation of this chunk; nothing is thrown if it is none, but -inf returned.
  double log_posterior(std::span<const Id> ids) const;

  // Calls visit(begin, arc, marginal) for every arc, from the last end to the first.
  struct Totals {
    double entropy = 0, expected_tokens = 0;
  };
  template <class Visit>
  Totals marginals(const Visit& visit) const;

 private:
  Scaled sum_over(std::size_t end, const Arc& arc) const;  // S[s] w(s, end)
  Id byte_id(unsigned char byte) const;
  template <class Visit>
  void for_each_arc(std::string_view chunk, const Visit& visit) const;

  const Trie* trie_;
  const Kernels* kernels_;
  std::size_t size_ = 0, symbol_count_ = 0;
  std::vector<Symbol> symbols_;
  std::vector<std::uint32_t> nodes_;
  std::vector<std::size_t> begins_;  // by symbol: its first byte
  std::vector<std::size_t> first_;   // by byte: of its arcs
  std::vector<Arc> arcs_;            // by end, longest first
  std::vector<Scaled> sums_;         // S by byte
  double alpha_ = 0;
  std::unique_ptr<MatchScratch> match_;
};

template <class Visit>
Lattice::Totals Lattice::marginals(const Visit& visit) const {
  Totals totals;
  std::vector<double> reach(size_ + 1, 0.0);
  reach[size_] = 1;
  for (std::size_t end = size_; end > 0; --end) {
    double entropy = 0;
    for (const Arc& arc : arcs_into(end)) {
      const double p = step(end, arc), marginal = reach[end] * p;
      if (p > 0) entropy -= p * std::log(p);
      reach[end - arc.length] += marginal;
      totals.expected_tokens += marginal;
      visit(end - arc.length, arc, marginal);
    }
    totals.entropy += reach[end] * entropy;
  }
  return totals;
}

}  // namespace bytepiece
