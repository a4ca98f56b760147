// Tested by tests/id_files_test.cc.
#include <bytepiece/id_files.h>
#include <bytepiece/types.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/little_endian.h"
#include "base/output_file.h"

namespace bytepiece {
namespace {

constexpr std::size_t kMegatronUint16 = 65500;  // least vocabulary that Megatron-LM does not store as uint16
constexpr std::size_t kNpyHeaderBytes = 128;    // a multiple of 64, and room for any shape

std::size_t width_of(IdFormat format, std::size_t vocab_size) {
  constexpr std::size_t kMost = std::size_t{1} << 16;
  switch (format) {
    case IdFormat::kU16:
      if (vocab_size > kMost) {
        throw Error(fmt::format("u16: the model has ids up to {}, and {} is the largest that fits; use u32",
                                vocab_size - 1, kMost - 1));
      }
      return 2;
    case IdFormat::kU32:
      return 4;
    case IdFormat::kNpy:
      return vocab_size <= kMost ? 2 : 4;
    case IdFormat::kMegatron:
      return vocab_size < kMegatronUint16 ? 2 : 4;
  }
  return 4;
}

bool is_file(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  return path != "-" && (!std::filesystem::exists(status) || std::filesystem::is_regular_file(status));
}

OutputFile open(const std::filesystem::path& path) {
  return path == "-" ? OutputFile::standard_output() : OutputFile(path);
}

// Numbers whose count is known at the end: as they are, or as an array of numpy's.
class NumberFile {
 public:
  NumberFile(const std::filesystem::path& path, bool is_npy, std::size_t width)
      : file_(open(path)), is_npy_(is_npy), width_(width) {
    if (is_npy_) file_.write(std::string(kNpyHeaderBytes, ' '));
  }

  void write(std::string_view bytes) {
    file_.write(bytes);
    bytes_ += bytes.size();
  }

  void finish() {
    if (is_npy_) file_.overwrite(0, npy_header());
    file_.flush();
  }
  void commit() { file_.commit(); }

 private:
  std::string npy_header() const {
    constexpr std::size_t kBeforeDict = 10;
    std::string header = "\x93NUMPY\x01";
    header += '\0';
    append_little_endian(static_cast<std::uint16_t>(kNpyHeaderBytes - kBeforeDict), header);
    header +=
        fmt::format("{{'descr': '<u{}', 'fortran_order': False, 'shape': ({},), }}", width_, bytes_ / width_);
    header.resize(kNpyHeaderBytes - 1, ' ');
    return header + '\n';
  }

  OutputFile file_;
  bool is_npy_;
  std::size_t width_;
  std::uint64_t bytes_ = 0;
};

// The numbers that of(item) makes of each item, as bytes: copied where the machine's are little-endian.
template <class Items, class Of>
void pack(const Items& items, const Of& of, std::string& out) {
  using Number = decltype(of(items[0]));
  if constexpr (std::endian::native == std::endian::little) {
    out.resize(items.size() * sizeof(Number));
    for (std::size_t i = 0; i < items.size(); ++i) {
      const Number number = of(items[i]);
      std::memcpy(out.data() + i * sizeof(Number), &number, sizeof(Number));
    }
  } else {
    out.clear();
    for (const auto& item : items) append_little_endian(of(item), out);
  }
}

}  // namespace

IdFileNames id_file_names(const std::filesystem::path& path, IdFormat format) {
  if (format != IdFormat::kMegatron) return {path, path.string() + ".docs"};
  std::filesystem::path stem = path;
  if (path.extension() == ".bin" || path.extension() == ".idx") stem.replace_extension();
  return {stem.string() + ".bin", stem.string() + ".idx"};
}

struct IdWriter::Impl {
  Impl(const std::filesystem::path& path, IdFormat f, std::size_t size)
      : format(f), vocab_size(size), width(width_of(f, size)), names(id_file_names(path, f)) {
    const bool has_documents = is_file(names.ids);
    if (!has_documents && (format == IdFormat::kNpy || format == IdFormat::kMegatron)) {
      throw Error(fmt::format("{}: not a file; npy and megatron write two of them, name one with -o",
                              path == "-" ? "standard output" : path.string()));
    }
    ids.emplace(names.ids, format == IdFormat::kNpy, width);
    if (!has_documents) return;
    if (format == IdFormat::kMegatron) {
      documents.emplace(names.documents, false, 1);
      const std::filesystem::path folder = names.ids.parent_path();
      sizes.emplace(OutputFile::unnamed(folder.empty() ? "." : folder));
    } else {
      documents.emplace(names.documents, format == IdFormat::kNpy, 8);
      note_begin();
    }
  }

  void note_begin() {
    buffer.clear();
    append_little_endian(total, buffer);
    documents->write(buffer);
  }

