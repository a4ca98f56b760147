// A corpus as batches of text that threads can work on: many short documents together, or a part of a
// long one.
//
// A long document is cut only where splitting cuts it anyway, so the chunks of its parts are the chunks of
// the whole: behind line feeds that something else follows or, in a line longer than a batch, at the end of a
// chunk that no later byte can move (the text up to there is normalized first: a boundary).
//
// Costs: a copy of the text; memory for one batch, or for one stretch of text without any boundary.
// Thread rule: one thread at a time.
#pragma once

#include <bytepiece/corpus.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "text/split.h"

namespace bytepiece {

// What training splits with: lines of at most 10000 characters.
SplitOptions training_split(bool isolate_digits);

struct TextBatch {
  std::string bytes;              // all texts, one after the other
  std::vector<std::size_t> ends;  // where each text ends in bytes
  std::uint32_t weight = 1;       // of all texts: documents of another weight begin a new batch

  // Calls visit(text) for each text.
  template <class Visit>
  void for_each(const Visit& visit) const {
    std::size_t begin = 0;
    for (const std::size_t end : ends) {
      visit(std::string_view(bytes).substr(begin, end - begin));
      begin = end;
    }
  }
};

class TextBatcher {
 public:
  // emit(batch) is called whenever a batch of about batch_bytes is ready.
  TextBatcher(std::size_t batch_bytes, const SplitOptions& split, std::function<void(TextBatch)> emit);

  void add(const DocumentPart& part);
  void finish();  // emits the last batch

 private:
  std::size_t cut() const;
  void cut_long_line();
  void emit_until(std::size_t end);

  std::size_t batch_bytes_;
  std::size_t next_try_;  // how large the open text must be before it is worth looking for a cut
  SplitOptions split_;
  std::function<void(TextBatch)> emit_;
  TextBatch batch_;             // whole texts, then the open one
  std::size_t open_begin_ = 0;  // where the open text begins in batch_.bytes
};

}  // namespace bytepiece
