// Tested by tests/nfc_rules_test.cc.
#include "text/nfc_rules.h"

#include <utf8proc.h>

#include <array>
#include <cstdint>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "text/nfc.h"
#include "text/utf8.h"

namespace bytepiece {
namespace {

constexpr char32_t kEnd = 0x30000;  // no character from here on changes, and none is a mark of a fixed place
constexpr char32_t kFirstSyllable = 0xAC00, kLead = 0x1100, kVowel = 0x1161, kTail = 0x11A7;
constexpr char32_t kLeads = 19, kVowels = 21, kTails = 28;

std::string utf8(std::u32string_view text) {
  std::string out;
  for (const char32_t c : text) {
    std::array<utf8proc_uint8_t, 4> bytes{};
    const auto size = utf8proc_encode_char(static_cast<utf8proc_int32_t>(c), bytes.data());
    out.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(size));
  }
  return out;
}

std::u32string code_points(std::string_view text) {
  std::u32string out;
  for (std::size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    out += static_cast<char32_t>(c.code_point);
    at += c.length;
  }
  return out;
}

std::u32string composed(std::u32string_view text) {
  std::string buffer;
  const std::string bytes = utf8(text);
  return code_points(normalize(bytes, buffer));
}

std::u32string decomposed(char32_t c) {
  std::array<utf8proc_int32_t, 16> parts{};
  int bound = 0;
  const auto n =
      utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), parts.data(), parts.size(),
                              static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE), &bound);
  return {parts.begin(), parts.begin() + n};
}

int class_of(char32_t c) { return utf8proc_get_property(static_cast<utf8proc_int32_t>(c))->combining_class; }

bool is_syllable(char32_t c) { return c >= kFirstSyllable && c < kFirstSyllable + kLeads * kVowels * kTails; }

class Rules {
 public:
  std::map<std::string, std::string> make() {
    for (char32_t c = 0x80; c < kEnd; ++c) {
      if ((c >= 0xD800 && c < 0xE000) || is_syllable(c)) continue;
      if (class_of(c) != 0) marks_[c >> 8].push_back(c);
      add({c});
      const std::u32string parts = decomposed(c);
      if (parts.size() > 1 && composed({&c, 1}) == std::u32string{c}) composites_.push_back(c);
    }
    for (const char32_t c : composites_) add_parts(c);
    add_mixed();
    add_hangul();
    for (const auto& [block, marks] : marks_) add_disordered(marks);
    return std::move(rules_);
  }

 private:
  void add(const std::u32string& text) {
    const std::u32string nfc = composed(text);
    if (nfc != text) rules_.emplace(utf8(text), utf8(nfc));
  }

  // All texts that are canonically equivalent to a character with parts: marks change places where their
  // classes differ, and the first two become one where they can.
  void add_parts(char32_t c) {
    std::set<std::u32string> found;
    std::vector<std::u32string> open = {decomposed(c)};
    while (!open.empty()) {
      const std::u32string text = std::move(open.back());
      open.pop_back();
      if (!found.insert(text).second) continue;
      add(text);
      for (std::size_t i = 1; i + 1 < text.size(); ++i) {
        if (class_of(text[i]) == 0 || class_of(text[i + 1]) == 0 ||
            class_of(text[i]) == class_of(text[i + 1]))
          continue;
        std::u32string other = text;
        std::swap(other[i], other[i + 1]);
        open.push_back(std::move(other));
      }
      const std::u32string front = composed(text.substr(0, 2));
      if (text.size() > 2 && front.size() == 1) open.push_back(front + text.substr(2));
    }
  }

  // A character of a base and a mark, and another mark that some character has.
  void add_mixed() {
    std::set<char32_t> others;
    for (const char32_t c : composites_) {
      const char32_t mark = decomposed(c).back();
      if (class_of(mark) != 0) others.insert(mark);
    }
    for (const char32_t c : composites_) {
      const std::u32string parts = decomposed(c);
      if (parts.size() != 2 || class_of(parts[1]) == 0) continue;
      for (const char32_t other : others) {
        if (class_of(other) >= class_of(parts[1]) || other >> 8 != parts[1] >> 8) continue;
        add({parts[0], parts[1], other});
        add({parts[0], other, parts[1]});
        add({c, other});
      }
    }
  }

  void add_hangul() {
    for (char32_t i = 0; i < kLeads * kVowels; ++i) {
      const char32_t lead = kLead + i / kVowels, vowel = kVowel + i % kVowels,
                     pair = kFirstSyllable + i * kTails;
      add({lead, vowel});
      for (char32_t tail = 1; tail < kTails; ++tail) {
        add({lead, vowel, kTail + tail});
        add({pair, kTail + tail});
      }
    }
  }

  void add_disordered(const std::vector<char32_t>& marks) {
    const auto has_place = [](char32_t c) { return class_of(c) >= 10 && class_of(c) <= 132; };
    for (const char32_t a : marks) {
      for (const char32_t b : marks) {
        if (class_of(a) != class_of(b)) add({a, b});
        if (!has_place(a) || !has_place(b)) continue;
        for (const char32_t c : marks) {
          if (has_place(c)) add({a, b, c});
        }
      }
    }
  }

  std::map<std::string, std::string> rules_;
  std::vector<char32_t> composites_;
  std::map<char32_t, std::vector<char32_t>> marks_;  // by block of 256
};

}  // namespace

std::map<std::string, std::string> nfc_rules() { return Rules().make(); }

}  // namespace bytepiece
