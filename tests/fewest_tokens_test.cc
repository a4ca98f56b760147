#include "train/fewest_tokens.h"

#include <bytepiece/tokenizer.h>
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support.h"
#include "text/utf8.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

// Texts of many words, of which some are frequent, in three scripts.
Strings some_texts(std::size_t count, std::uint64_t seed) {
  Random random(0);
  Strings words;
  for (int i = 0; i < 300; ++i) {
    words.push_back(random_of(random, {"ba", "ro", "ti", "len", "s", "qu"}, random.between(1, 4)) + " ");
    words.push_back(random_of(random, {"\u4F60", "\u597D", "\u4E2D", "\u56FD"}, random.between(1, 3)));
    words.push_back(random_of(random, {"\u0434", "\u043E", "\u043C", "12", "7"}, random.between(1, 5)) +
                    "\n");
  }
  random = Random(seed);
  Strings texts;
  for (std::size_t i = 0; i < count; ++i) {
    std::string text;
    for (std::size_t n = random.between(1, 60); n > 0; --n)
      text += words[random.below(random.between(1, words.size()))];
    texts.push_back(text);
  }
  return texts;
}

std::size_t tokens_of(const Vocab& vocab, const Strings& texts) {
  const Tokenizer tokenizer(vocab);
  std::size_t tokens = 0;
  for (const std::string& text : texts) tokens += tokenizer.encode(text).size();
  return tokens;
}

TEST_CASE("fewest tokens: fewer than without the option, also on other texts of the kind") {
  const Corpus corpus = corpus_of(some_texts(600, 1));
  TrainOptions options{.vocab_sizes = {500}};
  const Vocab usual = train(corpus, options).front();
  options.fewest_tokens = true;
  const Vocab fewest = train(corpus, options).front();
  CHECK(fewest.size() == 500);
  const Strings others = some_texts(200, 2);
  CHECK(tokens_of(fewest, others) < tokens_of(usual, others));
}

TEST_CASE("fewest tokens: threads, parts of documents and memory change nothing") {
  const Strings texts = some_texts(300, 3);
  TrainOptions options{.vocab_sizes = {400, 300}, .fewest_tokens = true, .sample = kMinSample, .threads = 1};
  const auto expected = train(corpus_of(texts), options);
  options.memory = std::uint64_t{256} << 20;
  for (const int threads : {1, 2, 5}) {
    options.threads = threads;
    const auto vocabs = train(corpus_in_parts(texts, static_cast<std::uint64_t>(threads)), options);
    REQUIRE(vocabs.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) CHECK(file_of(vocabs[i]) == file_of(expected[i]));
  }
}

TEST_CASE("fewest tokens: counts are those of the whole corpus, and their mean is added to each") {
  const Strings texts = some_texts(100, 4);
  const Vocab vocab = train(corpus_of(texts), {.vocab_sizes = {350}, .fewest_tokens = true}).front();
  const std::uint64_t added = std::stoull(vocab.metadata().at("train.added_to_counts"));
  std::uint64_t bytes = 0, tokens = 0, all = 0;
  for (Id id = kFirstPiece; id < vocab.size(); ++id) {
    REQUIRE(vocab.count(id) >= added);
    tokens += vocab.count(id) - added;
    bytes += vocab.bytes(id).size() * (vocab.count(id) - added);
  }
  for (const std::string& text : texts) all += text.size();
  CHECK(bytes == all);
  CHECK(added == tokens / (vocab.size() - kFirstPiece) + 1);
}

TEST_CASE("fewest tokens: with what is added to them, counts give fewer tokens than without") {
  const Strings texts = some_texts(600, 8);
  const Vocab vocab = train(corpus_of(texts), {.vocab_sizes = {1200}, .fewest_tokens = true}).front();
  const std::uint64_t added = std::stoull(vocab.metadata().at("train.added_to_counts"));
  std::vector<Piece> pieces;
  for (Id id = kFirstPiece; id < vocab.size(); ++id) {
    pieces.push_back({std::string(vocab.bytes(id)), std::max<std::uint64_t>(vocab.count(id) - added, 1)});
  }
  CHECK(tokens_of(vocab, texts) < tokens_of(Vocab(std::move(pieces)), texts));
}

