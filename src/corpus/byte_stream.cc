// Tested by tests/readers_test.cc.
#include "corpus/byte_stream.h"

#include <archive.h>
#include <bytepiece/types.h>
#include <fmt/format.h>
#include <zlib.h>

#include <cerrno>
#include <fstream>
#include <optional>
#include <vector>

#include "corpus/range_reader.h"
#include "corpus/raw_input.h"

namespace bytepiece {
namespace {

constexpr std::size_t kBlockBytes = 1 << 18;
constexpr std::string_view kGzipMagic = "\x1F\x8B", kZstdMagic = "\x28\xB5\x2F\xFD",
                           kXzMagic =
                               "\xFD"
                               "7zXZ",
                           kBzip2Magic = "BZh", kSkippableZstdMagic = "\x2A\x4D\x18";  // behind 50 to 5F

[[noreturn]] void fail(const RawInput& input, std::string_view reason) {
  throw Error(fmt::format("{}: cannot be read: {}", input.name(), reason));
}

}  // namespace

bool looks_compressed(const std::filesystem::path& path) {
  std::string begin(6, '\0');
  std::ifstream(path, std::ios::binary).read(begin.data(), static_cast<std::streamsize>(begin.size()));
  return begin.starts_with(kGzipMagic) || begin.starts_with(kZstdMagic) || begin.starts_with(kXzMagic) ||
         begin.starts_with(kBzip2Magic) ||
         ((begin[0] & 0xF0) == 0x50 && std::string_view(begin).substr(1).starts_with(kSkippableZstdMagic));
}

// One gzip member after the other.
class ByteStream::Gzip {
 public:
  explicit Gzip(RawInput& input) : input_(input), out_(kBlockBytes) {
    constexpr int kGzipWindow = 15 + 16;
    if (::inflateInit2(&stream_, kGzipWindow) != Z_OK) throw std::bad_alloc();
  }
  ~Gzip() { ::inflateEnd(&stream_); }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  std::string_view next() {
    for (;;) {
      if (!inside_member_) skip_zeros();
      if (stream_.avail_in == 0 && !refill()) return {};
      stream_.next_out = reinterpret_cast<Bytef*>(out_.data());
      stream_.avail_out = static_cast<uInt>(out_.size());
      const int status = ::inflate(&stream_, Z_NO_FLUSH);
      inside_member_ = status != Z_STREAM_END;
      if (status == Z_STREAM_END) ::inflateReset(&stream_);
      if (status != Z_OK && status != Z_STREAM_END) fail(input_, "damaged gzip data");
      const std::size_t size = out_.size() - stream_.avail_out;
      if (size > 0) return {out_.data(), size};
    }
  }

 private:
  // Tapes and the like fill up the last block of a file, and gzip takes no offence.
  void skip_zeros() {
    while ((stream_.avail_in > 0 || refill()) && *stream_.next_in == 0) {
      ++stream_.next_in;
      --stream_.avail_in;
    }
  }

  bool refill() {
    const std::string_view block = input_.next();
    if (block.empty() && inside_member_) fail(input_, "gzip data is cut off");
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(block.data()));  // zlib does not write to it
    stream_.avail_in = static_cast<uInt>(block.size());
    return !block.empty();
  }

  RawInput& input_;
  z_stream stream_{};
  bool inside_member_ = true;
  std::vector<char> out_;
};

class ByteStream::Archive {
 public:
  explicit Archive(RawInput& input) : input_(input), reader_(archive_read_new()) {
    if (!reader_) throw std::bad_alloc();
    archive_read_support_filter_bzip2(reader_.get());
    archive_read_support_filter_xz(reader_.get());
    archive_read_support_filter_zstd(reader_.get());
    archive_read_support_format_raw(reader_.get());
    archive_read_support_format_empty(reader_.get());
    check(archive_read_open(reader_.get(), this, nullptr, read_block, nullptr));
    archive_entry* entry = nullptr;
    check(archive_read_next_header(reader_.get(), &entry));
  }

  std::string_view next() {
    while (!at_end_) {
      const void* block = nullptr;
      std::size_t size = 0;
      la_int64_t offset = 0;
      check(archive_read_data_block(reader_.get(), &block, &size, &offset));
      if (size > 0) return {static_cast<const char*>(block), size};
    }
    if (!input_.next().empty() || bytes_used() != input_.position()) fail_after_data();
    return {};
  }

 private:
  struct Free {
    void operator()(archive* reader) const { archive_read_free(reader); }
  };

  // An exception must not cross libarchive: it is kept and thrown behind it.
  static la_ssize_t read_block(archive* reader, void* self, const void** block) {
    auto& stream = *static_cast<Archive*>(self);
    try {
      const std::string_view bytes = stream.input_.next();
      *block = bytes.data();
      return static_cast<la_ssize_t>(bytes.size());
    } catch (const Error& error) {
      stream.failure_ = error;
      archive_set_error(reader, EIO, "%s", error.what());
      return -1;
    }
  }

  void check(int status) {
    if (failure_) throw Error(*failure_);
    at_end_ = status == ARCHIVE_EOF;
    if (status == ARCHIVE_OK || at_end_) return;
    const char* reason = archive_error_string(reader_.get());
    fail(input_, fmt::format("damaged or cut off ({})", reason ? reason : "no reason given"));
  }

  // libarchive takes what is no further compressed stream for the end, be it a damaged one.
  std::uint64_t bytes_used() const {
    return static_cast<std::uint64_t>(archive_filter_bytes(reader_.get(), -1));
  }
  [[noreturn]] void fail_after_data() const {
    fail(input_, fmt::format("damaged or cut off: no more compressed data from byte {} on", bytes_used()));
  }

  RawInput& input_;
  std::unique_ptr<archive, Free> reader_;
  std::optional<Error> failure_;
  bool at_end_ = false;
};

struct ByteStream::Impl {
  Impl(const InputFile& file, const std::string& name)
      : input(file.path, name, RangeReader::first_byte(file.range)) {
    if (!file.range.is_whole()) {
      range.emplace(input, file.range, file.options.format);
    } else if (input.peek().starts_with(kGzipMagic)) {
      gzip.emplace(input);
    } else {
      archive.emplace(input);
    }
  }
  RawInput input;
  std::optional<RangeReader> range;
  std::optional<Gzip> gzip;
  std::optional<Archive> archive;
};

ByteStream::ByteStream(const InputFile& file, const std::string& name)
    : impl_(std::make_unique<Impl>(file, name)) {}

ByteStream::~ByteStream() = default;

std::string_view ByteStream::next() {
  if (impl_->range) return impl_->range->next();
  return impl_->gzip ? impl_->gzip->next() : impl_->archive->next();
}

std::uint64_t ByteStream::position() const { return impl_->input.position(); }

}  // namespace bytepiece
