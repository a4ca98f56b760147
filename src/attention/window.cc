// Tested by tests/batch_stream_test.cc.
#include "attention/window.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace bytepiece::attention {
namespace {

constexpr std::size_t kMostReserved = std::size_t{1} << 22;  // tokens; longer windows grow

// Random numbers from a counter: the finalizer of SplitMix64 (Steele, Lea and Flood 2014).
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

// Fisher-Yates. The bias of the remainder is below 2^-40 for any number of rows that fits into memory.
template <class Item>
void shuffle(std::vector<Item>& items, std::uint64_t key) {
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[mixed(key + i) % i]);
}

}  // namespace

Windows::Windows(const StreamOptions& options, const Place& begin, Emit emit)
    : length_(options.length),
      window_(options.window),
      shuffle_(options.shuffle),
      seed_(options.seed),
      emit_(std::move(emit)),
      begin_(begin),
      document_(begin.document),
      token_(begin.token),
      left_out_(begin.token) {
  take_buffer();
}

// One that no row needs any more, or a new one. A window is longer than asked for by less than a row.
void Windows::take_buffer() {
  const auto unused = [](const auto& buffer) { return buffer.use_count() == 1; };
  ids_.reset();
  const auto found = std::find_if(buffers_.begin(), buffers_.end(), unused);
  if (found != buffers_.end()) {
    ids_ = *found;
    ids_->clear();
  } else {
    ids_ = buffers_.emplace_back(std::make_shared<std::vector<Id>>());
    ids_->reserve(std::min(window_, kMostReserved) + length_);
  }
}

void Windows::add(std::span<const Id> ids, bool ends_document) {
  const std::size_t skipped = std::min<std::uint64_t>(left_out_, ids.size());
  left_out_ -= skipped;
  ids = ids.subspan(skipped);
  while (!ids.empty()) {
    const std::size_t open = ids_->size() - (ends_.empty() ? 0 : ends_.back());
    const std::size_t taken = std::min(length_ - open, ids.size());
    ids_->insert(ids_->end(), ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(taken));
    ids = ids.subspan(taken);
    if (open + taken == length_) end_sequence();
  }
  if (!ends_document) return;
  if (left_out_ > 0) {
    throw Error(
        fmt::format("batch stream: the state is behind token {} of document {}, which has {} fewer; give it "
                    "the corpus it was saved with",
                    begin_.token, document_, left_out_));
  }
  end_sequence();
  ++document_;
  token_ = left_out_ = 0;
}

// Also at the end of a document, where there may be none open.
void Windows::end_sequence() {
  const std::size_t begin = ends_.empty() ? 0 : ends_.back();
  if (ids_->size() == begin) return;
  token_ += ids_->size() - begin;
  ends_.push_back(ids_->size());
  documents_.push_back(static_cast<std::int64_t>(document_));
  if (ids_->size() >= window_) end_window({begin_.epoch, document_, token_, 0});
}

void Windows::end_window(const Place& next) {
  std::vector<Stretch> stretches;
  stretches.reserve(ends_.size());
  for (std::size_t i = 0, begin = 0; i < ends_.size(); begin = ends_[i++]) {
    stretches.push_back({std::span<const Id>(*ids_).subspan(begin, ends_[i] - begin), documents_[i]});
  }
  ends_.clear();
  documents_.clear();
  std::vector<Row> rows = best_fit(stretches, length_);
  if (shuffle_) {
    shuffle(rows, mixed(mixed(mixed(mixed(seed_) ^ begin_.epoch) ^ begin_.document) ^ begin_.token));
  }
  if (begin_.row > 0 && begin_.row >= rows.size()) {
    throw Error(
        fmt::format("batch stream: the state is behind row {} of a window of {}; give it the corpus it was "
                    "saved with",
                    begin_.row, rows.size()));
  }
  Place behind = begin_;
  behind.row = 0;
  const std::uint64_t first = std::exchange(begin_, next).row;
  for (Row& row : rows) {
    if (behind.row++ < first) continue;
    emit_({std::move(row), ids_, behind.row == rows.size() ? next : behind});
  }
  take_buffer();
}

void Windows::finish() { end_window({begin_.epoch + 1, 0, 0, 0}); }

}  // namespace bytepiece::attention
