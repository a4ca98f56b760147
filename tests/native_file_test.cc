// The native model file: what comes back, the example of data/FORMAT.md, and files that are none any more.
#include "model/native_file.h"

#include <bytepiece/tokenizer.h>
#include <doctest/doctest.h>

#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include "golden_data.h"
#include "model_bytes.h"
#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

const Strings kTokens = {"<sep>", "\u2581"};

Vocab example() {
  return vocab_of({{"ab", 17}, {"\u4F60", 1ull << 40}, {"a\n", 3}})
      .with_special_tokens(kTokens)
      .with_metadata({{"note", "an example"}, {"train.order", "6"}});
}

std::string native_bytes(const Vocab& vocab) {
  const TemporaryFolder folder;
  vocab.save(folder / "a.bp");
  return golden::read_bytes(folder / "a.bp");
}

TEST_CASE("native_file: what was saved comes back, and the same bytes with it") {
  const TemporaryFolder folder;
  Random random(1);
  for (std::size_t round = 0; round < rounds(20); ++round) {
    const Vocab vocab =
        round == 0 ? example() : vocab_of(random_pieces(random, "ab\xFF\n", 5 * round, false));
    vocab.save(folder / "a.bp");
    const Vocab loaded = Vocab::load(folder / "a.bp");
    CHECK(counts_of(loaded) == counts_of(vocab));
    CHECK(loaded.total() == vocab.total());
    CHECK(loaded.max_piece_length() == vocab.max_piece_length());
    CHECK(loaded.metadata() == vocab.metadata());
    CHECK(std::equal(loaded.special_tokens().begin(), loaded.special_tokens().end(),
                     vocab.special_tokens().begin(), vocab.special_tokens().end()));
    for (Id id = kFirstPiece; id < vocab.size(); ++id) {
      CHECK(loaded.log_prob(id) == vocab.log_prob(id));
      CHECK(loaded.find(vocab.bytes(id)) == id);
    }
    loaded.save(folder / "b.bp");
    CHECK(golden::read_bytes(folder / "b.bp") == golden::read_bytes(folder / "a.bp"));
    CHECK(pieces_digest(loaded) == pieces_digest(vocab));
  }
}

TEST_CASE("native_file: a Vocab outlives its file's name and the Vocab it was copied from") {
  const TemporaryFolder folder;
  example().save(folder / "a.bp");
  auto loaded = std::make_unique<Vocab>(Vocab::load(folder / "a.bp"));
  const Vocab copy = *loaded;
  loaded.reset();
  std::filesystem::remove(folder / "a.bp");
  CHECK(copy.bytes(kFirstPiece + 256) == "a\n");
  CHECK(copy.find_special("<sep>") == static_cast<Id>(copy.size()));
}

// The lines of a hex dump ("00000010  7f 00 ..."; "*": as the line before) as bytes.
std::string from_hex_dump(const std::string& text) {
  std::string out, row;
  std::istringstream lines(text);
  bool repeat = false;
  for (std::string line; std::getline(lines, line);) {
    unsigned long at = 0;
    if (line == "*") {
      repeat = true;
    } else if (line.size() >= 8 && std::sscanf(line.c_str(), "%8lx", &at) == 1 &&
               line.find_first_not_of("0123456789abcdef") >= 8) {
      while (repeat && out.size() < at) out += row;
      repeat = false;
      REQUIRE(out.size() == at);
      row.clear();
      std::istringstream numbers(line.substr(8, line.find('|') - 8));
      for (unsigned byte; numbers >> std::hex >> byte;) row += static_cast<char>(byte);
      out += row;
    }
  }
  return out;
}

TEST_CASE("native_file: the example of data/FORMAT.md, byte for byte") {
  const std::string text = golden::read_bytes(BYTEPIECE_SOURCE_DIR "/data/FORMAT.md");
  const std::size_t begin = text.find("00000000  89");
  REQUIRE(begin != text.npos);
  const std::string dump = text.substr(begin, text.find("```", begin) - begin);
  const Vocab vocab =
      vocab_of({{"ab", 17}}).with_special_tokens(Strings{"<sep>"}).with_metadata({{"note", "an example"}});
  CHECK(from_hex_dump(dump) == native_bytes(vocab));
}

std::string load_error(const TemporaryFolder& folder, const ModelBytes& model) {
  const std::string path = folder / "bad.bp";
  model.write(path);
  const std::string message = error_of([&] { Vocab::load(path); });
  if (!message.empty()) {
    CHECK(message.starts_with(path + ": "));
    CHECK_FALSE(contains(message, "\n"));
  }
  return message.empty() ? message : message.substr(path.size() + 2);
}

