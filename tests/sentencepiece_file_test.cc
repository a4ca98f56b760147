#include "model/sentencepiece_file.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "golden_data.h"
#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

std::string exported(const Vocab& vocab) {
  const TemporaryFolder folder;
  OutputFile file(folder / "a");
  write_sentencepiece(vocab, file);
  file.commit();
  return golden::read_bytes(folder / "a");
}

std::string note_of(const Vocab& vocab, std::string_view part) {
  const TemporaryFolder folder;
  OutputFile file(folder / "a");
  for (const std::string& note : write_sentencepiece(vocab, file)) {
    if (contains(note, part)) return note;
  }
  return "";
}

// A message field with a length: one byte of tag, one of length.
std::string field(int number, const std::string& content) {
  return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(content.size())} + content;
}
std::string number(int number, int value) {
  return {static_cast<char>(number << 3), static_cast<char>(value)};
}

TEST_CASE("sentencepiece_file: what is exported comes back with its ids") {
  const Vocab vocab = vocab_of({{"ab", 17}, {" the", 900}, {"\u4F60\u597D", 5}, {"  ", 8}, {"\n\n", 2}})
                          .with_special_tokens(Strings{"<sep>"});
  const Imported imported = read_sentencepiece(exported(vocab));
  REQUIRE(imported.vocab.size() == vocab.size());
  for (Id id = kFirstPiece; id < vocab.size(); ++id) {
    CHECK(imported.vocab.bytes(id) == vocab.bytes(id));
    CHECK(std::abs(imported.vocab.log_prob(id) - vocab.log_prob(id)) < 1e-3);
  }
  CHECK(imported.vocab.find_special("<sep>") == vocab.find_special("<sep>"));
  for (const auto& [ours, theirs] : imported.ids) CHECK(ours == theirs);
}

TEST_CASE("sentencepiece_file: what it cannot say is listed, and takes its id") {
  CHECK(contains(note_of(vocab_of({{"\xE4\xBD", 5}, {"\xFF\xFF", 5}}), "whole"), "2 pieces are not whole"));
  CHECK(contains(note_of(vocab_of({{"a\u2581", 5}, {bytes("a\0"), 5}, {"<s>", 3}, {"<0x41>", 3}}), "NUL or"),
                 "4 pieces hold"));
  CHECK(contains(note_of(vocab_of({{"a\nb", 5}}), "inside"), "1 pieces have a line feed"));
  const Vocab vocab = vocab_of({{"\xE4\xBD", 5}, {"zz", 5}});
  const Imported imported = read_sentencepiece(exported(vocab));
  CHECK(imported.vocab.size() == vocab.size() - 1);
  const auto theirs = std::find_if(imported.ids.begin(), imported.ids.end(),
                                   [&](const auto& ids) { return ids.first == *imported.vocab.find("zz"); });
  REQUIRE(theirs != imported.ids.end());
  CHECK(theirs->second == *vocab.find("zz"));
  CHECK(
      contains(error_of([&] { exported(vocab.with_special_tokens(Strings{"<s>"})); }), "special token <s>"));
}

TEST_CASE("sentencepiece_file: what is no Unigram model is refused") {
  const std::string piece = field(1, field(1, "a"));
  CHECK(contains(error_of([&] { read_sentencepiece(""); }), "it has no pieces"));
  CHECK(contains(error_of([&] { read_sentencepiece("\x0A\x7F"); }), "not a SentencePiece model"));
  CHECK(contains(error_of([&] { read_sentencepiece(piece + field(2, number(3, 2))); }), "of the type BPE"));
  CHECK(contains(error_of([&] { read_sentencepiece(field(1, field(1, "x") + number(3, 6))); }),
                 "a byte by its type"));
  CHECK(contains(error_of([&] {
                   read_sentencepiece(field(1, field(1, "x")) + field(1, "") + field(1, "") + piece + piece);
                 }),
                 "twice"));
}

TEST_CASE("sentencepiece_file: what an imported model does in another way is listed") {
  std::string model;
  for (const std::string text : {"<unk>", "<s>", "</s>"}) model += field(1, field(1, text) + number(3, 3));
  model += field(1, field(1, "\u2581a") + bytes("\x15\0\0\x80\xBF"));
  const Imported imported = read_sentencepiece(model);
  CHECK(imported.vocab.find(" a").has_value());
  CHECK(imported.notes.size() == 3);  // blank in front, blanks removed, no byte fallback
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
