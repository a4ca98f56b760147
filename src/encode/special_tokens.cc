// Tested by tests/special_tokens_test.cc.
#include "encode/special_tokens.h"

#include <algorithm>
#include <string>

namespace bytepiece {

SpecialTokens::SpecialTokens(const Vocab& vocab, std::span<const Id> ids) {
  for (const Id id : ids) {
    if (id < vocab.size() || id >= vocab.id_count()) {
      throw Error("parse_special: id " + std::to_string(id) + " is no special token; expected " +
                  std::to_string(vocab.size()) + " to " + std::to_string(vocab.id_count() - 1));
    }
    tokens_.push_back({vocab.special_tokens()[id - vocab.size()], id});
    begins_[static_cast<unsigned char>(tokens_.back().text[0])] = true;
  }
  std::sort(tokens_.begin(), tokens_.end(),
            [](const Token& a, const Token& b) { return a.text.size() > b.text.size(); });
}

std::optional<SpecialTokens::Match> SpecialTokens::find(std::string_view text, std::size_t from) const {
  for (std::size_t at = from; at < text.size(); ++at) {
    if (!begins_[static_cast<unsigned char>(text[at])]) continue;
    for (const Token& token : tokens_) {
      if (text.substr(at, token.text.size()) == token.text) return Match{at, token.text.size(), token.id};
    }
  }
  return std::nullopt;
}

}  // namespace bytepiece
