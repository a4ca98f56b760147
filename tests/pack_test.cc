#include <bytepiece/attention.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "attention/rows.h"
#include "support.h"

namespace bytepiece::attention {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

using Numbers = std::vector<std::int64_t>;

struct Owned {
  std::vector<Id> ids;
  std::vector<std::size_t> ends;
  operator Documents() const { return {ids, ends}; }  // NOLINT: for calls in tests
};

Owned documents(const std::vector<std::vector<Id>>& all) {
  Owned owned;
  for (const std::vector<Id>& ids : all) {
    owned.ids.insert(owned.ids.end(), ids.begin(), ids.end());
    owned.ends.push_back(owned.ids.size());
  }
  return owned;
}

// Documents whose ids are all different.
Owned documents_of_lengths(const std::vector<std::size_t>& lengths) {
  std::vector<std::vector<Id>> all;
  Id next = 3;
  for (const std::size_t length : lengths) {
    all.emplace_back(length);
    std::iota(all.back().begin(), all.back().end(), next);
    next += static_cast<Id>(length);
  }
  return documents(all);
}

Numbers numbers(const Array& array) {
  Numbers out;
  if (array.element() == Element::kInt64) {
    for (const std::int64_t number : array.of<std::int64_t>()) out.push_back(number);
  } else {
    for (const std::int32_t number : array.of<std::int32_t>()) out.push_back(number);
  }
  return out;
}

Numbers shape(const Array& array) { return {array.shape().begin(), array.shape().end()}; }

const Owned& four() {  // ab cde f ghijk
  static const Owned owned = documents({{11, 12}, {13, 14, 15}, {16}, {17, 18, 19, 20, 21}});
  return owned;
}

TEST_CASE("pack: the example of the header, cell by cell") {
  for (const Element element : {Element::kInt32, Element::kInt64}) {
    const PackedBatch batch = pack_rows(four(), 6, {.ids = element});
    CHECK(shape(batch.ids) == Numbers{2, 6});
    CHECK(batch.ids.element() == element);
    CHECK(batch.positions.element() == element);
    CHECK(batch.labels.element() == element);
    CHECK(numbers(batch.ids) == Numbers{17, 18, 19, 20, 21, 16, 13, 14, 15, 11, 12, 0});
    CHECK(numbers(batch.positions) == Numbers{0, 1, 2, 3, 4, 0, 0, 1, 2, 0, 1, 0});
    CHECK(numbers(batch.sequence_ids) == Numbers{0, 0, 0, 0, 0, 1, 2, 2, 2, 3, 3, 4});
    CHECK(numbers(batch.labels) == Numbers{18, 19, 20, 21, -100, -100, 14, 15, -100, 12, -100, -100});
    CHECK(numbers(batch.cu_seqlens) == Numbers{0, 5, 6, 9, 11, 12});
    CHECK(numbers(batch.lengths) == Numbers{5, 1, 3, 2, 1});
    CHECK(numbers(batch.documents) == Numbers{3, 2, 1, 0, -1});
    CHECK(batch.max_seqlen == 5);
    CHECK(batch.tokens == 11);
    CHECK(batch.padding() == 1);
  }
}

TEST_CASE("pack: one row in the order of the documents") {
  const PackedBatch batch = pack(four());
  CHECK(shape(batch.ids) == Numbers{1, 11});
  CHECK(numbers(batch.ids) == Numbers{11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21});
  CHECK(numbers(batch.positions) == Numbers{0, 1, 0, 1, 2, 0, 0, 1, 2, 3, 4});
  CHECK(numbers(batch.cu_seqlens) == Numbers{0, 2, 5, 6, 11});
  CHECK(numbers(batch.documents) == Numbers{0, 1, 2, 3});
  CHECK(batch.padding() == 0);
}

TEST_CASE("pack: labels for either kind of model, or none") {
  CHECK(numbers(pack(four(), {.labels = Labels::kNext}).labels) ==
        Numbers{12, -100, 14, 15, -100, -100, 18, 19, 20, 21, -100});
  CHECK(numbers(pack(four(), {.labels = Labels::kSame}).labels) ==
        Numbers{-100, 12, -100, 14, 15, -100, -100, 18, 19, 20, 21});
  CHECK(pack(four(), {.labels = Labels::kNone}).labels.size() == 0);
  CHECK(numbers(pack_rows(documents({{5, 6}}), 4, {.labels = Labels::kNext, .pad_id = 9}).ids) ==
        Numbers{5, 6, 9, 9});
}

TEST_CASE("pack: nothing, and empty documents") {
  for (const Owned& empty : {documents({}), documents({{}, {}})}) {
    const PackedBatch one = pack(empty);
    CHECK(shape(one.ids) == Numbers{1, 0});
    CHECK(one.lengths.size() == empty.ends.size());
    CHECK(shape(pack_rows(empty, 4).ids) == Numbers{0, 4});
    CHECK(numbers(pack_rows(empty, 4).cu_seqlens) == Numbers{0});
  }
  CHECK(numbers(pack(documents({{}, {7}, {}})).cu_seqlens) == Numbers{0, 0, 1, 1});
}

TEST_CASE("pack: only documents longer than a row are cut") {
  const PackedBatch batch = pack_rows(documents_of_lengths({10, 3, 4}), 4);
  CHECK(numbers(batch.documents) == Numbers{0, 0, 2, 1, -1, 0, -1});
  CHECK(numbers(batch.lengths) == Numbers{4, 4, 4, 3, 1, 2, 2});
  CHECK(batch.tokens == 17);
}

TEST_CASE("pack: what cannot be is an error") {
  const std::vector<Id> ids = {1, 2, 3};
  const std::vector<std::size_t> falling = {2, 1}, beyond = {4}, before = {2};
  CHECK(contains(error_of([&] { pack({ids, falling}); }), "document 1 ends at 1"));
  CHECK(contains(error_of([&] { pack({ids, beyond}); }), "document 0 ends at 4"));
  CHECK(contains(error_of([&] { pack({ids, before}); }), "but there are 3 ids"));
  CHECK(contains(error_of([&] { pack_rows(four(), 0); }), "rows of 0 tokens"));
  CHECK(contains(error_of([&] { pack(four(), {.ids = Element::kUint8}); }), "int32 or int64"));
  CHECK(contains(error_of([&] { pack_rows(four(), std::size_t{1} << 31); }), "more than an int32 can count"));
  CHECK(contains(error_of([&] { pack_rows(four(), std::numeric_limits<std::size_t>::max()); }), "int32"));
  const Owned large = documents({{0x80000000U}});
  CHECK(
      contains(error_of([&] { pack(large, {.ids = Element::kInt32}); }), "id 2147483648 does not fit int32"));
  CHECK(numbers(pack(large).ids) == Numbers{2147483648});
  const BatchOptions last = {.ids = Element::kInt32, .pad_id = 0x7FFFFFFF};
  const BatchOptions next = {.ids = Element::kInt32, .pad_id = 0x80000000U};
  CHECK(numbers(pack_rows(documents({{7}}), 2, last).ids) == Numbers{7, 2147483647});
  const std::string expected = "pad_id 2147483648 does not fit int32";
  CHECK(contains(error_of([&] { pack(four(), next); }), expected));
  CHECK(contains(error_of([&] { pack_rows(four(), 4, next); }), expected));
  CHECK(contains(error_of([&] { pad(four(), {.batch = next}); }), expected));
  CHECK(numbers(pack_rows(documents({{7}}), 2, {.pad_id = 0xFFFFFFFFU}).ids) == Numbers{7, 4294967295});
}

// Rows taken one after the other, as their lengths.
std::vector<std::vector<std::size_t>> fitted(const std::vector<std::size_t>& lengths, std::size_t length) {
  const std::vector<Id> ids(length);
  std::vector<Stretch> stretches;
  for (const std::size_t each : lengths) stretches.push_back({std::span(ids).first(each), 0});
  std::vector<std::vector<std::size_t>> rows;
  for (const Row& row : best_fit(stretches, length)) {
    rows.emplace_back();
    for (const Stretch& stretch : row) rows.back().push_back(stretch.ids.size());
  }
  return rows;
}

// The same by looking at all rows each time.
std::vector<std::vector<std::size_t>> slowly_fitted(std::vector<std::size_t> lengths, std::size_t length) {
  std::stable_sort(lengths.begin(), lengths.end(), std::greater<>());
  std::vector<std::vector<std::size_t>> rows;
  for (const std::size_t each : lengths) {
    std::size_t best = rows.size(), best_room = length + 1;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const std::size_t room = length - std::accumulate(rows[row].begin(), rows[row].end(), std::size_t{0});
      if (room >= each && room < best_room) best = row, best_room = room;
    }
    if (best == rows.size()) rows.emplace_back();
    rows[best].push_back(each);
  }
  return rows;
}

