#include "tools/token_text.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "text/utf8.h"
#include "text/visible.h"

namespace bytepiece::tools {
namespace {

constexpr std::string_view kBlanks = " \t\r";
constexpr std::size_t kMostShown = 40;
constexpr std::array<std::string_view, kFirstPiece> kReserved = {"<pad>", "<bos>", "<eos>"};

std::string name_of(const Place& place) { return fmt::format("{}, line {}", place.file, place.line); }

[[noreturn]] void fail(const Place& place, const std::string& what) {
  throw Error(fmt::format("{}: {}", name_of(place), what));
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

void append_pieces(const IdText& text, std::span<const Id> ids, std::string& out) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i > 0) out += ' ';
    text.append_shown(ids[i], out);
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

IdText::IdText(const Vocab& vocab, bool show_special) : vocab_(vocab), show_special_(show_special) {
  for (Id id = 0; id < kFirstPiece; ++id) special_.emplace(kReserved[id], id);
  auto id = static_cast<Id>(vocab.size());
  for (const std::string& token : vocab.special_tokens()) special_.emplace(visible_item(token), id++);
}

void IdText::append_shown(Id id, std::string& out) const {
  if (id < kFirstPiece) {
    out += kReserved[id];
  } else if (id >= vocab_.size()) {
    out += visible_item(vocab_.special_tokens()[id - vocab_.size()]);
  } else if (const std::string shown = visible_item(vocab_.bytes(id)); special_shown(shown)) {
    out += fmt::format("\\x{:02x}{}", static_cast<unsigned char>(vocab_.bytes(id).front()),
                       visible_item(vocab_.bytes(id).substr(1)));
  } else {
    out += shown;
  }
}

std::optional<Id> IdText::special_shown(std::string_view shown) const {
  const auto found = special_.find(shown);
  return found == special_.end() ? std::nullopt : std::optional(found->second);
}

bool IdText::append(std::uint64_t id, std::string& out) const {
  if (id >= vocab_.id_count()) return false;
  if (id >= kFirstPiece && id < vocab_.size()) {
    out += vocab_.bytes(static_cast<Id>(id));
  } else if (show_special_) {
    out += id < kFirstPiece ? kReserved[id] : std::string_view(vocab_.special_tokens()[id - vocab_.size()]);
  }
  return true;
}

Error IdText::unknown(std::uint64_t id, const std::string& place) const {
  return Error(
      fmt::format("{}: id {} is not in this model, whose ids are 0 to {}", place, id, vocab_.id_count() - 1));
}

void decode_ids(const IdText& ids, std::string_view line, const Place& place, std::string& out) {
  for_each_word(line, [&](std::string_view word) {
    std::uint64_t id = 0;
    const char* end = word.data() + word.size();
    const auto [stop, error] = std::from_chars(word.data(), end, id);
    const bool too_large = error == std::errc::result_out_of_range;
    if (!too_large && (error != std::errc() || stop != end)) {
      fail(place, fmt::format("\"{}\" is no id; expected numbers separated by blanks",
                              visible(word.substr(0, kMostShown))));
    }
    if (too_large) id = std::numeric_limits<std::uint64_t>::max();
    if (!ids.append(id, out)) throw ids.unknown(id, name_of(place));
  });
}

void decode_pieces(const IdText& ids, std::string_view line, const Place& place, std::string& out) {
  for_each_word(line, [&](std::string_view word) {
    if (const std::optional<Id> special = ids.special_shown(word)) {
      ids.append(*special, out);
    } else if (!append_bytes(word, out)) {
      fail(place, fmt::format("\"{}\" is no piece; expected \\\\, \\n, \\r, \\t or \\xHH behind a backslash",
                              visible(word.substr(0, kMostShown))));
    }
  });
}

void decode_json(const IdText& text, std::string_view line, const Place& place, std::string& out) {
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
    if (!text.append(id, out)) throw text.unknown(id, name_of(place));
  }
}

}  // namespace bytepiece::tools
