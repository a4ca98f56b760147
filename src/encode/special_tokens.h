// Finds special tokens in a text, for those who ask for it.
//
//   tokens <s>, <sep>      "a<sep>b" ─▶ text "a", token <sep>, text "b"
//
// The leftmost one counts, and of those that begin there the longest.
//
// The tokens are sorted by bytes, so those that begin with what was read so far are neighbours; each byte
// leaves some of them:
//
//   read        ""                    "<"                   "<s"
//   left        </s>  <s>  <sep>      </s>  <s>  <sep>            <s>  <sep>
//
// Costs. Making it: sorting. Finding: a look-up per byte, and where tokens begin as the text does there, a
// binary search among them per byte that they share with it. Nothing is copied.
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
  // Those of the vocabulary, whose data must outlive this object.
  explicit SpecialTokens(const Vocab& vocab);

  // By place in the vocabulary: whether a special token is one of these. Throws Error: an id is none of them.
  using Chosen = std::vector<bool>;
  Chosen choose(std::span<const Id> ids) const;

  struct Match {
    std::size_t begin, size;
    Id id;
  };
  // The first of the chosen ones at `from` or behind it.
  std::optional<Match> find(std::string_view text, std::size_t from, const Chosen& chosen) const;

 private:
  struct Token {
    std::string_view text;
    std::size_t place;
  };
  std::optional<Match> longest_at(std::string_view text, std::size_t at, const Chosen& chosen) const;

  Id first_id_;
  std::vector<Token> tokens_;              // by bytes
  std::array<std::size_t, 257> begins_{};  // by first byte: where its tokens begin in tokens_, and the end
};

}  // namespace bytepiece
