#include "tools/documents.h"

#include <algorithm>

namespace bytepiece::tools {
namespace {

constexpr std::size_t kBatchBytes = std::size_t{1} << 18;
constexpr std::size_t kBytesPerDocument = 8;                 // beside its own: many may be empty
constexpr std::size_t kLongestBatch = std::size_t{4} << 20;  // of a stretch that cannot be cut

// How many lines begin in `bytes`, in front of which `before` stands.
std::uint64_t count_line_begins(char before, std::string_view bytes) {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < bytes.size(); i = std::min(bytes.find('\n', i), bytes.size() - 1) + 1) {
    count += bytes[i] != '\n' && (i > 0 ? bytes[i - 1] : before) == '\n';
  }
  return count;
}

}  // namespace

std::vector<std::string_view> Batch::documents() const {
  std::vector<std::string_view> documents;
  documents.reserve(ends.size());
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    documents.push_back(std::string_view(bytes).substr(begin, end - begin));
    begin = end;
  }
  return documents;
}

std::size_t last_line_begin(std::string_view bytes, std::size_t searched) {
  const std::size_t begin = searched > 0 ? searched - 1 : 0;  // a line may begin behind it
  const std::string_view rest = bytes.substr(begin);
  for (std::size_t end = rest.size(); end > 1;) {
    const std::size_t line_feed = rest.rfind('\n', end - 2);
    if (line_feed == std::string_view::npos) return 0;
    if (rest[line_feed + 1] != '\n') return begin + line_feed + 1;
    end = line_feed + 1;
  }
  return 0;
}

std::size_t last_blank_end(std::string_view bytes, std::size_t searched) {
  const std::size_t blank = bytes.substr(searched).rfind(' ');
  return blank == std::string_view::npos ? 0 : searched + blank + 1;
}

std::size_t last_id_begin(std::string_view bytes, std::size_t) { return bytes.size() / 4 * 4; }

std::size_t no_cut(std::string_view, std::size_t) { return 0; }

bool Batcher::is_full() const {
  return batch_.bytes.size() + kBytesPerDocument * batch_.ends.size() >= kBatchBytes;
}

void Batcher::add(const DocumentPart& part) {
  if (skip_ > 0) {
    if (!part.ends_document) return;
    --skip_;
    ++batch_.first_number;
    return;
  }
  std::string_view bytes = part.bytes;
  for (; bytes.size() > kBatchBytes; bytes.remove_prefix(kBatchBytes)) {
    add_slice({bytes.substr(0, kBatchBytes), false});
  }
  add_slice({bytes, part.ends_document, part.unterminated});
}

// A batch is pushed when the next document begins, so that the last one is known to be the last.
void Batcher::add_slice(const DocumentPart& slice) {
  batch_.bytes.reserve(kBatchBytes);
  if (!open_) {
    if (is_full() || !batch_.begins) push_whole_documents();
    open_begin_ = batch_.bytes.size();
  }
  batch_.bytes += slice.bytes;
  open_ = !slice.ends_document;
  if (open_) {
    if (batch_.bytes.size() >= kBatchBytes) cut_open_document();
  } else {
    batch_.ends.push_back(batch_.bytes.size());
    batch_.unterminated = slice.unterminated;
  }
}

void Batcher::cut_open_document() {
  if (!batch_.ends.empty()) {
    std::string open = batch_.bytes.substr(open_begin_);
    batch_.bytes.resize(open_begin_);
    push_whole_documents();
    batch_.bytes = std::move(open);
    open_begin_ = 0;
    if (batch_.bytes.size() < kBatchBytes) return;
  }
  if (const std::size_t cut = last_cut_(batch_.bytes, std::exchange(searched_, batch_.bytes.size()));
      cut > 0) {
    batch_.ends_stretch = batch_.in_stretch;
    push_part(cut);
  } else if (batch_.in_stretch || (stretches_ && batch_.bytes.size() >= kLongestBatch)) {
    batch_.in_stretch = true;
    push_part(batch_.bytes.size());
    batch_.in_stretch = true;
  }
}

// Pushes what is in front of `end`; the open document goes on with what is behind it.
void Batcher::push_part(std::size_t end) {
  Batch rest;
  rest.bytes = batch_.bytes.substr(end);
  rest.first_number = batch_.first_number;
  rest.offset = batch_.offset + end;
  rest.first_line = batch_.first_line + count_line_begins(std::exchange(before_, 0),
                                                          std::string_view(batch_.bytes).substr(0, end + 1));
  if (rest.bytes.empty()) before_ = batch_.bytes.back();
  rest.begins = false;
  searched_ = 0;
  batch_.bytes.resize(end);
  batch_.ends = {end};
  batch_.ends_document = false;
  push_(std::exchange(batch_, std::move(rest)));
}

void Batcher::push_whole_documents() {
  Batch next;
  before_ = 0;
  searched_ = 0;
  next.first_number = batch_.first_number + batch_.ends.size();
  batch_.ends_stretch = batch_.in_stretch;
  batch_.unterminated = false;
  push_(std::exchange(batch_, std::move(next)));
}

void Batcher::finish() {
  batch_.ends_stretch = batch_.in_stretch;
  if (!batch_.ends.empty()) push_(std::move(batch_));
}

}  // namespace bytepiece::tools
