// Tested by tests/original_json_test.cc.
#include "model/original_json.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "model/base64.h"
#include "model/huggingface_file.h"
#include "model/sentencepiece_file.h"
#include "text/json_string.h"
#include "text/utf8.h"
#include "text/visible.h"

namespace bytepiece {
namespace {

namespace dom = simdjson::dom;

dom::object parse(const simdjson::padded_string& content, dom::parser& parser) {
  dom::element root;
  if (const auto failure = parser.parse(content).get(root); failure != simdjson::SUCCESS) {
    throw Error(fmt::format("not a model: {} is not whole, valid JSON ({})",
                            content.size() == 0 ? "an empty file" : "its content",
                            simdjson::error_message(failure)));
  }
  dom::object object;
  if (root.get(object) != simdjson::SUCCESS) {
    throw Error("not a model: its content is JSON, but not an object of pieces");
  }
  return object;
}

// One member of the object: "BASE64": [id, ..., count].
struct Member {
  std::uint64_t id;
  Piece piece;
};

Member read_member(std::string_view key, const dom::element& value) {
  auto bytes = from_base64(key);
  if (!bytes || bytes->empty()) {
    throw Error(fmt::format("key \"{}\" is not the Base64 of a piece", excerpt(key)));
  }
  const auto expect = [&](bool fits, std::string_view what) {
    if (!fits) throw Error(fmt::format("piece {}: {}", excerpt(*bytes), what));
  };
  dom::array elements;
  expect(value.get(elements) == simdjson::SUCCESS && elements.size() >= 2,
         "its value is not a list [id, text, count]");
  Member member;
  expect((*elements.begin()).get(member.id) == simdjson::SUCCESS, "its id is not a whole number");
  dom::element last;
  for (const dom::element element : elements) last = element;
  expect(last.get(member.piece.count) == simdjson::SUCCESS && member.piece.count > 0,
         "its count is not a whole number from 1 to 2^64 - 1");
  member.piece.bytes = std::move(*bytes);
  return member;
}

void check_ids(const Vocab& vocab, const std::vector<Member>& members) {
  for (const Member& member : members) {
    const Id expected = *vocab.find(member.piece.bytes);
    if (member.id == expected) continue;
    throw Error(fmt::format("piece {} has id {}; expected {}, its place in the order of (length, bytes)",
                            excerpt(member.piece.bytes), member.id, expected));
  }
}

Vocab read(std::string_view bytes) {
  const simdjson::padded_string content(bytes);
  dom::parser parser;
  std::vector<Member> members;
  std::vector<Piece> pieces;
  for (const dom::key_value_pair& field : parse(content, parser)) {
    members.push_back(read_member(field.key, field.value));
    pieces.push_back(members.back().piece);
  }
  Vocab vocab(std::move(pieces));
  check_ids(vocab, members);
  return vocab;
}

// What else people have called a model.
std::string_view other_kind(std::string_view bytes) {
  return is_sentencepiece(bytes) ? "SentencePiece" : is_huggingface(bytes) ? "Hugging Face" : "";
}

}  // namespace

Vocab read_original_json(const std::filesystem::path& path, std::string_view bytes) {
  try {
    return read(bytes);
  } catch (const Error& error) {
    const std::string_view kind = other_kind(bytes);
    if (kind.empty()) throw Error(fmt::format("{}: {}", path.string(), error.what()));
    throw Error(
        fmt::format("{}: a model of {}; expected a native one or the original's JSON, which "
                    "bytepiece convert makes of it",
                    path.string(), kind));
  }
}

void write_original_json(const Vocab& vocab, OutputFile& file) {
  std::string member = "{";
  for (Id id = kFirstPiece; id < vocab.size(); ++id) {
    const std::string_view bytes = vocab.bytes(id);
    member += id == kFirstPiece ? "\n    " : ",\n    ";
    fmt::format_to(std::back_inserter(member), "\"{}\": [\n        {},\n        ", to_base64(bytes), id);
    append_json_string(drop_invalid_bytes(bytes), member);
    fmt::format_to(std::back_inserter(member), ",\n        {}\n    ]", vocab.count(id));
    file.write(member);
    member.clear();
  }
  file.write("\n}");
}

}  // namespace bytepiece
