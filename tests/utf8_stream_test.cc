#include <bytepiece/utf8_stream.h>

#include <bytepiece/decode_stream.h>
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support.h"
#include "text/utf8.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

const std::string kReplacement = "\xEF\xBF\xBD";

// In parts of random length.
std::string streamed(std::string_view text, Utf8Errors errors, Random& random, std::size_t longest_part) {
  Utf8Stream stream(errors);
  std::string out;
  while (!text.empty()) {
    const std::size_t size = std::min(text.size(), random.below(longest_part + 1));
    const std::size_t before = out.size();
    stream.write(text.substr(0, size), out);
    if (errors == Utf8Errors::kReplace) CHECK(is_whole_characters(std::string_view(out).substr(before)));
    text.remove_prefix(size);
  }
  stream.finish(out);
  return out;
}

struct Row {
  std::string bytes, replaced;
};

// What Python's bytes.decode("utf-8", "replace") gives; a dot stands for U+FFFD.
const std::vector<Row>& rows() {
  static const std::vector<Row> all = {
      {"", ""},
      {"plain", "plain"},
      {"\xE4\xBD\xA0\xC3\xA9\xF0\x9F\x98\x80", "\xE4\xBD\xA0\xC3\xA9\xF0\x9F\x98\x80"},
      {"\xE4\xBD", "."},
      {"\xE4\xBDx", ".x"},
      {"\xE4", "."},
      {"\xF0\x9F\x98", "."},
      {"\xF0\x9F\x98x", ".x"},
      {"\xF0\x9Fx", ".x"},
      {"\x80\x80", ".."},
      {"\xC0\xAF", ".."},
      {"\xE0\x80\xAF", "..."},
      {"\xED\xA0\x80", "..."},
      {"\xF4\x90\x80\x80", "...."},
      {"\xF5\xFF\xFE", "..."},
      {"\xF0\x80\x80\x41", "...A"},
      {"a\xC3\xC3\xA9", "a.\xC3\xA9"},
      {"\xE4\xBD\xE4\xBD\xA0", ".\xE4\xBD\xA0"},
  };
  return all;
}

std::string with_signs(std::string text, const std::string& sign) {
  for (std::size_t at = 0; (at = text.find('.', at)) != std::string::npos; at += sign.size())
    text.replace(at, 1, sign);
  return text;
}

TEST_CASE("utf8_stream: a table, in parts of any length") {
  Random random(1);
  for (const Row& row : rows()) {
    CAPTURE(row.bytes);
    for (const std::size_t longest : {1, 2, 3, 100}) {
      CHECK(streamed(row.bytes, Utf8Errors::kBytes, random, longest) == row.bytes);
      CHECK(streamed(row.bytes, Utf8Errors::kReplace, random, longest) ==
            with_signs(row.replaced, kReplacement));
      CHECK(streamed(row.bytes, Utf8Errors::kIgnore, random, longest) == drop_invalid_bytes(row.bytes));
      const std::string error = error_of([&] { streamed(row.bytes, Utf8Errors::kStrict, random, longest); });
      CHECK(error.empty() == is_whole_characters(row.bytes));
    }
  }
}

TEST_CASE("utf8_stream: random texts in parts are the whole text's") {
  Random random(2);
  for (std::size_t round = 0; round < rounds(2000); ++round) {
    const std::string text = random_text(random, random.below(60));
    CAPTURE(text);
    for (const Utf8Errors errors : {Utf8Errors::kBytes, Utf8Errors::kReplace, Utf8Errors::kIgnore}) {
      Random one(3);
      const std::string whole = streamed(text, errors, one, 1000);
      CHECK(streamed(text, errors, random, random.between(1, 7)) == whole);
    }
    CHECK(streamed(text, Utf8Errors::kIgnore, random, 3) == drop_invalid_bytes(text));
  }
}

TEST_CASE("utf8_stream: the strict error says where") {
  Utf8Stream stream(Utf8Errors::kStrict);
  std::string out;
  stream.write("abc\xE4\xBD", out);
  CHECK(out == "abc");
  CHECK(contains(error_of([&] {
                   stream.write(
                       "\xA0"
                       "d\xFF",
                       out);
                 }),
                 "offset 7: byte 0xFF is not UTF-8"));
}

TEST_CASE("decode_stream: characters appear once they are whole") {
  const Tokenizer tokenizer(vocab_of({{"ab", 5}, {"\xE4\xBD", 2}}));
  const Id two = *tokenizer.vocab().find("\xE4\xBD");
  DecodeStream stream(tokenizer, Utf8Errors::kReplace);
  const auto next = [&](std::vector<Id> ids) {
    std::string out;
    stream.write(ids, out);
    return out;
  };
  const auto byte = [](unsigned char b) { return Id{kFirstPiece} + b; };
  CHECK(next({*tokenizer.vocab().find("ab"), kBos}) == "ab");
  CHECK(next({two}).empty());
  CHECK(next({byte(0xA0), byte('x')}) == "\xE4\xBD\xA0x");
  CHECK(next({two}).empty());
  CHECK(next({byte('y'), byte(0xC3)}) == kReplacement + "y");
  std::string rest;
  stream.finish(rest);
  CHECK(rest == kReplacement);
  CHECK_FALSE(error_of([&] { next({99999}); }).empty());
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
