// Tested by tests/sentencepiece_file_test.cc.
#include "model/sentencepiece_file.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <set>

#include "model/charsmap.h"
#include "text/nfc_rules.h"
#include "text/utf8.h"
#include "text/visible.h"

namespace bytepiece {
namespace {

constexpr std::string_view kBlank = "\u2581";
constexpr const char* kNfc = "nfc";  // the name of our own normalizer

enum Type { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6 };
enum ModelField { kPieces = 1, kTrainer = 2, kNormalizer = 3 };
enum PieceField { kText = 1, kScore = 2, kType = 3 };
enum TrainerField {
  kModelType = 3,
  kVocabSize = 4,
  kSplitByScript = 21,
  kSplitByWhitespace = 22,
  kSplitByNumber = 23,
  kWhitespaceOnlyPieces = 26,
  kByteFallback = 35,
  kUnkId = 40,
  kBosId = 41,
  kEosId = 42,
  kPadId = 43
};
enum NormalizerField { kName = 1, kCharsMap = 2, kDummyPrefix = 3, kRemoveBlanks = 4, kEscapeBlanks = 5 };

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t found = std::min(text.find(from, at), text.size());
    out += text.substr(at, found - at);
    if (found < text.size()) out += to;
    at = found + (found < text.size() ? from.size() : 0);
  }
  return out;
}

std::string byte_name(unsigned byte) { return fmt::format("<0x{:02X}>", byte); }

// ---- Reading ----

using protozero::pbf_wire_type;
using protozero::tag_and_type;

struct Entry {
  std::string text;
  double score = 0;
  int type = kNormal;
};

struct Model {
  std::vector<Entry> entries;
  int model_type = 1;
  bool byte_fallback = false;
  int unk = 0, bos = 1, eos = 2, pad = -1;
  std::string normalizer;
  bool has_map = false, dummy_prefix = true, removes_blanks = true, escapes_blanks = true;
};

Entry read_entry(protozero::pbf_reader message) {
  Entry entry;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(kText, pbf_wire_type::length_delimited):
        entry.text = message.get_string();
        break;
      case tag_and_type(kScore, pbf_wire_type::fixed32):
        entry.score = message.get_float();
        break;
      case tag_and_type(kType, pbf_wire_type::varint):
        entry.type = message.get_enum();
        break;
      default:
        message.skip();
    }
  }
  return entry;
}

void read_trainer(protozero::pbf_reader message, Model& model) {
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(kModelType, pbf_wire_type::varint):
        model.model_type = message.get_enum();
        break;
      case tag_and_type(kByteFallback, pbf_wire_type::varint):
        model.byte_fallback = message.get_bool();
        break;
      case tag_and_type(kUnkId, pbf_wire_type::varint):
        model.unk = message.get_int32();
        break;
      case tag_and_type(kBosId, pbf_wire_type::varint):
        model.bos = message.get_int32();
        break;
      case tag_and_type(kEosId, pbf_wire_type::varint):
        model.eos = message.get_int32();
        break;
      case tag_and_type(kPadId, pbf_wire_type::varint):
        model.pad = message.get_int32();
        break;
      default:
        message.skip();
    }
  }
}

void read_normalizer(protozero::pbf_reader message, Model& model) {
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(kName, pbf_wire_type::length_delimited):
        model.normalizer = message.get_string();
        break;
      case tag_and_type(kCharsMap, pbf_wire_type::length_delimited):
        model.has_map = message.get_view().size() > 0;
        break;
      case tag_and_type(kDummyPrefix, pbf_wire_type::varint):
        model.dummy_prefix = message.get_bool();
        break;
      case tag_and_type(kRemoveBlanks, pbf_wire_type::varint):
        model.removes_blanks = message.get_bool();
        break;
      case tag_and_type(kEscapeBlanks, pbf_wire_type::varint):
        model.escapes_blanks = message.get_bool();
        break;
      default:
        message.skip();
    }
  }
}

