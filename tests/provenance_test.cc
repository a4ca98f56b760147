// What a trained model says of itself, and that nothing but text and options shows in it.
#include "train/provenance.h"

#include <bytepiece/train.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>

#include "model_bytes.h"
#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

TEST_CASE("provenance: every option, the text, the tool; each is in the metadata") {
  TrainOptions options{.vocab_sizes = {270, 300, 280}, .order = 4, .min_count = 3, .max_piece_length = 12};
  options.isolate_digits = options.repair_dead_zones = options.keep_characters = true;
  options.ensure_unicode = false;
  const Corpus corpus = corpus_of({"the cat\nsat on the mat\n", "e\u0301t\u00E9"});
  const Vocab vocab = train(corpus, options)[2];
  TextDigest text;
  for (const char* chunk : {"the cat\n", "sat on the mat\n", "\u00E9t\u00E9"}) text.add(chunk);
  CHECK(text.sum == xxh3("the cat\n") + xxh3("sat on the mat\n") + xxh3("\u00E9t\u00E9"));
  const Metadata& metadata = vocab.metadata();
  CHECK(metadata == provenance(options, 280, text));
  CHECK(metadata.at("corpus.bytes") == "28");
  CHECK(metadata.at("corpus.digest").size() == 16);
  CHECK(metadata.at("tool") == "bytepiece " BYTEPIECE_VERSION);
  CHECK(metadata.at("normalization") == "NFC");
  CHECK(metadata.at("train.method") == "new words");
  CHECK(metadata.at("train.vocab_sizes") ==
        "300,280");  // without the smaller one, which it does not depend on
  CHECK(metadata.at("train.order") == "4");
  CHECK(metadata.at("train.min_count") == "3");
  CHECK(metadata.at("train.max_piece_length") == "12");
  CHECK(metadata.at("train.isolate_digits") == "yes");
  CHECK(metadata.at("train.ensure_unicode") == "no");
  CHECK(metadata.at("train.repair_dead_zones") == "yes");
  CHECK(metadata.at("train.keep_characters") == "yes");
  CHECK_FALSE(metadata.contains("train.sample"));
  CHECK_FALSE(metadata.contains("date"));

  options = {.vocab_sizes = {300}, .special_tokens = {"<a>"}, .fewest_tokens = true};
  Metadata fewest = train(corpus, options).front().metadata();
  CHECK(fewest.erase("train.added_to_counts") == 1);
  CHECK(fewest == provenance(options, 300, text));
  CHECK(fewest.at("train.vocab_sizes") == "300");  // with special tokens, as it was asked for
  CHECK(fewest.at("train.sample") == std::to_string(options.sample));
  CHECK_FALSE(fewest.contains("train.order"));
}

TEST_CASE("provenance: the digest depends on the text, not on how it comes") {
  Random random(1);
  const auto digest_of = [](const Corpus& corpus, TrainOptions options) {
    return train(corpus, options).front().metadata().at("corpus.digest");
  };
  for (std::size_t round = 0; round < rounds(20); ++round) {
    Strings documents;
    for (std::size_t i = random.between(1, 6); i > 0; --i) {
      documents.push_back("x" +
                          random_of(random, {"the ", "a\u0301", "sat\n", "\n", "1"}, random.below(300)));
    }
    TrainOptions options{.vocab_sizes = {270}, .threads = 1};
    const std::string expected = digest_of(corpus_of(documents), options);
    std::shuffle(documents.begin(), documents.end(), std::mt19937_64(random.number()));
    options.threads = static_cast<int>(random.between(1, 4));
    options.memory = random.chance(2) ? std::uint64_t{1} << 26 : 0;
    CHECK(digest_of(corpus_of(documents), options) == expected);
    Corpus in_parts;
    in_parts.walk = [&](const auto& visit) {
      for (const std::string& document : documents) {
        const std::size_t cut = random.below(document.size());
        visit(DocumentPart{.bytes = std::string_view(document).substr(0, cut), .ends_document = false});
        visit(DocumentPart{.bytes = std::string_view(document).substr(cut)});
      }
    };
    CHECK(digest_of(in_parts, options) == expected);
    documents.front()[0] = 'y';
    CHECK(digest_of(corpus_of(documents), options) != expected);
  }
}

TEST_CASE("provenance: the weight of a text shows in its digest") {
  TextDigest once, twice;
  once.add("a");
  twice.add("a", 2);
  CHECK(once.bytes == twice.bytes);
  CHECK(once.sum != twice.sum);
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
