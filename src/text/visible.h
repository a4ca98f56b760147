// A byte string as a person can read it, on one line and without ambiguity:
// printable characters as they are, a backslash doubled, everything else as \n, \r, \t or \xHH.
//
//   "a\n", E4 BD A0, FF  ─▶  a\n你\xff
//
// Printable is what utf8proc gives a column to, the blank included. Thread rule: a pure function.
#pragma once

#include <string>
#include <string_view>

namespace bytepiece {

std::string visible(std::string_view bytes);

// The same for messages: of more than 60 bytes the first ones, and how many there are.
std::string excerpt(std::string_view bytes);

// The same for lists that are separated by blanks: a blank is shown as ▁ (U+2581), and a ▁ as its bytes.
std::string visible_item(std::string_view bytes);

}  // namespace bytepiece
