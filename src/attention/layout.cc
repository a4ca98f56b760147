// Who attends to whom, from ranges of keys: in every layout a query sees keys next to one another.
//
//   sequence     b . . . q . . . e        causal           [b, q + 1)
//                                         window 3         [q - 2, q + 1)
//                                         full             [b, e)
//                                         full, window 3   [q - 2, q + 3)      all within [b, e)
//
// Tested by tests/layout_test.cc.
#include <bytepiece/attention.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace bytepiece::attention {
namespace {

struct Range {
  std::int64_t begin = 0, end = 0;
};

// The keys that `query` of the sequence sees.
Range seen(std::int64_t query, Range sequence, const Layout& layout) {
  Range keys = sequence;
  if (layout.window > 0) {
    keys.begin = std::max(keys.begin, query - layout.window + 1);
    keys.end = std::min(keys.end, query + layout.window);
  }
  if (layout.causal) keys.end = query + 1;
  return keys;
}

// Calls visit(row, query, keys) for each token, all numbers counted within its row.
template <class Visit>
void for_each_query(const PackedBatch& batch, const Layout& layout, const Visit& visit) {
  const std::int64_t length = batch.ids.shape()[1];
  const std::span<const std::int32_t> bounds = batch.cu_seqlens.of<std::int32_t>();
  for (std::size_t i = 0; i + 1 < bounds.size(); ++i) {
    if (bounds[i] == bounds[i + 1]) continue;
    const std::int64_t row = bounds[i] / length;
    const Range sequence = {bounds[i] - row * length, bounds[i + 1] - row * length};
    for (std::int64_t query = sequence.begin; query < sequence.end; ++query) {
      visit(row, query, seen(query, sequence, layout));
    }
  }
}

void check(const Layout& layout) {
  if (layout.window < 0) throw Error(fmt::format("layout: a window of {} tokens; 0 is all", layout.window));
}

// An array of [rows, length, length], where write(numbers, query, keys) fills in a query's numbers.
template <class Number, class Write>
Array per_pair(const PackedBatch& batch, const Layout& layout, Number otherwise, const Write& write) {
  check(layout);
  const std::int64_t length = batch.ids.shape()[1];
  Array array(kElementOf<Number>, {batch.ids.shape()[0], length, length});
  const std::span<Number> numbers = array.of<Number>();
  if (otherwise != Number{0}) std::fill(numbers.begin(), numbers.end(), otherwise);
  for_each_query(batch, layout, [&](std::int64_t row, std::int64_t query, Range keys) {
    write(numbers.data() + (row * length + query) * length, query, keys);
  });
  return array;
}

}  // namespace

WindowSize window_size(const Layout& layout) {
  check(layout);
  const std::int32_t side = layout.window == 0 ? -1 : layout.window - 1;
  return {side, layout.causal ? 0 : side};
}

KeyRanges key_ranges(const PackedBatch& batch, const Layout& layout) {
  check(layout);
  const std::span<const std::int64_t> shape = batch.ids.shape();
  KeyRanges ranges = {Array(Element::kInt32, {shape[0], shape[1]}),
                      Array(Element::kInt32, {shape[0], shape[1]})};
  const auto begins = ranges.begin.of<std::int32_t>(), ends = ranges.end.of<std::int32_t>();
  for_each_query(batch, layout, [&](std::int64_t row, std::int64_t query, Range keys) {
    const auto at = static_cast<std::size_t>(row * shape[1] + query);
    begins[at] = static_cast<std::int32_t>(keys.begin);
    ends[at] = static_cast<std::int32_t>(keys.end);
  });
  return ranges;
}

Array dense_mask(const PackedBatch& batch, const Layout& layout, Element element) {
  if (element == Element::kUint8) {
    return per_pair<std::uint8_t>(batch, layout, 0, [](std::uint8_t* keys, std::int64_t, Range range) {
      std::fill(keys + range.begin, keys + range.end, std::uint8_t{1});
    });
  }
  if (element == Element::kFloat32) {
    const float hidden = -std::numeric_limits<float>::infinity();
    return per_pair<float>(batch, layout, hidden, [](float* keys, std::int64_t, Range range) {
      std::fill(keys + range.begin, keys + range.end, 0.0F);
    });
  }
  throw Error("dense_mask: a mask is uint8 or float32");
}

Array relative_positions(const PackedBatch& batch, const Layout& layout, std::int32_t rectify) {
  if (rectify < 0) throw Error(fmt::format("relative_positions: rectify is {}; 0 is not at all", rectify));
  const std::int64_t most = rectify == 0 ? std::numeric_limits<std::int32_t>::max() : rectify;
  return per_pair<std::int32_t>(
      batch, layout, 0, [most](std::int32_t* keys, std::int64_t query, Range range) {
        for (std::int64_t key = range.begin; key < range.end; ++key) {
          keys[key] = static_cast<std::int32_t>(std::clamp(query - key, -most, most));
        }
      });
}

}  // namespace bytepiece::attention
