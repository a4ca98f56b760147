// Tested by tests/nfc_test.cc.
#include "text/nfc.h"

#include <bytepiece/types.h>
#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "text/utf8.h"

namespace bytepiece {
namespace {

using CodePoints = std::vector<utf8proc_int32_t>;

// What the quick check needs to know of a character, in one byte.
using QuickClass = std::uint8_t;
constexpr QuickClass kBoundary = 0;  // in NFC, combines with nothing before it: a boundary stands before it
//                1..254: in NFC, and a mark of that combining class
constexpr QuickClass kUnsure = 255;  // not in NFC, or may combine with what stands before it

// No character from here on takes part in a composition (a test looks at all of them).
constexpr std::uint32_t kTableEnd = 0x30000;

constexpr std::size_t kLongestCharacter = 4;  // bytes

void append_decomposition(std::uint32_t code_point, CodePoints& out) {
  constexpr std::size_t kUsual = 4;
  const std::size_t before = out.size();
  constexpr auto kOptions = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);
  const auto decompose_into = [&](std::size_t room) {
    int last_boundclass = 0;
    out.resize(before + room);
    return utf8proc_decompose_char(static_cast<utf8proc_int32_t>(code_point), out.data() + before,
                                   static_cast<utf8proc_ssize_t>(room), kOptions, &last_boundclass);
  };
  utf8proc_ssize_t length = decompose_into(kUsual);
  if (length > static_cast<utf8proc_ssize_t>(kUsual)) {
    length = decompose_into(static_cast<std::size_t>(length));
  }
  if (length < 0) throw Error(fmt::format("NFC: U+{:04X}: {}", code_point, utf8proc_errmsg(length)));
  out.resize(before + static_cast<std::size_t>(length));
}

QuickClass combining_class(std::int32_t code_point) {
  return static_cast<QuickClass>(utf8proc_get_property(code_point)->combining_class);
}

// Canonical ordering: marks between two starters are sorted by class, equal ones keep their order.
// (utf8proc_decompose would do it by insertion, quadratic in the number of marks.)
void order_marks(CodePoints& code_points) {
  const auto is_mark = [](std::int32_t c) { return combining_class(c) != 0; };
  for (auto at = code_points.begin(); at != code_points.end();) {
    const auto begin = std::find_if(at, code_points.end(), is_mark);
    const auto end = std::find_if_not(begin, code_points.end(), is_mark);
    std::stable_sort(begin, end,
                     [](std::int32_t a, std::int32_t b) { return combining_class(a) < combining_class(b); });
    at = end;
  }
}

// From decomposed characters to NFC, in place.
void compose(CodePoints& code_points) {
  order_marks(code_points);
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
  const utf8proc_ssize_t length = utf8proc_normalize_utf32(
      code_points.data(), static_cast<utf8proc_ssize_t>(code_points.size()), options);
  code_points.resize(static_cast<std::size_t>(length));
}

// Two levels: most blocks of 128 characters hold nothing but boundaries and share one row.
class QuickCheckTable {
 public:
  QuickCheckTable() {
    std::vector<QuickClass> flat(kTableEnd);
    for (std::uint32_t c = 0; c < kTableEnd; ++c) flat[c] = combining_class(static_cast<std::int32_t>(c));
    mark_unsure(flat);
    rows_.assign(kRow, kBoundary);
    for (std::size_t block = 0; block < starts_.size(); ++block) {
      const auto row = flat.begin() + static_cast<std::ptrdiff_t>(block * kRow);
      if (std::all_of(row, row + kRow, [](QuickClass c) { return c == kBoundary; })) continue;
      starts_[block] = static_cast<std::uint32_t>(rows_.size());
      rows_.insert(rows_.end(), row, row + kRow);
    }
  }

  QuickClass operator[](std::uint32_t code_point) const {
    if (code_point >= kTableEnd) return combining_class(static_cast<std::int32_t>(code_point));
    return rows_[starts_[code_point / kRow] + code_point % kRow];
  }

 private:
  static constexpr std::uint32_t kRow = 128;

  // Not in NFC: what has a decomposition that composition does not undo. May combine: the last part of
  // one that it does undo, and the Hangul vowels and final consonants, which combine by arithmetic.
  static void mark_unsure(std::vector<QuickClass>& flat) {
    for (std::uint32_t c = 0; c < kTableEnd; ++c) {
      const utf8proc_property_t* property = utf8proc_get_property(static_cast<utf8proc_int32_t>(c));
      if (property->decomp_seqindex == UINT16_MAX || property->decomp_type != 0) continue;
      CodePoints parts;
      append_decomposition(c, parts);
      const auto last = static_cast<std::uint32_t>(parts.back());
      compose(parts);
      const bool undone = parts.size() == 1 && static_cast<std::uint32_t>(parts.front()) == c;
      if (!undone) {
        flat[c] = kUnsure;
      } else if (last < kTableEnd) {
        flat[last] = kUnsure;
      }
    }
    for (std::uint32_t vowel = 0x1161; vowel <= 0x1175; ++vowel) flat[vowel] = kUnsure;
    for (std::uint32_t final = 0x11A8; final <= 0x11C2; ++final) flat[final] = kUnsure;
  }

