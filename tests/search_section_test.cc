// Searching in a structure that lies in a file: the same ids, and no harm whatever the file holds.
#include "encode/search_section.h"

#include <bytepiece/tokenizer.h>
#include <doctest/doctest.h>

#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "golden_data.h"
#include "model_bytes.h"
#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

// Strong and weak characters, pieces near and far, line feeds.
Vocab varied() {
  return vocab_of({{"\u4F60", 900},
                   {"\u597D", 800},
                   {"\u4F60\u597D", 90},
                   {"ab", 30},
                   {"aaaa", 30},
                   {"aaaaaaaaaaaa", 60},
                   {"aaaaaaaaaaaaaaaa", 70},
                   {"bbbbbbbbbb", 50},
                   {"\n\n", 9},
                   {"b\n", 8}});
}

Strings texts() {
  return {"", "ab\u4F60\u597D\n\nb\nab",
          std::string(40, 'a') + "b" + std::string(25, 'b') + "\n" + std::string(30, 'a'),
          bytes("\0\xFF\n\n\n"), "\xE4\xBD\xE4\u4F60"};
}

std::string file_bytes(const Tokenizer& tokenizer) {
  const TemporaryFolder folder;
  tokenizer.save(folder / "a.bp");
  return golden::read_bytes(folder / "a.bp");
}

TEST_CASE("search_section: the same ids as with a structure just built") {
  const TemporaryFolder folder;
  Random random(1);
  for (std::size_t round = 0; round < rounds(30); ++round) {
    const Vocab vocab = round == 0
                            ? varied()
                            : vocab_of(random_pieces(random, round % 2 == 0 ? "ab\n" : "abc\xFF", 40, true));
    Tokenizer(vocab).save(folder / "a.bp");
    for (const Form form : supported_forms()) {
      const Tokenizer built = tokenizer_with_form(vocab, form),
                      loaded = tokenizer_of_file(folder / "a.bp", form);
      for (const std::string& text : texts()) CHECK(loaded.encode(text) == built.encode(text));
      for (int i = 0; i < 20; ++i) {
        const std::string text = random_of(random, {"a", "b", "\n", "\xFF", "\u4F60"}, random.below(200));
        CHECK(loaded.encode(text) == built.encode(text));
      }
    }
    const std::string first = golden::read_bytes(folder / "a.bp");
    CHECK(file_bytes(Tokenizer::load(folder / "a.bp")) == first);
    Vocab::load(folder / "a.bp").save(folder / "plain.bp");  // without the section
    CHECK(file_bytes(Tokenizer::load(folder / "plain.bp")) == first);
  }
}

TEST_CASE("search_section: a Tokenizer outlives its file's name and those it was copied from") {
  const TemporaryFolder folder;
  Tokenizer(varied()).save(folder / "a.bp");
  auto loaded = std::make_unique<Tokenizer>(Tokenizer::load(folder / "a.bp"));
  const Tokenizer copy = *loaded;
  loaded.reset();
  std::filesystem::remove(folder / "a.bp");
  CHECK(copy.decode(copy.encode("ab\u4F60")) == "ab\u4F60");
}

TEST_CASE("search_section: one of other pieces or another layout is built again") {
  const TemporaryFolder folder;
  const Tokenizer tokenizer(varied());
  for (const std::size_t at : {0, 4, 8, 15}) {  // layout, byte order, digest
    ModelBytes model(file_bytes(tokenizer));
    model.bytes()[model.section("search").begin + at] ^= 1;
    model.correct_checksums();
    model.write(folder / "a.bp");
    const Tokenizer loaded = Tokenizer::load(folder / "a.bp");
    for (const std::string& text : texts()) CHECK(loaded.encode(text) == tokenizer.encode(text));
    CHECK(file_bytes(loaded) == file_bytes(tokenizer));
  }
}

// Uses all that reads the structure. Ids are those of the vocabulary, or there is an Error.
bool works(const std::filesystem::path& path, Form form) {
  try {
    const Tokenizer tokenizer = tokenizer_of_file(path, form);
    static const Strings all = texts();
    static const std::vector<std::string_view> views(all.begin(), all.end());
    static const std::string long_line = std::string(9000, 'a') + std::string(9000, 'b');
    std::vector<Id> ids;
    std::vector<std::size_t> ends;
    for (const std::string& text : all) tokenizer.encode(text, {}, ids);
    tokenizer.encode_batch(views, {}, ids, ends);
    REQUIRE(ends.size() == views.size());
    for (const Id id : ids) REQUIRE(id < tokenizer.vocab().size());
    if (ids.size() % 16 == 0) tokenizer.encode(long_line);
    return true;
  } catch (const Error&) {
    return false;
  }
}

