// Tested by tests/special_tokens_test.cc.
#include "encode/special_tokens.h"

#include <algorithm>
#include <string>

namespace bytepiece {
namespace {

unsigned char byte_at(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text[at]); }

}  // namespace

SpecialTokens::SpecialTokens(const Vocab& vocab) : first_id_(static_cast<Id>(vocab.size())) {
  for (const std::string& token : vocab.special_tokens()) tokens_.push_back({token, tokens_.size()});
  std::sort(tokens_.begin(), tokens_.end(), [](const Token& a, const Token& b) { return a.text < b.text; });
  for (const Token& token : tokens_) ++begins_[byte_at(token.text, 0) + 1u];
  for (std::size_t byte = 0; byte < 256; ++byte) begins_[byte + 1] += begins_[byte];
}

SpecialTokens::Chosen SpecialTokens::choose(std::span<const Id> ids) const {
  Chosen chosen(tokens_.size());
  for (const Id id : ids) {
    if (id < first_id_ || id - first_id_ >= tokens_.size()) {
      throw Error("parse_special: id " + std::to_string(id) + " is no special token; expected " +
                  std::to_string(first_id_) + " to " + std::to_string(first_id_ + tokens_.size() - 1));
    }
    chosen[id - first_id_] = true;
  }
  return chosen;
}

std::optional<SpecialTokens::Match> SpecialTokens::find(std::string_view text, std::size_t from,
                                                        const Chosen& chosen) const {
  for (std::size_t at = from; at < text.size(); ++at) {
    if (const auto match = longest_at(text, at, chosen)) return match;
  }
  return std::nullopt;
}

std::optional<SpecialTokens::Match> SpecialTokens::longest_at(std::string_view text, std::size_t at,
                                                              const Chosen& chosen) const {
  const unsigned char byte = byte_at(text, at);
  auto first = tokens_.begin() + begins_[byte], last = tokens_.begin() + begins_[byte + 1u];
  std::optional<Match> longest;
  for (std::size_t size = 1; first != last; ++size) {  // [first, last) share `size` bytes with the text
    if (first->text.size() == size) {
      if (chosen[first->place]) longest = {at, size, first_id_ + static_cast<Id>(first->place)};
      ++first;
    }
    if (at + size == text.size()) break;
    const unsigned char next = byte_at(text, at + size);
    first = std::partition_point(first, last, [&](const Token& t) { return byte_at(t.text, size) < next; });
    last = std::partition_point(first, last, [&](const Token& t) { return byte_at(t.text, size) == next; });
  }
  return longest;
}

}  // namespace bytepiece
