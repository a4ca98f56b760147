// Tested by tests/count_run_test.cc.
#include "train/count_run.h"

#include <fmt/format.h>

#include <limits>
#include <numeric>
#include <utility>

namespace bytepiece {
namespace {

constexpr std::size_t kFrameBytes = 1 << 18;  // a frame of a file is about so long
constexpr std::size_t kLong = 15;             // in four bits: a number with the rest comes next

void append_number(std::uint64_t number, std::string& out) {
  for (; number >= 0x80; number >>= 7) out += static_cast<char>(number | 0x80);
  out += static_cast<char>(number);
}

// Who meets a full disk wants to know how much room to make.
void write_frame(CountFileWriter& file, std::string_view frame, std::uint64_t entries,
                 const std::vector<CountRun>& runs) {
  try {
    file.write_frame(frame, entries);
  } catch (const Error& error) {
    throw Error(fmt::format("{}; these counts need up to {} MB", error.what(), bytes_of(runs) / 1000000 + 1));
  }
}

}  // namespace

std::uint64_t bytes_of(const std::vector<CountRun>& runs) {
  std::uint64_t bytes = 0;
  for (const CountRun& run : runs) bytes += run.entries.size() + (run.file ? run.file->bytes() : 0);
  return bytes;
}

template <class Key>
void EntryWriter<Key>::append(const Key& key, std::uint64_t count) {
  const std::size_t shared = shared_length(last_, key), rest = length_of(key) - shared;
  const std::size_t high = std::min(shared, kLong), low = std::min(rest, kLong);
  out_ += static_cast<char>(high << 4 | low);
  if (high == kLong) append_number(shared - kLong, out_);
  if (low == kLong) append_number(rest - kLong, out_);
  append_bytes(key, shared, out_);
  append_number(count, out_);
  last_ = key;
}

template <class Key>
RunReader<Key>::RunReader(const CountRun& run) : run_(&run), frame_(run.entries) {}

template <class Key>
std::uint64_t RunReader<Key>::position() const {
  return (run_->file ? file_at_ : run_->entries.size()) - frame_.size();
}

template <class Key>
bool RunReader<Key>::next_frame() {
  if (!run_->file || !run_->file->read_frame(file_at_, buffer_)) return false;
  frame_ = buffer_;
  key_ = Key();
  return true;
}

template <class Key>
bool RunReader<Key>::next() {
  while (frame_.empty()) {
    if (!next_frame()) return false;
  }
  const auto head = static_cast<unsigned char>(frame_.front());
  frame_.remove_prefix(1);
  std::uint64_t shared = head >> 4, rest = head & 15;
  if (shared == kLong) shared += number();
  if (rest == kLong) rest += number();
  if (shared > length_of(key_) || rest > frame_.size() || shared + rest > most_bytes(key_)) fail();
  replace_tail(key_, shared, frame_.substr(0, rest));
  frame_.remove_prefix(rest);
  count_ = number();
  return true;
}

template <class Key>
std::uint64_t RunReader<Key>::number() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (frame_.empty()) fail();
    const auto byte = static_cast<unsigned char>(frame_.front());
    frame_.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  fail();
}

template <class Key>
void RunReader<Key>::fail() const {
  throw Error(fmt::format("{}: damaged; make it again", run_->file ? run_->file->name() : "a run of counts"));
}

template <class Key>
MergedReader<Key>::MergedReader(const std::vector<CountRun>& runs) {
  for (const CountRun& run : runs) readers_.emplace_back(run);
  for (std::size_t i = 0; i < readers_.size(); ++i) {
    if (readers_[i].next()) heap_.push_back(i);
  }
  std::make_heap(heap_.begin(), heap_.end(), [&](std::size_t a, std::size_t b) { return before(b, a); });
}

template <class Key>
bool MergedReader<Key>::next() {
  if (heap_.empty()) return false;
  const Key& smallest = readers_[heap_.front()].key();
  if (!(key_ < smallest)) throw Error("counts are not in order: a count file is damaged; make it again");
  key_ = smallest;
  count_ = 0;
  while (!heap_.empty() && readers_[heap_.front()].key() == key_) {
    RunReader<Key>& top = readers_[heap_.front()];
    if (top.count() > std::numeric_limits<std::uint64_t>::max() - count_) {
      throw Error("a count does not fit 64 bits; are shards counted twice?");
    }
    count_ += top.count();
    if (!top.next()) {
      heap_.front() = heap_.back();
      heap_.pop_back();
    }
    sift_down();
  }
  return true;
}

template <class Key>
std::uint64_t MergedReader<Key>::position() const {
  std::uint64_t position = 0;
  for (const RunReader<Key>& reader : readers_) position += reader.position();
  return position;
}

template <class Key>
void MergedReader<Key>::sift_down() {
  for (std::size_t parent = 0, child; (child = 2 * parent + 1) < heap_.size(); parent = child) {
    if (child + 1 < heap_.size() && before(heap_[child + 1], heap_[child])) ++child;
    if (!before(heap_[child], heap_[parent])) break;
    std::swap(heap_[child], heap_[parent]);
  }
}

template <class Key>
CountRun merge_in_memory(const std::vector<CountRun>& runs) {
  CountRun sum;
  EntryWriter<Key> writer(sum.entries);
  for (MergedReader<Key> merged(runs); merged.next();) writer.append(merged.key(), merged.count());
  return sum;
}

template <class Key>
void merge_into(const std::vector<CountRun>& runs, CountFileWriter& file, const OnPosition& on_position) {
  std::string frame;
  std::uint64_t entries = 0, walked = 0;
  EntryWriter<Key> writer(frame);
  const auto flush = [&] {
    if (!frame.empty()) write_frame(file, frame, std::exchange(entries, 0), runs);
    frame.clear();
    writer.start_frame();
  };
  for (MergedReader<Key> merged(runs); merged.next(); ++entries) {
    if (frame.size() >= kFrameBytes) flush();
    writer.append(merged.key(), merged.count());
    if (on_position && ++walked % kEntriesPerCall == 0) on_position(merged.position());
  }
  flush();
}

template class EntryWriter<NgramKey>;
template class EntryWriter<std::string>;
template class RunReader<NgramKey>;
template class RunReader<std::string>;
template class MergedReader<NgramKey>;
template class MergedReader<std::string>;
template CountRun merge_in_memory<NgramKey>(const std::vector<CountRun>&);
template CountRun merge_in_memory<std::string>(const std::vector<CountRun>&);
template void merge_into<NgramKey>(const std::vector<CountRun>&, CountFileWriter&, const OnPosition&);
template void merge_into<std::string>(const std::vector<CountRun>&, CountFileWriter&, const OnPosition&);

}  // namespace bytepiece
