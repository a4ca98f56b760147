// A stream against encode() on the whole text, cut anywhere.
#include <bytepiece/encode_stream.h>
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;
using Ids = std::vector<Id>;

TEST_SUITE_BEGIN("unit");

Ids in_parts(EncodeStream& stream, std::string_view text, Random& random, std::size_t longest_part) {
  Ids ids;
  while (!text.empty()) {
    const std::size_t size = std::min(text.size(), random.below(longest_part + 1));
    stream.write(text.substr(0, size), ids);
    text.remove_prefix(size);
  }
  stream.finish(ids);
  return ids;
}

Tokenizer some_tokenizer(Random& random) {
  reference::Counts pieces = random_pieces(random, "abc \n", 60, true);
  for (const char* const piece : {"\u4E2D", "\u4E2D\u6587", "\u00E9", "\u00E9a", "\n\n", "a\n"})
    pieces[piece] = 50;
  pieces[std::string(40, 'a')] = 7;
  return Tokenizer(vocab_of(pieces));
}

TEST_CASE("encode stream: any text in any parts") {
  Random random(1);
  const Tokenizer tokenizer = some_tokenizer(random);
  EncodeStream stream(tokenizer), marked(tokenizer, {.bos = true, .eos = true});
  for (const std::string& text : adversarial_texts()) {
    for (const std::size_t longest : {1, 7, 100000}) {
      if (in_parts(stream, text, random, longest) != tokenizer.encode(text)) FAIL_CHECK("differs: ", text);
    }
    CHECK(in_parts(marked, text, random, 3) == tokenizer.encode(text, {.bos = true, .eos = true}));
  }
  for (std::size_t round = 0; round < rounds(300); ++round) {
    const std::string text = random_text(random, random.below(round % 50 == 0 ? 100000 : 200));
    if (in_parts(stream, text, random, random.between(1, 300)) != tokenizer.encode(text))
      FAIL_CHECK("differs: ", text);
  }
}

TEST_CASE("encode stream: drawn as by a Sampler, document by document") {
  Random random(3);
  const Tokenizer tokenizer = some_tokenizer(random);
  for (const double alpha : {0.0, 0.5, 30.0}) {
    const Sampler sampler(tokenizer, alpha);
    EncodeStream stream(sampler, {7, 100, 3, 5}, {.bos = true});
    for (std::uint64_t i = 0; i < 40; ++i) {
      const std::string text = random_text(random, random.below(i % 20 == 0 ? 100000 : 200));
      const Ids expected = sampler.sample(text, {7, 100 + i, 3, i == 0 ? 5u : 0u}, {.bos = true});
      if (in_parts(stream, text, random, random.between(1, 300)) != expected) FAIL_CHECK("differs: ", text);
    }
  }
}

TEST_CASE("encode stream: long lines, with line feeds and without") {
  Random random(2);
  const Tokenizer tokenizer = some_tokenizer(random);
  EncodeStream stream(tokenizer);
  const Strings letters = {"a", "b", " ", "\u4E2D", "e\u0301", "\xFF"},
                lines = {"a", "b", " ", "\u4E2D", "\n"};
  for (const std::size_t size : {8191, 8192, 16384, 50000, 200000}) {
    for (const Strings& items : {letters, lines, Strings{"a"}}) {
      const std::string text = random_of(random, items, size);
      const bool same = in_parts(stream, text, random, 20000) == tokenizer.encode(text);
      CHECK(same);
    }
  }
}

TEST_CASE("encode stream: ids come while the text does") {
  Random random(3);
  const Tokenizer tokenizer = some_tokenizer(random);
  EncodeStream stream(tokenizer);
  const std::string part = random_of(random, {"a", "b", "c", " "}, 50000);
  for (int i = 0; i < 20; ++i) {
    Ids ids;
    stream.write(part, ids);
    CHECK(ids.size() > part.size() / 60);
  }
}

TEST_CASE("encode stream: nothing is a text too, and a moved stream goes on") {
  const Tokenizer tokenizer(vocab_of({{"ab", 9}}));
  EncodeStream first(tokenizer, {.bos = true, .eos = true});
  Ids ids;
  first.finish(ids);
  CHECK(ids == Ids{kBos, kEos});
  first.write("a", ids);
  EncodeStream second = std::move(first);
  second.write("b", ids);
  second.finish(ids);
  CHECK(ids == Ids{kBos, kEos, kBos, *tokenizer.vocab().find("ab"), kEos});
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
