// How often each n-gram of 1 to N bytes occurs in the chunks of a corpus.
//
// Only the longest n-grams are counted, one at each position, and at the end of a chunk the shorter
// tails. Every shorter n-gram is the prefix of exactly one of these at each place where it occurs, so its
// count is their sum (N = 3):
//
//   chunk "abab"   counted:  aba 1, bab 1   tails: ab 1, b 1
//                  ab = aba + tail ab = 2    a = ab + ... = 2    b = ba + tail b = (bab) + 1 = 2
//
// N-gram counts are 64 bits and integers from end to end: neither threads nor order can change them.
//
//   NgramCounter (one per thread) ─ buffer full ─▶ sort ─▶ run ─▶ RunPool, shared ─▶ tables
//
// The pool keeps runs whose sizes double, merging two of a size into one of the next, so that every
// entry is merged O(log n) times and at most about twice the distinct n-grams are held, coded in 2 to 5
// bytes each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <vector>

#include "train/count_run.h"
#include "train/ngram.h"

namespace bytepiece {

// Collects runs of every length from all threads. Thread rule: add() from any number of threads.
class RunPool {
 public:
  void add(CountRun run);
  PerLength<std::vector<CountRun>> take();  // REQUIRES: no add() is under way

 private:
  std::mutex mutex_;
  PerLength<std::vector<CountRun>> runs_;
};

// Thread rule: one thread at a time.
class NgramCounter {
 public:
  NgramCounter(int order, RunPool& pool);
  void add(std::string_view chunk);
  void flush();  // hands what is left to the pool

 private:
  void flush(int length);

  int order_;
  RunPool& pool_;
  PerLength<std::vector<Ngram>> buffers_;
  std::vector<Ngram> scratch_;
};

// All n-grams in ascending order with their counts, by length. Length 1 has all 256, those that do not
// occur with count 0; of the others those with count >= min_count.
using NgramTables = PerLength<std::vector<NgramCount>>;
NgramTables derive_tables(const PerLength<std::vector<CountRun>>& runs, int order, std::uint64_t min_count,
                          std::size_t threads);

}  // namespace bytepiece