TEST_CASE("pack: best fit is what looking at every row finds") {
  CHECK(fitted({4, 8, 1, 4, 2, 1}, 10) == std::vector<std::vector<std::size_t>>{{8, 2}, {4, 4, 1, 1}});
  Random random(1);
  for (std::size_t round = 0; round < rounds(300); ++round) {
    const std::size_t length = random.between(1, 40);
    std::vector<std::size_t> lengths(random.below(60));
    for (std::size_t& each : lengths) each = random.between(1, length);
    CHECK(fitted(lengths, length) == slowly_fitted(lengths, length));
  }
}

TEST_CASE("pack: every token once, and all arrays agree") {
  Random random(2);
  for (std::size_t round = 0; round < rounds(100); ++round) {
    std::vector<std::size_t> lengths(random.below(30));
    for (std::size_t& each : lengths) each = random.below(25);
    const Owned owned = documents_of_lengths(lengths);
    const std::size_t length = random.between(1, 30);
    const PackedBatch batch = pack_rows(owned, length);
    const Numbers ids = numbers(batch.ids), positions = numbers(batch.positions);
    const Numbers sequence_ids = numbers(batch.sequence_ids), bounds = numbers(batch.cu_seqlens);
    const Numbers sources = numbers(batch.documents);
    REQUIRE(bounds.back() == static_cast<std::int64_t>(ids.size()));
    Numbers seen;
    for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
      const auto begin = static_cast<std::size_t>(bounds[s]), end = static_cast<std::size_t>(bounds[s + 1]);
      REQUIRE(begin < end);
      CHECK(begin / length == (end - 1) / length);  // within a row
      CHECK(numbers(batch.lengths)[s] == static_cast<std::int64_t>(end - begin));
      for (std::size_t i = begin; i < end; ++i) {
        CHECK(sequence_ids[i] == static_cast<std::int64_t>(s));
        CHECK(positions[i] == static_cast<std::int64_t>(i - begin));
        if (sources[s] < 0) {
          CHECK(ids[i] == kPad);
          continue;
        }
        seen.push_back(ids[i]);
        if (i > begin) CHECK(ids[i] == ids[i - 1] + 1);
        const auto document = static_cast<std::size_t>(sources[s]);
        CHECK(ids[i] < owned.ids[owned.ends[document] - 1] + 1);
      }
    }
    std::sort(seen.begin(), seen.end());
    CHECK(seen == Numbers(owned.ids.begin(), owned.ids.end()));
    CHECK(batch.tokens == static_cast<std::int64_t>(owned.ids.size()));
  }
}

