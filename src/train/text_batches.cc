// Tested by tests/text_batches_test.cc.
#include "train/text_batches.h"

#include <utility>

#include "text/nfc.h"

namespace bytepiece {

SplitOptions training_split(bool isolate_digits) { return {10000, isolate_digits}; }

TextBatcher::TextBatcher(std::size_t batch_bytes, const SplitOptions& split,
                         std::function<void(TextBatch)> emit)
    : batch_bytes_(batch_bytes), next_try_(batch_bytes), split_(split), emit_(std::move(emit)) {}

void TextBatcher::add(const DocumentPart& part) {
  if (part.weight != batch_.weight) {
    if (!batch_.bytes.empty()) emit_until(batch_.bytes.size());
    batch_.weight = part.weight;
  }
  for (std::string_view rest = part.bytes; !rest.empty();) {
    const std::size_t taken = rest.size() < batch_bytes_ ? rest.size() : batch_bytes_;
    batch_.bytes += rest.substr(0, taken);
    rest.remove_prefix(taken);
    if (batch_.bytes.size() < next_try_) continue;
    if (const std::size_t end = cut(); end > 0) {
      emit_until(end);
    } else {
      cut_long_line();
    }
  }
  if (!part.ends_document) return;
  if (batch_.bytes.size() > open_begin_) batch_.ends.push_back(batch_.bytes.size());
  open_begin_ = batch_.bytes.size();
  next_try_ = batch_bytes_;
  if (batch_.bytes.size() >= batch_bytes_) emit_until(batch_.bytes.size());
}

void TextBatcher::finish() {
  if (!batch_.ends.empty()) emit_(std::exchange(batch_, {}));
  open_begin_ = 0;
}

// The last place behind line feeds where the open text can be cut, else where it begins.
std::size_t TextBatcher::cut() const {
  const std::string& bytes = batch_.bytes;
  for (std::size_t at = bytes.size() - 1; at > open_begin_; --at) {
    if (bytes[at - 1] == '\n' && bytes[at] != '\n') return at;
  }
  return open_begin_;
}

// The open text is one line so far. Normalizes it up to its last boundary and cuts before its last chunk,
// the only one that more text could change.
void TextBatcher::cut_long_line() {
  const std::string_view open = batch_.bytes;
  const std::size_t boundary = last_boundary(open);
  std::string buffer;
  std::string text(normalize(open.substr(0, boundary), buffer));
  std::size_t last_chunk = 0;
  for_each_chunk(text, split_, [&](std::string_view chunk) {
    last_chunk = static_cast<std::size_t>(chunk.data() - text.data());
  });
  text += open.substr(boundary);
  batch_.bytes = std::move(text);
  if (last_chunk > 0) {
    emit_until(last_chunk);
    next_try_ = batch_bytes_;
  } else {
    next_try_ = 2 * batch_.bytes.size();  // no boundary in all this: look again when there is much more
  }
}

// Emits the bytes up to `end`, which closes a text, and keeps the rest as the open one.
void TextBatcher::emit_until(std::size_t end) {
  TextBatch rest;
  rest.bytes = batch_.bytes.substr(end);
  rest.weight = batch_.weight;
  batch_.bytes.resize(end);
  if (batch_.ends.empty() || batch_.ends.back() != end) batch_.ends.push_back(end);
  emit_(std::exchange(batch_, std::move(rest)));
  open_begin_ = 0;
}

}  // namespace bytepiece
