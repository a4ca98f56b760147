// Tested by tests/output_file_test.cc.
#include "base/output_file.h"

#include <bytepiece/types.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace bytepiece {
namespace {

constexpr std::size_t kBufferBytes = 1 << 16;
constexpr mode_t kMode = 0666;  // less the umask

bool is_regular_or_missing(const std::filesystem::path& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode);
}

// Writing to a symbolic link makes or replaces what it points to, not the link.
std::filesystem::path without_links(std::filesystem::path path) {
  constexpr int kMostLinks = 40;
  std::error_code error;
  for (int links = 0; links < kMostLinks && std::filesystem::is_symlink(path, error); ++links) {
    path = path.parent_path() / std::filesystem::read_symlink(path, error);
  }
  return path;
}

}  // namespace

OutputFile::OutputFile(const std::filesystem::path& path) : name_(path.string()), owns_fd_(true) {
  if (path.empty()) throw Error("the name of an output file is empty; name a file");
  if (is_regular_or_missing(path)) {
    target_ = without_links(path);
    open_temporary();
  } else {
    fd_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  }
  if (fd_ < 0) fail("cannot be written");
}

OutputFile OutputFile::standard_output() {
  OutputFile out;
  out.name_ = "standard output";
  out.fd_ = STDOUT_FILENO;
  return out;
}

OutputFile OutputFile::unnamed(const std::filesystem::path& folder) {
  OutputFile out;
  out.name_ = folder.string() + ": a temporary file";
  out.owns_fd_ = true;
#ifdef O_TMPFILE
  out.fd_ = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
#endif
  if (out.fd_ < 0) {
    std::string path = (folder / "bytepiece.XXXXXX").string();
    out.fd_ = ::mkstemp(path.data());
    if (out.fd_ < 0) out.fail("cannot be made");
    ::unlink(path.c_str());
  }
  return out;
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : target_(std::move(other.target_)),
      temporary_(std::exchange(other.temporary_, {})),
      name_(std::move(other.name_)),
      buffer_(std::move(other.buffer_)),
      written_(other.written_),
      fd_(std::exchange(other.fd_, -1)),
      owns_fd_(std::exchange(other.owns_fd_, false)) {}

OutputFile::~OutputFile() {
  if (owns_fd_) ::close(fd_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void OutputFile::open_temporary() {
  std::filesystem::path folder = target_.parent_path();
  if (folder.empty()) folder = ".";
  // An existing file that must not be written stays protected, though its folder would allow a rename.
  if (::access(target_.c_str(), W_OK) != 0 && errno != ENOENT) return;
#ifdef O_TMPFILE
  if (::access("/proc/self/fd", X_OK) == 0) {  // else there is no way to name the file
    fd_ = ::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, kMode);
    if (fd_ >= 0 || errno == ENOENT || errno == EACCES) return;
  }
#endif
  temporary_ = temporary_name();
  fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kMode);
  if (fd_ < 0) temporary_.clear();
}

void OutputFile::write(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > kBufferBytes) flush();
  if (bytes.size() > kBufferBytes) {
    write_through(bytes);
  } else {
    buffer_.append(bytes);
  }
}

void OutputFile::flush() {
  write_through(buffer_);
  buffer_.clear();
}

void OutputFile::write_through(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot be written");
    bytes.remove_prefix(static_cast<std::size_t>(written));
    written_ += static_cast<std::uint64_t>(written);
  }
}

void OutputFile::overwrite(std::uint64_t offset, std::string_view bytes) {
  flush();
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot be written");
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
}

void OutputFile::commit() {
  flush();
  if (target_.empty()) return;
  if (temporary_.empty()) name_unnamed();
  owns_fd_ = false;
  if (::close(fd_) != 0) fail("cannot be written");
  if (std::rename(temporary_.c_str(), target_.c_str()) != 0) fail("cannot be written");
  temporary_.clear();
}

// Gives the unnamed file the target's name if it is free, and there is nothing left to move; else one that
// can be moved over the target.
void OutputFile::name_unnamed() {
  const std::string unnamed = fmt::format("/proc/self/fd/{}", fd_);
  const auto name = [&](const std::filesystem::path& path) {
    return ::linkat(AT_FDCWD, unnamed.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0;
  };
  std::filesystem::path path = target_;
  bool named = name(path);
  if (!named && errno == EEXIST) {
    path = temporary_name();
    ::unlink(path.c_str());
    named = name(path);
  }
  if (!named) fail("cannot be written");
  temporary_ = path;  // until the end of commit(): if anything fails it goes
}

std::filesystem::path OutputFile::temporary_name() const {
  return target_.parent_path() / fmt::format(".{}.{}.tmp", target_.filename().string(), ::getpid());
}

int OutputFile::take_descriptor() {
  flush();
  owns_fd_ = false;
  return std::exchange(fd_, -1);
}

void OutputFile::fail(const char* what) const {
  const int reason = errno;
  const char* remedy = reason == ENOSPC   ? "; make room or write elsewhere"
                       : reason == ENOENT ? "; make its folder first"
                                          : "";
  const std::string after = reason == ENOSPC ? fmt::format(" after {} bytes", written_) : "";
  throw Error(fmt::format("{}: {}: {}{}{}", name_, what, std::strerror(reason), after, remedy));
}

}  // namespace bytepiece
