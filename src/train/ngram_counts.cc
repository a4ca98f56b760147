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

// Calls close(length, n-gram with its count, whether it is the last of its length), ascending in each length.
template <class Close>
void for_each_sum(const std::vector<CountRun>& runs, const OnPosition& on_position, const Close& close) {
  PerLength<Open> open;
  std::uint64_t walked = 0;
  for (MergedReader<NgramKey> merged(runs); merged.next();) {
    if (on_position && ++walked % kEntriesPerCall == 0) on_position(merged.position());
    for (std::size_t length = 1; length <= merged.key().length; ++length) {
      Open& current = open[length];
      const Ngram prefix = merged.key().bits >> (64 - 8 * length);
      if (!current.any || current.entry.ngram != prefix) {
        if (current.any) close(length, current.entry, false);
        current = {{prefix, 0}, true};
      }
      add_checked(merged.count(), current.entry.count);
    }
  }
  for (std::size_t length = 1; length < open.size(); ++length) {
    if (open[length].any) close(length, open[length].entry, true);
  }
}

// The table of length 1 before anything is counted.
std::vector<NgramCount> no_bytes() {
  std::vector<NgramCount> table;
  for (Ngram byte = 0; byte < 256; ++byte) table.push_back({byte, 0});
  return table;
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
  return derive_tables_that_fit(
             runs, min_count, [](const NgramSizes&) { return true; }, on_position)
      .tables;
}

FittingTables derive_tables_that_fit(const std::vector<CountRun>& runs, std::uint64_t min_count,
                                     const std::function<bool(const NgramSizes&)>& fits,
                                     const OnPosition& on_position) {
  FittingTables all;
  all.tables[1] = no_bytes();
  all.sizes[1] = all.tables[1].size();
  const auto drop_unless_fit = [&] {
    if (!all.fit || fits(all.sizes)) return;
    all.fit = false;
    all.tables = {};
  };
  for_each_sum(runs, on_position, [&](std::size_t length, const NgramCount& entry, bool) {
    std::vector<NgramCount>& table = all.tables[length];
    if (length == 1) {
      if (all.fit) table[entry.ngram].count = entry.count;
    } else if (entry.count >= min_count) {
      if (table.size() == table.capacity()) drop_unless_fit();
      ++all.sizes[length];
      if (all.fit) table.push_back(entry);
    }
  });
  drop_unless_fit();
  return all;
}

NgramSizes sizes_of(const NgramTables& tables) {
  NgramSizes sizes{};
  for (std::size_t length = 1; length < tables.size(); ++length) sizes[length] = tables[length].size();
  return sizes;
}

NgramTables derive_range(const std::vector<CountRun>& runs, std::uint64_t min_count,
                         const OnPosition& on_position) {
  NgramTables tables;
  tables[1] = no_bytes();
  for_each_sum(runs, on_position, [&](std::size_t length, const NgramCount& entry, bool is_last) {
    if (length == 1) {
      tables[1][entry.ngram].count = entry.count;
    } else if (entry.count >= min_count || tables[length].empty() || is_last) {
      tables[length].push_back(entry);
    }
  });
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
