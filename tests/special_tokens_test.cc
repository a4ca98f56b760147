#include "encode/special_tokens.h"

#include <bytepiece/encode_stream.h>
#include <bytepiece/tokenizer.h>
#include <doctest/doctest.h>

#include <algorithm>

#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

const Strings kTokens = {"<s>", "<sep>", "<s><sep>", "\u2581"};

Tokenizer chat() { return Tokenizer(vocab_of({{"<s>", 50}, {"ab", 40}}).with_special_tokens(kTokens)); }

std::vector<Id> ids_of(const Tokenizer& tokenizer, const Strings& tokens) {
  std::vector<Id> ids;
  for (const std::string& token : tokens) ids.push_back(*tokenizer.vocab().find_special(token));
  return ids;
}

TEST_CASE("special_tokens: their ids follow those of the pieces") {
  const Tokenizer tokenizer = chat();
  const auto size = static_cast<Id>(tokenizer.vocab().size());
  CHECK(ids_of(tokenizer, kTokens) == std::vector<Id>{size, size + 1, size + 2, size + 3});
  CHECK(tokenizer.vocab().id_count() == size + 4);
  CHECK_FALSE(tokenizer.vocab().find_special("ab").has_value());
  const Vocab more = tokenizer.vocab().with_special_tokens(Strings{"<more>"});
  CHECK(more.find_special("<more>") == size + 4);
}

TEST_CASE("special_tokens: a text that looks like one is text, unless asked, token by token") {
  const Tokenizer tokenizer = chat();
  const Vocab& vocab = tokenizer.vocab();
  const Id s = *vocab.find_special("<s>"), sep = *vocab.find_special("<sep>"),
           both = *vocab.find_special("<s><sep>");
  const Id ab = *vocab.find("ab"), text_s = *vocab.find("<s>");
  const auto encode = [&](std::string_view text, const std::vector<Id>& parse) {
    return tokenizer.encode(text, {.parse_special = parse});
  };
  CHECK(tokenizer.encode("ab<s>") == std::vector<Id>{ab, text_s});
  CHECK(encode("ab<s>ab", {s}) == std::vector<Id>{ab, s, ab});
  CHECK(encode("<s>", {sep}) == std::vector<Id>{text_s});
  CHECK(encode("<s><sep>", {s, sep}) == std::vector<Id>{s, sep});
  CHECK(encode("<s><sep>", {s, sep, both}) == std::vector<Id>{both});
  CHECK(encode("<s<s>", {s}) == std::vector<Id>{'<' + kFirstPiece, 's' + kFirstPiece, s});
  CHECK(encode("", {s}).empty());
  CHECK(tokenizer.encode("<s>", {.bos = true, .eos = true, .parse_special = {s}}) ==
        std::vector<Id>{kBos, s, kEos});
  std::vector<Id> ids;
  std::vector<std::size_t> ends;
  CHECK(tokenizer.count("<s>ab<s>", {.bos = true, .parse_special = {s}}) == 4);
  tokenizer.encode_batch(std::vector<std::string_view>{"ab", "<s>ab"}, {.parse_special = {s}}, ids, ends);
  CHECK(ids == std::vector<Id>{ab, s, ab});
  CHECK(ends == std::vector<std::size_t>{1, 3});
}

TEST_CASE("special_tokens: decode drops them, or shows them") {
  const Tokenizer tokenizer = chat();
  const Id s = *tokenizer.vocab().find_special("<s>");
  const std::vector<Id> ids = {kBos, s, 'a' + kFirstPiece, kPad, kEos};
  CHECK(tokenizer.decode(ids) == "a");
  CHECK(tokenizer.decode_with_special(ids) == "<bos><s>a<pad><eos>");
  const auto end = static_cast<Id>(tokenizer.vocab().id_count());
  CHECK_THROWS_AS(tokenizer.decode(std::vector<Id>{end}), Error);
  CHECK_THROWS_AS(tokenizer.decode_with_special(std::vector<Id>{end}), Error);
}

