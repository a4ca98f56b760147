// Tested by tests/symbols_test.cc.
#include "encode/symbols.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace bytepiece {
namespace {

constexpr Character kNoCharacter = {kInvalidByte, 1};

// Eight bytes, the first one lowest.
std::uint64_t load8(const char* p) {
  std::uint64_t word;
  std::memcpy(&word, p, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

void widen8(const char* p, Symbol* out) {
  for (std::size_t i = 0; i < 8; ++i) out[i] = static_cast<unsigned char>(p[i]);
}

// The character that the first of eight bytes begin; the two commonest lengths without a branch per byte.
// Surrogates may come out as characters: nothing is spelled by one, so their bytes stay bytes either way.
Character first_character(std::uint64_t word) {
  const auto w = static_cast<std::uint32_t>(word);
  if ((w & 0xC0C0F0) == 0x8080E0) {
    const std::uint32_t c = (w & 0x0F) << 12 | (w >> 2 & 0xFC0) | (w >> 16 & 0x3F);
    return c < 0x800 ? kNoCharacter : Character{c, 3};
  }
  if ((w & 0xC0E0) == 0x80C0) {
    const std::uint32_t c = (w & 0x1F) << 6 | (w >> 8 & 0x3F);
    return c < 0x80 ? kNoCharacter : Character{c, 2};
  }
  const char bytes[4] = {static_cast<char>(w), static_cast<char>(w >> 8), static_cast<char>(w >> 16),
                         static_cast<char>(w >> 24)};
  return character_at({bytes, 4}, 0);
}

struct StrongChar {
  double score;
  std::uint32_t code_point;
};

// Empty if a piece cuts a character.
std::vector<StrongChar> strong_chars(std::span<const std::string_view> pieces,
                                     std::span<const double> scores) {
  constexpr double kMargin = 1;
  std::array<double, 256> byte_scores{};
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i].size() == 1) {
      byte_scores[static_cast<unsigned char>(pieces[i][0])] = scores[i];
    } else if (!is_whole_characters(pieces[i])) {
      return {};
    }
  }
  std::vector<StrongChar> strong;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const std::string_view piece = pieces[i];
    if (piece.size() < 2 || piece.size() > 4) continue;
    const Character c = character_at(piece, 0);
    if (c.length != piece.size()) continue;
    double split = 0;
    for (const char b : piece) split += byte_scores[static_cast<unsigned char>(b)];
    if (scores[i] >= split + kMargin) strong.push_back({scores[i], c.code_point});
  }
  return strong;
}

}  // namespace

Alphabet::Alphabet(std::span<const std::string_view> pieces, std::span<const double> scores) {
  std::vector<StrongChar> strong = strong_chars(pieces, scores);
  if (strong.empty()) return;
  // Frequent characters get small symbols: their units lie side by side in the trie.
  std::sort(strong.begin(), strong.end(), [](const StrongChar& a, const StrongChar& b) {
    return a.score != b.score ? a.score > b.score : a.code_point < b.code_point;
  });
  if (strong.size() > kMaxChars) strong.resize(kMaxChars);
  std::uint32_t last = 0;
  for (const StrongChar& c : strong) last = std::max(last, c.code_point);
  chars_.assign(last + 1, 0);
  for (const StrongChar& c : strong) chars_[c.code_point] = static_cast<Symbol>(size_++);
}

std::optional<Alphabet> Alphabet::with_strong(std::span<const std::uint32_t> code_points) {
  Alphabet alphabet;
  if (code_points.empty()) return alphabet;
  if (code_points.size() > kMaxChars) return std::nullopt;
  const std::uint32_t last = *std::max_element(code_points.begin(), code_points.end());
  if (last > 0x10FFFF) return std::nullopt;
  alphabet.chars_.assign(last + 1, 0);
  for (const std::uint32_t c : code_points) {
    if (c < 0x80 || alphabet.chars_[c] != 0) return std::nullopt;
    alphabet.chars_[c] = static_cast<Symbol>(alphabet.size_++);
  }
  return alphabet;
}

std::vector<std::uint32_t> Alphabet::strong() const {
  std::vector<std::uint32_t> code_points(size_ - 256);
  for (std::uint32_t c = 0; c < chars_.size(); ++c) {
    if (chars_[c] != 0) code_points[chars_[c] - 256u] = c;
  }
  return code_points;
}

std::size_t Alphabet::spell(std::string_view text, Symbol* out) const {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  const std::uint64_t not_ascii = chars_.empty() ? 0 : kHighBits;
  Symbol* const begin = out;
  const char* p = text.data();
  const char* const end = p + text.size();
  while (end - p >= 8) {
    const std::uint64_t word = load8(p);
    if (const auto run = static_cast<unsigned>(std::countr_zero(word & not_ascii)) / 8; run > 0) {
      widen8(p, out);
      p += run;
      out += run;
      continue;
    }
    spell_char(first_character(word), p, out);
  }
  while (p != end) spell_char(character_at({p, static_cast<std::size_t>(end - p)}, 0), p, out);
  return static_cast<std::size_t>(out - begin);
}

// A weak character is spelled whole: none of its other bytes begins a character.
void Alphabet::spell_char(Character c, const char*& p, Symbol*& out) const {
  const Symbol strong = c.code_point < chars_.size() ? chars_[c.code_point] : Symbol{0};
  if (strong != 0) {
    *out++ = strong;
    p += c.length;
    return;
  }
  const char* const end = p + c.length;
  do *out++ = static_cast<unsigned char>(*p++);
  while (p != end);
}

}  // namespace bytepiece
