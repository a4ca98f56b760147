// The bytes of a file or of standard input as they are, one block after the other; the first block can be
// looked at before it is taken. Thread rule: one thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace bytepiece {

class RawInput {
 public:
  // "-" is standard input. `name` is for messages, `begin` where to begin in a regular file. Throws Error.
  RawInput(const std::filesystem::path& path, std::string name, std::uint64_t begin = 0);
  ~RawInput();
  RawInput(const RawInput&) = delete;
  RawInput& operator=(const RawInput&) = delete;

  std::string_view peek();  // the block that next() returns: at least 6 bytes, unless fewer are left
  std::string_view next();  // valid until the call after; empty at the end. Throws Error

  std::uint64_t position() const { return position_; }  // bytes taken so far
  const std::string& name() const { return name_; }

 private:
  [[noreturn]] void fail() const;  // with the reason in errno

  std::string name_;
  int fd_ = -1;
  std::vector<char> buffer_;
  std::string_view block_;
  bool peeked_ = false;
  std::uint64_t position_ = 0;
};

}  // namespace bytepiece
