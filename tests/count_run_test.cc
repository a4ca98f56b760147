#include "train/count_run.h"

#include <doctest/doctest.h>

#include <limits>
#include <map>
#include <string>
#include <vector>

#include "golden_data.h"
#include "support.h"
#include "train/ngram.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

template <class Key>
using Map = std::map<Key, std::uint64_t>;

template <class Key>
CountRun run_of(const Map<Key>& counts) {
  CountRun run;
  EntryWriter<Key> writer(run.entries);
  for (const auto& [key, count] : counts) writer.append(key, count);
  return run;
}

template <class Key>
Map<Key> read(const std::vector<CountRun>& runs) {
  Map<Key> counts;
  MergedReader<Key> reader(runs);
  while (reader.next()) {
    CHECK((counts.empty() || counts.rbegin()->first < reader.key()));
    counts.emplace(reader.key(), reader.count());
  }
  CHECK_FALSE(reader.next());  // and stays at the end
  return counts;
}

template <class Key>
CountRun in_file(const TemporaryFolder& folder, const std::vector<CountRun>& runs) {
  CountFileWriter writer = CountFileWriter::unnamed(folder.path());
  merge_into<Key>(runs, writer);
  return {{}, writer.finish()};
}

NgramKey ngram_key(std::string_view bytes) {
  NgramKey key;
  replace_tail(key, 0, bytes);
  return key;
}

NgramKey random_key(Random& random, NgramKey) {
  return ngram_key(random.chance(2) ? random_of(random, {"a", "b", bytes("\0"), "\xFF"}, random.between(1, 8))
                                    : random_bytes(random, random.between(1, 8)));
}
std::string random_key(Random& random, const std::string&) {
  return random_of(random, {"a", "bc", bytes("\0"), "\xFF", std::string(40, 'x')}, random.between(1, 30));
}

template <class Key>
Map<Key> random_map(Random& random) {
  Map<Key> counts;
  for (std::size_t i = random.below(300); i > 0; --i) {
    counts[random_key(random, Key())] = (random.number() >> random.between(8, 63)) | 1;
  }
  return counts;
}

template <class Key>
void check_random(std::uint64_t seed) {
  Random random(seed);
  const TemporaryFolder folder;
  for (std::size_t round = 0; round < rounds(40); ++round) {
    std::vector<CountRun> runs;
    Map<Key> sum;
    for (std::size_t i = random.below(6); i > 0; --i) {
      const Map<Key> counts = random_map<Key>(random);
      runs.push_back(run_of(counts));
      if (random.chance(2)) runs.back() = in_file<Key>(folder, {runs.back()});
      for (const auto& [key, count] : counts) sum[key] += count;
    }
    CHECK(read<Key>(runs) == sum);
    CHECK(read<Key>({merge_in_memory<Key>(runs)}) == sum);
    CHECK(read<Key>({in_file<Key>(folder, runs)}) == sum);
  }
}

TEST_CASE("count_run: n-grams are numbers in the order of their bytes") {
  static_assert(ngram_append(ngram_append(0, 'a'), '\xFF') == 0x61FF);
  static_assert(ngram_prefix(0x616263) == 0x6162);
  static_assert(ngram_suffix(0x616263, 3) == 0x6263);
  static_assert(ngram_mask(1) == 0xFF && ngram_mask(8) == kMost);
  CHECK(ngram_key("ab") < ngram_key(bytes("ab\0")));
  CHECK(ngram_key(bytes("ab\0")) < ngram_key("abc"));
  CHECK(ngram_key("a") < ngram_key("\xFF"));
}

TEST_CASE("count_run: the example of the header") {
  CHECK(run_of<std::string>({{"ab", 1}, {"ad", 300}}).entries == bytes("\x02"
                                                                       "ab\x01\x11"
                                                                       "d\xAC\x02"));
  CHECK(run_of<NgramKey>({{ngram_key("ab"), 1}, {ngram_key("ad"), 300}}).entries == bytes("\x02"
                                                                                          "ab\x01\x11"
                                                                                          "d\xAC\x02"));
}

TEST_CASE("count_run: what is written is read, and merging adds, in memory and in files") {
  check_random<NgramKey>(1);
  check_random<std::string>(2);
  const Map<std::string> extremes = {
      {std::string(100000, 'a'), kMost}, {std::string(100001, 'a'), 127}, {"b", 128}};
  CHECK(read<std::string>({run_of(extremes)}) == extremes);
  CHECK(read<NgramKey>({}).empty());
}

template <class Key>
void check_frames(const Map<Key>& counts) {
  CountRun run;
  for (const auto& [key, count] : counts) EntryWriter<Key>(run.entries).append(key, count);  // each a frame
  CHECK(run.entries != run_of(counts).entries);
  CHECK(read<Key>({run}) == counts);
}

TEST_CASE("count_run: frames one behind the other are one") {
  check_frames<std::string>({{"ab", 1}, {"abc", 2}, {"b", 3}, {"bc", 300}});
  check_frames<NgramKey>({{ngram_key("ab"), 1}, {ngram_key("abc"), 2}, {ngram_key("abd"), 300}});
}

TEST_CASE("count_run: counts beyond 32 bits add up, a sum beyond 64 bits is an error") {
  const std::uint64_t large = std::uint64_t{1} << 40;
  CHECK(read<std::string>({run_of<std::string>({{"a", large}}), run_of<std::string>({{"a", large + 1}})}) ==
        Map<std::string>{{"a", 2 * large + 1}});
  const std::vector<CountRun> runs = {run_of<std::string>({{"a", kMost}}), run_of<std::string>({{"a", 1}})};
  CHECK(contains(error_of([&] { merge_in_memory<std::string>(runs); }), "64 bits"));
}

TEST_CASE("count_run: any damage to a file is an error, never a crash") {
  Random random(3);
  const TemporaryFolder folder;
  const std::string path = (folder / "a.counts").string();
  CountFileWriter writer(path, {{"kind", "ngrams"}});
  merge_into<NgramKey>({run_of(random_map<NgramKey>(random))}, writer);
  CHECK(writer.finish()->description() == CountDescription{{"kind", "ngrams"}});
  const std::string whole = golden::read_bytes(path);
  const auto walk = [&] { return error_of([&] { read<NgramKey>({{{}, CountFile::open(path)}}); }); };
  CHECK(walk() == "");
  for (std::size_t i = 0; i < whole.size(); ++i) {
    write_bytes(path, whole.substr(0, i));
    CHECK(contains(walk(), path));
  }
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string flipped = whole;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x10);
    write_bytes(path, flipped);
    const std::string error = walk();
    const bool in_total = i >= whole.size() - 8;
    if (!in_total) CHECK(contains(error, path));
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
