#include "train/count_run.h"

#include <doctest/doctest.h>

#include <limits>
#include <map>
#include <vector>

#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

using Entries = std::vector<NgramCount>;
using Map = std::map<Ngram, std::uint64_t>;

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

CountRun run_of(const Map& counts, int length) {
  CountRun run(length);
  for (const auto& [ngram, count] : counts) run.append({ngram, count});
  return run;
}

Entries rest_of(CountRun::Reader reader) {
  Entries entries;
  while (const auto entry = reader.next()) entries.push_back(*entry);
  CHECK_FALSE(reader.next());  // and stays at the end
  return entries;
}

void check_holds(const CountRun& run, const Map& counts) {
  Entries all;
  std::vector<Entries> by_first(256);
  for (const auto& [ngram, count] : counts) {
    all.push_back({ngram, count});
    by_first[ngram >> (8 * (run.length() - 1)) & 0xFF].push_back({ngram, count});
  }
  CHECK(run.size() == counts.size());
  CHECK(rest_of(CountRun::Reader(run)) == all);
  for (std::size_t first = 0; first < 256; ++first) {
    CHECK(rest_of(CountRun::Reader(run, static_cast<unsigned char>(first))) == by_first[first]);
  }
}

Ngram random_ngram(Random& random, int length, bool few) {
  const Ngram ngram = few ? random.below(300) * 0x0101010101010101 : random.number();
  return ngram & ngram_mask(length);
}

TEST_CASE("count_run: n-grams are numbers in the order of their bytes") {
  static_assert(ngram_append(ngram_append(0, 'a'), '\xFF') == 0x61FF);
  static_assert(ngram_prefix(0x616263) == 0x6162);
  static_assert(ngram_suffix(0x616263, 3) == 0x6263);
  static_assert(ngram_mask(1) == 0xFF && ngram_mask(8) == kMost);
  CHECK(ngram_suffix(0x6162636465666768, 8) == 0x62636465666768);
}

TEST_CASE("count_run: the example of the header takes seven bytes") {
  CountRun run(2);
  run.append({0x6162, 1});
  run.append({0x6164, 300});
  CHECK(run.bytes() == 7);
  check_holds(run, {{0x6162, 1}, {0x6164, 300}});
}

TEST_CASE("count_run: what is written is read, for every length and the extremes") {
  Random random(1);
  for (int length = 1; length <= kMaxOrder; ++length) {
    CAPTURE(length);
    check_holds(CountRun(length), {});
    check_holds(run_of({{0, 1}}, length), {{0, 1}});
    const Map extremes = {{0, kMost}, {1, 1}, {ngram_mask(length) - 1, 127}, {ngram_mask(length), 128}};
    check_holds(run_of(extremes, length), extremes);
    Map counts;
    for (int i = 0; i < 500; ++i) {
      counts[random_ngram(random, length, i % 2 == 0)] = (random.number() >> random.below(64)) | 1;
    }
    check_holds(run_of(counts, length), counts);
  }
}

TEST_CASE("count_run: merging adds counts") {
  Random random(2);
  for (std::size_t round = 0; round < rounds(40); ++round) {
    const int length = static_cast<int>(random.between(1, kMaxOrder));
    Map a, b;
    for (std::size_t i = random.below(200); i > 0; --i) a[random_ngram(random, length, true)] = i;
    for (std::size_t i = random.below(200); i > 0; --i) b[random_ngram(random, length, true)] = i << 40;
    Map sum = a;
    for (const auto& [ngram, count] : b) sum[ngram] += count;
    check_holds(merge(run_of(a, length), run_of(b, length)), sum);
  }
}

TEST_CASE("count_run: sorting and counting") {
  Random random(3);
  std::vector<Ngram> scratch;
  for (std::size_t round = 0; round < rounds(40); ++round) {
    const int length = static_cast<int>(random.between(1, kMaxOrder));
    std::vector<Ngram> ngrams;
    Map counts;
    for (std::size_t i = random.below(1000); i > 0; --i) {
      ngrams.push_back(random_ngram(random, length, round % 2 == 0));
      ++counts[ngrams.back()];
    }
    check_holds(count_sorted(ngrams, length, scratch), counts);
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
