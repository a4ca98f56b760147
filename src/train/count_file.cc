// Tested by tests/count_run_test.cc.
#include "train/count_file.h"

#include <bytepiece/types.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iterator>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/little_endian.h"

namespace bytepiece {
namespace {

constexpr std::string_view kMagic = "BPCOUNTS";
constexpr std::uint32_t kVersion = 2;
constexpr std::size_t kHeaderBytes = 24, kFrameHeaderBytes = 12;
constexpr std::size_t kLongestFrame = std::size_t{1} << 30;

std::uint64_t checksum_of(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

std::string frame_header(std::size_t length, std::uint64_t checksum) {
  std::string header;
  append_little_endian(static_cast<std::uint32_t>(length), header);
  append_little_endian(checksum, header);
  return header;
}

}  // namespace

std::shared_ptr<CountFile> CountFile::open(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw Error(fmt::format("{}: cannot be read: {}", path.string(), std::strerror(errno)));
  const std::shared_ptr<CountFile> file(new CountFile(fd, path.string()));
  file->read_header();
  return file;
}

CountFile::~CountFile() { ::close(fd_); }

void CountFile::read_header() {
  struct stat info {};
  if (::fstat(fd_, &info) != 0 || !S_ISREG(info.st_mode)) fail("not a count file");
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (size < kHeaderBytes + kFrameHeaderBytes) fail("not a count file, or cut off");
  std::string bytes(kHeaderBytes, '\0');
  read_bytes(0, bytes.data(), bytes.size());
  if (!bytes.starts_with(kMagic)) fail("not a count file");
  if (const auto version = little_endian_at<std::uint32_t>(bytes, 8); version != kVersion) {
    fail(fmt::format("count file of version {}; expected {}", version, kVersion));
  }
  const auto length = little_endian_at<std::uint32_t>(bytes, 12);
  if (length > size - kHeaderBytes - kFrameHeaderBytes) fail("cut off in its description");
  std::string lines(length, '\0');
  read_bytes(kHeaderBytes, lines.data(), lines.size());
  if (checksum_of(lines) != little_endian_at<std::uint64_t>(bytes, 16)) {
    fail("damaged in its description; make it again");
  }
  for (std::size_t at = 0, end; (end = lines.find('\n', at)) != std::string::npos; at = end + 1) {
    const std::string line = lines.substr(at, end - at);
    const std::size_t blank = line.find(' ');
    if (blank != std::string::npos) description_[line.substr(0, blank)] = line.substr(blank + 1);
  }
  begin_ = kHeaderBytes + length;
  end_ = size - kFrameHeaderBytes;
  bytes.resize(kFrameHeaderBytes);
  read_bytes(end_, bytes.data(), bytes.size());
  if (little_endian_at<std::uint32_t>(bytes, 0) != 0) fail("cut off; make it again");
  entries_ = little_endian_at<std::uint64_t>(bytes, 4);
}

void CountFile::read_bytes(std::uint64_t at, char* out, std::size_t size) const {
  while (size > 0) {
    const ssize_t got = ::pread(fd_, out, size, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(std::strerror(errno));
    if (got == 0) fail("cut off; make it again");
    at += static_cast<std::uint64_t>(got);
    out += got;
    size -= static_cast<std::size_t>(got);
  }
}

bool CountFile::read_frame(std::uint64_t& at, std::string& frame) const {
  if (at == 0) at = begin_;
  if (at == end_) return false;
  std::string header(kFrameHeaderBytes, '\0');
  if (end_ - at < header.size()) fail("damaged; make it again");
  read_bytes(at, header.data(), header.size());
  at += header.size();
  const auto length = little_endian_at<std::uint32_t>(header, 0);
  if (length > kLongestFrame || length > end_ - at) fail("damaged; make it again");
  frame.resize(length);
  read_bytes(at, frame.data(), length);
  at += length;
  if (checksum_of(frame) != little_endian_at<std::uint64_t>(header, 4)) {
    fail(fmt::format("damaged before byte {}; make it again", at));
  }
  return true;
}

void CountFile::fail(std::string_view what) const { throw Error(fmt::format("{}: {}", name_, what)); }

CountFileWriter::CountFileWriter(const std::filesystem::path& path, const CountDescription& description)
    : file_(path), path_(path) {
  write_header(description);
}

CountFileWriter CountFileWriter::unnamed(const std::filesystem::path& folder) {
  CountFileWriter writer(OutputFile::unnamed(folder));
  writer.write_header({});
  return writer;
}

void CountFileWriter::write_header(const CountDescription& description) {
  std::string lines;
  for (const auto& [name, value] : description) {
    fmt::format_to(std::back_inserter(lines), "{} {}\n", name, value);
  }
  std::string header(kMagic);
  append_little_endian(kVersion, header);
  append_little_endian(static_cast<std::uint32_t>(lines.size()), header);
  append_little_endian(checksum_of(lines), header);
  file_.write(header + lines);
  position_ = header.size() + lines.size();
}

void CountFileWriter::write_frame(std::string_view entries, std::uint64_t number_of_entries) {
  file_.write(frame_header(entries.size(), checksum_of(entries)));
  file_.write(entries);
  position_ += kFrameHeaderBytes + entries.size();
  entries_ += number_of_entries;
}

std::shared_ptr<CountFile> CountFileWriter::finish() {
  file_.write(frame_header(0, entries_));
  if (!path_.empty()) {
    file_.commit();
    return CountFile::open(path_);
  }
  const std::shared_ptr<CountFile> file(new CountFile(file_.take_descriptor(), "a temporary count file"));
  file->read_header();
  return file;
}

}  // namespace bytepiece
