#include <bytepiece/attention.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "support.h"

namespace bytepiece::attention {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

PackedBatch random_batch(Random& random) {
  std::vector<Id> ids;
  std::vector<std::size_t> ends;
  for (std::size_t i = random.below(8); i > 0; --i) {
    for (std::size_t j = random.below(12); j > 0; --j) ids.push_back(static_cast<Id>(random.between(3, 99)));
    ends.push_back(ids.size());
  }
  return random.chance(4) ? pack({ids, ends}) : pack_rows({ids, ends}, random.between(1, 12));
}

// What a layout means, said once more: from sequences and positions, pair by pair.
bool sees(const PackedBatch& batch, const Layout& layout, std::size_t query, std::size_t key) {
  const auto sequence = batch.sequence_ids.of<std::int32_t>();
  const auto position = batch.positions.of<std::int64_t>();
  const std::int64_t distance = position[query] - position[key];
  return sequence[query] == sequence[key] && (!layout.causal || distance >= 0) &&
         (layout.window == 0 || std::abs(distance) < layout.window);
}

TEST_CASE("layout: ranges, masks and distances are what the layout says of each pair") {
  Random random(1);
  for (std::size_t round = 0; round < rounds(200); ++round) {
    const PackedBatch batch = random_batch(random);
    const Layout layout = {random.chance(2), static_cast<std::int32_t>(random.below(5))};
    const auto rectify = static_cast<std::int32_t>(random.below(4));
    const KeyRanges ranges = key_ranges(batch, layout);
    const Array mask = dense_mask(batch, layout), bias = dense_mask(batch, layout, Element::kFloat32);
    const Array distances = relative_positions(batch, layout, rectify);
    const auto rows = static_cast<std::size_t>(batch.ids.shape()[0]);
    const auto length = static_cast<std::size_t>(batch.ids.shape()[1]);
    REQUIRE(mask.size() == rows * length * length);
    const auto position = batch.positions.of<std::int64_t>();
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t q = 0; q < length; ++q) {
        const std::size_t query = row * length + q;
        for (std::size_t k = 0; k < length; ++k) {
          const std::size_t key = row * length + k, pair = query * length + k;
          const bool seen = sees(batch, layout, query, key);
          const auto at = static_cast<std::int32_t>(k);
          CHECK((ranges.begin.of<std::int32_t>()[query] <= at && at < ranges.end.of<std::int32_t>()[query]) ==
                seen);
          CHECK((mask.of<std::uint8_t>()[pair] == 1) == seen);
          CHECK(std::isinf(bias.of<float>()[pair]) == !seen);
          std::int64_t distance = seen ? position[query] - position[key] : 0;
          if (rectify > 0) distance = std::clamp<std::int64_t>(distance, -rectify, rectify);
          CHECK(distances.of<std::int32_t>()[pair] == distance);
        }
      }
    }
  }
}

TEST_CASE("layout: every token sees itself, padding too") {
  const std::vector<Id> ids = {5, 6, 7};
  const std::vector<std::size_t> ends = {3};
  const PackedBatch batch = pack_rows({ids, ends}, 8);
  for (const Layout& layout : {Layout{}, Layout{true, 1}, Layout{false, 0}, Layout{false, 2}}) {
    const Array mask = dense_mask(batch, layout);
    for (std::size_t i = 0; i < 8; ++i) CHECK(mask.of<std::uint8_t>()[i * 8 + i] == 1);
  }
}

TEST_CASE("layout: the window size that kernels take") {
  const auto pair = [](const Layout& layout) {
    const WindowSize size = window_size(layout);
    return std::vector<int>{size.left, size.right};
  };
  CHECK(pair({true, 0}) == std::vector<int>{-1, 0});
  CHECK(pair({true, 128}) == std::vector<int>{127, 0});
  CHECK(pair({false, 0}) == std::vector<int>{-1, -1});
  CHECK(pair({false, 3}) == std::vector<int>{2, 2});
}

TEST_CASE("layout: what cannot be is an error") {
  const PackedBatch batch = pack({{}, {}});
  CHECK(contains(error_of([&] { key_ranges(batch, {true, -1}); }), "window of -1"));
  CHECK(contains(error_of([&] { dense_mask(batch, {true, -1}); }), "window of -1"));
  CHECK(contains(error_of([&] { window_size({true, -1}); }), "window of -1"));
  CHECK(contains(error_of([&] { dense_mask(batch, {}, Element::kInt64); }), "uint8 or float32"));
  CHECK(contains(error_of([&] { relative_positions(batch, {}, -2); }), "rectify is -2"));
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece::attention
