#include "train/text_sample.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

std::string sample_of(std::size_t chunks, std::size_t most) {
  TextSampler sampler(most, '|');
  for (std::size_t i = 0; i < chunks; ++i) sampler.add(std::to_string(i));
  return sampler.take().text;
}

TEST_CASE("text sample: everything, where it fits") {
  CHECK(sample_of(0, 10).empty());
  CHECK(sample_of(5, 10) == "0|1|2|3|4|");
  CHECK(sample_of(1, 2) == "0|");
}

TEST_CASE("text sample: at most so much, in order, from all places, in runs") {
  for (const std::size_t most : {std::size_t{20000}, std::size_t{100000}, std::size_t{500000}}) {
    const std::string sample = sample_of(200000, most);
    CHECK(sample.size() <= most);
    CHECK(sample.size() > most - 32 * 7);  // but for a run
    std::size_t last = 0, count = 0, neighbours = 0, first_half = 0;
    for (std::size_t at = 0; at < sample.size();) {
      const std::size_t end = sample.find('|', at);
      const std::size_t number = std::stoul(sample.substr(at, end - at));
      if (count > 0) REQUIRE(number > last);
      neighbours += count > 0 && number == last + 1;
      first_half += number < 100000;
      last = number;
      ++count;
      at = end + 1;
    }
    CHECK(neighbours > count * 9 / 10);
    CHECK(first_half > count / 4);
    CHECK(first_half < count * 3 / 4);
  }
}

TEST_CASE("text sample: all that fits but one run stays, also of long chunks") {
  const std::size_t most = std::size_t{1} << 22, length = 40000;
  TextSampler sampler(most, '|');
  for (int i = 0; i < 7382; ++i) sampler.add(std::string(length, 'x'));
  const std::string sample = sampler.take().text;
  CHECK(sample.size() <= most);
  CHECK(sample.size() > most - 32 * (length + 1));
}

// Which runs stay follows from their hashes, so a larger sample holds all of a smaller one.
TEST_CASE("text sample: a larger sample holds the smaller one") {
  const auto numbers_in = [](const std::string& sample) {
    std::set<std::string> numbers;
    for (std::size_t at = 0, end; (end = sample.find('|', at)) != sample.npos; at = end + 1) {
      numbers.insert(sample.substr(at, end - at));
    }
    return numbers;
  };
  std::set<std::string> smaller;
  for (const std::size_t most : {1000, 1500, 5000, 100000, 3000000}) {
    const std::set<std::string> larger = numbers_in(sample_of(200000, most));
    CHECK(larger.size() > smaller.size());
    CHECK(std::includes(larger.begin(), larger.end(), smaller.begin(), smaller.end()));
    smaller = larger;
  }
}

TEST_CASE("text sample: a chunk larger than the sample leaves it empty rather than too large") {
  TextSampler sampler(10, '|');
  sampler.add("0123456789abcdef");
  CHECK(sampler.seen_bytes() == 16);
  CHECK(sampler.take().text.empty());
}

TEST_CASE("text sample: each stretch keeps the weight of its documents") {
  TextSampler sampler(100000, '|');
  for (std::size_t i = 0; i < 300000; ++i)
    sampler.add(std::to_string(i), i < 100000 ? 1 : i < 200000 ? 7 : 2);
  const TextSample sample = sampler.take();
  REQUIRE(sample.weights.size() == 3);
  std::size_t begin = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(sample.weights[i].weight == (i == 0 ? 1 : i == 1 ? 7 : 2));
    CHECK(std::stoul(sample.text.substr(begin, 6)) / 100000 == i);
    begin = sample.weights[i].end;
  }
  CHECK(begin == sample.text.size());
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
