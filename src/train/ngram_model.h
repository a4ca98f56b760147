// The n-gram model: log p(last byte | the bytes before it) for every n-gram of 1 to N bytes that was seen
// often enough. Maximum likelihood, no smoothing:
//
//   log p(c | ab) = log count(abc) - log count(ab)          one subtraction of two rounded logarithms
//
// The segmenter wants, at each byte, the values of all known n-grams that end there. They are suffixes of
// one another, and a suffix of a known n-gram is known too, being at least as frequent. So a row is kept
// for each n-gram with the values of all its suffixes, and one look-up of the longest one gives all:
//
//   text   t h e _ c a          longest known n-gram that ends at this a: "_ca"
//                    ▲          row of "_ca":  log p(a) | log p(a|c) | log p(a|_c)
//
// Rows lie in one hash table per length (open addressing, linear probing, at most 3/4 full), the n-gram
// in front of its values: for six bytes 56 bytes a row, one or two cache lines.
//
// Costs: n + 1 words per known n-gram of n bytes, times 4/3. A look-up is one to two reads of memory.
// Thread rule: const after construction; share freely.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "train/ngram.h"
#include "train/ngram_counts.h"

namespace bytepiece {

class NgramModel {
 public:
  // The table of length 1 may hold counts of 0: a byte that was not seen counts as seen once. The tables
  // are consumed.
  NgramModel(NgramTables tables, int order);

  int order() const { return order_; }

  // The values of the suffixes of 1, 2, ... length bytes; nullptr if the n-gram is not known. Every
  // single byte is.
  const double* find(int length, Ngram ngram) const;

 private:
  // Rows of one length: the bits of the n-gram, then its values. No value is above 0: 1 marks a free row.
  struct Rows {
    std::size_t capacity = 0;
    std::vector<double> cells;
  };
  std::size_t row_of(int length, Ngram ngram) const;  // its row or the free one where it belongs
  void fill(int length, const std::vector<NgramCount>& table, const std::vector<NgramCount>& shorter,
            std::uint64_t total);

  int order_;
  PerLength<Rows> rows_;
};

}  // namespace bytepiece
