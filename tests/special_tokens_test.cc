#include "encode/special_tokens.h"

#include <bytepiece/encode_stream.h>
#include <bytepiece/tokenizer.h>
#include <doctest/doctest.h>

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
