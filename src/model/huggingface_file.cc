// Tested by tests/huggingface_file_test.cc.
#include "model/huggingface_file.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <array>
#include <iterator>
#include <map>
#include <optional>

#include "text/json_string.h"
#include "text/utf8.h"
#include "text/visible.h"

namespace bytepiece {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kReserved[] = {"<pad>", "<bos>", "<eos>"};
constexpr double kNever = -1e6;  // a score with which nothing is chosen

// ---- The alphabet ----

bool stands_for_itself(unsigned byte) { return (byte > 32 && byte < 127) || (byte > 160 && byte != 173); }

struct ByteLevel {
  std::array<std::string, 256> spelled;  // by byte
  std::map<std::uint32_t, unsigned char> by_code_point;
};

const ByteLevel& byte_level() {
  static const ByteLevel alphabet = [] {
    ByteLevel made;
    std::uint32_t next = 256;
    for (unsigned byte = 0; byte < 256; ++byte) {
      const std::uint32_t c = stands_for_itself(byte) ? byte : next++;
      made.by_code_point[c] = static_cast<unsigned char>(byte);
      made.spelled[byte] =
          c < 128 ? std::string(1, static_cast<char>(c))
                  : std::string{static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
    }
    return made;
  }();
  return alphabet;
}

std::string spelled(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) out += byte_level().spelled[static_cast<unsigned char>(byte)];
  return out;
}

std::optional<std::string> bytes_of(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    const auto found = byte_level().by_code_point.find(c.code_point);
    if (found == byte_level().by_code_point.end()) return std::nullopt;
    bytes += static_cast<char>(found->second);
    at += c.length;
  }
  return bytes;
}

// ---- Reading ----

[[noreturn]] void fail(std::string_view what) {
  throw Error(fmt::format("not a Unigram tokenizer.json: {}", what));
}

std::string_view string_at(const dom::element& object, const char* key) {
  std::string_view value;
  return object[key].get(value) == simdjson::SUCCESS ? value : std::string_view();
}

bool flag_at(const dom::element& object, const char* key, bool otherwise) {
  bool value = otherwise;
  return object[key].get(value) == simdjson::SUCCESS ? value : otherwise;
}

void check_pre_tokenizer(const dom::element& root, std::vector<std::string>& notes) {
  dom::element pre;
  if (root["pre_tokenizer"].get(pre) != simdjson::SUCCESS || pre.is_null())
    fail("it has no pre_tokenizer ByteLevel");
  dom::array steps;
  if (string_at(pre, "type") == "Sequence" && pre["pretokenizers"].get(steps) == simdjson::SUCCESS &&
      steps.size() == 1) {
    pre = *steps.begin();
  }
  if (string_at(pre, "type") != "ByteLevel") fail("its pre_tokenizer is not ByteLevel alone");
  if (flag_at(pre, "use_regex", true)) {
    fail("its pre_tokenizer cuts texts with a regular expression (use_regex), which this tokenizer does not");
  }
  if (flag_at(pre, "add_prefix_space", true)) {
    notes.emplace_back("no blank is put in front of a text; put it there yourself");
  }
}

void check_normalizer(const dom::element& root, std::vector<std::string>& notes) {
  dom::element normalizer;
  const bool none = root["normalizer"].get(normalizer) != simdjson::SUCCESS || normalizer.is_null();
  if (none) {
    notes.emplace_back("texts are brought into NFC here, and not there");
  } else if (string_at(normalizer, "type") != "NFC") {
    notes.push_back(
        fmt::format("texts are not normalized by {}, only by NFC", excerpt(string_at(normalizer, "type"))));
  }
}

std::optional<Id> reserved_of(std::string_view name) {
  for (Id id = 0; id < std::size(kReserved); ++id) {
    if (name == kReserved[id]) return id;
  }
  if (name == "<s>") return kBos;
  if (name == "</s>") return kEos;
  return std::nullopt;
}

std::map<std::uint32_t, std::string> read_added(const dom::element& root) {
  std::map<std::uint32_t, std::string> added;
  dom::array list;
  if (root["added_tokens"].get(list) != simdjson::SUCCESS) return added;
  for (const dom::element& token : list) {
    std::uint64_t id = 0;
    if (token["id"].get(id) != simdjson::SUCCESS || id > 0xFFFFFFF0) fail("an added token has no id");
    added[static_cast<std::uint32_t>(id)] = string_at(token, "content");
  }
  return added;
}

void add_entry(const dom::element& entry, std::uint32_t id, Import& import, std::size_t& unusable) {
  dom::array pair;
  std::string_view text;
  double score = 0;
  if (entry.get(pair) != simdjson::SUCCESS || pair.size() != 2 || pair.at(0).get(text) != simdjson::SUCCESS ||
      pair.at(1).get(score) != simdjson::SUCCESS) {
    fail(fmt::format("entry {} of its vocabulary is not a list [text, score]", id));
  }
  auto bytes = bytes_of(text);
  if (!bytes || bytes->empty()) {
    ++unusable;
  } else {
    import.pieces.push_back({std::move(*bytes), score, id});
  }
}

// Scores that mean "never" become the least of those that are possible.
void raise_never(std::vector<ScoredPiece>& pieces) {
  double least = 0;
  for (const ScoredPiece& piece : pieces) {
    if (piece.score > kNever) least = std::min(least, piece.score);
  }
  for (ScoredPiece& piece : pieces) {
    if (piece.score <= kNever) piece.score = least - 10;
  }
}

}  // namespace