  std::array<std::uint32_t, kTableEnd / kRow> starts_{};  // 0: the shared row
  std::vector<QuickClass> rows_;
};

const QuickCheckTable& quick_check() {
  static const QuickCheckTable table;
  return table;
}

// How far the quick check vouches for text[from..), and the last boundary before that point.
// REQUIRES: a boundary stands at `from`.
struct Vouched {
  std::size_t end;
  std::size_t boundary;
};

Vouched vouched(std::string_view text, std::size_t from) {
  std::size_t boundary = from, at = from;
  QuickClass previous = kBoundary;
  while (at < text.size()) {
    if (const std::size_t ascii = ascii_length(text, at); ascii > 0) {
      at += ascii;
      boundary = at - 1;
      previous = kBoundary;
      continue;
    }
    const Character c = character_at(text, at);
    const bool invalid = c.code_point == kInvalidByte;
    const QuickClass quick = invalid ? kBoundary : quick_check()[c.code_point];
    if (quick == kUnsure || (quick != kBoundary && quick < previous)) return {at, boundary};
    at += c.length;
    if (quick == kBoundary) boundary = invalid ? at : at - c.length;
    previous = quick;
  }
  return {at, boundary};
}

// The next boundary behind text[at]. REQUIRES: at < text.size().
std::size_t next_boundary(std::string_view text, std::size_t at) {
  for (at += character_at(text, at).length; at < text.size();) {
    const Character c = character_at(text, at);
    if (c.code_point == kInvalidByte || quick_check()[c.code_point] == kBoundary) break;
    at += c.length;
  }
  return at;
}

void append_utf8(std::int32_t code_point, std::string& out) {
  std::array<utf8proc_uint8_t, 4> bytes{};
  const auto size = utf8proc_encode_char(code_point, bytes.data());
  out.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(size));
}

// Appends NFC of valid UTF-8.
void append_composed(std::string_view run, CodePoints& scratch, std::string& out) {
  scratch.clear();
  for (std::size_t at = 0; at < run.size();) {
    const Character c = character_at(run, at);
    append_decomposition(c.code_point, scratch);
    at += c.length;
  }
  compose(scratch);
  for (const std::int32_t c : scratch) append_utf8(c, out);
}

// Calls on_stretch(begin, end, normalized_begin) for every stretch that was composed into the buffer anew.
template <class OnStretch>
std::string_view normalize_into(std::string_view text, std::string& buffer, const OnStretch& on_stretch) {
  Vouched good = vouched(text, 0);
  if (good.end == text.size()) return text;
  buffer.clear();
  CodePoints scratch;
  std::size_t done = 0;
  while (good.end < text.size()) {
    buffer.append(text, done, good.boundary - done);
    done = next_boundary(text, good.end);
    const std::size_t normalized_begin = buffer.size();
    append_composed(text.substr(good.boundary, done - good.boundary), scratch, buffer);
    on_stretch(good.boundary, done, normalized_begin);
    good = vouched(text, done);
  }
  return buffer.append(text, done);
}

}  // namespace

std::string_view normalize(std::string_view text, std::string& buffer) {
  return normalize_into(text, buffer, [](std::size_t, std::size_t, std::size_t) {});
}

std::string_view normalize(std::string_view text, std::string& buffer, std::vector<NfcChange>& changes) {
  return normalize_into(text, buffer, [&](std::size_t begin, std::size_t end, std::size_t normalized_begin) {
    const std::string_view composed = std::string_view(buffer).substr(normalized_begin);
    if (composed != text.substr(begin, end - begin)) {
      changes.push_back({begin, end, normalized_begin, buffer.size()});
    }
  });
}

std::size_t last_boundary(std::string_view text) {
  std::size_t boundary = 0;
  // A character begins at most 4 bytes before the next one, so looking at growing tails stays linear.
  for (std::size_t tail = 64; boundary == 0; tail *= 2) {
    std::size_t at = tail < text.size() ? text.size() - tail : 0;
    while (at > 0 && at < text.size() && is_continuation(text[at])) ++at;
    const bool whole = at == 0;
    while (at < text.size()) {
      const Character c = character_at(text, at);
      if (c.code_point != kInvalidByte) {
        if (quick_check()[c.code_point] == kBoundary) boundary = at;
      } else if (text.size() - at >= kLongestCharacter) {  // else the rest of a character may follow
        boundary = at + 1;
      }
      at += c.length;
    }
    if (whole) break;
  }
  return boundary;
}

}  // namespace bytepiece
