// The bytes of a file, mapped into memory: pages come when they are touched, and processes that map the same
// file share them. What cannot be mapped (a pipe, an empty file) is read instead.
//
// The file must not be written to in place while it is mapped; a whole-or-nothing OutputFile never does that.
//
// Thread rule: const after construction; share freely.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace bytepiece {

class MappedFile {
 public:
  // `expected` completes messages: "no such file; expected a model". Throws Error.
  MappedFile(const std::filesystem::path& path, std::string_view expected);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::string_view bytes() const { return bytes_; }

 private:
  std::string_view bytes_;
  std::string read_;  // what was read because it cannot be mapped
  void* mapping_ = nullptr;
};

}  // namespace bytepiece
