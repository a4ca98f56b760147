#include "model/huggingface_file.h"

#include <doctest/doctest.h>

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
  write_huggingface(vocab, file);
  file.commit();
  return golden::read_bytes(folder / "a");
}

TEST_CASE("huggingface_file: what is exported comes back, counts and ids") {
  const Vocab vocab =
      vocab_of({{"ab", 17}, {" the", 900}, {"\u4F60\u597D", 5}, {"\xE4\xBD", 8}, {"\n\n", 2}, {"\"\\", 3}})
          .with_special_tokens(Strings{"<sep>", "\u2581"});
  const Imported imported = read_huggingface(exported(vocab));
  CHECK(counts_of(imported.vocab) == counts_of(vocab));
  CHECK(imported.vocab.find_special("<sep>") == vocab.find_special("<sep>"));
  CHECK(imported.ids.size() == vocab.id_count());
  for (const auto& [ours, theirs] : imported.ids) CHECK(ours == theirs);
  CHECK(imported.notes.empty());
}

TEST_CASE("huggingface_file: bytes are spelled in the byte level alphabet") {
  const std::string file = exported(vocab_of({{" a\n", 5}}));
  CHECK(contains(file, "[\"\u0120a\u010A\", -"));
  CHECK(contains(file, "[\"\u0100\", -"));  // NUL
  CHECK(contains(file, "[\"\u00FF\", -"));
}

TEST_CASE("huggingface_file: a piece with a line feed inside is never chosen") {
  CHECK(contains(exported(vocab_of({{"a\nb", 5}})), "[\"a\u010Ab\", -1000000"));
}

TEST_CASE("huggingface_file: a name that is also a piece is refused") {
  CHECK(contains(error_of([&] {
                   exported(vocab_of({{"<pad>", 5}}));
                 }),
                 "piece <pad> is spelled as the token <pad>"));
  CHECK(contains(error_of([&] {
                   exported(vocab_of({{"x", 5}}).with_special_tokens(Strings{"x"}));
                 }),
                 "spelled as"));
  CHECK(
      contains(error_of([&] { exported(vocab_of({}).with_special_tokens(Strings{"<bos>"})); }), "reserved"));
}

struct Row {
  std::string file, message;
};

TEST_CASE("huggingface_file: what is none is refused with its reason") {
  const std::string level =
      R"("pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false})";
  const auto with = [&](const std::string& vocab) {
    return "{" + level + R"(, "model": {"type": "Unigram", "vocab": )" + vocab + "}}";
  };
  const Row rows[] = {
      {"", "not whole, valid JSON"},
      {"{", "not whole, valid JSON"},
      {"[]", "has no model"},
      {"{}", "has no model"},
      {R"({"model": {"type": "BPE"}})", "its model is BPE"},
      {R"({"model": {"type": "Unigram"}})", "no vocab list"},
      {R"({"model": {"type": "Unigram", "vocab": []}})", "no pre_tokenizer"},
      {R"({"model": {"type": "Unigram", "vocab": []}, "pre_tokenizer": {"type": "Metaspace"}})",
       "not ByteLevel alone"},
      {R"({"model": {"type": "Unigram", "vocab": []}, "pre_tokenizer": {"type": "ByteLevel"}})", "use_regex"},
      {with("[1]"), "entry 0 of its vocabulary"},
      {with(R"([["a", "b"]])"), "entry 0 of its vocabulary"},
      {with(R"([["a", -1], ["a", -2]])"), "piece a is there twice"},
      {with(R"([["a", 7]])"), "has the score 7"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.file);
    CHECK(contains(error_of([&] { read_huggingface(row.file); }), row.message));
  }
  CHECK(read_huggingface(with(R"([["ab", -1]])")).vocab.find("ab").has_value());
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
