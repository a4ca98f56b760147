// The search structure as a section of the native model file, so that it is used as it lies there.
//
//   layout 4 | byte order 4 | digest of the pieces 8 | longest piece 4
//   strong characters 4 | units 4 | words 4
//   code points of the strong characters, 4 each, and zeros up to a multiple of 64
//   units (trie.h), 16 each, and zeros up to a multiple of 64
//   entries, 4 each
//
// A section of another layout, byte order or other pieces is left alone: the structure is built from the
// pieces. One that says it fits and does not is refused.
//
// Thread rule: pure functions.
#pragma once

#include <bytepiece/vocab.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "encode/trie.h"

namespace bytepiece {

inline constexpr std::string_view kSearchSection = "search";

std::string search_section(const Trie& trie, std::uint64_t pieces_digest);

// Nothing if the section is not for this machine or these pieces; throws Error if it is damaged. The trie
// uses the bytes, which `owner` keeps.
std::optional<Trie> trie_of_section(std::string_view section, std::uint64_t pieces_digest, const Vocab& vocab,
                                    std::shared_ptr<const void> owner);

}  // namespace bytepiece
