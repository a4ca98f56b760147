// Tested by tests/ngram_counts_test.cc.
#include "train/ngram_counts.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/threads.h"

namespace bytepiece {
namespace {

constexpr std::size_t kBufferNgrams = 1 << 21;  // 16 MB a thread, and as much to sort in

using Entries = std::vector<NgramCount>;

Entries sum(const Entries& a, const Entries& b) {
  if (a.empty()) return b;
  Entries out;
  out.reserve(a.size() + b.size());
  auto x = a.begin(), y = b.begin();
  while (x != a.end() && y != b.end()) {
    if (x->ngram == y->ngram) {
      out.push_back({x->ngram, (x++)->count + (y++)->count});
    } else {
      out.push_back(x->ngram < y->ngram ? *x++ : *y++);
    }
  }
  out.insert(out.end(), x, a.end());
  out.insert(out.end(), y, b.end());
  return out;
}

Entries read_all(const CountRun& run, unsigned char first) {
  Entries entries;
  CountRun::Reader reader(run, first);
  while (const auto entry = reader.next()) entries.push_back(*entry);
  return entries;
}

// The sum of all runs, of the entries that begin with `first`.
Entries sum_of_runs(const std::vector<CountRun>& runs, unsigned char first) {
  Entries total;
  for (const CountRun& run : runs) total = sum(total, read_all(run, first));
  return total;
}

Entries sums_over_prefixes(const Entries& longer) {
  Entries shorter;
  for (const NgramCount& entry : longer) {
    const Ngram prefix = ngram_prefix(entry.ngram);
    if (shorter.empty() || shorter.back().ngram != prefix) shorter.push_back({prefix, 0});
    shorter.back().count += entry.count;
  }
  return shorter;
}

void append_frequent(const Entries& entries, std::uint64_t min_count, Entries& out) {
  std::copy_if(entries.begin(), entries.end(), std::back_inserter(out),
               [&](const NgramCount& entry) { return entry.count >= min_count; });
}

}  // namespace

void RunPool::add(CountRun run) {
  std::unique_lock lock(mutex_);
  std::vector<CountRun>& runs = runs_[static_cast<std::size_t>(run.length())];
  for (;;) {
    const auto similar = std::find_if(runs.begin(), runs.end(), [&](const CountRun& other) {
      return other.size() / 2 <= run.size() && run.size() / 2 <= other.size();
    });
    if (similar == runs.end()) break;
    CountRun other = std::move(*similar);
    runs.erase(similar);
    lock.unlock();
    run = merge(run, other);
    lock.lock();
  }
  runs.push_back(std::move(run));
}

PerLength<std::vector<CountRun>> RunPool::take() { return std::exchange(runs_, {}); }

NgramCounter::NgramCounter(int order, RunPool& pool) : order_(order), pool_(pool) {}

void NgramCounter::add(std::string_view chunk) {
  const auto order = static_cast<std::size_t>(order_);
  const Ngram mask = ngram_mask(order_);
  Ngram ngram = 0;
  for (std::size_t i = 0; i < chunk.size(); ++i) {
    ngram = ngram_append(ngram, chunk[i]) & mask;
    if (i + 1 >= order) buffers_[order].push_back(ngram);
    if (buffers_[order].size() >= kBufferNgrams) flush(order_);
  }
  const std::size_t longest_tail = std::min(order - 1, chunk.size());
  for (std::size_t length = 1; length <= longest_tail; ++length) {
    buffers_[length].push_back(ngram & ngram_mask(static_cast<int>(length)));
    if (buffers_[length].size() >= kBufferNgrams) flush(static_cast<int>(length));
  }
}

void NgramCounter::flush() {
  for (int length = 1; length <= order_; ++length) flush(length);
}

void NgramCounter::flush(int length) {
  std::vector<Ngram>& buffer = buffers_[static_cast<std::size_t>(length)];
  if (buffer.empty()) return;
  pool_.add(count_sorted(buffer, length, scratch_));
  buffer.clear();
}

NgramTables derive_tables(const PerLength<std::vector<CountRun>>& runs, int order, std::uint64_t min_count,
                          std::size_t threads) {
  std::vector<NgramTables> parts(256);  // by first byte
  parallel_for(threads, parts.size(), [&](std::size_t, std::size_t first) {
    Entries entries;
    for (auto length = static_cast<std::size_t>(order); length >= 1; --length) {
      entries =
          sum(sums_over_prefixes(entries), sum_of_runs(runs[length], static_cast<unsigned char>(first)));
      if (length > 1) append_frequent(entries, min_count, parts[first][length]);
    }
    parts[first][1] = entries.empty() ? Entries{{first, 0}} : entries;
  });
  NgramTables tables;
  for (NgramTables& part : parts) {
    for (std::size_t length = 1; length < part.size(); ++length) {
      tables[length].insert(tables[length].end(), part[length].begin(), part[length].end());
      part[length] = {};
    }
  }
  return tables;
}

}  // namespace bytepiece
