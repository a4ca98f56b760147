// Tested by tests/pack_test.cc.
#include "attention/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>
#include <utility>

namespace bytepiece::attention {
namespace {

constexpr std::size_t kMostTokens = std::numeric_limits<std::int32_t>::max();

std::size_t tokens_in(const Row& row) {
  return std::accumulate(row.begin(), row.end(), std::size_t{0},
                         [](std::size_t sum, const Stretch& stretch) { return sum + stretch.ids.size(); });
}

// Writes sequence after sequence.
template <class Number>
class Filler {
 public:
  Filler(PackedBatch& batch, const BatchOptions& options)
      : options_(options),
        batch_(batch),
        ids_(batch.ids.of<Number>()),
        positions_(batch.positions.of<Number>()),
        sequence_ids_(batch.sequence_ids.of<std::int32_t>()),
        labels_(batch.labels.of<Number>()),
        cu_seqlens_(batch.cu_seqlens.of<std::int32_t>()),
        lengths_(batch.lengths.of<std::int32_t>()),
        documents_(batch.documents.of<std::int64_t>()) {}

  void add(const Stretch& stretch) {
    const std::size_t length = stretch.ids.size();
    write_ids(stretch.ids, ids_.subspan(at_, length));
    if (options_.labels != Labels::kNone) {
      write_labels<Number>(ids_.subspan(at_, length), options_.labels, labels_.subspan(at_, length));
    }
    batch_.tokens += static_cast<std::int64_t>(length);
    end_sequence(length, stretch.document);
  }

  void add_padding(std::size_t length) {
    std::fill_n(ids_.begin() + static_cast<std::ptrdiff_t>(at_), length,
                static_cast<Number>(options_.pad_id));
    if (options_.labels != Labels::kNone) {
      std::fill_n(labels_.begin() + static_cast<std::ptrdiff_t>(at_), length, Number{kNoLabel});
    }
    end_sequence(length, -1);
  }

 private:
  void end_sequence(std::size_t length, std::int64_t document) {
    const auto positions = positions_.subspan(at_, length);
    std::iota(positions.begin(), positions.end(), Number{0});
    std::fill_n(sequence_ids_.begin() + static_cast<std::ptrdiff_t>(at_), length,
                static_cast<std::int32_t>(sequence_));
    at_ += length;
    lengths_[sequence_] = static_cast<std::int32_t>(length);
    documents_[sequence_] = document;
    cu_seqlens_[++sequence_] = static_cast<std::int32_t>(at_);
    batch_.max_seqlen = std::max(batch_.max_seqlen, static_cast<std::int32_t>(length));
  }

  BatchOptions options_;
  PackedBatch& batch_;
  std::span<Number> ids_, positions_;
  std::span<std::int32_t> sequence_ids_;
  std::span<Number> labels_;
  std::span<std::int32_t> cu_seqlens_, lengths_;
  std::span<std::int64_t> documents_;
  std::size_t at_ = 0, sequence_ = 0;
};

// Of two as long, the one that came first. Counted, as there are few lengths.
std::vector<Stretch> longest_first(std::span<const Stretch> stretches) {
  std::size_t longest = 0;
  for (const Stretch& stretch : stretches) longest = std::max(longest, stretch.ids.size());
  std::vector<std::size_t> places(longest + 2);  // of the first of each length; 0 is that of the longest
  for (const Stretch& stretch : stretches) ++places[longest - stretch.ids.size() + 1];
  std::partial_sum(places.begin(), places.end(), places.begin());
  std::vector<Stretch> sorted(stretches.size());
  for (const Stretch& stretch : stretches) sorted[places[longest - stretch.ids.size()]++] = stretch;
  return sorted;
}

}  // namespace

void check(const BatchOptions& options) {
  if (options.ids != Element::kInt32 && options.ids != Element::kInt64) {
    throw Error("batch: ids can be int32 or int64 only");
  }
  if (options.ids == Element::kInt32 && options.pad_id > kMostTokens) {
    throw Error(fmt::format("batch: pad_id {} does not fit int32; use int64", options.pad_id));
  }
}

template <class Number>
void write_ids(std::span<const Id> ids, std::span<Number> out) {
  Id all = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    all |= ids[i];
    out[i] = static_cast<Number>(ids[i]);
  }
  if (sizeof(Number) == 4 && all > kMostTokens) {
    throw Error(
        fmt::format("batch: id {} does not fit int32; use int64", *std::max_element(ids.begin(), ids.end())));
  }
}

template void write_ids(std::span<const Id>, std::span<std::int32_t>);
template void write_ids(std::span<const Id>, std::span<std::int64_t>);

PackedBatch batch_of(std::span<const Row> rows, std::size_t length, const BatchOptions& options) {
  check(options);
  std::size_t sequences = 0;
  for (const Row& row : rows) sequences += row.size() + (tokens_in(row) < length ? 1 : 0);
  if (sequences >= kMostTokens || (length > 0 && rows.size() > kMostTokens / length)) {
    throw Error(
        fmt::format("batch: {} rows of {} tokens in {} documents are more than an int32 can count; "
                    "make several batches",
                    rows.size(), length, sequences));
  }
  const std::vector<std::int64_t> shape = {static_cast<std::int64_t>(rows.size()),
                                           static_cast<std::int64_t>(length)};
  const auto count = static_cast<std::int64_t>(sequences);
  PackedBatch batch;
  batch.ids = unfilled(options.ids, shape);
  batch.positions = unfilled(options.ids, shape);
  batch.sequence_ids = unfilled(Element::kInt32, shape);
  batch.labels =
      unfilled(options.ids, options.labels == Labels::kNone ? std::vector<std::int64_t>{0} : shape);
  batch.cu_seqlens = Array(Element::kInt32, {count + 1});
  batch.lengths = unfilled(Element::kInt32, {count});
  batch.documents = unfilled(Element::kInt64, {count});
  with_id_type(options, [&](auto number) {
    Filler<decltype(number)> filler(batch, options);
    for (const Row& row : rows) {
      for (const Stretch& stretch : row) filler.add(stretch);
      if (const std::size_t tokens = tokens_in(row); tokens < length) filler.add_padding(length - tokens);
    }
  });
  return batch;
}

std::vector<Row> best_fit(std::span<const Stretch> stretches, std::size_t length) {
  std::vector<Row> rows;
  std::set<std::pair<std::size_t, std::size_t>> open;  // (room, row) of rows that are not full
  for (const Stretch& stretch : longest_first(stretches)) {
    const std::size_t size = stretch.ids.size();
    const auto best = open.lower_bound({size, 0});
    if (best == open.end()) {
      if (size < length) open.emplace(length - size, rows.size());
      rows.push_back({stretch});
      continue;
    }
    auto node = open.extract(best);  // its memory is used again
    auto& [room, row] = node.value();
    rows[row].push_back(stretch);
    room -= size;
    if (room > 0) open.insert(std::move(node));
  }
  return rows;
}

}  // namespace bytepiece::attention
