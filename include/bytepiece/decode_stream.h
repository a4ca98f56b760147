// Ids to text while they arrive: what a program shows of an answer that a language model is still writing.
// A character whose bytes come from several ids appears once it is whole; together the parts are
// Tokenizer::decode of all ids, with what Utf8Errors makes of bytes that are not UTF-8.
//
//   DecodeStream stream(tokenizer, Utf8Errors::kReplace);
//   for (Id id : answer) { std::string part; stream.write({&id, 1}, part); show(part); }
//   std::string rest; stream.finish(rest); show(rest);
//
// Thread rule: one thread at a time; any number of streams share a Tokenizer.
#pragma once

#include <bytepiece/tokenizer.h>
#include <bytepiece/types.h>
#include <bytepiece/utf8_stream.h>

#include <span>
#include <string>
#include <utility>

namespace bytepiece {

class DecodeStream {
 public:
  explicit DecodeStream(Tokenizer tokenizer, Utf8Errors errors = Utf8Errors::kBytes)
      : tokenizer_(std::move(tokenizer)), text_(errors) {}

  // Appends the characters that are complete. Throws Error: an id >= size, or with kStrict a byte that is not
  // UTF-8; the stream is of no use then.
  void write(std::span<const Id> ids, std::string& out) { text_.write(tokenizer_.decode(ids), out); }

  // Appends what was held back, and begins anew.
  void finish(std::string& out) { text_.finish(out); }

 private:
  Tokenizer tokenizer_;
  Utf8Stream text_;
};

}  // namespace bytepiece