TEST_CASE("pad: either side, a mask, positions and labels") {
  const Owned two = documents({{5, 6, 7}, {8}});
  const PaddedBatch right = pad(two, {.multiple_of = 4});
  CHECK(shape(right.ids) == Numbers{2, 4});
  CHECK(numbers(right.ids) == Numbers{5, 6, 7, 0, 8, 0, 0, 0});
  CHECK(numbers(right.mask) == Numbers{1, 1, 1, 0, 1, 0, 0, 0});
  CHECK(numbers(right.positions) == Numbers{0, 1, 2, 0, 0, 0, 0, 0});
  CHECK(numbers(right.labels) == Numbers{6, 7, -100, -100, -100, -100, -100, -100});
  CHECK(numbers(right.lengths) == Numbers{3, 1});
  const PaddedBatch left = pad(
      two, {.batch = {.ids = Element::kInt32, .labels = Labels::kSame, .pad_id = 2}, .side = Side::kLeft});
  CHECK(left.mask.element() == Element::kInt32);
  CHECK(numbers(left.ids) == Numbers{5, 6, 7, 2, 2, 8});
  CHECK(numbers(left.mask) == Numbers{1, 1, 1, 0, 0, 1});
  CHECK(numbers(left.positions) == Numbers{0, 1, 2, 0, 0, 0});
  CHECK(numbers(left.labels) == Numbers{-100, 6, 7, -100, -100, -100});
}

TEST_CASE("pad: truncation drops the rest, or makes rows of it") {
  const Owned two = documents({{1, 2, 3, 4, 5, 6, 7}, {8, 9}});
  const PaddedBatch dropped = pad(two, {.max_length = 3});
  CHECK(numbers(dropped.ids) == Numbers{1, 2, 3, 8, 9, 0});
  const PaddedBatch rows = pad(two, {.max_length = 3, .stride = 2});
  CHECK(numbers(rows.ids) == Numbers{1, 2, 3, 3, 4, 5, 5, 6, 7, 8, 9, 0});
  CHECK(numbers(rows.documents) == Numbers{0, 0, 0, 1});
  CHECK(numbers(rows.begins) == Numbers{0, 2, 4, 0});
  CHECK(numbers(pad(two, {.max_length = 3, .stride = 3}).ids) == Numbers{1, 2, 3, 4, 5, 6, 7, 0, 0, 8, 9, 0});
  CHECK(shape(pad(two, {.multiple_of = 8, .max_length = 3}).ids) == Numbers{2, 8});
}

TEST_CASE("pad: nothing, empty documents, and errors") {
  CHECK(shape(pad(documents({})).ids) == Numbers{0, 0});
  CHECK(shape(pad(documents({{}, {}}), {.multiple_of = 8}).ids) == Numbers{2, 0});
  CHECK(numbers(pad(documents({{}, {4}}), {.max_length = 1, .stride = 1}).mask) == Numbers{0, 1});
  CHECK(contains(error_of([] { pad(four(), {.multiple_of = 0}); }), "multiple_of is 0"));
  CHECK(contains(error_of([] { pad(four(), {.stride = 1}); }), "at most max_length"));
  CHECK(contains(error_of([] { pad(four(), {.max_length = 2, .stride = 3}); }), "leaves gaps"));
  CHECK(contains(error_of([] { pad(four(), {.multiple_of = std::size_t{1} << 40}); }), "int32"));
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece::attention
