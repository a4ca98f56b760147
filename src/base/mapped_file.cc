// Tested by tests/mapped_file_test.cc.
#include "base/mapped_file.h"

#include <bytepiece/types.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>

namespace bytepiece {
namespace {

struct Descriptor {
  explicit Descriptor(const std::filesystem::path& path) : fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int fd;
};

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path, std::string_view expected) {
  const auto fail = [&](std::string_view what) {
    throw Error(fmt::format("{}: {}; expected {}", path.string(), what, expected));
  };
  const Descriptor file(path);
  struct stat info {};
  if (file.fd < 0 || ::fstat(file.fd, &info) != 0) {
    fail(errno == ENOENT ? "no such file" : fmt::format("cannot be read: {}", std::strerror(errno)));
  }
  if (S_ISDIR(info.st_mode)) fail("is a directory");
  if (S_ISREG(info.st_mode) && info.st_size > 0) {
    const auto size = static_cast<std::uint64_t>(info.st_size);
    if (size <= std::numeric_limits<std::size_t>::max()) {
      void* const mapping =
          ::mmap(nullptr, static_cast<std::size_t>(size), PROT_READ, MAP_SHARED | MAP_POPULATE, file.fd, 0);
      if (mapping != MAP_FAILED) {
        mapping_ = mapping;
        bytes_ = {static_cast<const char*>(mapping), static_cast<std::size_t>(size)};
        return;
      }
    }
  }
  constexpr std::size_t kBlock = 1 << 16;
  for (std::size_t used = 0;;) {
    read_.resize(used + kBlock);
    const ssize_t got = ::read(file.fd, read_.data() + used, kBlock);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(fmt::format("cannot be read: {}", std::strerror(errno)));
    used += static_cast<std::size_t>(got);
    if (got > 0) continue;
    read_.resize(used);
    break;
  }
  bytes_ = read_;
}

MappedFile::~MappedFile() {
  if (mapping_ != nullptr) ::munmap(mapping_, bytes_.size());
}

}  // namespace bytepiece
