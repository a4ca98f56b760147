// Tested by tests/batch_stream_test.cc.
#include "attention/parts.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace bytepiece::attention {
namespace {

// REQUIRES: `bytes` are whole lines.
std::uint64_t count_lines(std::string_view bytes) {
  std::uint64_t count = 0;
  for (std::size_t i = 0; (i = bytes.find('\n', i)) != bytes.npos; ++count) {
    i = std::min(bytes.find_first_not_of('\n', i), bytes.size());
  }
  return count;
}

}  // namespace

PartBatcher::PartBatcher(std::size_t batch_bytes, std::uint64_t document, std::function<void(Parts)> emit)
    : batch_bytes_(batch_bytes), next_try_(batch_bytes), emit_(std::move(emit)), document_(document) {}

void PartBatcher::add(const DocumentPart& part) {
  for (std::string_view rest = part.bytes; !rest.empty();) {
    const std::string_view taken = rest.substr(0, batch_bytes_);
    rest.remove_prefix(taken.size());
    batch_.bytes += taken;
    if (batch_.bytes.size() >= next_try_) cut();
  }
  if (!part.ends_document) return;
  end_part(batch_.bytes.size(), true);
  if (batch_.bytes.size() + batch_.parts.size() * sizeof(Part) >= batch_bytes_) emit();
}

void PartBatcher::finish() {
  if (!batch_.parts.empty()) emit();
}

void PartBatcher::end_part(std::size_t end, bool ends_document) {
  const std::size_t begin = batch_.parts.empty() ? 0 : batch_.parts.back().end;
  batch_.parts.push_back({end, document_, line_, ends_document});
  if (ends_document) {
    ++document_;
    line_ = 0;
  } else {
    line_ += count_lines(std::string_view(batch_.bytes).substr(begin, end - begin));
  }
}

// Emits what is in front of the last line of the open part, if there is anything.
void PartBatcher::cut() {
  const std::string& bytes = batch_.bytes;
  const std::size_t begin = batch_.parts.empty() ? 0 : batch_.parts.back().end;
  std::size_t at = bytes.size() - 1;
  while (at > begin && (bytes[at - 1] != '\n' || bytes[at] == '\n')) --at;
  if (at > begin) {
    end_part(at, false);
  } else if (begin == 0) {
    next_try_ = 2 * bytes.size();  // one line so far: look again when there is much more
    return;
  }
  emit();
}

// Emits all parts that have an end, and keeps the open one.
void PartBatcher::emit() {
  const std::size_t end = batch_.parts.back().end;
  Parts rest;
  rest.bytes.reserve(batch_bytes_ + batch_bytes_ / 4);
  rest.bytes.append(batch_.bytes, end);
  batch_.bytes.resize(end);
  next_try_ = batch_bytes_;
  emit_(std::exchange(batch_, std::move(rest)));
}

}  // namespace bytepiece::attention
