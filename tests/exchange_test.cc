// What moves between ranks, on all of them: mpirun -np 3 bytepiece_exchange_test. Every rank knows what every
// other one has, as all draw the same random numbers. A rank must not leave a test alone: CHECK, not REQUIRE.
#define DOCTEST_CONFIG_IMPLEMENT
#include "mpi/exchange.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "mpi/ranks.h"
#include "support.h"

namespace bytepiece::mpi {
namespace {

using namespace testing;

Ranks* ranks = nullptr;

std::string bytes_of_rank(std::size_t rank, std::size_t size) {
  std::string bytes(size, static_cast<char>('a' + rank));
  for (std::size_t i = 0; i < size; i += 1000) bytes[i] = static_cast<char>(i / 1000);
  return bytes;
}

TEST_CASE("ranks: gather, of any size") {
  for (const std::size_t size : {0, 1, 1000, 40000000}) {  // the last in two portions
    const auto size_of = [&](std::size_t rank) { return rank == 1 ? size / 3 : size; };
    const auto gathered = ranks->gather(bytes_of_rank(ranks->rank(), size_of(ranks->rank())));
    CHECK(gathered.size() == ranks->size());
    for (std::size_t rank = 0; rank < gathered.size(); ++rank) {
      const bool same = gathered[rank] == bytes_of_rank(rank, size_of(rank));
      CHECK(same);
    }
  }
}

TEST_CASE("ranks: swap, a portion from each to each") {
  const auto portion = [](std::size_t from, std::size_t to) {
    return bytes_of_rank(10 * from + to, from == to + 1 ? 0 : 100000 * from + to);
  };
  std::vector<std::string> portions, expected;
  for (std::size_t rank = 0; rank < ranks->size(); ++rank) {
    portions.push_back(portion(ranks->rank(), rank));
    expected.push_back(portion(rank, ranks->rank()));
  }
  const bool same = ranks->swap(portions) == expected;
  CHECK(same);
}

TEST_CASE("ranks: sums, of many numbers and large ones") {
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t i = 0; i < (1 << 20) + 10; ++i) numbers.push_back((i << 40) + ranks->rank());
  ranks->add_up(numbers);
  const std::uint64_t size = ranks->size(), sum_of_ranks = size * (size - 1) / 2;
  bool same = true;
  for (std::uint64_t i = 0; i < numbers.size(); ++i) same &= numbers[i] == (i << 40) * size + sum_of_ranks;
  CHECK(same);
  CHECK(ranks->sum(std::uint64_t{1} << 60) == size << 60);
}

NgramKey random_key(Random& random, NgramKey) {
  NgramKey key;
  replace_tail(key, 0, random_bytes(random, random.between(1, 8)).substr(0, 8));
  return key;
}
std::string random_key(Random& random, const std::string&) {
  return random_of(random, {"a", "bc", "\xFF", std::string(40, 'x')}, random.between(1, 30));
}

template <class Key>
using Map = std::map<Key, std::uint64_t>;

// Runs of all ranks, of which some have none; keys that several have, or only one. Adds up what is in them.
template <class Key>
std::vector<std::vector<CountRun>> random_runs(Random& random, Map<Key>& sum) {
  std::vector<std::vector<CountRun>> runs(ranks->size());
  std::vector<Key> keys;
  for (std::size_t i = random.below(3000); i > 0; --i) keys.push_back(random_key(random, Key()));
  for (std::vector<CountRun>& of_rank : runs) {
    for (std::size_t i = keys.empty() ? 0 : random.below(5); i > 0; --i) {
      Map<Key> counts;
      for (std::size_t j = random.below(3000); j > 0; --j)
        counts[random.pick(keys)] = random.number() >> 20 | 1;
      EntryWriter<Key> writer(of_rank.emplace_back().entries);
      for (const auto& [key, count] : counts) {
        writer.append(key, count);
        sum[key] += count;
      }
    }
  }
  return runs;
}

template <class Key>
void check_exchange() {
  const TemporaryFolder folder;
  for (std::size_t round = 0; round < rounds(40); ++round) {
    Random random(round);
    Map<Key> sum, exchanged;
    std::vector<std::vector<CountRun>> runs = random_runs<Key>(random, sum);
    const PoolLimits limits =
        random.chance(2) ? PoolLimits{} : PoolLimits{random.below(20000), folder.path()};
    const std::vector<CountRun> mine = exchange<Key>(*ranks, runs[ranks->rank()], limits, {});
    bool ascend = true;
    for (const CountRun& range : gather_runs(*ranks, merge_in_memory<Key>(mine))) {
      for (RunReader<Key> reader(range); reader.next();) {
        ascend &= exchanged.empty() || exchanged.rbegin()->first < reader.key();
        exchanged[reader.key()] += reader.count();
      }
    }
    const bool same = exchanged == sum;
    CHECK(ascend);
    CHECK(same);
  }
}

TEST_CASE("exchange: every key's counts come together, and ranges ascend") {
  check_exchange<NgramKey>();
  check_exchange<std::string>();
}

}  // namespace
}  // namespace bytepiece::mpi

int main(int argc, char** argv) {
  bytepiece::mpi::Ranks ranks;
  bytepiece::mpi::ranks = &ranks;
  const int status = doctest::Context(argc, argv).run();
  ranks.finish();
  return status;
}
