// The bytes of a file, one block after the other, decompressed where its content is gzip, zstd, xz or bzip2.
//
//   RawInput ─▶ begins with 1F 8B?  yes ─▶ zlib, which verifies the checksums of every member
//                                   no  ─▶ libarchive: every other compression, or the bytes as they are
//            ─▶ a range of the file     ─▶ the bytes as they are (range_reader.h)
//
// libarchive reads gzip too, but lets damage pass: it does not look at the checksums. Its only archive format
// here is "raw", so a .tar.zst is just its tar bytes.
//
// Costs: a block or two in memory. Thread rule: one thread at a time.
#pragma once

#include <bytepiece/readers.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace bytepiece {

// Whether a file begins as gzip, zstd, xz or bzip2 data do; false for what cannot be read.
bool looks_compressed(const std::filesystem::path& path);

class ByteStream {
 public:
  // `name` is for messages. Throws Error.
  ByteStream(const InputFile& file, const std::string& name);
  ~ByteStream();

  // The next block, valid until the next call; empty at the end. Throws Error: unreadable, damaged.
  std::string_view next();

  // Bytes taken from the file so far, before decompression.
  std::uint64_t position() const;

 private:
  class Gzip;
  class Archive;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bytepiece
