// Corpora from files: plain text, lines or JSON lines; gzip, zstd, xz and bzip2 are recognised by content.
//
// Part of bytepiece::corpus. Thread rule: see corpus.h.
#pragma once

#include <bytepiece/corpus.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace bytepiece {

enum class InputFormat {
  kText,   // a file is one document, line feeds included
  kLines,  // each line without its line feed is one document
  kJsonl,  // each line is a JSON object; the field named `field` is one document
};

struct ReadOptions {
  InputFormat format = InputFormat::kText;

  // --- kJsonl only. ---
  // The name of a field, or the path to one in inner objects: "meta.text" is {"meta": {"text": ...}}, unless
  // there is a field of the very name "meta.text". Of several fields of one name it is the first.
  std::string field = "text";
  // Called for a line that is no document; it is skipped then. Empty: such a line is an Error with this
  // message.
  std::function<void(std::string_view message)> on_bad_line = {};
};

// The format a file's name suggests: names ending in .jsonl or .ndjson, also before .gz, .zst, .xz or
// .bz2, are kJsonl; all others are `otherwise`.
InputFormat format_by_name(const std::filesystem::path& path, InputFormat otherwise);

// A stretch of a file that is not compressed. Both ends move on to the next place where the text can be cut
// without changing a chunk, so neighbouring ranges have all of the file between them:
//   kText           behind a line feed that something else than a line feed follows
//   kLines, kJsonl  behind a line feed
struct ByteRange {
  std::uint64_t begin = 0, end = std::numeric_limits<std::uint64_t>::max();
  bool is_whole() const { return begin == 0 && end == std::numeric_limits<std::uint64_t>::max(); }
};

struct InputFile {
  std::filesystem::path path;  // "-" is standard input, which can be walked once only
  ReadOptions options = {};
  std::string name = {};     // for messages; empty: the path
  ByteRange range = {};      // REQUIRES: whole, or the file is not compressed
  std::string digest = {};   // of the content, where it is known; else name, size and time stand for it
  std::uint32_t weight = 1;  // of its documents (corpus.h)
};

// Documents of all files in the given order. Checks at once that each file is there and readable, and
// reads it during the walk with about 1 MB of memory beside the longest line of a kLines or kJsonl
// file. Throws Error: a file is missing, a directory, unreadable or damaged; a line is not JSON or lacks
// the field and on_bad_line is empty. UTF-8 is not required of kText and kLines. A byte order mark is text,
// but in front of kJsonl it is left out.
//
// The corpus can be shared out (shares have about the same number of bytes; a compressed file goes whole to
// one of them). Its identity is made of the names, sizes and times of change of the files, their formats,
// ranges and order; the folders they are in do not count.
Corpus read_files(std::vector<InputFile> files);

}  // namespace bytepiece
