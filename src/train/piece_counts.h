// How often each piece occurs: a hash table per thread while the corpus is cut, then one list in the order of
// bytes.
//
// The table (open addressing, linear probing, at most half full) holds the hash and the number of an
// entry; entries and the bytes of the pieces lie in their own arrays, so that growing moves slots only:
//
//   slots    [ hash 3 ][ free ][ hash 1 ] ...
//                 │                │
//   entries  [ "the" ×7 ]  [ "cat" ×2 ]           bytes  thecat...
//
// Costs: 24 bytes a piece and its bytes, 32 more for slots. Counts are exact 64-bit integers: the list does
// not depend on how pieces were spread over tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bytepiece {

// Thread rule: one thread at a time.
class PieceCounter {
 public:
  void add(std::string_view piece);

  struct Entry {
    std::size_t begin = 0;  // in bytes
    std::size_t length = 0;
    std::uint64_t count = 0;
  };
  const std::vector<Entry>& entries() const { return entries_; }  // in the order of first occurrence
  std::string take_bytes() { return std::move(bytes_); }          // REQUIRES: no add() comes after

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::size_t number = 0;  // of the entry, from 1 on; 0: free
  };
  std::string_view bytes_of(const Entry& entry) const {
    return std::string_view(bytes_).substr(entry.begin, entry.length);
  }
  void grow();

  std::vector<Slot> slots_;
  std::vector<Entry> entries_;
  std::string bytes_;
};

struct PieceCount {
  std::string_view bytes;
  std::uint64_t count = 0;
};

// Every piece of all counters once, in ascending order of bytes.
struct PieceCounts {
  std::vector<PieceCount> pieces;
  std::vector<std::string> storage;  // what the views point into
};
PieceCounts combine(std::vector<PieceCounter> counters, std::size_t threads);

}  // namespace bytepiece
