// Tested by tests/visible_test.cc.
#include "text/visible.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include "text/utf8.h"

namespace bytepiece {
namespace {

bool is_printable(std::uint32_t code_point) {
  if (code_point == kInvalidByte) return false;
  const auto c = static_cast<utf8proc_int32_t>(code_point);
  return c == ' ' || (utf8proc_charwidth(c) > 0 && utf8proc_category(c) != UTF8PROC_CATEGORY_ZS);
}

constexpr std::string_view kBlankSign = "\xE2\x96\x81";  // U+2581

std::string shown(std::string_view bytes, bool as_item) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size();) {
    const Character c = character_at(bytes, at);
    const std::string_view raw = bytes.substr(at, c.length);
    at += c.length;
    if (as_item && raw == " ") {
      out += kBlankSign;
    } else if (raw == "\\") {
      out += "\\\\";
    } else if (raw == "\n") {
      out += "\\n";
    } else if (raw == "\r") {
      out += "\\r";
    } else if (raw == "\t") {
      out += "\\t";
    } else if (is_printable(c.code_point) && !(as_item && raw == kBlankSign)) {
      out += raw;
    } else {
      for (const char byte : raw) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
    }
  }
  return out;
}

}  // namespace

std::string visible(std::string_view bytes) { return shown(bytes, false); }

std::string excerpt(std::string_view bytes) {
  constexpr std::size_t kMost = 60;
  if (bytes.size() <= kMost) return visible(bytes);
  std::size_t size = 0;
  for (std::size_t next = 0; next <= kMost; next += character_at(bytes, next).length) size = next;
  return fmt::format("{}... ({} bytes)", visible(bytes.substr(0, size)), bytes.size());
}

std::string visible_item(std::string_view bytes) { return shown(bytes, true); }

}  // namespace bytepiece
