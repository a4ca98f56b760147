// A corpus as work for threads that encode: many short documents together, or parts of a long one, of which
// the ids one after the other are those of the whole.
//
// A document is cut behind line feeds that something else follows: no piece, and no composition of
// characters, crosses from one line into the next.
//
// Costs: a copy of the text; memory for one batch of about batch_bytes with its list of parts, or for the
// longest line.
// Thread rule: one thread at a time.
#pragma once

#include <bytepiece/corpus.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace bytepiece::attention {

struct Part {
  std::size_t end = 0;         // in the bytes of its batch, where the part before it ends
  std::uint64_t document = 0;  // its number in the corpus, from 0 on
  std::uint64_t line = 0;      // how many lines of the document are in front of it (random.h)
  bool ends_document = true;

  bool begins_document() const { return line == 0; }
};

// All but the first of the parts begin a document.
struct Parts {
  std::string bytes;
  std::vector<Part> parts;
};

class PartBatcher {
 public:
  // The first document that is added has the number `document`.
  PartBatcher(std::size_t batch_bytes, std::uint64_t document, std::function<void(Parts)> emit);

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
  std::uint64_t document_, line_ = 0;  // of the open part
};

}  // namespace bytepiece::attention
