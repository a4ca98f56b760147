// Tested by tests/piece_counts_test.cc.
#include "train/piece_counts.h"

#include <algorithm>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/threads.h"

namespace bytepiece {
namespace {

constexpr std::size_t kFirstSlots = 1 << 10;

using List = std::vector<PieceCount>;

// Sorts the pieces and adds up the counts of equal ones.
void unite(List& pieces) {
  std::sort(pieces.begin(), pieces.end(),
            [](const PieceCount& a, const PieceCount& b) { return a.bytes < b.bytes; });
  std::size_t kept = 0;
  for (const PieceCount& piece : pieces) {
    if (kept > 0 && pieces[kept - 1].bytes == piece.bytes) {
      pieces[kept - 1].count += piece.count;
    } else {
      pieces[kept++] = piece;
    }
  }
  pieces.resize(kept);
}

}  // namespace

void PieceCounter::add(std::string_view piece) {
  if (2 * entries_.size() >= slots_.size()) grow();
  const std::uint64_t hash = XXH3_64bits(piece.data(), piece.size());
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    Slot& slot = slots_[at];
    if (slot.number == 0) {
      entries_.push_back({bytes_.size(), piece.size(), 1});
      bytes_ += piece;
      slot = {hash, entries_.size()};
      return;
    }
    Entry& entry = entries_[slot.number - 1];
    if (slot.hash == hash && bytes_of(entry) == piece) {
      ++entry.count;
      return;
    }
  }
}

void PieceCounter::grow() {
  const std::vector<Slot> old = std::exchange(slots_, {});
  slots_.resize(old.empty() ? kFirstSlots : 2 * old.size());
  const std::size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.number == 0) continue;
    std::size_t at = slot.hash & mask;
    while (slots_[at].number != 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

PieceCounts combine(std::vector<PieceCounter> counters, std::size_t threads) {
  PieceCounts result;
  result.storage.reserve(counters.size());  // a short string that moves takes its bytes along
  std::vector<List> lists(256);  // by first byte
  for (PieceCounter& counter : counters) {
    const std::string& bytes = result.storage.emplace_back(counter.take_bytes());
    for (const PieceCounter::Entry& entry : counter.entries()) {
      const std::string_view piece = std::string_view(bytes).substr(entry.begin, entry.length);
      lists[static_cast<unsigned char>(piece.front())].push_back({piece, entry.count});
    }
    counter = {};
  }
  parallel_for(threads, lists.size(), [&](std::size_t, std::size_t first) { unite(lists[first]); });
  for (const List& list : lists) result.pieces.insert(result.pieces.end(), list.begin(), list.end());
  return result;
}

}  // namespace bytepiece
