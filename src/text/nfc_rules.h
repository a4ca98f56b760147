// NFC as a table of replacements, for programs that replace the longest match and know nothing else of
// Unicode:
//
//   e ́       ─▶  é            the parts of a character
//   o ̂ ̣      ─▶  ộ            ... in any order, some of them composed already: ô ̣, ọ ̂
//   Å (U+212B) ─▶  Å            characters that NFC never keeps
//   ᄀ ᅡ ᆨ     ─▶  각            Hangul, 가 ᆨ too
//   ّ  َ       ─▶  َ ّ           marks of one script in the wrong order
//   é ̣       ─▶  ẹ ́          a mark that belongs before one that is composed already
//
// Texts with more marks in the wrong order than a row of the table has are not brought into NFC by it: two,
// or three of the points of Hebrew, Arabic and others whose marks have fixed places.
//
// Costs: 0.2 s and some 50,000 rules. Thread rule: a pure function.
#pragma once

#include <map>
#include <string>

namespace bytepiece {

// What NFC makes of what. No rule leaves its text as it is.
std::map<std::string, std::string> nfc_rules();

}  // namespace bytepiece
