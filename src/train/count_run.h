// A count run: keys in ascending order, each once, with its count. What all counting works in: a buffer
// is sorted into a run, runs are merged into larger ones by adding counts, and since addition does not care
// for order, neither does the result. A run lies in memory or in a file, in the same code.
//
// An entry is what differs from the key before: one byte for how many bytes are shared and how many follow
// (four bits each; 15 means that a number with the rest comes next), the bytes that follow, the count.
// Numbers are written 7 bits a byte, low bits first, the high bit says that more follow.
//
//   ab ×1, ad ×300  ─▶  02 61 62 01       0 shared, 2 new: "ab", ×1
//                       11 64 AC 02       1 shared, 1 new: "d", ×300
//
// A frame is a stretch of entries that is read on its own: sharing starts anew with it, so frames one behind
// the other are one, too. In memory a run is one frame; in a file each frame is preceded by its length and
// its XXH3 checksum.
//
// Costs: an n-gram takes about 4 bytes, a piece about 8; linear to write, read and merge.
// Thread rule: one thread per object at a time; many readers may read one run.
#pragma once

#include <bytepiece/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "train/count_file.h"
#include "train/count_key.h"

namespace bytepiece {

// Writes entries one after the other behind what is in `out`.
template <class Key>
class EntryWriter {
 public:
  explicit EntryWriter(std::string& out) : out_(out) {}

  void append(const Key& key, std::uint64_t count);  // REQUIRES: key above the last; count > 0
  void start_frame() { last_ = Key(); }

 private:
  std::string& out_;
  Key last_{};
};

// A run in memory, or in a file.
struct CountRun {
  std::string entries;              // in memory: one frame
  std::shared_ptr<CountFile> file;  // else
};

std::uint64_t bytes_of(const std::vector<CountRun>& runs);  // in memory and in files

// Walks a run. Throws Error when a file is damaged.
template <class Key>
class RunReader {
 public:
  explicit RunReader(const CountRun& run);
  bool next();  // moves on to the next entry; false at the end
  const Key& key() const { return key_; }
  std::uint64_t count() const { return count_; }
  std::uint64_t position() const;  // how many of its bytes lie behind

 private:
  bool next_frame();
  std::uint64_t number();
  [[noreturn]] void fail() const;

  const CountRun* run_;
  std::uint64_t file_at_ = 0;
  std::string buffer_;      // the frame, if it comes from a file
  std::string_view frame_;  // what is left of it
  Key key_{};
  std::uint64_t count_ = 0;
};

// Walks several runs as one: keys ascend, and the counts of equal keys are added up. Throws Error when a
// sum does not fit 64 bits. REQUIRES: the runs outlive it.
template <class Key>
class MergedReader {
 public:
  explicit MergedReader(const std::vector<CountRun>& runs);
  bool next();
  const Key& key() const { return key_; }
  std::uint64_t count() const { return count_; }
  std::uint64_t position() const;  // of bytes_of(runs)

 private:
  bool before(std::size_t a, std::size_t b) const { return readers_[a].key() < readers_[b].key(); }
  void sift_down();  // restores the heap after its top has moved on

  std::vector<RunReader<Key>> readers_;
  std::vector<std::size_t> heap_;  // numbers of readers, the smallest key on top
  Key key_{};
  std::uint64_t count_ = 0;
};

// Called now and then while runs are walked, with position(); may be empty.
using OnPosition = std::function<void(std::uint64_t position)>;
inline constexpr std::uint64_t kEntriesPerCall = 1 << 17;

// Merges runs into one, in memory or into a file. Throws Error; when the disk is full it says how much is
// needed.
template <class Key>
CountRun merge_in_memory(const std::vector<CountRun>& runs);
template <class Key>
void merge_into(const std::vector<CountRun>& runs, CountFileWriter& file, const OnPosition& on_position = {});

extern template class RunReader<NgramKey>;
extern template class RunReader<std::string>;
extern template class MergedReader<NgramKey>;
extern template class MergedReader<std::string>;

}  // namespace bytepiece
