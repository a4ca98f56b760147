// A file of counts: a header that says what was counted, and frames of entries (count_run.h).
//
//   offset  bytes
//        0      8   "BPCOUNTS"
//        8      4   format version, 2                        all numbers little-endian
//       12      4   length of the description
//       16      8   XXH3 checksum of the description
//       24      n   description: lines "name value\n"
//                   frames: length (4), XXH3 checksum of the entries (8), entries
//      end     12   a frame of length 0 whose checksum is the number of entries: the file is whole
//
// A file without a name vanishes with the last CountFile that refers to it, or when the process is killed.
//
// Thread rule: reading is const and positional; any number of threads. Writing: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/output_file.h"

namespace bytepiece {

// What a count file says of itself: "kind" "ngrams", "order" "6", ...
using CountDescription = std::map<std::string, std::string>;

class CountFile {
 public:
  // Throws Error: missing, unreadable, not a count file, or not whole.
  static std::shared_ptr<CountFile> open(const std::filesystem::path& path);
  ~CountFile();
  CountFile(const CountFile&) = delete;
  CountFile& operator=(const CountFile&) = delete;

  const CountDescription& description() const { return description_; }
  const std::string& name() const { return name_; }
  std::uint64_t entries() const { return entries_; }
  std::uint64_t bytes() const { return end_; }

  // Replaces `frame` by the frame at `at`, or at the first one for 0, and moves `at` to the next; false at
  // the end. Throws Error when the file is damaged.
  bool read_frame(std::uint64_t& at, std::string& frame) const;

 private:
  friend class CountFileWriter;
  CountFile(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
  void read_header();
  void read_bytes(std::uint64_t at, char* out, std::size_t size) const;
  [[noreturn]] void fail(std::string_view what) const;

  int fd_;
  std::string name_;
  CountDescription description_;
  std::uint64_t begin_ = 0, end_ = 0;  // of the frames
  std::uint64_t entries_ = 0;
};

class CountFileWriter {
 public:
  // A file with a name, which appears when finish() is called. Throws Error.
  CountFileWriter(const std::filesystem::path& path, const CountDescription& description);
  // A file without a name in a folder. Throws Error.
  static CountFileWriter unnamed(const std::filesystem::path& folder);

  void write_frame(std::string_view entries, std::uint64_t number_of_entries);  // throws Error
  std::uint64_t position() const { return position_; }  // of the next frame, as read_frame() takes it
  std::shared_ptr<CountFile> finish();                  // throws Error

 private:
  explicit CountFileWriter(OutputFile file) : file_(std::move(file)) {}
  void write_header(const CountDescription& description);

  OutputFile file_;
  std::filesystem::path path_;  // empty: unnamed
  std::uint64_t entries_ = 0, position_ = 0;
};

}  // namespace bytepiece
