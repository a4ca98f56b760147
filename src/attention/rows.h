// Sequences placed in rows, and the batch that they make.
//
// A Stretch is a view of some of a document's ids; a Row is the stretches in it, from the left to the right.
// batch_of() writes them out with all that goes with them, in one pass over each array: O(rows * length).
//
// Thread rule: pure functions.
#pragma once

#include <bytepiece/attention.h>

#include <span>
#include <vector>

namespace bytepiece::attention {

struct Stretch {
  std::span<const Id> ids;
  std::int64_t document = 0;
};
using Row = std::vector<Stretch>;

// REQUIRES: no row has more than `length` tokens. Throws Error: see pack().
PackedBatch batch_of(std::span<const Row> rows, std::size_t length, const BatchOptions& options);

// An array whose numbers are all written before anybody reads one.
Array unfilled(Element element, std::vector<std::int64_t> shape);

// Throws Error unless options.ids is an integer type that ids can have, and pad_id fits it.
void check(const BatchOptions& options);

// Best fit: the longest stretches first (of two as long, the one that came first), each into the row where it
// leaves the least room (of two such rows, the older one), else into a new one. Few rows in practice: at most
// 11/9 of the fewest possible and one more (Johnson 1973). O(n log n + longest).
// REQUIRES: each stretch has 1..length tokens.
std::vector<Row> best_fit(std::span<const Stretch> stretches, std::size_t length);

// Calls visit(number) with a value of the type that options.ids names.
template <class Visit>
void with_id_type(const BatchOptions& options, const Visit& visit) {
  if (options.ids == Element::kInt64) {
    visit(std::int64_t{});
  } else {
    visit(std::int32_t{});
  }
}

// Writes labels as Labels says for one sequence; REQUIRES: ids.size() == labels.size().
template <class Number>
void write_labels(std::span<const Number> ids, Labels kind, std::span<Number> labels) {
  if (ids.empty()) return;
  if (kind == Labels::kNext) {
    std::copy(ids.begin() + 1, ids.end(), labels.begin());
    labels.back() = kNoLabel;
  } else {
    std::copy(ids.begin() + 1, ids.end(), labels.begin() + 1);
    labels.front() = kNoLabel;
  }
}

// Throws Error if Number cannot hold one of the ids.
template <class Number>
void write_ids(std::span<const Id> ids, std::span<Number> out);

}  // namespace bytepiece::attention