TEST_CASE("native_file: cut off anywhere, it is refused") {
  const TemporaryFolder folder;
  const std::string whole = native_bytes(example());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string message = load_error(folder, ModelBytes(whole.substr(0, size)));
    const bool said = contains(message, size == 0 ? "an empty file" : "cut off");
    if (!said) FAIL_CHECK(size, " bytes: ", message);
  }
  CHECK(contains(load_error(folder, ModelBytes(whole + "x")), "damaged"));
}

TEST_CASE("native_file: with any byte changed, it is refused") {
  const TemporaryFolder folder;
  const std::string whole = native_bytes(example());
  for (const int change : {0xFF, 0x01, 0x80}) {
    if (test_scale() == 0 && change != 0xFF) continue;
    for (std::size_t at = 0; at < whole.size(); ++at) {
      ModelBytes model(whole);
      model.bytes()[at] = static_cast<char>(model.bytes()[at] ^ change);
      if (load_error(folder, model).empty()) FAIL_CHECK("byte ", at, " changed by ", change, " is accepted");
    }
  }
}

TEST_CASE("native_file: changed with right checksums, it is refused or a whole vocabulary") {
  const TemporaryFolder folder;
  const std::string path = folder / "changed.bp";
  const std::string whole = native_bytes(example());
  for (const int change : {0xFF, 0x01, 0x80}) {
    if (test_scale() == 0 && change != 0x01) continue;
    for (std::size_t at = 0; at < whole.size(); ++at) {
      ModelBytes model(whole);
      model.bytes()[at] = static_cast<char>(model.bytes()[at] ^ change);
      const auto n = static_cast<unsigned char>(model.bytes()[12]);
      if (model.bytes().substr(13, 3) != std::string(3, '\0') || n > 5) continue;
      model.correct_checksums();
      model.write(path);
      try {
        const Vocab vocab = Vocab::load(path);
        std::uint64_t total = 0;
        for (Id id = kFirstPiece; id < vocab.size(); ++id) {
          REQUIRE(vocab.find(vocab.bytes(id)) == id);
          REQUIRE(vocab.count(id) > 0);
          total += vocab.count(id);
        }
        REQUIRE(total == vocab.total());
        REQUIRE(vocab.bytes(kFirstPiece + 255) == "\xFF");
      } catch (const Error& error) {
        REQUIRE(std::string_view(error.what()).starts_with(path + ": "));
      }
    }
  }
}

struct Row {
  std::string name, message;
  ModelBytes model;
};

template <class Change>
ModelBytes changed(const Change& change) {
  ModelBytes model(native_bytes(example()));
  change(model);
  return model;
}

// With the content of one section replaced.
ModelBytes with_section(std::string_view name, const std::string& content) {
  const ModelBytes from(native_bytes(example()));
  ModelBytes model(from.bytes().substr(0, 40));
  model.bytes().replace(12, 4, std::string(4, '\0'));
  for (const auto& place : from.sections()) {
    model.add_section(place.name, from.bytes()[place.entry + 7] == 1,
                      place.name == name ? content : from.bytes().substr(place.begin, place.size));
  }
  return model;
}

