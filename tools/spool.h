// A pipe can be read once and training reads twice, so it is copied to a temporary file without a name.
//
// Costs: the pipe's bytes on disk while the program runs.
#pragma once

#include <bytepiece/readers.h>

#include <filesystem>
#include <string>

namespace bytepiece::tools {

class Spool {
 public:
  // Reads the pipe to its end. Throws Error: it cannot be read, the disk is full.
  Spool(int pipe, const std::string& name, const std::filesystem::path& folder);
  ~Spool();
  Spool(Spool&& other) noexcept;
  Spool& operator=(Spool&&) = delete;

  std::string path() const;
  const std::string& digest() const { return digest_; }  // of the content

 private:
  int fd_ = -1;
  std::string digest_;
};

// Replaces standard input and pipes with names by their copies, which last as long as the spools.
std::vector<Spool> spool_pipes(std::vector<InputFile>& files, const std::filesystem::path& folder);

}  // namespace bytepiece::tools
