// A stretch of a plain file whose ends have moved on to where the text can be cut (ByteRange in readers.h).
//
//   range               [....................)
//   file    ...some text\nmore text\n\nand more\nother...
//   read                  └─────────────────────┘
//
// Why no chunk changes there. A chunk ends behind the last of the line feeds that end its line, so one begins
// where something else follows a line feed, and what it becomes depends only on what follows it; an earlier
// chunk is not moved either, since it looks no further than its line feeds. A line feed is whole in UTF-8,
// and normalization never reaches across it: it has no composition and is a starter, behind which marks are
// ordered among themselves, as they are at the begin of a text. Runs of 100 line feeds that splitting cuts
// stay in one stretch.
//
// Costs: a range without a place to cut is read once, up to its end; others are read from their begin to the
// first such place behind their end. Thread rule: one thread at a time.
#pragma once

#include <bytepiece/readers.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "corpus/raw_input.h"

namespace bytepiece {

class RangeReader {
 public:
  // Where `input` must begin: a byte before the range, which tells whether the range begins at a cut.
  static std::uint64_t first_byte(const ByteRange& range) { return range.begin == 0 ? 0 : range.begin - 1; }

  // REQUIRES: the input begins at first_byte(range).
  RangeReader(RawInput& input, const ByteRange& range, InputFormat format)
      : input_(input), range_(range), any_line_feed_(format != InputFormat::kText), at_(first_byte(range)) {
    if (range.begin == 0) phase_ = Phase::kInside;
  }

  std::string_view next();  // valid until the next call; empty at the end. Throws Error

 private:
  enum class Phase { kBefore, kInside, kBehind };
  std::optional<std::size_t> cut(std::string_view block, std::uint64_t from) const;

  RawInput& input_;
  ByteRange range_;
  bool any_line_feed_;  // is a place to cut, whatever follows
  Phase phase_ = Phase::kBefore;
  std::uint64_t at_;      // where the next block begins
  char previous_ = '\0';  // the byte before it
};

}  // namespace bytepiece
