// A native model as bytes that a test can change: with the checksums left as they are, or made right again as
// somebody would who means harm.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace bytepiece::testing {

class ModelBytes {
 public:
  struct Place {
    std::string name;
    std::size_t entry, begin, size;  // of the section's row in the table, and of the section
  };

  explicit ModelBytes(std::string bytes);

  std::string& bytes() { return bytes_; }
  const std::string& bytes() const { return bytes_; }
  std::vector<Place> sections() const;  // of bytes that are a model
  Place section(std::string_view name) const;

  void correct_checksums();  // of the sections and of the head
  void correct_head();       // only
  void add_section(std::string_view name, bool required, std::string_view content);  // at the end

  // Writes into the file in place: faster than a new one for every change. REQUIRES: nobody maps it.
  void write(const std::filesystem::path& path) const;

 private:
  std::string bytes_;
};

std::uint64_t xxh3(std::string_view bytes);

}  // namespace bytepiece::testing
