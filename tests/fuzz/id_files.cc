// Property: any bytes as a file of ids and the file of documents beside it are refused with an Error of one
// line, or they are documents of whole ids, no more than the files have room for, that come back from a file
// which they are written to.
//
// The first byte is the format, the next two say how many of the rest are the file of ids.
#include <bytepiece/id_files.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/little_endian.h"
#include "fuzz/target.h"
#include "golden_data.h"
#include "support.h"

namespace bytepiece {
namespace {

using Documents = std::vector<std::vector<Id>>;

Documents read(const IdFile& file) {
  Documents documents(1);
  read_id_files({file}).walk([&](const DocumentPart& part) {
    fuzz::require(part.bytes.size() % sizeof(Id) == 0, "a part holds whole ids");
    for (std::size_t at = 0; at < part.bytes.size(); at += sizeof(Id)) {
      documents.back().push_back(little_endian_at<Id>(part.bytes, at));
    }
    if (part.ends_document) documents.emplace_back();
  });
  fuzz::require(documents.back().empty(), "the last document ends");
  documents.pop_back();
  return documents;
}

void write(const Documents& documents, const IdFile& file, std::size_t vocab_size) {
  IdWriter writer(file.path, file.format, vocab_size);
  for (const std::vector<Id>& ids : documents) {
    writer.write(ids);
    writer.end_document();
  }
  writer.commit();
}

constexpr IdFormat kFormats[] = {IdFormat::kU16, IdFormat::kU32, IdFormat::kNpy, IdFormat::kMegatron};

std::string input_of(std::size_t format, std::string_view ids, std::string_view documents) {
  std::string bytes(1, static_cast<char>(format));
  append_little_endian(static_cast<std::uint16_t>(ids.size()), bytes);
  return bytes.append(ids).append(documents);
}

}  // namespace

std::vector<std::string> fuzz::seeds() {
  const testing::TemporaryFolder folder;
  std::vector<std::string> result = {""};
  for (std::size_t format = 0; format < std::size(kFormats); ++format) {
    for (const std::size_t vocab_size : {300, 70000}) {
      if (kFormats[format] == IdFormat::kU16 && vocab_size > 65536) continue;
      const IdFile file = {folder / "a", kFormats[format]};
      const IdFileNames names = id_file_names(file.path, file.format);
      write({{1, 2, 3}, {}, {299}, {}, {4, 5}}, file, vocab_size);
      const std::string ids = golden::read_bytes(names.ids);
      result.push_back(input_of(format, ids, golden::read_bytes(names.documents)));
      result.push_back(input_of(format, ids, ""));
    }
  }
  return result;
}

}  // namespace bytepiece

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bytepiece;
  if (size < 3) return 0;
  static const testing::TemporaryFolder folder;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string_view rest = bytes.substr(3);
  const std::size_t ids = std::min<std::size_t>(little_endian_at<std::uint16_t>(bytes, 1), rest.size());
  const IdFile file = {folder / "a", kFormats[data[0] % std::size(kFormats)]};
  const IdFileNames names = id_file_names(file.path, file.format);
  testing::write_bytes(names.ids, rest.substr(0, ids));
  std::filesystem::remove(names.documents);
  if (ids < rest.size()) testing::write_bytes(names.documents, rest.substr(ids));
  try {
    const Documents documents = read(file);
    std::size_t count = 0;
    for (const std::vector<Id>& each : documents) count += each.size();
    fuzz::require(count <= ids && documents.size() <= rest.size() + 1, "no more than there is room for");
    const IdFile copy = {folder / "copy", IdFormat::kU32};
    write(documents, copy, std::size_t{1} << 32);
    fuzz::require(read(copy) == documents, "documents come back");
  } catch (const Error& error) {
    fuzz::require(std::string_view(error.what()).find('\n') == std::string_view::npos,
                  "the message is one line");
  }
  return 0;
}
