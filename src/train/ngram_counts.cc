// Tested by tests/ngram_counts_test.cc.
#include "train/ngram_counts.h"

#include <bytepiece/types.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace bytepiece {
namespace {

// One pass of a least-significant-digit radix sort: stable, by one byte.
void scatter(const std::vector<Ngram>& from, std::vector<Ngram>& to, int shift) {
  std::array<std::size_t, 256> next{};
  for (const Ngram ngram : from) ++next[ngram >> shift & 0xFF];
  std::size_t begin = 0;
  for (std::size_t& slot : next) begin += std::exchange(slot, begin);
  for (const Ngram ngram : from) to[next[ngram >> shift & 0xFF]++] = ngram;
}

// Sorts n-grams of one length and counts equal ones; what is left in the vectors is of no use.
CountRun sorted_run(std::vector<Ngram>& ngrams, int length, std::vector<Ngram>& scratch) {
  scratch.resize(ngrams.size());
  for (int byte = 0; byte < length; ++byte) {
    scatter(ngrams, scratch, 8 * byte);
    ngrams.swap(scratch);
  }
  CountRun run;
  EntryWriter<NgramKey> writer(run.entries);
  for (std::size_t begin = 0, end = 0; begin < ngrams.size(); begin = end) {
    while (end < ngrams.size() && ngrams[end] == ngrams[begin]) ++end;
    writer.append({ngrams[begin] << (64 - 8 * length), static_cast<std::uint32_t>(length)}, end - begin);
  }
  return run;
}

// The n-gram of one length that is being summed up.
struct Open {
  NgramCount entry;
  bool any = false;
};

void add_checked(std::uint64_t amount, std::uint64_t& count) {
  if (amount > std::numeric_limits<std::uint64_t>::max() - count) {
    throw Error("the count of an n-gram does not fit 64 bits; are shards counted twice?");
  }
  count += amount;
}

}  // namespace

NgramCounter::NgramCounter(int order, std::size_t buffer, CountPool<NgramKey>& pool)
    : order_(order), room_(buffer), buffer_(buffer), pool_(pool) {}

void NgramCounter::add(std::string_view chunk) {
  if (room_ < chunk.size() + kMaxOrder) flush();
  const auto order = static_cast<std::size_t>(order_);
  const Ngram mask = ngram_mask(order_);
  Ngram ngram = 0;
  for (std::size_t i = 0; i < chunk.size(); ++i) {
    ngram = ngram_append(ngram, chunk[i]) & mask;
    if (i + 1 >= order) ngrams_[order].push_back(ngram);
  }
  for (std::size_t length = 1; length <= std::min(order - 1, chunk.size()); ++length) {
    ngrams_[length].push_back(ngram & ngram_mask(static_cast<int>(length)));
  }
  room_ -= std::min(room_, chunk.size() + kMaxOrder);
}

void NgramCounter::flush() {
  for (int length = 1; length <= order_; ++length) {
    std::vector<Ngram>& ngrams = ngrams_[static_cast<std::size_t>(length)];
    if (ngrams.empty()) continue;
    pool_.add(sorted_run(ngrams, length, scratch_));
    ngrams.clear();
  }
  room_ = buffer_;
}

NgramTables derive_tables(const std::vector<CountRun>& runs, std::uint64_t min_count,
                          const OnPosition& on_position) {
  NgramTables tables = derive_range(runs, min_count, on_position);
  drop_rare(min_count, tables);
  return tables;
}

NgramTables derive_range(const std::vector<CountRun>& runs, std::uint64_t min_count,
                         const OnPosition& on_position) {
  NgramTables tables;
  for (Ngram byte = 0; byte < 256; ++byte) tables[1].push_back({byte, 0});
  PerLength<Open> open;
  const auto close = [&](std::size_t length, bool is_last = false) {
    const NgramCount& entry = open[length].entry;
    if (length == 1) {
      tables[1][entry.ngram].count = entry.count;
    } else if (entry.count >= min_count || tables[length].empty() || is_last) {
      tables[length].push_back(entry);
    }
  };
  std::uint64_t walked = 0;
  for (MergedReader<NgramKey> merged(runs); merged.next();) {
    if (on_position && ++walked % kEntriesPerCall == 0) on_position(merged.position());
    for (std::size_t length = 1; length <= merged.key().length; ++length) {
      Open& current = open[length];
      const Ngram prefix = merged.key().bits >> (64 - 8 * length);
      if (!current.any || current.entry.ngram != prefix) {
        if (current.any) close(length);
        current = {{prefix, 0}, true};
      }
      add_checked(merged.count(), current.entry.count);
    }
  }
  for (std::size_t length = 1; length < open.size(); ++length) {
    if (open[length].any) close(length, true);
  }
  return tables;
}

void append_range(const CountRun& range, std::vector<NgramCount>& table) {
  for (RunReader<NgramKey> reader(range); reader.next();) {
    const Ngram ngram = reader.key().bits >> (64 - 8 * reader.key().length);
    if (table.empty() || table.back().ngram != ngram) table.push_back({ngram, 0});
    add_checked(reader.count(), table.back().count);
  }
}

void drop_rare(std::uint64_t min_count, NgramTables& tables) {
  for (std::size_t length = 2; length < tables.size(); ++length) {
    std::erase_if(tables[length], [&](const NgramCount& entry) { return entry.count < min_count; });
  }
}

}  // namespace bytepiece
