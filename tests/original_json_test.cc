#include "model/original_json.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "golden_data.h"
#include "model/base64.h"
#include "reference.h"
#include "support.h"
#include "text/json_string.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

std::string literal(std::string_view text) {
  std::string out;
  append_json_string(text, out);
  return out;
}

TEST_CASE("original_json: strings as Python writes them") {
  CHECK(literal("") == "\"\"");
  CHECK(literal("a\"\\/\n\r\t\b\f") == "\"a\\\"\\\\/\\n\\r\\t\\b\\f\"");
  CHECK(literal(bytes("\0\x1F\x7F")) == "\"\\u0000\\u001f\x7F\"");
  CHECK(literal("\u4F60\u2028\U0001F600") == "\"\u4F60\u2028\U0001F600\"");
}

std::string written(const reference::Counts& counts) { return file_of(vocab_of(counts)); }

TEST_CASE("original_json: the layout") {
  const std::string file = written({{"ab", 17}, {"\n", 5}, {"\"\u4F60\xFF", 3}});
  CHECK(file.starts_with(
      "{\n    \"AA==\": [\n        3,\n        \"\\u0000\",\n        1\n    ],\n    \"AQ==\""));
  CHECK(contains(file, "    \"Cg==\": [\n        13,\n        \"\\n\",\n        5\n    ],\n"));
  CHECK(contains(file, "    \"/w==\": [\n        258,\n        \"\",\n        1\n    ],\n"));
  CHECK(
      file.ends_with("    \"YWI=\": [\n        259,\n        \"ab\",\n        17\n    ],\n"
                     "    \"IuS9oP8=\": [\n        260,\n        \"\\\"\u4F60\",\n        3\n    ]\n}"));
}

// A model file, member by member, for the tests to spoil.
struct Members {
  std::vector<std::pair<std::string, std::string>> rows;  // key and value as they stand in the file

  Members() {
    for (const std::string& piece : reference::pieces_by_id(with_all_bytes({{"ab", 17}, {"abc", 3}}))) {
      const std::string id = std::to_string(rows.size() + kFirstPiece);
      rows.emplace_back(to_base64(piece), "[" + id + ", \"\", " + std::to_string(rows.size() + 1) + "]");
    }
  }
  std::string& value(std::size_t row) { return rows[row].second; }
  std::string file() const {
    std::string out = "{";
    for (const auto& [key, value] : rows) out += (out == "{" ? "\"" : ", \"") + key + "\": " + value;
    return out + "}";
  }
};

TEST_CASE("original_json: what else is a model") {
  const TemporaryFolder folder;
  const auto load = [&](const std::string& file) {
    write_bytes(folder / "a.bp", file);
    return counts_of(Vocab::load(folder / "a.bp"));
  };
  Members members;
  const reference::Counts counts = load(members.file());
  CHECK(counts.at("ab") == 257);
  CHECK(counts.at("abc") == 258);

  Members reversed = members;
  std::reverse(reversed.rows.begin(), reversed.rows.end());
  CHECK(load(reversed.file()) == counts);

  Members other_elements = members;
  other_elements.value(256) = "[259, null, {\"a\": [1, 2]}, 2.5, 257]";
  other_elements.value(257) = "[260, 258]";
  CHECK(load(other_elements.file()) == counts);

  CHECK(load("\n\n " + members.file() + "\n") == counts);

  Members large = members;
  large.value(256) = "[259, \"\", 18446744073709400000]";
  CHECK(load(large.file()).at("ab") == 18446744073709400000U);
}

struct Row {
  std::string name, file, message;
};

// A model in which the member in row `row` reads so.
std::string with_member(std::size_t row, const std::string& key, const std::string& value) {
  Members members;
  members.rows[row] = {key, value};
  return members.file();
}