Model read_model(std::string_view bytes) {
  Model model;
  try {
    protozero::pbf_reader message(bytes.data(), bytes.size());
    while (message.next()) {
      switch (message.tag_and_type()) {
        case tag_and_type(kPieces, pbf_wire_type::length_delimited):
          model.entries.push_back(read_entry(message.get_message()));
          break;
        case tag_and_type(kTrainer, pbf_wire_type::length_delimited):
          read_trainer(message.get_message(), model);
          break;
        case tag_and_type(kNormalizer, pbf_wire_type::length_delimited):
          read_normalizer(message.get_message(), model);
          break;
        default:
          message.skip();
      }
    }
  } catch (const protozero::exception& error) {
    throw Error(fmt::format("not a SentencePiece model: {}", error.what()));
  }
  if (model.entries.empty()) throw Error("not a SentencePiece model: it has no pieces");
  return model;
}

std::optional<unsigned> byte_of(std::string_view name) {
  unsigned byte = 0;
  if (name.size() != 6 || !name.starts_with("<0x") || name[5] != '>') return std::nullopt;
  const auto [end, error] = std::from_chars(name.data() + 3, name.data() + 5, byte, 16);
  if (error != std::errc() || end != name.data() + 5) return std::nullopt;
  return byte;
}

std::vector<std::string> notes_of(const Model& model) {
  std::vector<std::string> notes;
  if (model.has_map && model.normalizer != kNfc) {
    notes.push_back(
        fmt::format("texts are not normalized by \"{}\", only by NFC", excerpt(model.normalizer)));
  }
  if (model.dummy_prefix) notes.push_back("no blank is put in front of a text; put it there yourself");
  if (model.removes_blanks) notes.push_back("blanks at the ends and several in a row are not removed");
  if (!model.byte_fallback) notes.push_back("no byte fallback there: unknown characters become bytes here");
  return notes;
}

}  // namespace

bool is_sentencepiece(std::string_view bytes) {
  return bytes.size() > 2 && bytes[0] == '\n' && bytes[2] == '\n';  // a piece that begins with its name
}

Imported read_sentencepiece(std::string_view bytes) {
  const Model model = read_model(bytes);
  if (model.model_type != 1) {
    static constexpr std::string_view kNames[] = {"0", "Unigram", "BPE", "word", "char"};
    const auto type = static_cast<std::size_t>(model.model_type);
    throw Error(fmt::format("a SentencePiece model of the type {}; only Unigram can be converted",
                            type < std::size(kNames) ? kNames[type] : "unknown"));
  }
  Import import;
  import.notes = notes_of(model);
  std::vector<ScoredPiece> fallbacks;
  std::array<bool, 256> has_piece{};
  double least = 0;
  for (std::size_t i = 0; i < model.entries.size(); ++i) {
    const Entry& entry = model.entries[i];
    const auto id = static_cast<std::uint32_t>(i);
    const auto is = [&](int their_id) { return their_id >= 0 && static_cast<std::uint32_t>(their_id) == id; };
    if (entry.type == kByte) {
      const auto byte = byte_of(entry.text);
      if (!byte)
        throw Error(fmt::format("piece {} is a byte by its type, but not by its name", excerpt(entry.text)));
      fallbacks.push_back({std::string(1, static_cast<char>(*byte)), entry.score, id});
    } else if (is(model.pad) || is(model.bos) || is(model.eos)) {
      import.reserved.emplace_back(is(model.pad) ? kPad : is(model.bos) ? kBos : kEos, id);
    } else if (entry.type == kControl || entry.type == kUserDefined) {
      import.special_tokens.emplace_back(entry.text, id);
    } else if (entry.type == kNormal) {
      std::string piece = model.escapes_blanks ? replaced(entry.text, kBlank, " ") : entry.text;
      if (piece.size() == 1) has_piece[static_cast<unsigned char>(piece[0])] = true;
      least = std::min(least, entry.score);
      import.pieces.push_back({std::move(piece), entry.score, id});
    }
  }
  // Bytes have no score of their own there unless this project has exported them.
  for (ScoredPiece& byte : fallbacks) {
    if (has_piece[static_cast<unsigned char>(byte.bytes[0])]) continue;
    has_piece[static_cast<unsigned char>(byte.bytes[0])] = true;
    if (!(byte.score < 0)) byte.score = least - 10;
    import.pieces.push_back(std::move(byte));
  }
  return finish(std::move(import));
}

namespace {

// ---- Writing ----

const std::string& nfc_map() {
  static const std::string map = charsmap(nfc_rules());
  return map;
}

class Exporter {
 public:
  explicit Exporter(const Vocab& vocab) : vocab_(vocab), taken_{"<unk>", "<s>", "</s>"} {
    for (unsigned byte = 0; byte < 256; ++byte) taken_.insert(byte_name(byte));
    for (const std::string& token : vocab.special_tokens()) {
      if (!taken_.insert(token).second) {
        throw Error(fmt::format("special token {}: SentencePiece has a piece of that name", excerpt(token)));
      }
    }
  }

