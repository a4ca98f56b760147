// Tested by tests/readers_test.cc.
#include <bytepiece/readers.h>
#include <bytepiece/types.h>
#include <fmt/format.h>
#include <simdjson.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "corpus/byte_stream.h"
#include "corpus/shares.h"

namespace bytepiece {
namespace {

using Visit = std::function<void(const DocumentPart&)>;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string name_of(const InputFile& file) {
  if (!file.name.empty()) return file.name;
  return file.path == "-" ? "standard input" : file.path.string();
}

void check_readable(const InputFile& file) {
  if (file.path == "-") return;
  std::error_code error;
  const auto status = std::filesystem::status(file.path, error);
  const auto fail = [&](const char* what) { throw Error(fmt::format("{}: {}", name_of(file), what)); };
  if (!std::filesystem::exists(status)) fail("no such file");
  if (std::filesystem::is_directory(status)) fail("is a directory; name the files in it");
  if (::access(file.path.c_str(), R_OK) != 0) fail("may not be read; check its permissions");
}

void visit_text(ByteStream& stream, const Visit& visit) {
  for (std::string_view block; !(block = stream.next()).empty();) visit({block, false});
  visit({{}, true});
}

// Calls part(bytes, ends_line) for the bytes between line feeds, and part({}, true) for an unfinished
// last line, with `unterminated` set.
template <class Part>
void for_each_line_part(ByteStream& stream, const Part& part) {
  bool open = false;  // bytes of a line have been seen and its line feed has not
  for (std::string_view block; !(block = stream.next()).empty();) {
    for (std::size_t end; (end = block.find('\n')) != std::string_view::npos;) {
      part({block.substr(0, end), true});
      block.remove_prefix(end + 1);
      open = false;
    }
    if (block.empty()) continue;
    part({block, false});
    open = true;
  }
  if (open) part({{}, true, true});
}

class JsonLines {
 public:
  JsonLines(std::string name, const ReadOptions& options) : name_(std::move(name)), options_(options) {}

  void add(const DocumentPart& part, const Visit& visit) {
    line_ += part.bytes;
    if (!part.ends_document) return;
    if (++number_ == 1 && line_.starts_with(kByteOrderMark)) line_.erase(0, kByteOrderMark.size());
    if (line_.find_first_not_of(" \t\r") != std::string::npos) {
      if (const std::optional<std::string_view> text = text_of_line()) visit({*text});
    }
    line_.clear();
  }

 private:
  // Nothing: the line was reported and is to be skipped.
  std::optional<std::string_view> text_of_line() {
    const std::size_t length = line_.size();
    line_.reserve(length + simdjson::SIMDJSON_PADDING);
    simdjson::dom::element root;
    if (const auto error = parser_.parse(line_.data(), length, false).get(root)) {
      return fail(fmt::format("not JSON: {}", simdjson::error_message(error)));
    }
    simdjson::dom::element value;
    if (!find(root, options_.field, value)) {
      return fail(
          fmt::format("no field \"{}\"; name the field that holds the text with --field", options_.field));
    }
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS) {
      return fail(fmt::format("field \"{}\" is not a string", options_.field));
    }
    return text;
  }

  static bool find(simdjson::dom::element object, std::string_view path, simdjson::dom::element& value) {
    if (object.at_key(path).get(value) == simdjson::SUCCESS) return true;
    for (std::size_t dot = 0; (dot = path.find('.', dot)) != std::string_view::npos; ++dot) {
      simdjson::dom::element inner;
      if (object.at_key(path.substr(0, dot)).get(inner) == simdjson::SUCCESS &&
          find(inner, path.substr(dot + 1), value)) {
        return true;
      }
    }
    return false;
  }

  std::nullopt_t fail(std::string_view what) const {
    const std::string message = fmt::format("{}, line {}: {}", name_, number_, what);
    if (!options_.on_bad_line) throw Error(message);
    options_.on_bad_line(message);
    return std::nullopt;
  }