TEST_CASE("original_json: what is no model is refused with its reason") {
  Members without_byte, doubled, extra_piece;
  without_byte.rows.erase(without_byte.rows.begin() + 10);
  doubled.rows.push_back(doubled.rows.back());
  extra_piece.rows.emplace_back("YWI=", "[261, \"ab\", 5]");
  const std::string good = Members().file();
  const Row rows[] = {
      {"empty", "", "not a model: an empty file"},
      {"text", "hello\n", "not a model: its content is not whole, valid JSON"},
      {"binary",
       bytes("\x7F"
             "ELF\0\0\xFF"),
       "not a model"},
      {"invalid UTF-8", "{\"AA==\": [3, \"\xFF\", 1]}", "not a model"},
      {"array", "[1, 2]", "not an object"},
      {"number", "17", "not an object"},
      {"two objects", good + good, "not a model"},
      {"text behind", good + " x", "not a model"},
      {"empty object", "{}", "single byte 0x00 is no piece"},
      {"lacks a byte", without_byte.file(), "single byte 0x0A is no piece"},
      {"member twice", doubled.file(), "piece abc is there twice"},
      {"piece with two ids", extra_piece.file(), "piece ab is there twice"},
      {"id twice", with_member(257, "YWJj", "[259, \"\", 5]"), "piece abc has id 259; expected 260"},
      {"id 0", with_member(257, "YWJj", "[0, \"\", 5]"), "piece abc has id 0; expected 260"},
      {"id with a hole", with_member(257, "YWJj", "[261, \"\", 5]"), "piece abc has id 261; expected 260"},
      {"id of 64 bits", with_member(257, "YWJj", "[4294967556, \"\", 5]"), "has id 4294967556; expected 260"},
      {"negative id", with_member(257, "YWJj", "[-1, \"\", 5]"), "piece abc: its id is not a whole number"},
      {"fractional id", with_member(257, "YWJj", "[260.0, \"\", 5]"), "its id is not a whole number"},
      {"id as text", with_member(257, "YWJj", "[\"260\", \"\", 5]"), "its id is not a whole number"},
      {"count 0", with_member(257, "YWJj", "[260, \"\", 0]"), "piece abc: its count is not a whole number"},
      {"negative count", with_member(257, "YWJj", "[260, \"\", -5]"), "its count is not a whole number"},
      {"fractional count", with_member(257, "YWJj", "[260, \"\", 5.5]"), "its count is not a whole number"},
      {"count as a float", with_member(257, "YWJj", "[260, \"\", 5e0]"), "its count is not a whole number"},
      {"count of 65 bits", with_member(257, "YWJj", "[260, \"\", 18446744073709551616]"), ""},
      {"count as text", with_member(257, "YWJj", "[260, \"\", \"5\"]"), "its count is not a whole number"},
      {"no count", with_member(257, "YWJj", "[260, \"\"]"), "its count is not a whole number"},
      {"one element", with_member(257, "YWJj", "[260]"), "not a list [id, text, count]"},
      {"no element", with_member(257, "YWJj", "[]"), "not a list [id, text, count]"},
      {"no list", with_member(257, "YWJj", "5"), "not a list [id, text, count]"},
      {"sum of counts", with_member(257, "YWJj", "[260, \"\", 18446744073709551615]"), "2^64 or more"},
      {"bad Base64", with_member(257, "YWJ", "[260, \"\", 5]"), "key \"YWJ\" is not the Base64 of a piece"},
      {"Base64 of nothing", with_member(257, "", "[260, \"\", 5]"), "key \"\" is not the Base64 of a piece"},
      {"long key", with_member(257, std::string(3000000, '?'), "[260, \"\", 5]"),
       "??... (3000000 bytes)\" is"},
      {"SentencePiece", bytes("\n\x0E\n\x05<unk>\x15\0\0\0\0\x18\2"), "bytepiece convert makes of it"},
      {"Hugging Face", "{\"version\": \"1.0\", \"model\": {}}", "bytepiece convert makes of it"},
      {"loose Base64", with_member(257, "YWJjZB==", "[260, \"\", 5]"), "is not the Base64 of a piece"},
  };
  const TemporaryFolder folder;
  const std::string path = folder / "bad.bp";
  for (const Row& row : rows) {
    CAPTURE(row.name);
    write_bytes(path, row.file);
    const std::string message = error_of([&] { Vocab::load(path); });
    CAPTURE(message);
    CHECK(message.starts_with(path + ": "));
    CHECK(contains(message, row.message));
    CHECK_FALSE(contains(message, "\n"));
    CHECK(message.size() < 1000);
  }
  for (const std::string name : {"p", "piece"}) {
    CHECK(error_of([&] { read_original_json(name, doubled.file()); }) == name + ": piece abc is there twice");
  }
}

TEST_CASE("original_json: cut off anywhere, it is refused") {
  const TemporaryFolder folder;
  const std::string path = folder / "cut.bp";
  const std::string file = written({{"ab", 17}, {"\u4F60", 5}});
  const std::size_t step = test_scale() == 0 ? 499 : 37;
  for (std::size_t size = 0; size < file.size(); size += size + 80 < file.size() ? step : 1) {
    CAPTURE(size);
    write_bytes(path, file.substr(0, size));
    CHECK(contains(error_of([&] { Vocab::load(path); }), "not a model"));
  }
}

TEST_CASE("original_json: spoiled anywhere, it is refused or a whole vocabulary") {
  const TemporaryFolder folder;
  const std::string path = folder / "spoiled.bp";
  const std::string file = written({{"ab", 17}, {"\u4F60", 5}});
  Random random(1);
  for (std::size_t round = 0; round < rounds(400); ++round) {
    std::string spoiled = file;
    for (std::size_t i = random.between(1, 3); i > 0; --i) {
      const std::size_t at = random.below(spoiled.size());
      switch (random.below(3)) {
        case 0:
          spoiled[at] = static_cast<char>(random.below(256));
          break;
        case 1:
          spoiled.erase(at, random.between(1, 200));
          break;
        default:
          spoiled.insert(at, spoiled.substr(random.below(spoiled.size()), random.between(1, 200)));
      }
    }
    write_bytes(path, spoiled);
    try {
      const Vocab vocab = Vocab::load(path);
      CHECK(vocab.size() >= 259);
      CHECK(vocab.find("\xFF") == Id{258});
    } catch (const Error& error) {
      CHECK(std::string_view(error.what()).starts_with(path + ": "));
    }
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
