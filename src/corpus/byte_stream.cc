// Tested by tests/readers_test.cc.
#include "corpus/byte_stream.h"

#include <archive.h>
#include <bytepiece/types.h>
#include <fmt/format.h>

#include <utility>

namespace bytepiece {
namespace {

constexpr std::size_t kBlockBytes = 1 << 18;

}  // namespace

void ByteStream::Close::operator()(archive* reader) const { archive_read_free(reader); }

ByteStream::ByteStream(const std::filesystem::path& path, std::string name)
    : name_(std::move(name)), reader_(archive_read_new()) {
  if (!reader_) throw Error(fmt::format("{}: out of memory", name_));
  archive_read_support_filter_gzip(reader_.get());
  archive_read_support_filter_bzip2(reader_.get());
  archive_read_support_filter_xz(reader_.get());
  archive_read_support_filter_zstd(reader_.get());
  archive_read_support_format_raw(reader_.get());
  archive_read_support_format_empty(reader_.get());
  const char* file = path == "-" ? nullptr : path.c_str();
  if (archive_read_open_filename(reader_.get(), file, kBlockBytes) != ARCHIVE_OK) fail();
  archive_entry* entry = nullptr;
  const int status = archive_read_next_header(reader_.get(), &entry);
  at_end_ = status == ARCHIVE_EOF;
  if (status != ARCHIVE_OK && !at_end_) fail();
}

std::string_view ByteStream::next() {
  while (!at_end_) {
    const void* block = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int status = archive_read_data_block(reader_.get(), &block, &size, &offset);
    at_end_ = status == ARCHIVE_EOF;
    if (status != ARCHIVE_OK && !at_end_) fail();
    if (size > 0) return {static_cast<const char*>(block), size};
  }
  return {};
}

std::uint64_t ByteStream::position() const {
  return static_cast<std::uint64_t>(archive_filter_bytes(reader_.get(), -1));
}

void ByteStream::fail() const {
  const char* reason = archive_error_string(reader_.get());
  throw Error(fmt::format("{}: cannot be read: {}", name_, reason ? reason : "damaged or cut off"));
}

}  // namespace bytepiece
