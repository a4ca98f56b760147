// Bytes that arrive in parts, handed on in whole characters, with a choice of what becomes of bytes that are
// not UTF-8. A character that is cut by the end of a part is held back until its rest is there.
//
//   parts         61 E4 BD | A0 FF 62 | E4
//   kBytes        61       | E4 BD A0 FF 62 | E4 at finish()
//   kReplace      61       | E4 BD A0 EF BF BD 62 | EF BF BD at finish()
//
// Costs: linear; at most 3 bytes are held back. Thread rule: one thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bytepiece {

enum class Utf8Errors {
  kBytes,    // as they are
  kStrict,   // Error
  kReplace,  // U+FFFD, one for each longest beginning of a character, as Python and the web have it
  kIgnore,   // left out
};

class Utf8Stream {
 public:
  explicit Utf8Stream(Utf8Errors errors = Utf8Errors::kBytes) : errors_(errors) {}

  // Appends what is complete to `out`. Throws Error with kStrict: the byte and its offset since the begin.
  void write(std::string_view bytes, std::string& out);

  // Appends what was held back, and begins anew.
  void finish(std::string& out);

 private:
  void append(std::string_view text, std::string& out);

  Utf8Errors errors_;
  std::string held_back_;
  std::uint64_t offset_ = 0;  // of the next byte to append
};

}  // namespace bytepiece