  void write_ids(std::span<const Id> some) {
    const Id largest = some.empty() ? 0 : *std::max_element(some.begin(), some.end());
    if (largest >= vocab_size) {
      throw Error(
          fmt::format("id {} is not below {}, the announced size of the vocabulary", largest, vocab_size));
    }
    if (width == 2) {
      pack(
          some, [](Id id) { return static_cast<std::uint16_t>(id); }, buffer);
    } else {
      pack(
          some, [](Id id) { return id; }, buffer);
    }
    ids->write(buffer);
    total += some.size();
  }

  // Documents that end where so many ids were written, before `offset` was added.
  void end_documents(std::span<const std::size_t> ends, std::uint64_t offset) {
    if (format == IdFormat::kMegatron) {
      pack(
          ends, [&](std::size_t end) { return size_of_next(end + offset); }, buffer);
      sizes->write(buffer);
    } else if (documents) {
      pack(
          ends, [&](std::size_t end) { return std::uint64_t{end + offset}; }, buffer);
      documents->write(buffer);
      count += ends.size();
    }
  }

  // Of the open document, which ends there.
  std::uint32_t size_of_next(std::uint64_t end) {
    const std::uint64_t size = end - std::exchange(begin, end);
    ++count;
    if (size > std::uint64_t{std::numeric_limits<std::int32_t>::max()}) {
      throw Error(fmt::format("megatron: document {} has {} ids, and a sequence holds 2^31 - 1 at most",
                              count, size));
    }
    return static_cast<std::uint32_t>(size);
  }

  // Sizes are kept in a file until all are known: what follows them begins where they end.
  void write_index() {
    std::string out("MMIDIDX\0\0", 9);
    append_little_endian(std::uint64_t{1}, out);
    append_little_endian(static_cast<std::uint8_t>(width == 2 ? 8 : 4), out);
    append_little_endian(count, out);
    append_little_endian(count + 1, out);
    documents->write(out);
    const int fd = sizes->take_descriptor();
    try {
      for_each_size(fd, [&](std::uint32_t size) { append_to_index(size); });
      std::uint64_t offset = 0;
      for_each_size(fd, [&](std::uint32_t size) {
        append_to_index(offset);
        offset += size * std::uint64_t{width};
      });
    } catch (...) {
      ::close(fd);
      throw;
    }
    ::close(fd);
    for (std::uint64_t document = 0; document <= count; ++document) append_to_index(document);
  }

  template <class Number>
  void append_to_index(Number number) {
    buffer.clear();
    append_little_endian(number, buffer);
    documents->write(buffer);
  }

  template <class Visit>
  void for_each_size(int fd, const Visit& visit) const {
    std::string block(std::size_t{1} << 16, '\0');
    for (std::uint64_t at = 0, bytes = count * 4; at < bytes;) {
      const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), bytes - at));
      for (std::size_t got = 0; got < wanted;) {
        const ssize_t size = ::pread(fd, block.data() + got, wanted - got, static_cast<off_t>(at + got));
        if (size <= 0)
          throw Error(fmt::format("{}: a temporary file cannot be read", names.documents.string()));
        got += static_cast<std::size_t>(size);
      }
      for (std::size_t i = 0; i < wanted; i += 4) visit(little_endian_at<std::uint32_t>(block, i));
      at += wanted;
    }
  }

  IdFormat format;
  std::size_t vocab_size, width;
  IdFileNames names;
  std::optional<NumberFile> ids, documents;
  std::optional<OutputFile> sizes;  // of Megatron's sequences
  std::uint64_t total = 0;          // ids so far
  std::uint64_t begin = 0;          // of the open document, for Megatron's sizes
  std::uint64_t count = 0;          // of documents that have ended
  std::string buffer;
};

IdWriter::IdWriter(const std::filesystem::path& path, IdFormat format, std::size_t vocab_size)
    : impl_(std::make_unique<Impl>(path, format, vocab_size)) {}

IdWriter::IdWriter(IdWriter&&) noexcept = default;

IdWriter::~IdWriter() = default;

void IdWriter::write(std::span<const Id> ids) { impl_->write_ids(ids); }

void IdWriter::end_document() {
  const std::size_t here = 0;
  impl_->end_documents({&here, 1}, impl_->total);
}

void IdWriter::write_documents(std::span<const Id> ids, std::span<const std::size_t> ends,
                               std::size_t begin) {
  if (ends.empty()) return;
  const std::uint64_t offset = impl_->total - begin;  // may wrap around
  impl_->write_ids(ids.subspan(begin, ends.back() - begin));
  impl_->end_documents(ends, offset);
}

void IdWriter::commit() {
  if (impl_->format == IdFormat::kMegatron) impl_->write_index();
  impl_->ids->finish();
  if (impl_->documents) {  // first, as ids without them would be one document
    impl_->documents->finish();
    impl_->documents->commit();
  }
  impl_->ids->commit();
}

}  // namespace bytepiece
