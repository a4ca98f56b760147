// Tested by tests/piece_counts_test.cc.
#include "train/piece_counts.h"

#include <algorithm>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace bytepiece {
namespace {

constexpr std::size_t kFirstSlots = 1 << 10;

}  // namespace

void PieceCounter::add(std::string_view piece) {
  if (2 * entries_.size() >= slots_.size()) make_room();
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

void PieceCounter::make_room() {
  // Growing doubles the slots, and the arrays of entries and bytes at about the same time.
  const std::size_t grown =
      2 * (slots_.size() * sizeof(Slot) + entries_.size() * sizeof(Entry) + bytes_.size());
  if (grown > most_bytes_ && slots_.size() > kFirstSlots) {
    flush();
  } else {
    grow();
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

void PieceCounter::flush() {
  std::sort(entries_.begin(), entries_.end(),
            [&](const Entry& a, const Entry& b) { return bytes_of(a) < bytes_of(b); });
  CountRun run;
  EntryWriter<std::string> writer(run.entries);
  std::string piece;
  for (const Entry& entry : entries_) {
    piece = bytes_of(entry);
    writer.append(piece, entry.count);
  }
  entries_.clear();
  bytes_.clear();
  std::fill(slots_.begin(), slots_.end(), Slot{});
  if (!run.entries.empty()) pool_.add(std::move(run));
}

}  // namespace bytepiece
