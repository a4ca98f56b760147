// Ids as text that people and scripts read, and back.
//
//   ids      15 297 3                                   numbers
//   pieces   hello ▁wor \xff                            what they stand for (text/visible.h), and <pad>,
//            <bos>, <eos>
//   jsonl    {"ids": [15, 297], "offsets": [[0, 5], [5, 9]]}
//
// A piece whose bytes are "<bos>" is shown as \x3cbos>, so these are not mixed up. A special token is shown
// as its text, and read as that.
#pragma once

#include <bytepiece/vocab.h>

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

// What ids stand for. The vocabulary must outlive it.
class IdText {
 public:
  // With show_special also what the reserved ids and special tokens are called, else nothing for these.
  IdText(const Vocab& vocab, bool show_special) : vocab_(vocab), show_special_(show_special) {}

  bool append(std::uint64_t id, std::string& out) const;            // false: it is not in the vocabulary
  Error unknown(std::uint64_t id, const std::string& place) const;  // what to throw then

 private:
  const Vocab& vocab_;
  bool show_special_;
};

struct Place {  // of a line, for messages
  const std::string& file;
  std::uint64_t line;
};

// Each appends the bytes that a line, or a part of one cut behind a blank, stands for. Throws Error:
// something else is in it.
void decode_ids(const IdText& ids, std::string_view line, const Place& place, std::string& out);
void decode_pieces(std::string_view line, const Place& place, std::string& out);
void decode_json(const IdText& ids, std::string_view line, const Place& place, std::string& out);

}  // namespace bytepiece::tools
