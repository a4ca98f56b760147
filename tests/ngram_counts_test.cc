#include "train/ngram_counts.h"

#include <doctest/doctest.h>

#include <deque>
#include <string>
#include <vector>

#include "reference.h"
#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

Ngram ngram_of(std::string_view bytes) {
  Ngram ngram = 0;
  for (const char byte : bytes) ngram = ngram_append(ngram, byte);
  return ngram;
}

// The tables as the oracle counts them.
NgramTables expected_tables(const Strings& chunks, int order, std::uint64_t min_count) {
  const reference::NgramCounts counts = reference::count_ngrams(chunks, order);
  NgramTables tables;
  for (std::size_t length = 1; length <= static_cast<std::size_t>(order); ++length) {
    std::map<Ngram, std::uint64_t> sorted;
    for (Ngram byte = 0; length == 1 && byte < 256; ++byte) sorted[byte] = 0;
    for (const auto& [gram, count] : counts[length]) {
      if (length == 1 || count >= min_count) sorted[ngram_of(gram)] = count;
    }
    for (const auto& [ngram, count] : sorted) tables[length].push_back({ngram, count});
  }
  return tables;
}

TEST_CASE("ngram_counts: the example of the header") {
  CountPool<NgramKey> pool{{}};
  NgramCounter counter(3, 1000, pool);
  counter.add("abab");
  counter.flush();
  const NgramTables tables = derive_tables(pool.take(), 1);
  CHECK(tables[3] == std::vector<NgramCount>{{ngram_of("aba"), 1}, {ngram_of("bab"), 1}});
  CHECK(tables[2] == std::vector<NgramCount>{{ngram_of("ab"), 2}, {ngram_of("ba"), 1}});
  REQUIRE(tables[1].size() == 256);
  CHECK(tables[1]['a'].count == 2);
  CHECK(tables[1]['b'].count == 2);
  CHECK(tables[1]['c'].count == 0);
}

TEST_CASE("ngram_counts: tables that do not fit are counted only") {
  CountPool<NgramKey> pool{{}};
  NgramCounter counter(6, 1000, pool);
  Random random(3);
  counter.add(random_bytes(random, 5000) + std::string(5000, 'a'));
  counter.flush();
  const std::vector<CountRun> runs = pool.take();
  const NgramTables tables = derive_tables(runs, 2);
  std::size_t asked = 0;
  for (const std::size_t most : {std::size_t{0}, std::size_t{20}, sizes_of(tables)[2]}) {
    const FittingTables derived = derive_tables_that_fit(runs, 2, [&](const NgramSizes& sizes) {
      ++asked;
      return sizes[2] <= most;
    });
    CHECK(derived.sizes == sizes_of(tables));
    CHECK(derived.fit == (most == sizes_of(tables)[2]));
    CHECK(derived.tables == (derived.fit ? tables : NgramTables()));
  }
  CHECK(asked < 100);
}

TEST_CASE("ngram_counts: all orders as the oracle, over any number of counters and flushes") {
  Random random(1);
  for (int order = 1; order <= kMaxOrder; ++order) {
    for (std::size_t round = 0; round < rounds(20); ++round) {
      CAPTURE(order);
      Strings chunks;
      for (std::size_t i = random.below(12); i > 0; --i) {
        chunks.push_back(random_text(random, random.below(40)) + (random.chance(3) ? "" : "\xFF"));
        if (chunks.back().empty()) chunks.pop_back();
      }
      CountPool<NgramKey> pool{{}};
      std::vector<NgramCounter> counters(random.between(1, 3),
                                         NgramCounter(order, random.between(1, 200), pool));
      for (const std::string& chunk : chunks) {
        NgramCounter& counter = counters[random.below(counters.size())];
        counter.add(chunk);
        if (random.chance(3)) counter.flush();
      }
      for (NgramCounter& counter : counters) counter.flush();
      const std::uint64_t min_count = random.between(1, 4);
      const bool same = derive_tables(pool.take(), min_count) == expected_tables(chunks, order, min_count);
      CHECK(same);
    }
  }
}

TEST_CASE("ngram_counts: tables of ranges of keys in a row are those of all") {
  Random random(3);
  for (int order = 1; order <= kMaxOrder; ++order) {
    for (std::size_t round = 0; round < rounds(20); ++round) {
      CountPool<NgramKey> pool{{}};
      NgramCounter counter(order, 100, pool);
      for (std::size_t i = random.below(20); i > 0; --i) counter.add(random_text(random, 30) + "x");
      counter.flush();
      const std::vector<CountRun> runs = pool.take();
      std::deque<CountRun> ranges(1);  // cut anywhere
      EntryWriter<NgramKey> first(ranges.back().entries), *writer = &first;
      std::deque<EntryWriter<NgramKey>> writers;
      for (MergedReader<NgramKey> merged(runs); merged.next();) {
        if (random.chance(5)) writer = &writers.emplace_back(ranges.emplace_back().entries);
        writer->append(merged.key(), merged.count());
      }
      const std::uint64_t min_count = random.between(1, 6);
      NgramTables all;
      for (Ngram byte = 0; byte < 256; ++byte) all[1].push_back({byte, 0});
      for (const CountRun& range : ranges) {
        const NgramTables tables = derive_range({range}, min_count);
        for (Ngram byte = 0; byte < 256; ++byte) all[1][byte].count += tables[1][byte].count;
        for (std::size_t length = 2; length < tables.size(); ++length) {
          CountRun run;
          EntryWriter<NgramKey> table(run.entries);
          for (const NgramCount& entry : tables[length]) {
            table.append({entry.ngram << (64 - 8 * length), static_cast<std::uint32_t>(length)}, entry.count);
          }
          append_range(run, all[length]);
        }
      }
      drop_rare(min_count, all);
      const bool same = all == derive_tables(runs, min_count);
      CHECK(same);
    }
  }
}

TEST_CASE("ngram_counts: a sum beyond 64 bits is an error") {
  CountRun run;
  EntryWriter<NgramKey> writer(run.entries);
  for (const std::string_view ngram : {"aa", "ab"}) {
    NgramKey key;
    replace_tail(key, 0, ngram);
    writer.append(key, std::uint64_t{1} << 63);
  }
  CHECK(contains(error_of([&] { derive_tables({run}, 1); }), "64 bits"));
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
