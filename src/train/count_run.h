// A count run: n-grams of one length in ascending order, each once, with its count.
//
// Runs are what counting works in: a buffer of n-grams is sorted into a run, runs are merged into a
// larger run by adding counts, and since addition does not care for order, neither does the result.
//
// Entries are stored as the difference to the n-gram before and the count, both as variable-length numbers
// (7 bits a byte, low bits first, the high bit says that more follow). Most take 2 to 4 bytes:
//
//   ab ×1, ad ×300      ─▶  E2 C2 01 | 01     02 | AC 02
//   (0x6162, 0x6164)        +0x6162   ×1     +2    ×300
//
// A run also knows where each first byte begins, so that threads can read disjoint parts of it.
//
// Costs: linear to write, read and merge. Thread rule: const after construction; share freely.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "train/ngram.h"

namespace bytepiece {

struct NgramCount {
  Ngram ngram = 0;
  std::uint64_t count = 0;
  friend bool operator==(const NgramCount&, const NgramCount&) = default;
};

class CountRun {
 public:
  explicit CountRun(int length) : length_(length) {}

  // Adds an entry. REQUIRES: greater than the last; count > 0.
  void append(const NgramCount& entry);

  int length() const { return length_; }      // bytes of each n-gram
  std::size_t size() const { return size_; }  // entries
  std::size_t bytes() const { return code_.size(); }

  // Walks the entries whose first byte is `first` or, without one, all.
  class Reader {
   public:
    explicit Reader(const CountRun& run) : run_(&run), end_(run.code_.size()) {}
    Reader(const CountRun& run, unsigned char first);
    std::optional<NgramCount> next();

   private:
    std::uint64_t number();
    const CountRun* run_;
    std::size_t at_ = 0, end_ = 0;
    Ngram previous_ = 0;
  };

 private:
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  struct Start {
    std::size_t at = kNone;  // where the first entry with this first byte begins in code_
    Ngram previous = 0;      // the n-gram before it
  };
  std::size_t start_of(unsigned first) const;

  int length_;
  std::size_t size_ = 0;
  Ngram last_ = 0;
  std::string code_;
  std::vector<Start> starts_ = std::vector<Start>(256);
};

// The sum of two runs of one length.
CountRun merge(const CountRun& a, const CountRun& b);

// Sorts the n-grams (by bytes, from the last to the first) and counts equal ones. `scratch` is memory
// to work in. REQUIRES: each has `length` bytes.
CountRun count_sorted(std::vector<Ngram>& ngrams, int length, std::vector<Ngram>& scratch);

}  // namespace bytepiece
