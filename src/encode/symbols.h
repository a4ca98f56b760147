// Alphabet: the symbols that texts and pieces are spelled in before they are matched.
//
// A symbol is a byte (0..255) or a *strong* character (256 and up). In a vocabulary whose pieces
// are all whole UTF-8 characters, every text then has one symbol per strong character instead of
// two to four, so there are fewer starts to match, fewer steps in the dynamic program, and pieces
// are short:
//
//   text       c  a  f  é        中           (é strong, 中 weak)
//   bytes      63 61 66 C3 A9    E4 B8 AD
//   symbols    63 61 66 [é]      E4 B8 AD     [é] = one number >= 256
//
// A character is strong when nothing but whole pieces can win on it: every multi-byte piece of the
// vocabulary consists of whole characters, and the character has a piece of its own that beats its
// single bytes by at least 1. All other characters are weak and stay bytes, in texts and in pieces.
//
// Why that is exact. A path that enters a strong character between its bytes must leave it through
// single bytes only, because no other piece starts or ends there. Let S be the best sum in front of
// it, c the score of its own piece, b1..bk the scores of its bytes. Candidates for the end of the
// character come in order of ascending start, so the own piece (start in front of the character) is
// seen before the byte path (start at the last byte), which would have to be strictly larger:
//   ((S + b1) + ..) + bk  <=  S + (b1 + .. + bk) + 4 u  <  S + c - u  <=  fl(S + c)
// where u, half a unit in the last place of the sums, is below 2^-5 while |S| < 2^48, that is, for
// lines below 2^42 bytes at 64 nats a byte. So the byte path never wins and no other path sees it.
//
// Why matching symbols is matching bytes. A lead byte never lies inside a character that was
// spelled as one symbol, so every place where a piece could match begins a symbol; from there, text
// and piece are spelled by the same rule from the same bytes, and a piece ends where
// a character ends.
//
// If one piece cuts a character (`ensure_unicode` off), there are no strong characters and a symbol
// is a byte. Vocabularies with more than kMaxChars strong characters keep the best scored of them.
//
// Tried and not kept: decoding sixteen characters at once (AVX-512 compress and gather): no faster
// on Chinese (3.1 clocks a byte either way; where the next group begins depends on the last one)
// and at least 2 x slower on text with many weak characters.
//
// Thread rule: const after construction; share freely.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "text/utf8.h"

namespace bytepiece {

using Symbol = std::uint16_t;

class Alphabet {
 public:
  static constexpr std::size_t kMaxChars = 60000;

  // REQUIRES: pieces.size() == scores.size(); all 256 single bytes are among the pieces.
  Alphabet(std::span<const std::string_view> pieces, std::span<const double> scores);

  // With these strong characters, of which the first one is symbol 256; nothing unless they are at most
  // kMaxChars distinct characters of more than one byte.
  static std::optional<Alphabet> with_strong(std::span<const std::uint32_t> code_points);
  std::vector<std::uint32_t> strong() const;  // the code points, in the order of their symbols

  // Symbols are the numbers below size(); stop() is none of them and follows no symbol in any
  // piece.
  std::size_t size() const { return size_; }
  Symbol stop() const { return static_cast<Symbol>(size_); }

  // Writes the symbols of `text` to `out` and returns how many. REQUIRES: room for text.size() + 8.
  std::size_t spell(std::string_view text, Symbol* out) const;

 private:
  Alphabet() = default;
  void spell_char(Character c, const char*& p, Symbol*& out) const;

  std::size_t size_ = 256;
  std::vector<Symbol> chars_;  // by code point: its symbol, 0 if it is weak; empty: all are weak
};

}  // namespace bytepiece
