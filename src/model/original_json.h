// The model file of the original BytePiece, read and written byte for byte.
//
//   {                              one JSON object, a member for each piece in id order
//       "YWI=": [                  the piece in Base64
//           259,                   its id: 3 + its place in (length, bytes) order
//           "ab",                  the piece as text without its invalid bytes; for people, never read
//           17                     its count
//       ],
//       ...
//   }                              no line feed at the end
//
// Reading takes members in any order and, as the original does, the first element of a value for the id
// and the last for the count. Everything else that does not fit is refused.
//
// Thread rule: one call per file at a time.
#pragma once

#include <bytepiece/vocab.h>

#include <filesystem>
#include <string_view>

#include "base/output_file.h"

namespace bytepiece {

// `path` is for messages. Throws Error.
Vocab read_original_json(const std::filesystem::path& path, std::string_view bytes);

void write_original_json(const Vocab& vocab, OutputFile& file);  // throws Error; does not commit

}  // namespace bytepiece
