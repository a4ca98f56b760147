// A batch of documents to ids, and if asked for, to where in the original text each id's bytes come from.
//
//   original     V i e ̂ ̣ t        7 bytes: e and two marks of 2 bytes
//   normalized   V i ệ t            6 bytes: ệ has 3
//   pieces       [V] [i E1] [BB 87] [t]
//   spans        0,1  1,7    7,7    7,8      what NFC changed belongs to the piece with its first byte
//
// Spans follow one another without a gap: together they are the original document, byte for byte.
#pragma once

#include <bytepiece/encode_stream.h>
#include <bytepiece/sampler.h>
#include <bytepiece/tokenizer.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/nfc.h"
#include "tools/documents.h"

namespace bytepiece::tools {

// What a batch becomes.
struct EncodedBatch {
  std::vector<Id> ids;
  std::vector<std::size_t> ends;         // where in `ids` each document, or the part of one, ends
  std::vector<std::uint64_t> span_ends;  // of each id: where in its document its bytes end, if asked for
  std::uint64_t first_span = 0;          // where the first id's bytes begin
  std::vector<std::size_t> byte_ends;    // the bytes of all up to there, where they are not the batch's
  std::string scores;                    // as members of JSON objects, if asked for
  std::vector<std::size_t> score_ends;   // of each document
};

// Draws instead of taking the best: documents have their numbers, counted from 0.
struct Drawing {
  Sampler sampler;
  std::uint64_t seed = 0, sample = 0;
};

// Maps offsets in a normalized document to offsets in the original, both in ascending order.
class SpanFinder {
 public:
  explicit SpanFinder(std::uint64_t offset = 0) : original_(offset), shift_(offset) {}

  // The next bytes of the document. REQUIRES: a boundary (text/nfc.h) stands in front of them and behind.
  void add(std::string_view text);

  // Whether the text of the next `size` normalized bytes was added.
  bool covers(std::size_t size) const { return position_ + size <= normalized_; }

  // Where in the original the next `size` normalized bytes end. REQUIRES: covers(size).
  std::uint64_t advance(std::size_t size);

 private:
  struct Change {  // of a stretch, in bytes of the whole document
    std::uint64_t normalized_begin, normalized_end, original_end;
  };
  std::deque<Change> changes_;               // that position_ has not left behind
  std::uint64_t normalized_ = 0, original_;  // bytes added
  std::uint64_t position_ = 0;               // of advance(), in normalized bytes
  std::uint64_t shift_;                      // from there to the original; may wrap around
  std::string buffer_;
  std::vector<NfcChange> found_;
};

// Appends where in its document the bytes of each id end. `document` begins at `offset` of it.
void append_span_ends(const Vocab& vocab, std::string_view document, std::uint64_t offset,
                      std::span<const Id> ids, std::vector<std::uint64_t>& span_ends);

class BatchEncoder {
 public:
  BatchEncoder(Tokenizer tokenizer, EncodeOptions options, bool spans,
               std::optional<Drawing> drawing = std::nullopt)
      : tokenizer_(std::move(tokenizer)), options_(options), spans_(spans), drawing_(std::move(drawing)) {}

  const Tokenizer& tokenizer() const { return tokenizer_; }

  // On any thread, in any order.
  EncodedBatch encode(const Batch& batch) const;

  // The parts of stretches that cannot be cut, in their order.
  EncodedBatch encode_stretch(const Batch& batch);

 private:
  struct Stretch {
    EncodeStream ids;
    SpanFinder spans;
    std::string text;         // that the span finder has not got yet
    std::size_t next_try;     // how much of it must be there before a boundary is looked for
    std::vector<Id> waiting;  // for their text
    std::uint64_t span_end;   // of the last id that did not wait
  };
  RandomKey key_of(const Batch& batch) const;
  void find_spans(Stretch& stretch, bool is_last, EncodedBatch& encoded) const;

  Tokenizer tokenizer_;
  EncodeOptions options_;
  bool spans_;
  std::optional<Drawing> drawing_;
  std::optional<Stretch> stretch_;
};

}  // namespace bytepiece::tools
