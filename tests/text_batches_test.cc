#include "train/text_batches.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "reference.h"
#include "support.h"
#include "text/nfc.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

struct Batched {
  Strings chunks;
  std::size_t batches = 0, largest = 0;
};

// The chunks of all batches, as training makes them.
Batched batched(const Corpus& corpus, std::size_t batch_bytes, const SplitOptions& split) {
  Batched result;
  TextBatcher batcher(batch_bytes, split, [&](const TextBatch& batch) {
    ++result.batches;
    result.largest = std::max(result.largest, batch.bytes.size());
    REQUIRE_FALSE(batch.ends.empty());
    CHECK(batch.ends.back() == batch.bytes.size());
    batch.for_each([&](std::string_view text) {
      std::string buffer;
      for_each_chunk(normalize(text, buffer), split,
                     [&](std::string_view chunk) { result.chunks.emplace_back(chunk); });
    });
  });
  corpus.walk([&](const DocumentPart& part) { batcher.add(part); });
  batcher.finish();
  return result;
}

// The chunks of the texts, taken whole.
Strings expected_chunks(const Strings& texts, const SplitOptions& split) {
  Strings chunks;
  for (const std::string& text : texts) {
    for (std::string& chunk :
         reference::split(reference::normalize(text), split.max_chars, split.isolate_digits)) {
      chunks.push_back(std::move(chunk));
    }
  }
  return chunks;
}

TEST_CASE("text_batches: training splits at 10000 characters") {
  CHECK(training_split(false).max_chars == 10000);
  CHECK_FALSE(training_split(false).isolate_digits);
  CHECK(training_split(true).isolate_digits);
}

TEST_CASE("text_batches: nothing in, nothing out") {
  CHECK(batched(corpus_of({}), 10, training_split(false)).batches == 0);
  CHECK(batched(corpus_of({"", "", ""}), 10, training_split(false)).batches == 0);
}

TEST_CASE("text_batches: short documents come together, long ones apart") {
  CHECK(batched(corpus_of(Strings(10, "abc")), 1000, training_split(false)).batches == 1);
  const Batched short_ones = batched(corpus_of(Strings(100, "abc")), 10, training_split(false));
  CHECK(short_ones.batches >= 20);
  CHECK(short_ones.batches <= 50);
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += "ten bytes\n";
  const Batched many = batched(corpus_of({lines}), 100, training_split(false));
  CHECK(many.batches > 50);
  CHECK(many.largest <= 200);
}

TEST_CASE("text_batches: a long line is cut where splitting cuts it") {
  const std::string line(55000, 'x');
  for (const std::string& text : {line, line + "\n", line + std::string(350, '\n') + "y"}) {
    const Batched result = batched(corpus_of({text}), 1000, training_split(false));
    CHECK(result.chunks == expected_chunks({text}, training_split(false)));
    CHECK(result.batches >= 3);
    CHECK(result.largest < 25000);
  }
}

TEST_CASE("text_batches: neither parts nor batch sizes change the chunks") {
  static const Strings items = {"a",      "b",      "7",        "\n",     "\n\n\n", "e\u0301",
                                "e",      "\u0301", "\u0323",   "\u1100", "\u1161", "\u11A8",
                                "\u4F60", "\xE4",   "\xBD\xA0", "\xFF",   "\xCC",   "\x81"};
  Random random(1);
  for (std::size_t round = 0; round < rounds(400); ++round) {
    Strings texts;
    for (std::size_t i = random.below(6); i > 0; --i) {
      texts.push_back(random.chance(4) ? random_text(random, random.below(100))
                                       : random_of(random, items, random.below(60)));
    }
    const SplitOptions split = {random.pick(std::vector<std::size_t>{1, 2, 5, 20, 10000}), random.chance(2)};
    const Strings expected = expected_chunks(texts, split);
    for (const std::size_t batch_bytes : {1, 2, 7, 30, 1000}) {
      CAPTURE(batch_bytes);
      CAPTURE(split.max_chars);
      CHECK(batched(corpus_in_parts(texts, round), batch_bytes, split).chunks == expected);
      CHECK(batched(corpus_of(texts), batch_bytes, split).chunks == expected);
    }
  }
}

TEST_CASE("text_batches: long runs without a boundary, or of line feeds") {
  Random random(2);
  for (const std::string& unit :
       Strings{"\u0301", "\x80", "\n", "\u1161", "\xF0\x9F\x98", "e\u0301", "7", "\xFF"}) {
    std::string run = "x";
    for (int i = 0; i < 3000; ++i) run += unit;
    for (const bool isolate_digits : {false, true}) {
      const SplitOptions split = {100, isolate_digits};
      const Batched result = batched(corpus_in_parts({run, run + "\ny"}, 1), 500, split);
      CHECK(result.chunks == expected_chunks({run, run + "\ny"}, split));
    }
  }
}

TEST_CASE("text batches: documents of different weight are never in one batch") {
  std::vector<std::pair<std::uint32_t, std::string>> seen;
  TextBatcher batcher(1000, training_split(false), [&](const TextBatch& batch) {
    seen.push_back({batch.weight, batch.bytes});
  });
  for (const auto& [text, weight] : {std::pair{"a", 1U}, {"b", 1U}, {"c", 3U}, {"d", 3U}, {"e", 2U}}) {
    DocumentPart part{text};
    part.weight = weight;
    batcher.add(part);
  }
  batcher.finish();
  CHECK(seen == std::vector<std::pair<std::uint32_t, std::string>>{{1, "ab"}, {3, "cd"}, {2, "e"}});
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
