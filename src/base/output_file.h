// A file that appears whole or not at all.
//
// The bytes go to an unnamed file in the target's folder, or where the file system knows no such thing to
// a temporary one beside the target; commit() gives it the target's name in one step. Without commit(),
// or when the process is killed, whatever stood at the target stays as it was.
//
//   out.ids ──▶ (unnamed, or .out.ids.PID.tmp) ──commit──▶ out.ids
//
// The temporary name stays behind where there are no unnamed files, or a file is replaced, and the process is
// killed (within commit(), in the second case).
//
// An unnamed() file never gets a name: it is for temporary data, and gone with its last descriptor.
// A target that is no regular file (/dev/null, a pipe) and standard output are written to directly.
//
// Thread rule: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace bytepiece {

class OutputFile {
 public:
  explicit OutputFile(const std::filesystem::path& path);  // throws Error
  static OutputFile standard_output();
  static OutputFile unnamed(const std::filesystem::path& folder);  // throws Error

  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  void write(std::string_view bytes);  // throws Error: disk full, pipe closed, ...
  // Replaces bytes that were written before: a header whose numbers are known at the end. Throws Error; of
  // what cannot go back, as a pipe, too.
  void overwrite(std::uint64_t offset, std::string_view bytes);
  // Hands over all bytes, so that commit() finds no full disk: for files that belong together. Throws Error.
  void flush();
  void commit();          // throws Error; nothing may be written afterwards
  int take_descriptor();  // of an unnamed file, to read what was written; throws Error

 private:
  OutputFile() = default;
  void open_temporary();
  void name_unnamed();
  std::filesystem::path temporary_name() const;
  void write_through(std::string_view bytes);
  [[noreturn]] void fail(const char* what) const;  // with the reason in errno

  std::filesystem::path target_;     // empty: written directly
  std::filesystem::path temporary_;  // empty: unnamed, or written directly
  std::string name_;                 // for messages
  std::string buffer_;
  std::uint64_t written_ = 0;
  int fd_ = -1;
  bool owns_fd_ = false;
};

}  // namespace bytepiece
