// Ids as text that people and scripts read, and back.
//
//   ids      15 297 3                                   numbers
//   pieces   hello ▁wor \xff                            what they stand for (text/visible.h),
//                                                       and <pad>, <bos>, <eos>
//   jsonl    {"ids": [15, 297], "offsets": [[0, 5], [5, 9]]}
//
// A piece whose bytes are those of "<bos>" or of a special token is shown with its first byte as \xHH,
// \x3cbos>, so that these are not mixed up.
#pragma once

#include <bytepiece/vocab.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bytepiece::tools {

// Each appends a list with the given separator.
void append_ids(std::span<const Id> ids, std::string_view separator, std::string& out);
// "[begin, end], ..." of spans that follow one another, the first from `begin` on.
void append_spans(std::uint64_t begin, std::span<const std::uint64_t> ends, std::string& out);

// What ids stand for. The vocabulary must outlive it.
class IdText {
 public:
  // With show_special also what the reserved ids and special tokens are called, else nothing for these.
  IdText(const Vocab& vocab, bool show_special);

  bool append(std::uint64_t id, std::string& out) const;            // false: it is not in the vocabulary
  Error unknown(std::uint64_t id, const std::string& place) const;  // what to throw then

  // As pieces: what an id is shown as, and the reserved id or special token that is shown so.
  void append_shown(Id id, std::string& out) const;
  std::optional<Id> special_shown(std::string_view shown) const;

 private:
  const Vocab& vocab_;
  bool show_special_;
  std::map<std::string, Id, std::less<>> special_;  // reserved ids and special tokens, by how they are shown
};
void append_pieces(const IdText& text, std::span<const Id> ids, std::string& out);

struct Place {  // of a line, for messages
  const std::string& file;
  std::uint64_t line;
};

// Each appends the bytes that a line, or a part of one cut behind a blank, stands for. Throws Error:
// something else is in it.
void decode_ids(const IdText& ids, std::string_view line, const Place& place, std::string& out);
void decode_pieces(const IdText& ids, std::string_view line, const Place& place, std::string& out);
void decode_json(const IdText& ids, std::string_view line, const Place& place, std::string& out);

}  // namespace bytepiece::tools
