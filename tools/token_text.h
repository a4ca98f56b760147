// Ids as text that people and scripts read, and back.
//
//   ids      15 297 3                                   numbers
//   pieces   hello ▁wor \xff                            what they stand for (text/visible.h), and <pad>,
//   <bos>, <eos> jsonl    {"ids": [15, 297], "offsets": [[0, 5], [5, 9]]}
//
// A piece whose bytes are "<bos>" is shown as \x3cbos>, so pieces are unambiguous too.
#pragma once

#include <bytepiece/tokenizer.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bytepiece::tools {

// Each appends a list with the given separator.
void append_ids(std::span<const Id> ids, std::string_view separator, std::string& out);
void append_pieces(const Vocab& vocab, std::span<const Id> ids, std::string& out);
// "[begin, end], ..." of spans that follow one another, the first from `begin` on.
void append_spans(std::uint64_t begin, std::span<const std::uint64_t> ends, std::string& out);

struct Place {  // of a line, for messages
  const std::string& file;
  std::uint64_t line;
};

// Each appends the bytes that a line, or a part of one cut behind a blank, stands for. Throws Error:
// something else is in it.
void decode_ids(const Tokenizer& tokenizer, std::string_view line, const Place& place, std::string& out);
void decode_pieces(std::string_view line, const Place& place, std::string& out);
void decode_json(const Tokenizer& tokenizer, std::string_view line, const Place& place, std::string& out);

}  // namespace bytepiece::tools
