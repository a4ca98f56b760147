// The bytes of a file, one block after the other, decompressed where its content is gzip, zstd, xz or bzip2.
//
// libarchive does the work: one reader for every compression, with "raw" as the only archive format, so that
// a .tar.gz is just its tar bytes. A file that is not compressed passes through as it is.
//
// Costs: one block in memory. Thread rule: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct archive;

namespace bytepiece {

class ByteStream {
 public:
  // "-" is standard input. `name` is for messages. Throws Error.
  ByteStream(const std::filesystem::path& path, std::string name);

  // The next block, valid until the next call; empty at the end. Throws Error: unreadable, damaged.
  std::string_view next();

  // Bytes taken from the file so far, before decompression.
  std::uint64_t position() const;

 private:
  [[noreturn]] void fail() const;

  struct Close {
    void operator()(archive* reader) const;
  };
  std::string name_;
  std::unique_ptr<archive, Close> reader_;
  bool at_end_ = false;
};

}  // namespace bytepiece
