// A corpus as work for threads that encode: many short documents together, or parts of a long one, of which
// the ids one after the other are those of the whole.
//
// A document is cut behind line feeds that something else follows: no piece, and no composition of
// characters, crosses from one line into the next.
//
// Costs: a copy of the text; memory for one batch of about batch_bytes, or for the longest line.
// Thread rule: one thread at a time.
#pragma once

#include <bytepiece/corpus.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace bytepiece::attention {

struct Part {
  std::size_t end = 0;  // in the bytes of its batch, where the part before it ends
  bool begins_document = true, ends_document = true;
};

struct Parts {
  std::string bytes;
  std::vector<Part> parts;
};

class PartBatcher {
 public:
  PartBatcher(std::size_t batch_bytes, std::function<void(Parts)> emit);

  void add(const DocumentPart& part);
  void finish();

 private:
  void end_part(std::size_t end, bool ends_document);
  void cut();
  void emit();

  std::size_t batch_bytes_;
  std::size_t next_try_;  // how large the batch must be before it is worth looking for a cut
  std::function<void(Parts)> emit_;
  Parts batch_;
  bool at_begin_ = true;  // the open part begins a document
};

}  // namespace bytepiece::attention