bool is_huggingface(std::string_view bytes) {
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  const std::string_view begin = bytes.substr(0, 4096);
  return first != bytes.npos && bytes[first] == '{' &&
         (begin.find("\"version\":") != begin.npos || begin.find("\"model\":") != begin.npos);
}

Imported read_huggingface(std::string_view bytes) {
  const simdjson::padded_string content(bytes);
  dom::parser parser;
  dom::element root, model;
  if (const auto error = parser.parse(content).get(root); error != simdjson::SUCCESS) {
    fail(fmt::format("it is not whole, valid JSON ({})", simdjson::error_message(error)));
  }
  if (root["model"].get(model) != simdjson::SUCCESS) fail("it has no model");
  if (string_at(model, "type") != "Unigram") {
    fail(fmt::format("its model is {}; only Unigram can be converted", excerpt(string_at(model, "type"))));
  }
  dom::array vocab;
  if (model["vocab"].get(vocab) != simdjson::SUCCESS) fail("its model has no vocab list");
  Import import;
  check_pre_tokenizer(root, import.notes);
  check_normalizer(root, import.notes);
  const std::map<std::uint32_t, std::string> added = read_added(root);
  std::uint64_t unknown = 0;
  if (model["unk_id"].get(unknown) != simdjson::SUCCESS) unknown = ~std::uint64_t{0};
  std::uint32_t id = 0;
  std::size_t unusable = 0;
  for (const dom::element& entry : vocab) {
    const bool is_unknown = id == unknown && !added.contains(id);
    if (!added.contains(id) && !is_unknown) add_entry(entry, id, import, unusable);
    ++id;
  }
  for (const auto& [their_id, text] : added) {
    if (const auto reserved = reserved_of(text)) {
      import.reserved.emplace_back(*reserved, their_id);
    } else if (their_id != unknown) {
      import.special_tokens.emplace_back(text, their_id);
    }
  }
  if (unusable > 0)
    import.notes.push_back(fmt::format("{} entries that no text can have are left out", unusable));
  raise_never(import.pieces);
  return finish(std::move(import));
}

// ---- Writing ----

namespace {

void check_names(const Vocab& vocab) {
  const auto check = [&](std::string_view name) {
    const auto bytes = bytes_of(name);
    if (!bytes || !vocab.find(*bytes)) return;
    throw Error(fmt::format("piece {} is spelled as the token {} there; such a model cannot be converted",
                            excerpt(*bytes), excerpt(name)));
  };
  for (const std::string_view name : kReserved) check(name);
  for (const std::string& token : vocab.special_tokens()) {
    check(token);
    if (reserved_of(token))
      throw Error(fmt::format("special token {} has the name of a reserved id", excerpt(token)));
  }
}

std::string added_token(Id id, std::string_view text) {
  std::string out = fmt::format("{}\n    {{\"id\": {}, \"content\": ", id > 0 ? "," : "", id);
  append_json_string(text, out);
  return out +
         ", \"single_word\": false, \"lstrip\": false, \"rstrip\": false, \"normalized\": false, "
         "\"special\": true}";
}

void append_entry(std::string_view text, double score, std::string& out) {
  out += out.empty() ? "\n      [" : ",\n      [";
  append_json_string(text, out);
  fmt::format_to(std::back_inserter(out), ", {}]", score);
}

bool has_inner_line_feed(std::string_view piece) {
  const std::size_t feed = piece.find('\n');
  return feed != piece.npos && piece.find_first_not_of('\n', feed) != piece.npos;
}

}  // namespace

std::vector<std::string> write_huggingface(const Vocab& vocab, OutputFile& file) {
  check_names(vocab);
  std::string added, entries;
  Id special = static_cast<Id>(vocab.size());
  for (const std::string_view name : kReserved) append_entry(name, kNever, entries);
  for (Id id = kFirstPiece; id < vocab.size(); ++id) {
    const std::string_view piece = vocab.bytes(id);
    append_entry(spelled(piece), has_inner_line_feed(piece) ? kNever : vocab.log_prob(id), entries);
  }
  for (Id id = 0; id < kFirstPiece; ++id) added += added_token(id, kReserved[id]);
  for (const std::string& token : vocab.special_tokens()) {
    append_entry(token, kNever, entries);
    added += added_token(special++, token);
  }
  constexpr std::string_view kByteLevel =
      "{\"type\": \"ByteLevel\", \"add_prefix_space\": false, \"trim_offsets\": false, \"use_regex\": false}";
  file.write(
      fmt::format("{{\n  \"version\": \"1.0\",\n  \"truncation\": null,\n  \"padding\": null,\n"
                  "  \"added_tokens\": [{}\n  ],\n  \"normalizer\": {{\"type\": \"NFC\"}},\n"
                  "  \"pre_tokenizer\": {},\n  \"post_processor\": null,\n  \"decoder\": {},\n"
                  "  \"model\": {{\n    \"type\": \"Unigram\",\n    \"unk_id\": 0,\n    \"vocab\": [",
                  added, kByteLevel, kByteLevel));
  file.write(entries);
  file.write("\n    ],\n    \"byte_fallback\": false\n  }\n}\n");
  return {"<pad>, <bos>, <eos> and special tokens in a text are always read as such there"};
}

}  // namespace bytepiece
