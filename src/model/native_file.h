// The native model file, which data/FORMAT.md specifies byte by byte:
//
//   head       magic, format version, number of sections, size of the file, first tool that reads it
//   table      for each section its name, whether it is required, where it lies, and its checksum
//   checksum   of all bytes before
//   sections   lengths, pieces, counts; special, meta where there is something in them; others
//
// This layer knows the five sections named above. Those of other layers (the search structure) pass through
// it as named bytes, checked like all.
//
// Reading trusts nothing and copies nothing that is large: every size is checked against the file before
// anything is allocated, every section against its checksum, every piece against the invariants of Vocab.
// Costs: linear in the file: 0.07 ms a MB when it is in memory already, of which checksums take two thirds.
//
// Thread rule: one call per file at a time.
#pragma once

#include <bytepiece/vocab.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapped_file.h"
#include "base/output_file.h"

namespace bytepiece {

inline constexpr std::uint32_t kFormatVersion = 1;
inline constexpr std::size_t kSectionAlignment = 64;

struct Section {
  std::string_view name;  // 1 to 7 characters
  bool required = false;  // a reader that does not know it must refuse the file
  std::string_view bytes;
  std::uint64_t checksum = 0;  // set by reading
};

struct NativeModel {
  Vocab vocab;
  std::vector<Section> sections;  // all, in the order of the file; valid as long as the file is mapped
  std::uint64_t pieces_digest = 0;
};

// Whether the bytes begin as a native model does.
bool is_native(std::string_view bytes);

// `path` is for messages. Throws Error.
NativeModel read_native(const std::filesystem::path& path, const std::shared_ptr<const MappedFile>& file);

// `others` are written behind the sections that are known here. Throws Error; does not commit.
void write_native(const Vocab& vocab, std::span<const Section> others, OutputFile& file);

// A number that stands for the pieces and their counts: what was made from other pieces can be told by it.
std::uint64_t pieces_digest(const Vocab& vocab);

}  // namespace bytepiece
