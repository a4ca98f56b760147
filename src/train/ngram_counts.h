// How often each n-gram of 1 to N bytes occurs in the chunks of a corpus.
//
// Only the longest n-grams are counted, one at each position, and at the end of a chunk the shorter
// tails. Every shorter n-gram is the prefix of exactly one of these at each place where it occurs, so its
// count is their sum (N = 3):
//
//   chunk "abab"   counted:  aba 1, bab 1    tails: ab 1, b 1
//                  sums over prefixes:  ab = aba + ab = 2    ba = bab = 1
//                                       a  = aba + ab = 2    b  = bab + b = 2
//
// What is counted goes through sorted runs (count_run.h); the sums fall out of one walk over their merge,
// where all n-grams with a prefix stand together.
//
// Costs: 16 bytes of buffer per n-gram until a buffer is sorted (radix, a pass per byte); linear.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "train/count_pool.h"
#include "train/ngram.h"

namespace bytepiece {

// Thread rule: one thread at a time; the counters of all threads share a pool.
class NgramCounter {
 public:
  // Sorts and hands on what it holds whenever it holds `buffer` n-grams.
  NgramCounter(int order, std::size_t buffer, CountPool<NgramKey>& pool);
  void add(std::string_view chunk);
  void flush();  // hands what is left to the pool

 private:
  int order_;
  std::size_t room_, buffer_;
  CountPool<NgramKey>& pool_;
  PerLength<std::vector<Ngram>> ngrams_;
  std::vector<Ngram> scratch_;
};

// All n-grams in ascending order with their counts, by length. Length 1 has all 256, those that do not
// occur with count 0; of the others those with count >= min_count.
using NgramTables = PerLength<std::vector<NgramCount>>;
NgramTables derive_tables(const std::vector<CountRun>& runs, std::uint64_t min_count,
                          const OnPosition& on_position = {});  // throws Error

// The same for tables that may be too large to hold: before one of them grows, and when all are done,
// fits(sizes) is called with how many n-grams there are of each length so far. Where it says no, the tables
// of lengths from 2 on are dropped, and the rest is only counted.
using NgramSizes = PerLength<std::size_t>;
NgramSizes sizes_of(const NgramTables& tables);
struct FittingTables {
  NgramTables tables;  // if `fit`
  NgramSizes sizes{};  // of all there are
  bool fit = true;
};
FittingTables derive_tables_that_fit(const std::vector<CountRun>& runs, std::uint64_t min_count,
                                     const std::function<bool(const NgramSizes&)>& fits,
                                     const OnPosition& on_position = {});  // throws Error

// The same range by range, for counts that were cut by ranges of keys. A border may lie among the n-grams
// with a prefix, whose sum then has a part on either side; such a prefix is the last of its length in one
// range and the first in the next. So these tables hold the first and the last n-gram of each length, however
// rare.
//
//   runs        abc 3, abd 1 | abe 2, bca 1          ab is 4 on the left, 2 on the right, together 6
NgramTables derive_range(const std::vector<CountRun>& runs, std::uint64_t min_count,
                         const OnPosition& on_position = {});  // throws Error
// Appends a range's table of one length, from 2 on, as a run. Length 1 needs no more than sums.
void append_range(const CountRun& range, std::vector<NgramCount>& table);  // throws Error
// What derive_tables makes of all runs, once all ranges are there.
void drop_rare(std::uint64_t min_count, NgramTables& tables);

}  // namespace bytepiece
