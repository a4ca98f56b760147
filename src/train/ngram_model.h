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
// Rows lie in one hash table per length (open addressing, linear probing, half full, or three quarters where
// memory is scarce), the n-gram in front of its values: for six bytes 56 bytes a row, one or two cache lines.
//
// The tables are larger than any cache, so a look-up is done in two steps, with others in between that
// hide the wait: seek() asks a small filter, from the longest n-gram down, which length it will be, and has
// the row fetched; found() reads it. The filter may promise too much, never too little: found() goes on to
// shorter n-grams then.
//
// Costs: 2 (n + 1) words (4/3 (n + 1) where memory is scarce) and two bytes per known n-gram of n bytes; to
// make it, two words more for those of the two longest lengths.
// What segmenting took per byte of 30 MB of mixed text, order 6, min_count 32, one thread:
//   this                                                                                  57 ns
//   tables 3/4 full, a filter of one bit per n-gram                                        70 ns
//   the tables alone, asked from the longest n-gram down                                  150 ns
//   rows of equal width for all lengths in one table, all lengths asked, no branches       89 ns
//   a table of row numbers, rows in the order of counts                                    63 ns
// With 6.5 million n-grams (665 MB) instead of 0.2 million it takes twice as long, 80 instead of 41 ns on one
// machine: rows lie anywhere, and each needs an address translated. Tried and not kept for that: huge pages
// (73 ns; the host of this virtual machine has small ones), fetching the words of the filter ahead (76), rows
// that begin with a cache line (79), beginning with one byte more than the byte before had, which is right as
// prefixes are known (142: the next look-up then waits for this one). Not built: a table of its own for the
// most frequent n-grams, as 65536 of them serve a third of the text only.
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
  // are consumed. `memory` is how many bytes it may take while it is made, 0: as many as it likes; beyond
  // that it makes do with smaller tables.
  NgramModel(NgramTables tables, int order, std::uint64_t memory = 0);

  // The least bytes that a model of so many n-grams takes while it is made, its two longest tables included.
  static std::uint64_t least_bytes(const NgramSizes& sizes, int order);

  int order() const { return order_; }
  std::size_t size() const { return size_; }  // known n-grams
  std::size_t bytes() const;                  // of memory

  // Where the values for a byte are likely to be.
  struct Sought {
    Ngram last = 0;       // the byte and those before it
    int length = 1;       // of the longest n-gram that may be known
    std::size_t row = 0;  // where it begins to look
  };
  // REQUIRES: 1 <= most <= order(), and `last` ends with at least `most` bytes of text.
  Sought seek(Ngram last, int most) const;

  struct Found {
    int length;            // of the longest known n-gram; at least 1
    const double* values;  // of its suffixes of 1, 2, ... length bytes
  };
  Found found(const Sought& sought) const;

 private:
  // Rows of one length: the bits of the n-gram, then its values. No value is above 0: 1 marks a free row.
  struct Rows {
    std::size_t capacity = 0;
    std::vector<double> cells;
  };
  std::size_t first_row(int length, Ngram ngram) const;                  // where to begin to look
  std::size_t row_of(int length, Ngram ngram, std::size_t begin) const;  // its row, or the free one for it
  const double* find(int length, Ngram ngram, std::size_t begin) const;  // nullptr: not known
  bool may_be_known(int length, Ngram ngram) const;
  struct FilterPlace {
    std::size_t word;
    std::uint64_t bits;
  };
  FilterPlace filter_place(int length, Ngram ngram) const;
  void fill(int length, const std::vector<NgramCount>& table, const std::vector<NgramCount>& shorter,
            std::uint64_t total);

  int order_;
  bool scarce_ = false;  // tables are three quarters full
  std::size_t size_ = 0;
  PerLength<Rows> rows_;
  std::vector<std::uint64_t> filter_;  // a Bloom filter whose three bits for an n-gram share a word
};

}  // namespace bytepiece