TEST_CASE("fewest tokens: the other options hold") {
  const Strings texts = some_texts(300, 5);
  const auto trained = [&](TrainOptions options) {
    options.vocab_sizes = {450, 260, 320};
    options.fewest_tokens = true;
    return train(corpus_of(texts), options);
  };
  for (const bool digits : {false, true}) {
    for (const std::size_t longest : {std::size_t{1}, std::size_t{3}, std::size_t{4}, std::size_t{36}}) {
      const auto vocabs = trained({.max_piece_length = longest, .isolate_digits = digits});
      REQUIRE(vocabs.size() == 3);
      CHECK(vocabs[0].size() <= 450);
      CHECK(vocabs[1].size() <= 260);
      CHECK(vocabs[2].size() <= 320);
      for (const Vocab& vocab : vocabs) {
        CHECK(vocab.max_piece_length() <= longest);
        for (Id id = kFirstPiece + 256; id < vocab.size(); ++id) {
          const std::string piece(vocab.bytes(id));
          CHECK(drop_invalid_bytes(piece) == piece);
          if (digits) CHECK(piece.find_first_of("0123456789") == piece.npos);
        }
      }
    }
  }
}

TEST_CASE("fewest tokens: without ensure_unicode pieces may cut characters") {
  Random random(7);
  std::string text;
  for (int i = 0; i < 3000; ++i) text += utf8(static_cast<char32_t>(random.between(0x4E00, 0x4FFF)));
  for (const bool whole : {false, true}) {
    const auto vocabs =
        train(corpus_of({text}), {.vocab_sizes = {275}, .ensure_unicode = whole, .fewest_tokens = true});
    bool cut = false;
    for (Id id = kFirstPiece + 256; id < vocabs[0].size(); ++id) {
      const std::string piece(vocabs[0].bytes(id));
      cut |= drop_invalid_bytes(piece) != piece;
    }
    CHECK(cut != whole);
  }
}

TEST_CASE("fewest tokens: any bytes, and hardly any") {
  Random random(6);
  for (const std::string& text : adversarial_texts()) {
    if (text.empty()) continue;
    const Corpus corpus = corpus_of({text, text, text, text, text});
    const Vocab vocab = train(corpus, {.vocab_sizes = {300}, .fewest_tokens = true}).front();
    CHECK(Tokenizer(vocab).decode(Tokenizer(vocab).encode("abc \xFF\xFE")) == "abc \xFF\xFE");
  }
  for (std::size_t i = 0; i < rounds(20); ++i) {
    const std::string text = random_bytes(random, 3000);
    for (const bool whole : {false, true}) {
      const auto vocabs = train(corpus_of({text + text + text + text + text}),
                                {.vocab_sizes = {400}, .ensure_unicode = whole, .fewest_tokens = true});
      CHECK(vocabs[0].size() <= 400);
    }
  }
}

TEST_CASE("fewest tokens: what is refused") {
  CHECK(contains(error_of([] { train(corpus_of({""}), {.fewest_tokens = true}); }),
                 "not a single byte of text"));
  const auto refused = [](TrainOptions options, const std::string& text = "a") {
    options.fewest_tokens = true;
    return error_of([&] { train(corpus_of({text}), options); });
  };
  CHECK(
      contains(refused({.repair_dead_zones = true}), "repair_dead_zones: has no meaning with fewest_tokens"));
  CHECK(contains(refused({.keep_characters = true}), "keep_characters: has no meaning with fewest_tokens"));
  CHECK(contains(refused({.work_dir = "run"}), "work_dir: has no meaning with fewest_tokens"));
  CHECK(contains(refused({.memory = 20'000'000}), "memory: 20.0 MB hold 0.0 MB of text to choose from"));
}

TEST_CASE(
    "fewest tokens: a limit on memory that the sample would not fit into is enough for a small corpus") {
  const Corpus corpus = corpus_of(some_texts(50, 8));
  const Vocab vocab =
      train(corpus, {.vocab_sizes = {400}, .fewest_tokens = true, .threads = 2, .memory = 100'000'000})
          .front();
  CHECK(file_of(vocab) == file_of(train(corpus, {.vocab_sizes = {400}, .fewest_tokens = true}).front()));
}

TEST_CASE("fewest tokens: memory is needed for threads, long pieces and many ids, too") {
  const auto in_200_mb = [&](TrainOptions options, std::size_t size = 600'000) {
    options.fewest_tokens = true;
    options.sample = kMinSample;
    options.memory = 200'000'000;
    return error_of([&] { train(corpus_of({std::string(size, 'a')}), options); });
  };
  CHECK(in_200_mb({.threads = 2}) == "");
  CHECK(contains(in_200_mb({.threads = 24}), "fewer threads"));
  CHECK(contains(in_200_mb({.max_piece_length = 256, .threads = 2}),
                 "memory: 200.0 MB hold 0.0 MB of text to choose from, and there is more; give up to "));
  CHECK(contains(in_200_mb({.vocab_sizes = {400'000}, .threads = 2}, 3'000'000), "or fewer ids"));
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
