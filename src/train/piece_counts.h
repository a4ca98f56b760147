// How often each piece occurs: a hash table per thread while the corpus is cut, sorted runs beyond that.
//
// The table (open addressing, linear probing, at most half full) holds the hash and the number of an
// entry; entries and the bytes of the pieces lie in their own arrays, so that growing moves slots only:
//
//   slots    [ hash 3 ][ free ][ hash 1 ] ...
//                 │                │
//   entries  [ "the" ×7 ]  [ "cat" ×2 ]           bytes  thecat...
//
// A table that has grown to its limit is sorted into a run for the pool (count_run.h) and begins anew.
//
// Costs: 24 bytes a piece and its bytes, 32 to 64 more for slots. Counts are exact 64-bit integers: the
// sum of all runs does not depend on how pieces were spread over tables.
// Thread rule: one thread at a time; the counters of all threads share a pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "train/count_pool.h"

namespace bytepiece {

class PieceCounter {
 public:
  // Hands on what it holds when it takes about most_bytes.
  PieceCounter(std::size_t most_bytes, CountPool<std::string>& pool) : most_bytes_(most_bytes), pool_(pool) {}
  void add(std::string_view piece);
  void flush();  // hands what is left to the pool

 private:
  struct Entry {
    std::size_t begin = 0;  // in bytes_
    std::size_t length = 0;
    std::uint64_t count = 0;
  };
  struct Slot {
    std::uint64_t hash = 0;
    std::size_t number = 0;  // of the entry, from 1 on; 0: free
  };
  std::string_view bytes_of(const Entry& entry) const {
    return std::string_view(bytes_).substr(entry.begin, entry.length);
  }
  void make_room();
  void grow();

  std::size_t most_bytes_;
  CountPool<std::string>& pool_;
  std::vector<Slot> slots_;
  std::vector<Entry> entries_;
  std::string bytes_;
};

}  // namespace bytepiece
