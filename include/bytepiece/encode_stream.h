// Encodes one text that comes in parts, in memory that does not grow with it: lines of any length, documents
// that are read from a socket or a file of many gigabytes.
//
//   write("... and so on to the e")     appends the ids that no later byte can change
//   write("nd of this")                 appends some more; those of "the end" among them
//   finish()                            appends the rest
//
// The ids are those of Tokenizer::encode(), or of Sampler::sample(), on the whole text, however it is cut
// into parts, also inside a character.
//
// Costs: some 0.93 of the speed of encode() on short lines; memory of about 1 MB, and as much again as the
// longest stretch of text that NFC looks at as a whole (as marks in a row: "e" and a million accents) or
// in which two paths stay apart for as long ("aaaa...", 11 bytes a byte; 19 if drawn).
// Thread rule: one thread at a time; any number of streams share a Tokenizer.
#pragma once

#include <bytepiece/sampler.h>
#include <bytepiece/tokenizer.h>

#include <memory>
#include <string_view>
#include <vector>

namespace bytepiece {

class EncodeStream {
 public:
  // Throws Error where options ask to parse special tokens, which is for whole texts.
  explicit EncodeStream(Tokenizer tokenizer, EncodeOptions options = {});
  // Draws; the first text is document key.document from line key.line on, the next ones follow.
  EncodeStream(Sampler sampler, const RandomKey& key, EncodeOptions options = {});
  ~EncodeStream();
  EncodeStream(EncodeStream&&) noexcept;
  EncodeStream& operator=(EncodeStream&&) noexcept;

  void write(std::string_view part, std::vector<Id>& out);
  void finish(std::vector<Id>& out);  // what is written next begins another text

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bytepiece