TEST_CASE("native_file: what is wrong is said") {
  const auto u32 = [](std::uint32_t number) {
    return std::string(reinterpret_cast<const char*>(&number), sizeof number);
  };
  const Row rows[] = {
      {"newer",
       "format version 2 is newer than this tool (" BYTEPIECE_VERSION ") knows; bytepiece 0.1.0 or newer",
       changed([](ModelBytes& m) { m.bytes()[8] = 2; })},
      {"spoiled as text", "its first 8 bytes were changed, as a transfer as text does",
       changed([](ModelBytes& m) { m.bytes().erase(4, 1); })},
      {"unknown and required", "section future is required, and this tool",
       changed([](ModelBytes& m) { m.add_section("future", true, "x"); })},
      {"unknown and optional", "", changed([](ModelBytes& m) { m.add_section("future", false, "x"); })},
      {"twice", "section counts is there twice",
       changed([](ModelBytes& m) { m.add_section("counts", true, "12345678"); })},
      {"piece changed", "damaged: section pieces: its checksum",
       changed([](ModelBytes& m) { m.bytes()[m.section("pieces").begin + 5] = 'x'; })},
      {"head changed", "checksum of its head", changed([](ModelBytes& m) { m.bytes()[30] = 'x'; })},
      {"padding", "bytes in front of it are not zero",
       changed([](ModelBytes& m) { m.bytes()[m.section("pieces").begin - 1] = 'x'; })},
      {"a huge section", "does not lie where it should", changed([](ModelBytes& m) {
         m.bytes()[m.section("pieces").entry + 22] = 'x';
         m.correct_head();
       })},
      {"many sections", "sections do not fit the file", changed([](ModelBytes& m) { m.bytes()[14] = 'x'; })},
      {"no pieces", "section pieces is missing", changed([](ModelBytes& m) {
         const std::size_t entry = m.section("pieces").entry;
         m.bytes()[entry] = 'q';
         m.bytes()[entry + 7] = 0;
         m.correct_head();
       })},
      {"a byte is no piece, and another one twice", "is there twice",
       with_section("pieces",
                    [] {
                      std::string all = ModelBytes(native_bytes(example())).bytes();
                      const auto place = ModelBytes(all).section("pieces");
                      std::string content = all.substr(place.begin, place.size);
                      content.erase(0, 1);
                      return content.insert(255, "\xFF");
                    }())},
      {"lengths too many", "more pieces than the other sections have",
       with_section("lengths", u32(1) + u32(0xFFFFFFFF))},
      {"lengths too few", "fewer pieces than the other sections have",
       with_section("lengths", u32(1) + u32(256))},
      {"lengths not ascending", "not ascending", with_section("lengths", u32(0) + u32(256))},
      {"lengths cut", "not a multiple of 8", with_section("lengths", "abc")},
      {"counts cut", "not a multiple of 8", with_section("counts", "abc")},
      {"no counts", "more pieces than", with_section("counts", "")},
      {"special cut", "ends inside a token", with_section("special", u32(100) + "abc")},
      {"special length cut", "ends inside a length", with_section("special", "ab")},
      {"special empty", "a special token is empty", with_section("special", u32(0))},
      {"special twice", "special token a is there twice",
       with_section("special", u32(1) + "a" + u32(1) + "a")},
      {"special not UTF-8", "is not UTF-8", with_section("special", u32(1) + "\xFF")},
      {"meta without tab", "a line is not key, tab, value", with_section("meta", "abc\n")},
      {"meta without end", "a line is not key, tab, value", with_section("meta", "a\tb")},
      {"meta order", "keys are not ascending", with_section("meta", "b\t1\na\t2\n")},
      {"meta not UTF-8", "not UTF-8", with_section("meta", "a\t\xFF\n")},
  };
  const TemporaryFolder folder;
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const std::string message = load_error(folder, row.model);
    CAPTURE(message);
    CHECK(contains(message, row.message));
    CHECK(row.message.empty() == message.empty());
  }
}

TEST_CASE("native_file: files of format version 1 stay readable") {
  const std::filesystem::path folder = BYTEPIECE_GOLDEN_DIR "/model";
  for (const std::string name : {"v1.bp", "v1.pieces_only.bp"}) {
    CAPTURE(name);
    const Vocab vocab = Vocab::load(folder / name);
    CHECK(file_of(vocab) == golden::read_bytes(folder / "v1.json"));
    CHECK(vocab.find_special("<sep>") == static_cast<Id>(vocab.size()));
    CHECK(vocab.metadata().at("note") == "format version 1");
    const Tokenizer tokenizer = Tokenizer::load(folder / name);
    CHECK(tokenizer.encode("hello world") == Tokenizer::load(folder / "v1.json").encode("hello world"));
  }
}

TEST_CASE("native_file: spoiled files and what is said about them") {
  const std::filesystem::path folder = BYTEPIECE_SOURCE_DIR "/data/corrupt";
  std::istringstream lines(golden::read_bytes(folder / "messages.txt"));
  std::size_t files = 0;
  for (std::string line; std::getline(lines, line); ++files) {
    const std::size_t tab = line.find('\t');
    const std::string path = folder / line.substr(0, tab);
    std::string message = line.substr(tab + 1);
    if (const std::size_t at = message.find("VERSION"); at != message.npos) {
      message.replace(at, 7, BYTEPIECE_VERSION);
    }
    CHECK(error_of([&] { Tokenizer::load(path); }) == path + ": " + message);
  }
  CHECK(files == 8);
}

TEST_CASE("native_file: a name ending in .json makes the original's file, and content tells them apart") {
  const TemporaryFolder folder;
  example().save(folder / "a.json");
  example().save(folder / "a.bp");
  CHECK(golden::read_bytes(folder / "a.json").starts_with("{\n"));
  std::filesystem::rename(folder / "a.json", folder / "b.bp");
  std::filesystem::rename(folder / "a.bp", folder / "b.json");
  CHECK(counts_of(Vocab::load(folder / "b.bp")) == counts_of(example()));
  CHECK(counts_of(Vocab::load(folder / "b.json")) == counts_of(example()));
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
