#include <bytepiece/tokenizer.h>
#include <doctest/doctest.h>

#include <atomic>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "reference.h"
#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

using Ids = std::vector<Id>;

Tokenizer greeting() {
  return Tokenizer(
      vocab_of({{"hello", 50}, {" world", 40}, {"ll", 30}, {"\u4F60\u597D", 20}, {"\n", 9}, {"h\ne", 900}}));
}

Strings pieces_of(const Tokenizer& tokenizer, std::string_view text) {
  const auto pieces = tokenizer.pieces(text);
  return Strings(pieces.begin(), pieces.end());
}

TEST_CASE("tokenizer: encode, pieces and decode belong together") {
  const Tokenizer tokenizer = greeting();
  CHECK(pieces_of(tokenizer, "hello world\n") == Strings{"hello", " world", "\n"});
  CHECK(pieces_of(tokenizer, "call") == Strings{"c", "a", "ll"});
  CHECK(pieces_of(tokenizer, "") == Strings{});
  const Ids ids = tokenizer.encode("hello world\n");
  REQUIRE(ids.size() == 3);
  CHECK(ids[0] == *tokenizer.vocab().find("hello"));
  CHECK(ids[2] == kFirstPiece + '\n');
  CHECK(tokenizer.decode(ids) == "hello world\n");
  CHECK(tokenizer.decode({}) == "");
}

TEST_CASE("tokenizer: no piece crosses a line") {
  CHECK(pieces_of(greeting(), "h\ne") == Strings{"h", "\n", "e"});
  const Tokenizer feeds(vocab_of({{"\n\n", 50}, {"a\n", 50}, {"\na", 90}}));
  CHECK(pieces_of(feeds, "a\n\n\na") == Strings{"a\n", "\n\n", "a"});
}

TEST_CASE("tokenizer: NFC for what is UTF-8, the rest as it is") {
  const Tokenizer tokenizer = greeting();
  CHECK(tokenizer.decode(tokenizer.encode("e\u0301\xFF\xE4\xBD")) == "\u00E9\xFF\xE4\xBD");
  CHECK(pieces_of(tokenizer, "\u4F60\u597D\xE4") == Strings{"\u4F60\u597D", "\xE4"});
}

TEST_CASE("tokenizer: begin and end of text") {
  const Tokenizer tokenizer = greeting();
  const Id hello = *tokenizer.vocab().find("hello");
  CHECK(tokenizer.encode("hello", {.bos = true, .eos = true}) == Ids{kBos, hello, kEos});
  CHECK(tokenizer.encode("hello", {.bos = true}) == Ids{kBos, hello});
  CHECK(tokenizer.encode("hello", {.eos = true}) == Ids{hello, kEos});
  CHECK(tokenizer.encode("", {.bos = true, .eos = true}) == Ids{kBos, kEos});
  CHECK(tokenizer.encode("\n\n", {.bos = true, .eos = true}).size() == 4);  // once a text, not a line
  Ids ids = {7, 8};
  tokenizer.encode("hello", {.bos = true, .eos = true}, ids);
  tokenizer.encode("hello", {}, ids);
  CHECK(ids == Ids{7, 8, kBos, hello, kEos, hello});
}

TEST_CASE("tokenizer: decode takes any ids of the vocabulary and no others") {
  const Tokenizer tokenizer = greeting();
  const auto size = static_cast<Id>(tokenizer.vocab().size());
  CHECK(tokenizer.decode(Ids{kPad, kBos, 'a' + kFirstPiece, kEos, kPad}) == "a");
  CHECK(tokenizer.decode(Ids{0xE4 + kFirstPiece, 0xFF + kFirstPiece}) == "\xE4\xFF");
  CHECK(tokenizer.decode(Ids{size - 1}).size() == tokenizer.vocab().max_piece_length());
  for (const Id id : {size, size + 1, std::numeric_limits<Id>::max()}) {
    CHECK(contains(error_of([&] { tokenizer.decode(Ids{3, id}); }), "id " + std::to_string(id)));
  }
}

TEST_CASE("tokenizer: one for all threads, and copies share it") {
  Random random(1);
  const Tokenizer tokenizer(vocab_of(random_pieces(random, "abc \n", 60, false)));
  Strings texts;
  std::vector<Ids> expected;
  for (int i = 0; i < 100; ++i) {
    texts.push_back(random_of(random, {"a", "b", "c", " ", "\n", "e\u0301", "\xFF"}, random.below(300)));
    expected.push_back(tokenizer.encode(texts.back()));
  }
  std::atomic<int> wrong = 0;
  std::vector<std::jthread> threads;
  for (std::size_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, copy = tokenizer, thread] {
      const Tokenizer& used = thread % 2 == 0 ? tokenizer : copy;
      for (std::size_t i = 0; i < texts.size(); ++i) {
        const std::size_t at = (i + 25 * thread) % texts.size();
        wrong += used.encode(texts[at]) != expected[at];
        wrong += used.decode(expected[at]) != reference::normalize(texts[at]);
      }
    });
  }
  threads.clear();
  CHECK(wrong == 0);
}

