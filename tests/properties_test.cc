// What must hold for every text and every corpus, on exhaustive small worlds and on random input.
#include <bytepiece/readers.h>
#include <bytepiece/tokenizer.h>
#include <bytepiece/train.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "golden_data.h"
#include "reference.h"
#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("properties");

Strings pieces_of(const Tokenizer& tokenizer, std::string_view text) {
  const auto pieces = tokenizer.pieces(text);
  return Strings(pieces.begin(), pieces.end());
}

// ---- decode(encode(x)) == NFC(x) ----

void check_round_trip(const Tokenizer& tokenizer, const std::string& text) {
  const std::string expected = reference::normalize(text);
  const std::string decoded = tokenizer.decode(tokenizer.encode(text));
  if (decoded != expected) FAIL_CHECK("comes back as ", decoded, ": ", text);
}

// Vocabularies of different kinds: none but the bytes, random pieces, trained ones.
std::vector<Vocab> vocabs() {
  Random random(1);
  std::vector<Vocab> result = {vocab_of({})};
  result.push_back(vocab_of(random_pieces(random, "ab\n ", 40, true)));
  reference::Counts pieces;
  for (int i = 0; i < 500; ++i) pieces[random_bytes(random, random.between(1, 3))] = random.between(1, 1000);
  for (int i = 0; i < 500; ++i)
    pieces[random_characters(random, random.between(1, 3))] = random.between(1, 99);
  result.push_back(vocab_of(pieces));
  Strings texts = adversarial_texts();
  for (int i = 0; i < 200; ++i) texts.push_back(random_text(random, 50));
  for (const bool ensure_unicode : {false, true}) {
    TrainOptions options;
    options.order = 4;
    options.ensure_unicode = ensure_unicode;
    options.threads = 2;
    result.push_back(train(corpus_of(texts), options).front());
  }
  return result;
}

// These with every form of the search.
std::vector<Tokenizer> tokenizers() {
  std::vector<Tokenizer> result;
  for (const Vocab& vocab : vocabs()) {
    for (const Form form : supported_forms()) result.push_back(tokenizer_with_form(vocab, form));
  }
  return result;
}

TEST_CASE("properties: every text comes back in NFC, byte for byte") {
  Random random(2);
  for (const Tokenizer& tokenizer : tokenizers()) {
    for (const std::string& text : adversarial_texts()) check_round_trip(tokenizer, text);
    for (std::size_t round = 0; round < rounds(300); ++round) {
      check_round_trip(tokenizer, random_text(random, random.below(200)));
    }
  }
}

TEST_CASE("properties: one and two bytes of any value come back") {
  const Tokenizer tokenizer(vocab_of({{"ab", 5}, {"\xC3\xA9", 5}, {"\xFF\xFE", 5}}));
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; second += test_scale() == 0 ? 7 : 1) {
      const std::string text = {static_cast<char>(first), static_cast<char>(second)};
      check_round_trip(tokenizer, text.substr(0, 1));
      check_round_trip(tokenizer, text);
    }
  }
}

TEST_CASE("properties: long lines and long texts come back") {
  Random random(3);
  const Vocab vocab = vocab_of(random_pieces(random, "ab ", 60, false));
  const std::size_t size = test_scale() == 0 ? 100000 : 2000000;
  std::string letters, broken, feeds(size, '\n');
  while (letters.size() < size) letters += random.pick(std::string_view("ab "));
  while (broken.size() < size) broken += random_text(random, 1000);
  for (const std::string& text :
       {letters, broken, feeds, std::string(size, '\0'), std::string(size, '\x80')}) {
    const std::string expected = reference::normalize(text);
    std::string line = expected;
    std::replace(line.begin(), line.end(), '\n', '.');
    const std::string expected_line = reference::normalize(line);
    for (const Form form : supported_forms()) {
      CAPTURE(form_name(form));
      const Tokenizer tokenizer = tokenizer_with_form(vocab, form);
      const bool same = tokenizer.decode(tokenizer.encode(text)) == expected;
      CHECK(same);
      const bool same_line = tokenizer.decode(tokenizer.encode(line)) == expected_line;
      CHECK(same_line);
    }
  }
}

// ---- encode is optimal and obeys the rule for ties ----

Strings best_by_enumeration(const reference::PieceScores& scores, std::string_view chunk) {
  if (chunk.empty()) return {};
  const auto segmentations = reference::all_segmentations(scores, chunk);
  double largest = segmentations.front().score;
  for (const auto& each : segmentations) largest = std::max(largest, each.score);
  std::string last;
  for (const auto& each : segmentations) {
    if (each.score == largest && each.pieces.back().size() > last.size()) last = each.pieces.back();
  }
  Strings pieces = best_by_enumeration(scores, chunk.substr(0, chunk.size() - last.size()));
  pieces.push_back(last);
  return pieces;
}

