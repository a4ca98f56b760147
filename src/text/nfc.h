// Unicode normalization form C over bytes that may not be UTF-8.
//
// NFC is applied to every maximal run of valid UTF-8; invalid bytes stay where they are, so nothing is
// lost. The Unicode version is utf8proc's.
//
// Most text is in NFC already, so the text is only looked at first (UAX #15, section 9, quick check).
// Where the look cannot vouch for a character, only the stretch between two boundaries around it is
// normalized. A boundary is a place that NFC never reaches across: before a character that neither
// combines with anything to its left nor moves, and around an invalid byte.
//
//   text       ... V i e | e ̂ ̣ | t     '|' boundaries: before the base e, and before t
//   quick check      yes yes no         so "e ̂ ̣" alone goes through utf8proc and comes back as "ệ"
//
// Costs: O(n log n) for n marks in a row, else linear; nothing is copied when the text is in NFC.
// Thread rule: pure functions; one table is made at the first use (1 ms) and never changes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bytepiece {

// The text in NFC: `text` itself where it already is, else a view of `buffer`, whose content is replaced.
std::string_view normalize(std::string_view text, std::string& buffer);

// A stretch between two boundaries that NFC changed: where it was in the text and where it is now. Bytes
// between two changes are the same in both.
struct NfcChange {
  std::size_t begin, end;  // in the text
  std::size_t normalized_begin, normalized_end;
};

// The same, and appends the changes in ascending order.
std::string_view normalize(std::string_view text, std::string& buffer, std::vector<NfcChange>& changes);

// The last boundary in `text`, 0 if there is none: normalize(text) is normalize(text[0, b)) followed by
// normalize(text[b, end)), whatever bytes come after the text.
std::size_t last_boundary(std::string_view text);

}  // namespace bytepiece