  std::string name_;
  const ReadOptions& options_;
  std::uint64_t number_ = 0;
  std::string line_;
  simdjson::dom::parser parser_;
};

void visit_file(const InputFile& file, ByteStream& stream, const Visit& visit_part) {
  const Visit visit = [&](DocumentPart part) {
    part.weight = file.weight;
    visit_part(part);
  };
  switch (file.options.format) {
    case InputFormat::kText:
      return visit_text(stream, visit);
    case InputFormat::kLines:
      return for_each_line_part(stream, visit);
    case InputFormat::kJsonl: {
      const std::uint64_t begin = file.range.begin;
      JsonLines lines(begin == 0 ? name_of(file) : fmt::format("{} from byte {} on", name_of(file), begin),
                      file.options);
      for_each_line_part(stream, [&](const DocumentPart& part) { lines.add(part, visit); });
    }
  }
}

// How far a walk has come: whole files and the one that is open.
struct Position {
  std::uint64_t finished = 0;
  const ByteStream* open = nullptr;
};

std::uint64_t size_of(const InputFile& file) {
  if (!file.range.is_whole()) return file.range.end - file.range.begin;
  return std::filesystem::file_size(file.path);
}

std::uint64_t size_of(const std::vector<InputFile>& files) {
  try {
    std::uint64_t size = 0;
    for (const InputFile& file : files) size += size_of(file);
    return size;
  } catch (const std::filesystem::filesystem_error&) {
    return 0;  // a pipe, say: unknown
  }
}

// Throws Error: a file is no regular one.
std::vector<Extent> extents_of(const std::vector<InputFile>& files) {
  std::vector<Extent> extents;
  for (const InputFile& file : files) {
    if (std::error_code error; !std::filesystem::is_regular_file(file.path, error)) {
      throw Error(fmt::format("{}: not a regular file, which alone can be shared out", name_of(file)));
    }
    extents.push_back({size_of(file), !looks_compressed(file.path)});
  }
  return extents;
}

std::vector<InputFile> shared_out(const std::vector<InputFile>& files, const std::vector<Extent>& extents,
                                  std::size_t i, std::size_t n) {
  std::vector<InputFile> share;
  for (const Stretch& stretch : share_of(extents, i, n)) {
    share.push_back(files[stretch.file]);
    const std::uint64_t from = share.back().range.begin;  // a share can be shared out again
    if (stretch.end - stretch.begin < extents[stretch.file].bytes) {
      share.back().range = {from + stretch.begin, from + stretch.end};
    }
  }
  return share;
}

std::string identity_of(const std::vector<InputFile>& files) {
  std::string text;
  for (const InputFile& file : files) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file.path, error);
    const auto time = std::filesystem::last_write_time(file.path, error).time_since_epoch().count();
    if (error) return "";
    fmt::format_to(std::back_inserter(text), "{}\n{}\n{}\n",
                   file.digest.empty() ? fmt::format("{} {} {}", file.path.filename().string(), size, time)
                                       : file.digest,
                   static_cast<int>(file.options.format), file.options.field);
    if (!file.range.is_whole()) text += fmt::format("{} {}\n", file.range.begin, file.range.end);
  }
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace

InputFormat format_by_name(const std::filesystem::path& path, InputFormat otherwise) {
  static constexpr std::array<std::string_view, 5> kCompressed = {".gz", ".zst", ".xz", ".bz2", ".zstd"};
  std::filesystem::path name = path.filename();
  for (const std::string_view extension : kCompressed) {
    if (name.extension() == extension) {
      name = name.stem();
      break;
    }
  }
  return name.extension() == ".jsonl" || name.extension() == ".ndjson" ? InputFormat::kJsonl : otherwise;
}

Corpus read_files(std::vector<InputFile> files) {
  for (const InputFile& file : files) check_readable(file);
  Corpus corpus;
  corpus.size = size_of(files);
  corpus.identity = identity_of(files);
  if (files.size() == 1) corpus.name = name_of(files.front());
  if (files.size() > 1) corpus.name = fmt::format("{} and {} more", name_of(files.front()), files.size() - 1);
  const auto position = std::make_shared<Position>();
  corpus.position = [position, size = corpus.size] {
    const std::uint64_t read =
        position->finished + (position->open != nullptr ? position->open->position() : 0);
    return size > 0 ? std::min(read, size) : read;  // a range is read to the next cut
  };
  corpus.share = [files, extents = std::make_shared<std::vector<Extent>>()](std::size_t i, std::size_t n) {
    if (extents->empty()) *extents = extents_of(files);
    return read_files(shared_out(files, *extents, i, n));
  };
  corpus.walk = [files = std::move(files), position](const Visit& visit) {
    *position = {};
    for (const InputFile& file : files) {
      ByteStream stream(file, name_of(file));
      position->open = &stream;
      try {
        visit_file(file, stream, visit);
      } catch (...) {
        position->open = nullptr;
        throw;
      }
      position->open = nullptr;
      position->finished += stream.position();
    }
  };
  return corpus;
}

}  // namespace bytepiece