TEST_CASE("tokenizer: a batch is its texts one by one") {
  Random random(2);
  Strings texts = adversarial_texts();
  for (int i = 0; i < 300; ++i) texts.push_back(random_text(random, random.below(i % 50 == 0 ? 30000 : 60)));
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  for (const std::string letters : {"abc \n", "a"}) {
    for (const Form form : supported_forms()) {
      CAPTURE(form_name(form));
      const Tokenizer tokenizer =
          tokenizer_with_form(vocab_of(random_pieces(random, letters, 60, true)), form);
      for (const EncodeOptions& options :
           {EncodeOptions{}, EncodeOptions{true, false}, EncodeOptions{true, true}}) {
        Ids expected = {9}, ids = {9};
        std::vector<std::size_t> expected_ends = {1}, ends = {1};
        for (const std::string& text : texts) {
          tokenizer.encode(text, options, expected);
          expected_ends.push_back(expected.size());
        }
        tokenizer.encode_batch(views, options, ids, ends);
        CHECK(ids == expected);
        CHECK(ends == expected_ends);
        tokenizer.encode_batch({}, options, ids, ends);
        CHECK(ends.size() == expected_ends.size());
      }
    }
  }
}

TEST_CASE("tokenizer: into a buffer, all or nothing, and counts") {
  Random random(3);
  const Tokenizer tokenizer(vocab_of(random_pieces(random, "abc \n", 60, false)));
  for (const std::string& text : adversarial_texts()) {
    for (const EncodeOptions& options : {EncodeOptions{}, EncodeOptions{true, true}}) {
      const Ids expected = tokenizer.encode(text, options);
      CHECK(tokenizer.count(text, options) == expected.size());
      CHECK(expected.size() <= 3 * text.size() + 2);
      Ids buffer(expected.size() + 1, 99);
      CHECK(tokenizer.encode(text, options, std::span(buffer)) == expected.size());
      CHECK(std::equal(expected.begin(), expected.end(), buffer.begin()));
      CHECK(buffer.back() == 99);
      if (expected.empty()) continue;
      buffer.assign(expected.size() - 1, 99);
      CHECK(tokenizer.encode(text, options, std::span(buffer)) == expected.size());
      CHECK(buffer == Ids(expected.size() - 1, 99));
    }
  }
  // What grows most in NFC.
  CHECK(tokenizer.count("\u0344\U0001D160\uFB2C") <= 3 * 9);
}

TEST_CASE("tokenizer: a batch on many threads is a batch on one") {
  Random random(4);
  const Tokenizer tokenizer(vocab_of(random_pieces(random, "abc \n", 60, true)));
  Strings texts;
  for (int i = 0; i < 3000; ++i)
    texts.push_back(random_of(random, {"abc", "b", " ", "\n"}, random.below(200)));
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  Ids expected = {9};
  std::vector<std::size_t> expected_ends = {1};
  tokenizer.encode_batch(views, {true, true}, expected, expected_ends);
  for (const int threads : {0, 1, 2, 7}) {
    Ids ids = {9};
    std::vector<std::size_t> ends = {1};
    tokenizer.encode_batch(views, {true, true}, ids, ends, threads);
    CHECK(ids == expected);
    CHECK(ends == expected_ends);
    tokenizer.encode_batch({}, {}, ids, ends, threads);
    CHECK(ids == expected);
  }
  Ids ids;
  std::vector<std::size_t> ends;
  CHECK(contains(error_of([&] { tokenizer.encode_batch(views, {}, ids, ends, -1); }), "threads: -1"));
}

TEST_CASE("tokenizer: load is Vocab::load") {
  const TemporaryFolder folder;
  greeting().vocab().save(folder / "a.bp");
  CHECK(pieces_of(Tokenizer::load(folder / "a.bp"), "hello") == Strings{"hello"});
  CHECK_THROWS_AS(Tokenizer::load(folder / "b.bp"), Error);
}

TEST_CASE("tokenizer: what only encoding refuses names the file, too") {
  const TemporaryFolder folder;
  const Vocab vocab = vocab_of({{std::string(Trie::kMaxPieceLength + 1, 'a'), 1}});
  for (const char* name : {"a.json", "a.bp"}) {
    const std::string path = folder / name;
    vocab.save(path);
    const std::string message = error_of([&] { Tokenizer::load(path); });
    CHECK(message.starts_with(path + ": a piece of "));
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