TEST_CASE("properties: small worlds, every text of up to 8 bytes over a few letters") {
  Random random(4);
  for (const std::string letters : {"a", "ab", "a\n", "ab\n"}) {
    const std::size_t longest = letters.size() == 3 ? 7 : 8;
    const Strings texts = all_texts(letters, longest - (test_scale() == 0 ? 3 : 0));
    for (std::size_t round = 0; round < rounds(40); ++round) {
      const reference::Counts counts =
          with_all_bytes(random_pieces(random, letters, random.between(1, 12), round % 2 == 0));
      const auto scores = reference::piece_scores(counts);
      const std::vector<Form> forms = supported_forms();
      const Tokenizer tokenizer = tokenizer_with_form(vocab_of(counts), forms[round % forms.size()]);
      for (const std::string& text : texts) {
        const Strings pieces = pieces_of(tokenizer, text);
        if (pieces != reference::encode(scores, text)) FAIL_CHECK("not the oracle's: ", text);
        if (round > 3) continue;
        Strings best;
        for (const std::string& chunk : reference::split(text, 0, false)) {
          for (std::string& piece : best_by_enumeration(scores, chunk)) best.push_back(std::move(piece));
        }
        if (pieces != best) FAIL_CHECK("not the best: ", text);
      }
    }
  }
}

TEST_CASE("properties: encode is the oracle's on random texts") {
  Random random(5);
  for (const Tokenizer& tokenizer : tokenizers()) {
    const auto scores = reference::piece_scores(counts_of(tokenizer.vocab()));
    for (std::size_t round = 0; round < rounds(100); ++round) {
      const std::string text = random_text(random, random.below(300));
      if (pieces_of(tokenizer, text) != reference::encode(scores, text)) FAIL_CHECK("differs: ", text);
    }
    for (const std::string& text : adversarial_texts()) {
      if (pieces_of(tokenizer, text) != reference::encode(scores, text)) FAIL_CHECK("differs: ", text);
    }
  }
}

// ---- Training is the oracle's, whatever the threads and parts ----

Strings random_corpus(Random& random) {
  static const Strings words = {"the ", "cat ", "dog", "\n", " 12", "\u4F60\u597D", "\u4F60", "e\u0301", "a"};
  Strings texts;
  for (std::size_t i = random.between(1, 6); i > 0; --i) {
    texts.push_back(random.chance(3) ? random_text(random, random.below(150))
                                     : random_of(random, words, random.below(150)));
  }
  texts.push_back("x");  // never empty
  return texts;
}

TrainOptions random_options(Random& random, int order) {
  TrainOptions options;
  options.order = order;
  options.min_count = random.between(1, 4);
  options.max_piece_length = random.chance(3) ? random.between(1, 8) : 36;
  options.isolate_digits = random.chance(2);
  options.ensure_unicode = random.chance(2);
  options.vocab_sizes = {1000};
  if (random.chance(2)) options.vocab_sizes = {400, 259 + random.below(40)};
  options.threads = static_cast<int>(random.between(1, 3));
  return options;
}

std::vector<reference::Counts> oracle_trains(const Strings& texts, const TrainOptions& options) {
  return reference::train(texts, {options.order, options.vocab_sizes, options.max_piece_length,
                                  options.min_count, options.isolate_digits, options.ensure_unicode});
}

std::vector<reference::Counts> all_counts(const std::vector<Vocab>& vocabs) {
  std::vector<reference::Counts> result;
  for (const Vocab& vocab : vocabs) result.push_back(counts_of(vocab));
  return result;
}

TEST_CASE("properties: training is the oracle's, for all orders and options") {
  Random random(6);
  for (int order = 1; order <= kMaxOrder; ++order) {
    for (std::size_t round = 0; round < rounds(30); ++round) {
      const Strings texts = random_corpus(random);
      const TrainOptions options = random_options(random, order);
      CAPTURE(order);
      CAPTURE(round);
      const auto expected = oracle_trains(texts, options);
      CHECK(all_counts(train(corpus_of(texts), options)) == expected);
      CHECK(all_counts(train(corpus_in_parts(texts, round), options)) == expected);
    }
  }
}

