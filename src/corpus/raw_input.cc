// Tested by tests/readers_test.cc.
#include "corpus/raw_input.h"

#include <bytepiece/types.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace bytepiece {
namespace {

constexpr std::size_t kBlockBytes = 1 << 18;
constexpr std::size_t kLeastPeek = 6;  // bytes, unless there are fewer left: any file's magic number

}  // namespace

RawInput::RawInput(const std::filesystem::path& path, std::string name, std::uint64_t begin)
    : name_(std::move(name)), buffer_(kBlockBytes) {
  fd_ = path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) fail();
  if (begin > 0 && ::lseek(fd_, static_cast<off_t>(begin), SEEK_SET) < 0) {
    ::close(fd_);
    fail();
  }
}

RawInput::~RawInput() { ::close(fd_); }

std::string_view RawInput::peek() {
  if (peeked_) return block_;
  peeked_ = true;
  std::size_t size = 0;
  while (size < kLeastPeek) {  // a pipe may give less than one asks for
    const ssize_t got = ::read(fd_, buffer_.data() + size, buffer_.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail();
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  return block_ = {buffer_.data(), size};
}

std::string_view RawInput::next() {
  peek();
  peeked_ = false;
  position_ += block_.size();
  return block_;
}

void RawInput::fail() const {
  throw Error(fmt::format("{}: cannot be read: {}", name_, std::strerror(errno)));
}

}  // namespace bytepiece
