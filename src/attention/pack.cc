// pack(), pack_rows() and pad(): documents that are there already, as batches.
//
// Tested by tests/pack_test.cc.
#include <bytepiece/attention.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "attention/rows.h"

namespace bytepiece::attention {
namespace {

// Calls visit(number, ids) for each document.
template <class Visit>
void for_each(const Documents& documents, const Visit& visit) {
  std::size_t begin = 0, number = 0;
  for (const std::size_t end : documents.ends) {
    if (end < begin || end > documents.ids.size()) {
      throw Error(fmt::format("batch: document {} ends at {}, outside of {} to {}", number, end, begin,
                              documents.ids.size()));
    }
    visit(static_cast<std::int64_t>(number++), documents.ids.subspan(begin, end - begin));
    begin = end;
  }
  if (begin != documents.ids.size()) {
    throw Error(fmt::format("batch: the last document ends at {}, but there are {} ids", begin,
                            documents.ids.size()));
  }
}

// One row of padded(): some tokens of a document.
struct Piece {
  std::span<const Id> ids;
  std::int64_t document = 0, begin = 0;
};

std::vector<Piece> truncated(const Documents& documents, const PadOptions& options) {
  std::vector<Piece> pieces;
  for_each(documents, [&](std::int64_t number, std::span<const Id> ids) {
    const std::size_t most = options.max_length == 0 ? ids.size() : options.max_length;
    for (std::size_t begin = 0;; begin += options.stride) {
      const std::size_t taken = std::min(most, ids.size() - begin);
      pieces.push_back({ids.subspan(begin, taken), number, static_cast<std::int64_t>(begin)});
      if (options.stride == 0 || begin + taken == ids.size()) break;
    }
  });
  return pieces;
}

void check(const PadOptions& options) {
  check(options.batch);
  if (options.multiple_of == 0) throw Error("pad: multiple_of is 0; 1 means any length");
  if (options.stride > options.max_length) {
    throw Error(
        fmt::format("pad: a stride of {} leaves gaps between rows of {} tokens; it is at most max_length",
                    options.stride, options.max_length));
  }
}

std::size_t padded_length(std::span<const Piece> pieces, std::size_t multiple_of) {
  std::size_t longest = 0;
  for (const Piece& piece : pieces) longest = std::max(longest, piece.ids.size());
  constexpr std::size_t kMost = std::numeric_limits<std::int32_t>::max();
  const std::size_t multiples = longest / multiple_of + (longest % multiple_of == 0 ? 0 : 1);
  if (multiples > 0 &&
      (multiple_of > kMost / multiples || pieces.size() > kMost / (multiples * multiple_of))) {
    throw Error(
        fmt::format("pad: {} rows of a multiple of {} tokens, at least {}, are more than an int32 can count; "
                    "make several batches",
                    pieces.size(), multiple_of, longest));
  }
  return multiples * multiple_of;
}

template <class Number>
void fill(std::span<const Piece> pieces, std::size_t length, const PadOptions& options, PaddedBatch& batch) {
  const auto ids = batch.ids.of<Number>(), mask = batch.mask.of<Number>();
  const auto positions = batch.positions.of<Number>(), labels = batch.labels.of<Number>();
  const bool labelled = options.batch.labels != Labels::kNone;
  std::fill(ids.begin(), ids.end(), static_cast<Number>(options.batch.pad_id));
  std::fill(labels.begin(), labels.end(), Number{kNoLabel});
  for (std::size_t row = 0; row < pieces.size(); ++row) {
    const Piece& piece = pieces[row];
    const std::size_t tokens = piece.ids.size();
    const std::size_t begin = row * length + (options.side == Side::kLeft ? length - tokens : 0);
    const auto own = ids.subspan(begin, tokens);
    write_ids(piece.ids, own);
    if (labelled) write_labels<Number>(own, options.batch.labels, labels.subspan(begin, tokens));
    for (std::size_t i = 0; i < tokens; ++i) {
      mask[begin + i] = 1;
      positions[begin + i] = static_cast<Number>(i);
    }
    batch.lengths.of<std::int32_t>()[row] = static_cast<std::int32_t>(tokens);
    batch.documents.of<std::int64_t>()[row] = piece.document;
    batch.begins.of<std::int64_t>()[row] = piece.begin;
  }
}

}  // namespace

PackedBatch pack(const Documents& documents, const BatchOptions& options) {
  Row row;
  for_each(documents, [&](std::int64_t number, std::span<const Id> ids) { row.push_back({ids, number}); });
  return batch_of({&row, 1}, documents.ids.size(), options);
}

PackedBatch pack_rows(const Documents& documents, std::size_t length, const BatchOptions& options) {
  if (length == 0) throw Error("pack_rows: rows of 0 tokens hold nothing; use 1 or more");
  std::vector<Stretch> stretches;
  for_each(documents, [&](std::int64_t number, std::span<const Id> ids) {
    for (; !ids.empty(); ids = ids.subspan(std::min(length, ids.size()))) {
      stretches.push_back({ids.first(std::min(length, ids.size())), number});
    }
  });
  return batch_of(best_fit(stretches, length), length, options);
}

PaddedBatch pad(const Documents& documents, const PadOptions& options) {
  check(options);
  const std::vector<Piece> pieces = truncated(documents, options);
  const std::size_t length = padded_length(pieces, options.multiple_of);
  const auto rows = static_cast<std::int64_t>(pieces.size());
  const std::vector<std::int64_t> shape = {rows, static_cast<std::int64_t>(length)};
  const Element element = options.batch.ids;
  PaddedBatch batch;
  batch.ids = Array(element, shape);
  batch.mask = Array(element, shape);
  batch.positions = Array(element, shape);
  batch.labels = Array(element, options.batch.labels == Labels::kNone ? std::vector<std::int64_t>{0} : shape);
  batch.lengths = Array(Element::kInt32, {rows});
  batch.documents = Array(Element::kInt64, {rows});
  batch.begins = Array(Element::kInt64, {rows});
  with_id_type(options.batch, [&](auto number) { fill<decltype(number)>(pieces, length, options, batch); });
  return batch;
}

}  // namespace bytepiece::attention