TEST_CASE("properties: training on all tiny corpora is the oracle's") {
  for (const std::string& text : all_texts("a\xC3\x80", test_scale() == 0 ? 2 : 4)) {
    if (text.empty()) continue;
    for (const std::uint64_t min_count : {1, 2}) {
      TrainOptions options;
      options.order = 3;
      options.min_count = min_count;
      options.threads = 1;
      CAPTURE(text);
      CHECK(all_counts(train(corpus_of({text, text + text}), options)) ==
            oracle_trains({text, text + text}, options));
    }
  }
}

TEST_CASE("properties: rare characters, lines above the limit, and long runs of line feeds train alike") {
  Random random(7);
  std::string rare = random_of(random, {"the cat sat ", "on the mat "}, 50) + "\u7F55" +
                     random_of(random, {"the cat sat ", "on the mat "}, 50);
  std::string wide;
  for (int i = 0; i < 10500; ++i) wide += random.chance(2) ? "\u4F60" : "\u597D";
  const Strings texts = {rare + "\n" + rare,
                         std::string(25000, 'x'),
                         std::string(10000, 'y') + "\n\nz",
                         wide,
                         "a" + std::string(350, '\n') + "b",
                         std::string(12000, '\xFF'),
                         std::string(9000, '7')};
  for (const bool isolate_digits : {false, true}) {
    TrainOptions options;
    options.isolate_digits = isolate_digits;
    options.threads = 2;
    CHECK(all_counts(train(corpus_in_parts(texts, 1), options)) == oracle_trains(texts, options));
  }
}

TEST_CASE("properties: neither threads nor parts nor files change a byte of a model") {
  // Several batches' worth of documents, short and long.
  Random random(8);
  Strings texts;
  const std::size_t size = test_scale() == 0 ? 1200000 : 3000000;
  const Strings words = {"some ", "words ",       "and ",     "others", "\n",
                         "1234",  "\u4F60\u597D", "e\u0301 ", "\xFF"};
  for (std::size_t total = 0; total < size; total += texts.back().size()) {
    texts.push_back(random_of(random, words, random.chance(10) ? 100000 : random.below(1000)));
  }
  TrainOptions options;
  options.order = 5;
  options.vocab_sizes = {1000, 300};
  const auto files = [&](const Corpus& corpus, int threads) {
    options.threads = threads;
    Strings result;
    for (const Vocab& vocab : train(corpus, options)) result.push_back(file_of(vocab));
    return result;
  };
  const Strings expected = files(corpus_of(texts), 1);
  for (const int threads : {2, 3, 8}) {
    CAPTURE(threads);
    const bool same = files(corpus_in_parts(texts, static_cast<std::uint64_t>(threads)), threads) == expected;
    CHECK(same);
  }
  Strings reversed(texts.rbegin(), texts.rend());
  const bool same_reversed = files(corpus_of(reversed), 3) == expected;
  CHECK(same_reversed);

  const TemporaryFolder folder;
  std::vector<InputFile> inputs;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    write_bytes(folder / std::to_string(i), texts[i]);
    inputs.push_back({folder / std::to_string(i), {InputFormat::kText}, {}});
  }
  const bool same_files = files(read_files(inputs), 2) == expected;
  CHECK(same_files);
}

// For texts of 100 MB, by hand: minutes, as the oracle looks up every substring.
TEST_CASE("every form gives the oracle's ids on the text that BYTEPIECE_ORACLE_TEXT and _MODEL name") {
  const char *const text_path = std::getenv("BYTEPIECE_ORACLE_TEXT"), *const model_path = std::getenv(
                                                                          "BYTEPIECE_ORACLE_MODEL");
  if (text_path == nullptr || model_path == nullptr) return;
  const std::string text = golden::read_bytes(text_path);
  const Vocab vocab = Vocab::load(model_path);
  reference::Counts counts;
  for (Id id = kFirstPiece; id < vocab.size(); ++id) counts[std::string(vocab.bytes(id))] = vocab.count(id);
  const reference::PieceScores scores = reference::piece_scores(counts);
  std::vector<Tokenizer> tokenizers;
  for (const Form form : supported_forms()) tokenizers.push_back(tokenizer_with_form(vocab, form));
  std::size_t different = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end =
        std::min(text.find('\n', std::min(begin + 100000, text.size())), text.size() - 1) + 1;
    const std::string_view part = std::string_view(text).substr(begin, end - begin);
    const std::vector<std::string> expected = reference::encode(scores, part);
    for (const Tokenizer& tokenizer : tokenizers) {
      const auto found = tokenizer.pieces(part);
      different += !std::equal(found.begin(), found.end(), expected.begin(), expected.end());
    }
    begin = end;
  }
  CHECK(different == 0);
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
