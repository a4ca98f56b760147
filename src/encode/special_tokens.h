// Finds special tokens in a text, for those who ask for it.
//
//   tokens <s>, <sep>      "a<sep>b" ─▶ text "a", token <sep>, text "b"
//
// The leftmost one counts, and of those that begin there the longest.
//
// Costs: a look-up per byte, and comparisons with the tokens that begin with it.
// Thread rule: const after construction; share freely.
#pragma once

#include <bytepiece/vocab.h>

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace bytepiece {

class SpecialTokens {
 public:
  // Those of the vocabulary's special tokens that have these ids. Throws Error: an id is none of them.
  SpecialTokens(const Vocab& vocab, std::span<const Id> ids);

  struct Match {
    std::size_t begin, size;
    Id id;
  };
  std::optional<Match> find(std::string_view text, std::size_t from) const;

 private:
  struct Token {
    std::string_view text;
    Id id;
  };
  std::array<bool, 256> begins_{};  // by first byte: a token begins so
  std::vector<Token> tokens_;       // the longest first
};

}  // namespace bytepiece
