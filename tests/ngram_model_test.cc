#include "train/ngram_model.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "reference.h"
#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

NgramTables tables_of(const Strings& chunks, int order, std::uint64_t min_count) {
  CountPool<NgramKey> pool{{}};
  NgramCounter counter(order, 100, pool);
  for (const std::string& chunk : chunks) counter.add(chunk);
  counter.flush();
  return derive_tables(pool.take(), min_count);
}

NgramModel model_of(const Strings& chunks, int order, std::uint64_t min_count, std::uint64_t memory = 0) {
  return NgramModel(tables_of(chunks, order, min_count), order, memory);
}

// The values for the last byte of a text: those of all known n-grams that end there, by length.
std::vector<double> values(const NgramModel& model, std::string_view text) {
  Ngram last = 0;
  for (const char byte : text) last = ngram_append(last, byte);
  const int most = std::min(model.order(), static_cast<int>(text.size()));
  const NgramModel::Found found = model.found(model.seek(last, most));
  return {found.values, found.values + found.length};
}

std::vector<double> expected_values(const reference::NgramLogProbs& log_probs, std::string_view text) {
  std::vector<double> result;
  for (std::size_t length = 1; length < log_probs.size() && length <= text.size(); ++length) {
    const auto found = log_probs[length].find(text.substr(text.size() - length));
    if (found == log_probs[length].end()) break;
    result.push_back(found->second);
  }
  return result;
}

TEST_CASE("ngram_model: bytes that were not seen count once") {
  const NgramModel model = model_of({"ab"}, 1, 1);
  const std::vector<double> seen = values(model, "a");
  REQUIRE(seen.size() == 1);
  CHECK(seen[0] < 0);
  CHECK(values(model, "z") == seen);  // a occurs once
}

TEST_CASE("ngram_model: places of tables of more than 2^32 rows") {
  constexpr std::uint64_t kMost = ~std::uint64_t{0};
  for (const std::size_t capacity : {std::size_t{1}, std::size_t{1000}, (std::size_t{1} << 33) + 7}) {
    CHECK(place_of(0, capacity) == 0);
    CHECK(place_of(kMost / 2 + 1, capacity) == capacity / 2);
    CHECK(place_of(kMost, capacity) == capacity - 1);
  }
}

TEST_CASE("ngram_model: smaller where memory is scarce") {
  Random random(2);
  const Strings chunks = {random_text(random, 3000)};
  const std::size_t bytes = model_of(chunks, 6, 1, 1).bytes();
  CHECK(bytes < 0.72 * static_cast<double>(model_of(chunks, 6, 1).bytes()));
  const NgramSizes sizes = sizes_of(tables_of(chunks, 6, 1));
  const std::uint64_t with_tables = bytes + 16 * (sizes[5] + sizes[6]);
  CHECK(NgramModel::least_bytes(sizes, 6) >= with_tables);
  CHECK(NgramModel::least_bytes(sizes, 6) <= with_tables + 1000);
}

TEST_CASE("ngram_model: every value as the oracle has it, known n-grams and others") {
  Random random(1);
  for (int order = 1; order <= kMaxOrder; ++order) {
    for (std::size_t round = 0; round < rounds(12); ++round) {
      CAPTURE(order);
      Strings chunks;
      for (std::size_t i = random.between(1, 10); i > 0; --i) {
        chunks.push_back("x" + random_text(random, random.below(60)));
      }
      const std::uint64_t min_count = random.between(1, 3);
      const NgramModel model = model_of(chunks, order, min_count, round % 2);  // 1 byte: memory is scarce
      CHECK(model.order() == order);
      const auto log_probs = reference::log_probs(reference::count_ngrams(chunks, order), min_count);
      chunks.push_back(random_text(random, 60));  // with n-grams that are not known
      bool same = true;
      for (const std::string_view chunk : chunks) {
        for (std::size_t end = 1; end <= chunk.size(); ++end) {
          same =
              same && values(model, chunk.substr(0, end)) == expected_values(log_probs, chunk.substr(0, end));
        }
      }
      for (int byte = 0; byte < 256; ++byte) {
        const std::string text(1, static_cast<char>(byte));
        same = same && values(model, text) == expected_values(log_probs, text);
      }
      CHECK(same);
    }
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