  std::string model() {
    add("<unk>", 0, kUnknown);
    add("<s>", 0, kControl);
    add("</s>", 0, kControl);
    for (Id id = kFirstPiece; id < vocab_.size(); ++id) add_piece(id);
    for (const std::string& token : vocab_.special_tokens()) add(token, 0, kControl);
    for (unsigned byte = 1; byte < 128; ++byte) add(byte_name(byte), kNeverUsed, kByte);
    add_specs();
    return std::move(out_);
  }

  std::vector<std::string> notes() const {
    std::vector<std::string> notes;
    const auto note = [&](std::size_t n, std::string_view what) {
      if (n > 0) notes.push_back(fmt::format("{} pieces {}: they are there, but unused", n, what));
    };
    note(cut_, "are not whole characters");
    note(lines_, "have a line feed inside, which never occurs");
    note(unsayable_, "hold NUL or ▁, or have the name of another entry");
    notes.emplace_back("NUL and what has no piece become bytes; so do bytes that are not UTF-8, as U+FFFD");
    notes.emplace_back(
        "texts are brought into NFC by a table, which knows two or three marks in wrong order");
    notes.emplace_back(
        "id 0 is <unk> instead of pad; scores are rounded to 1/4096, so some ties go another way");
    return notes;
  }

 private:
  static constexpr double kNeverUsed = -100;

  void add(std::string_view text, double score, Type type) {
    std::string message;
    protozero::pbf_writer piece(message);
    piece.add_string(kText, text.data(), text.size());
    piece.add_float(kScore, static_cast<float>(score));
    piece.add_enum(kType, type);
    writer_.add_message(kPieces, message);
    ++size_;
  }

  void add_piece(Id id) {
    const std::string_view piece = vocab_.bytes(id);
    const double score = vocab_.log_prob(id);
    const auto byte = static_cast<unsigned char>(piece[0]);
    if (piece.size() == 1 && (byte == 0 || byte >= 128)) return add(byte_name(byte), score, kByte);
    if (!can_say(piece)) return add(fmt::format("<unused {}>", id), 0, kUnused);
    add(replaced(piece, " ", kBlank), std::round(score * 4096) / 4096, kNormal);
  }

  bool can_say(std::string_view piece) {
    const std::size_t feed = piece.find('\n');
    if (!is_whole_characters(piece)) {
      ++cut_;
    } else if (feed != piece.npos && piece.find_first_not_of('\n', feed) != piece.npos) {
      ++lines_;
    } else if (piece.find('\0') != piece.npos || piece.find(kBlank) != piece.npos ||
               piece.starts_with("<unused ") || taken_.contains(std::string(piece))) {
      ++unsayable_;
    } else {
      return true;
    }
    return false;
  }

  void add_specs() {
    std::string trainer, normalizer;
    protozero::pbf_writer t(trainer), n(normalizer);
    t.add_enum(kModelType, 1);
    t.add_int32(kVocabSize, static_cast<std::int32_t>(size_));
    t.add_bool(kSplitByScript, false);
    t.add_bool(kSplitByWhitespace, false);
    t.add_bool(kSplitByNumber, false);
    t.add_bool(kWhitespaceOnlyPieces, true);
    t.add_bool(kByteFallback, true);
    writer_.add_message(kTrainer, trainer);
    n.add_string(kName, kNfc);
    n.add_bytes(kCharsMap, nfc_map());
    n.add_bool(kDummyPrefix, false);
    n.add_bool(kRemoveBlanks, false);
    n.add_bool(kEscapeBlanks, true);
    writer_.add_message(kNormalizer, normalizer);
  }

  const Vocab& vocab_;
  std::set<std::string> taken_;
  std::string out_;
  protozero::pbf_writer writer_{out_};
  std::size_t size_ = 0, cut_ = 0, lines_ = 0, unsayable_ = 0;
};

}  // namespace

std::vector<std::string> write_sentencepiece(const Vocab& vocab, OutputFile& file) {
  Exporter exporter(vocab);
  file.write(exporter.model());
  return exporter.notes();
}

}  // namespace bytepiece
