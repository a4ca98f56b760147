// A JSON string literal as Python's json module writes it with ensure_ascii off: \" \\ \n \r \t \b \f, other
// characters below U+0020 as \u00xx, everything else as it is. Thread rule: a pure function.
#pragma once

#include <string>
#include <string_view>

namespace bytepiece {

// Appends the literal with its quotes. REQUIRES: text is UTF-8.
void append_json_string(std::string_view text, std::string& out);

}  // namespace bytepiece
