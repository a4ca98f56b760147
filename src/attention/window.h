// The ids of documents, in order, become windows: as many sequences as are packed together. Rows of a window
// come in an order that its begin and the seed decide, and carry where the stream is behind them.
//
//   document ids ──▶ sequences of at most a row ──▶ window ──▶ best fit ──▶ shuffle ──▶ rows in order
//
// A window ends with the first sequence that makes it `window` tokens long, so a document longer than that is
// spread over several. Where windows end depends on the ids alone; that is why a stream can be continued by
// packing the same window again and leaving out the rows that were handed out.
//
// Memory: 4 bytes a token of the window, beside rows still wanted by others. Thread rule: one thread at a
// time.
#pragma once

#include <bytepiece/attention.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "attention/rows.h"

namespace bytepiece::attention {

// A place between two rows: so many rows of the window that begins with a token of a document.
struct Place {
  std::uint64_t epoch = 0;
  std::uint64_t document = 0;
  std::uint64_t token = 0;
  std::uint64_t row = 0;

  bool begins_epoch() const { return document == 0 && token == 0 && row == 0; }
};

struct PlacedRow {
  Row row;
  std::shared_ptr<const std::vector<Id>> ids;  // that the row is a view of
  Place behind;
};

class Windows {
 public:
  using Emit = std::function<void(PlacedRow row)>;

  // Begins at `begin`: of its document, the tokens in front of it are left out, and so are the first rows.
  // What comes then throws Error if there is no such token or row.
  Windows(const StreamOptions& options, const Place& begin, Emit emit);

  // The next ids of the document that is the next one.
  void add(std::span<const Id> ids, bool ends_document);
  void finish();  // emits what is left; places behind the last row are in the next epoch

  const Place& begin() const { return begin_; }  // of the window that is being filled

 private:
  void take_buffer();
  void end_sequence();
  void end_window(const Place& next);

  std::size_t length_, window_;
  bool shuffle_;
  std::uint64_t seed_;
  Emit emit_;
  Place begin_;
  std::uint64_t document_;  // the open one
  std::uint64_t token_;     // how many of its tokens ended in sequences
  std::uint64_t left_out_;  // how many of its tokens are still to be left out
  std::shared_ptr<std::vector<Id>> ids_;
  std::vector<std::shared_ptr<std::vector<Id>>> buffers_;  // that and those of rows still wanted, used again
  std::vector<std::size_t> ends_;                          // of the sequences in ids_
  std::vector<std::int64_t> documents_;
};

}  // namespace bytepiece::attention
