// The script that a character belongs to, by its block: enough to say what a vocabulary is made for, and for
// training for fewest tokens to keep the letters of each. Another table here makes other models.
//
//   a é ─▶ Latin    中 ─▶ Han    の ─▶ Kana    7 , blank ─▶ common
//
// Thread rule: a pure function.
#pragma once

#include <cstdint>
#include <string_view>

namespace bytepiece {

// "common" for what all scripts share, "other" for scripts without a name here.
std::string_view script_of(std::uint32_t code_point);

}  // namespace bytepiece