TEST_CASE("search_section: any byte of a model changed, with right checksums, does no harm") {
  const TemporaryFolder folder;
  const std::string path = folder / "changed.bp";
  const std::string whole = file_bytes(Tokenizer(varied()));
  const std::vector<Form> forms = supported_forms();
  const std::size_t begin = ModelBytes(whole).section("search").begin;
  std::size_t working = 0, refused = 0;
  for (const int change : {0xFF, 0x01, 0x80, 0x10}) {
    if (test_scale() == 0 && change != 0x01) continue;
    for (std::size_t at = begin; at < whole.size(); ++at) {
      ModelBytes model(whole);
      model.bytes()[at] = static_cast<char>(model.bytes()[at] ^ change);
      model.correct_checksums();
      model.write(path);
      ++(works(path, forms[at % forms.size()]) ? working : refused);
    }
  }
  CHECK(working > 0);
  CHECK(refused > 0);
}

TEST_CASE("search_section: several changes at a time, numbers that are meant to hurt") {
  const TemporaryFolder folder;
  const std::string path = folder / "changed.bp";
  const std::string whole = file_bytes(Tokenizer(varied()));
  const auto place = ModelBytes(whole).section("search");
  const double nan = std::numeric_limits<double>::quiet_NaN(),
               infinity = std::numeric_limits<double>::infinity();
  Random random(1);
  for (std::size_t round = 0; round < rounds(6000); ++round) {
    ModelBytes model(whole);
    for (std::size_t n = random.between(1, 200); n > 0; --n) {
      char* const at = model.bytes().data() + place.begin + random.below(place.size / 4 - 1) * 4;
      if (round % 2 == 0 && at < model.bytes().data() + whole.size() - whole.size() / 4) continue;
      switch (random.below(6)) {
        case 0:
          std::memcpy(at, &nan, 8);
          break;
        case 1:
          std::memcpy(at, &infinity, 8);
          break;
        case 2:
          std::memset(at, 0xFF, 4);
          break;
        case 3:
          *at = static_cast<char>(random.below(256));
          break;
        case 4:
          std::memset(at, 0, 4);
          break;
        default:
          std::memcpy(at, model.bytes().data() + place.begin + random.below(place.size / 4 - 1) * 4, 4);
      }
    }
    model.correct_checksums();
    model.write(path);
    works(path, random.pick(supported_forms()));
  }
}

TEST_CASE("search_section: all scores and ids replaced, the structure kept") {
  const TemporaryFolder folder;
  const std::string path = folder / "changed.bp";
  const std::string whole = file_bytes(Tokenizer(varied()));
  for (const std::uint32_t word : {0u, 1u, 0xFFFFFFFFu, 0xFFFFFFFEu, 0x7FF00000u, 0xFFF00000u, 12u, 300u}) {
    for (const std::size_t share : {1, 2, 3}) {
      ModelBytes model(whole);
      const auto place = model.section("search");
      // The entries are the last array; far lengths among them must stay, so spare small numbers on odd
      // rounds.
      for (std::size_t at = place.size / 4 - 1; at > place.size / 4 - 700; at -= share) {
        char* const entry = model.bytes().data() + place.begin + 4 * at;
        std::uint32_t old;
        std::memcpy(&old, entry, 4);
        if (old > 8 && old < 20) continue;
        std::memcpy(entry, &word, 4);
      }
      model.correct_checksums();
      model.write(path);
      for (const Form form : supported_forms()) works(path, form);
    }
  }
}

TEST_CASE("search_section: a model whose pieces are too deep is built when it is loaded") {
  const TemporaryFolder folder;
  const Vocab vocab = vocab_of({{std::string(40000, 'a'), 5}});
  Tokenizer(vocab).save(folder / "a.bp");
  CHECK(Tokenizer::load(folder / "a.bp").encode(std::string(40001, 'a')) ==
        Tokenizer(vocab).encode(std::string(40001, 'a')));
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