TEST_CASE("special_tokens: random texts are cut as by the definition") {
  Random random(1);
  const Tokenizer tokenizer = chat();
  for (std::size_t round = 0; round < rounds(300); ++round) {
    const std::string text =
        random_of(random, {"<", "s", "sep", ">", "a", "b", "\u2581", "<s>", "<sep>"}, 12);
    const std::vector<Id> all = ids_of(tokenizer, kTokens);
    CHECK(tokenizer.decode_with_special(tokenizer.encode(text, {.parse_special = all})) == text);
  }
}

// By the definition: place by place, and there the longest of all.
std::optional<SpecialTokens::Match> slowly_found(const Vocab& vocab, std::string_view text,
                                                 const SpecialTokens::Chosen& chosen) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::optional<SpecialTokens::Match> longest;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const std::string& token = vocab.special_tokens()[i];
      if (!chosen[i] || !text.substr(at).starts_with(token)) continue;
      if (longest && longest->size >= token.size()) continue;
      longest = {at, token.size(), static_cast<Id>(vocab.size() + i)};
    }
    if (longest) return longest;
  }
  return std::nullopt;
}

TEST_CASE("special_tokens: found is what the definition says, of any that are chosen") {
  Random random(2);
  for (std::size_t round = 0; round < rounds(300); ++round) {
    Strings tokens;
    for (std::size_t i = random.below(12); i > 0; --i) {
      const std::string token = random_of(random, {"a", "b", "<", "\u00E9"}, random.between(1, 5));
      if (std::find(tokens.begin(), tokens.end(), token) == tokens.end()) tokens.push_back(token);
    }
    const Vocab vocab = vocab_of({}).with_special_tokens(tokens);
    const SpecialTokens special(vocab);
    std::vector<Id> ids;
    for (Id id = static_cast<Id>(vocab.size()); id < vocab.id_count(); ++id) {
      if (random.below(3) > 0) ids.push_back(id);
    }
    const std::string text = random_of(random, {"a", "b", "<", "\u00E9", "\xC3", ">"}, random.below(20));
    const SpecialTokens::Chosen chosen = special.choose(ids);
    const auto found = special.find(text, 0, chosen), expected = slowly_found(vocab, text, chosen);
    REQUIRE(found.has_value() == expected.has_value());
    if (!found) continue;
    CHECK(found->begin == expected->begin);
    CHECK(found->size == expected->size);
    CHECK(found->id == expected->id);
  }
}

TEST_CASE("special_tokens: a long text of what all of many tokens begin with") {
  Strings tokens;
  for (int i = 0; i < 10000; ++i) tokens.push_back("<" + std::to_string(i) + ">");
  const Vocab vocab = vocab_of({}).with_special_tokens(tokens);
  const SpecialTokens special(vocab);
  const SpecialTokens::Chosen all(tokens.size(), true);
  std::string text;
  for (int i = 0; i < 500000; ++i) text += "<<12";
  CHECK_FALSE(special.find(text, 0, all).has_value());
  CHECK(special.find(text + ">", 0, all)->begin == text.size() - 3);
}

TEST_CASE("special_tokens: what is refused") {
  const Tokenizer tokenizer = chat();
  const auto end = static_cast<Id>(tokenizer.vocab().id_count());
  for (const Id id : {Id{0}, kFirstPiece, end}) {
    CHECK(contains(error_of([&] { tokenizer.encode("a", {.parse_special = {id}}); }), "is no special token"));
  }
  CHECK(contains(error_of([&] { EncodeStream(tokenizer, {.parse_special = {end - 1}}); }),
                 "a stream reads no"));
  const Vocab& vocab = tokenizer.vocab();
  CHECK(contains(error_of([&] { vocab.with_special_tokens(Strings{""}); }), "is empty"));
  CHECK(contains(error_of([&] { vocab.with_special_tokens(Strings{"<s>"}); }), "<s> is there twice"));
  CHECK(contains(error_of([&] { vocab.with_special_tokens(Strings{"\xFF"}); }), "not UTF-8"));
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
