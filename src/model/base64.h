// Standard Base64 with padding (RFC 4648, section 4).
//
// No package of the size of this file does it: Debian's simdjson has none, and its sister simdutf none yet.
// Thread rule: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bytepiece {

std::string to_base64(std::string_view bytes);

// Nothing unless the text is canonical: right length, alphabet and padding, unused bits zero.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace bytepiece
