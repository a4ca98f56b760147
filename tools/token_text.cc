#include "tools/token_text.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "text/utf8.h"
#include "text/visible.h"

namespace bytepiece::tools {
namespace {

constexpr std::string_view kBlanks = " \t\r";
constexpr std::size_t kMostShown = 40;
constexpr std::array<std::string_view, kFirstPiece> kReserved = {"<pad>", "<bos>", "<eos>"};

bool is_reserved(std::string_view shown) {
  return std::find(kReserved.begin(), kReserved.end(), shown) != kReserved.end();
}

[[noreturn]] void fail(const Place& place, const std::string& what) {
  throw Error(fmt::format("{}, line {}: {}", place.file, place.line, what));
}

[[noreturn]] void fail_unknown(const Tokenizer& tokenizer, std::string_view id, const Place& place) {
  fail(place, fmt::format("id {} is not in this model, whose ids are 0 to {}",
                          visible(id.substr(0, kMostShown)), tokenizer.vocab().size() - 1));
}

// Calls visit(word) for everything between blanks.
template <class Visit>
void for_each_word(std::string_view line, const Visit& visit) {
  for (std::size_t at = 0; (at = line.find_first_not_of(kBlanks, at)) != std::string_view::npos;) {
    const std::size_t end = std::min(line.find_first_of(kBlanks, at), line.size());
    visit(line.substr(at, end - at));
    at = end;
  }
}

void decode_id(const Tokenizer& tokenizer, Id id, std::string& out) {
  if (id >= kFirstPiece) out += tokenizer.vocab().bytes(id);
}

// The inverse of visible_item().
bool append_bytes(std::string_view item, std::string& out) {
  constexpr std::string_view kBlankSign = "\xE2\x96\x81";
  for (std::size_t at = 0; at < item.size();) {
    if (item.substr(at, kBlankSign.size()) == kBlankSign) {
      out += ' ';
      at += kBlankSign.size();
    } else if (item[at] != '\\') {
      out += item[at++];
    } else {
      const char kind = at + 1 < item.size() ? item[at + 1] : '\0';
      const char* end = item.data() + std::min(at + 4, item.size());
      unsigned byte = 0;
      if (const std::size_t plain = std::string_view("\\nrt").find(kind); plain != std::string_view::npos) {
        out += "\\\n\r\t"[plain];
        at += 2;
      } else if (kind == 'x' &&
                 std::from_chars(item.data() + at + 2, end, byte, 16).ptr == item.data() + at + 4) {
        out += static_cast<char>(byte);
        at += 4;
      } else {
        return false;
      }
    }
  }
  return true;
}

}  // namespace

// Digits go straight into room that is made once for all: fmt and one append per number took twice the time
// for ids and five times for spans.
void append_ids(std::span<const Id> ids, std::string_view separator, std::string& out) {
  constexpr std::size_t kMostDigits = 10;
  const std::size_t begin = out.size();
  out.resize(begin + ids.size() * (kMostDigits + separator.size()));
  char* at = out.data() + begin;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i > 0) at = std::copy(separator.begin(), separator.end(), at);
    at = std::to_chars(at, at + kMostDigits, ids[i]).ptr;
  }
  out.resize(static_cast<std::size_t>(at - out.data()));
}

void append_pieces(const Vocab& vocab, std::span<const Id> ids, std::string& out) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i > 0) out += ' ';
    if (ids[i] < kFirstPiece) {
      out += kReserved[ids[i]];
      continue;
    }
    const std::string shown = visible_item(vocab.bytes(ids[i]));
    if (is_reserved(shown)) {
      out += "\\x3c" + shown.substr(1);
    } else {
      out += shown;
    }
  }
}

void append_spans(std::uint64_t begin, std::span<const std::uint64_t> ends, std::string& out) {
  constexpr std::size_t kMostDigits = 20, kMostChars = 2 * kMostDigits + 6;
  const std::size_t old_size = out.size();
  out.resize(old_size + ends.size() * kMostChars);
  char* at = out.data() + old_size;
  const auto put = [&](std::string_view text) { at = std::copy(text.begin(), text.end(), at); };
  for (std::size_t i = 0; i < ends.size(); ++i) {
    put(i > 0 ? ", [" : "[");
    at = std::to_chars(at, at + kMostDigits, begin).ptr;
    put(", ");
    at = std::to_chars(at, at + kMostDigits, ends[i]).ptr;
    put("]");
    begin = ends[i];
  }
  out.resize(static_cast<std::size_t>(at - out.data()));
}

void decode_ids(const Tokenizer& tokenizer, std::string_view line, const Place& place, std::string& out) {
  for_each_word(line, [&](std::string_view word) {
    Id id = 0;
    const char* end = word.data() + word.size();
    const auto [stop, error] = std::from_chars(word.data(), end, id);
    const bool too_large = error == std::errc::result_out_of_range;
    if (!too_large && (error != std::errc() || stop != end)) {
      fail(place, fmt::format("\"{}\" is no id; expected numbers separated by blanks",
                              visible(word.substr(0, kMostShown))));
    }
    if (too_large || id >= tokenizer.vocab().size()) fail_unknown(tokenizer, word, place);
    decode_id(tokenizer, id, out);
  });
}

void decode_pieces(std::string_view line, const Place& place, std::string& out) {
  for_each_word(line, [&](std::string_view word) {
    if (!is_reserved(word) && !append_bytes(word, out)) {
      fail(place, fmt::format("\"{}\" is no piece; expected \\\\, \\n, \\r, \\t or \\xHH behind a backslash",
                              visible(word.substr(0, kMostShown))));
    }
  });
}

void decode_json(const Tokenizer& tokenizer, std::string_view line, const Place& place, std::string& out) {
  thread_local simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (const auto error = parser.parse(line.data(), line.size()).get(root)) {
    fail(place, fmt::format("not JSON: {}", simdjson::error_message(error)));
  }
  simdjson::dom::array ids;
  if (root.at_key("ids").get(ids) != simdjson::SUCCESS)
    fail(place, "no field \"ids\" with a list of numbers");
  for (const simdjson::dom::element element : ids) {
    std::uint64_t id = 0;
    if (element.get(id) != simdjson::SUCCESS) fail(place, "something in \"ids\" is no id");
    if (id >= tokenizer.vocab().size()) fail_unknown(tokenizer, std::to_string(id), place);
    decode_id(tokenizer, static_cast<Id>(id), out);
  }
}

}  // namespace bytepiece::tools
