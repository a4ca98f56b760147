// bytepiece inspect: what is in a model.
#include <bytepiece/vocab.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mapped_file.h"
#include "model/native_file.h"
#include "model/original_json.h"
#include "text/script.h"
#include "text/utf8.h"
#include "text/visible.h"
#include "tools/common.h"

namespace bytepiece::tools {
namespace {

struct Options {
  std::string model;
  bool pieces = false;
  bool json = false;
};

struct Statistics {
  std::size_t ids = 0, multi_byte = 0, whole = 0, longest = 0;
  std::uint64_t total = 0, single_byte_total = 0;   // as stored
  std::uint64_t added = 0;                          // to each count
  std::map<std::size_t, std::size_t> lengths;       // in bytes: how many pieces
  std::map<std::string_view, std::size_t> scripts;  // of the longer pieces: how many
};

// The script of the first character that has one of its own; "bytes" where the piece is no characters.
std::string_view script_of_piece(std::string_view piece) {
  if (!is_whole_characters(piece)) return "bytes";
  for (std::size_t at = 0; at < piece.size();) {
    const Character c = character_at(piece, at);
    const std::string_view script = script_of(c.code_point);
    if (script != "common") return script;
    at += c.length;
  }
  return "common";
}

Statistics statistics_of(const Vocab& vocab) {
  Statistics s;
  s.ids = vocab.id_count();
  s.longest = vocab.max_piece_length();
  s.total = vocab.total();
  s.added = added_to_counts(vocab);
  for (Id id = kFirstPiece; id < vocab.size(); ++id) {
    const std::string_view bytes = vocab.bytes(id);
    ++s.lengths[bytes.size()];
    if (bytes.size() == 1) {
      s.single_byte_total += vocab.count(id);
    } else {
      ++s.multi_byte;
      s.whole += is_whole_characters(bytes) ? 1 : 0;
      ++s.scripts[script_of_piece(bytes)];
    }
  }
  return s;
}

// What the file itself says; reading it has verified all checksums.
struct Header {
  std::string format;
  std::uint64_t bytes = 0;
  std::vector<Section> sections;
};

struct Model {
  std::shared_ptr<const MappedFile> file;
  Header header;
  Vocab vocab;
};

Model read(const std::string& path) {
  auto file = std::make_shared<const MappedFile>(path, "a model");
  const std::uint64_t size = file->bytes().size();
  if (!is_native(file->bytes())) {
    Vocab vocab = read_original_json(path, file->bytes());
    return {std::move(file), {"original JSON", size, {}}, std::move(vocab)};
  }
  NativeModel model = read_native(path, file);
  Header header = {fmt::format("native, version {}", kFormatVersion), size, std::move(model.sections)};
  return {std::move(file), std::move(header), std::move(model.vocab)};
}

// The commonest first.
std::vector<std::pair<std::string_view, std::size_t>> by_number(
    const std::map<std::string_view, std::size_t>& numbers) {
  std::vector<std::pair<std::string_view, std::size_t>> sorted(numbers.begin(), numbers.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return sorted;
}

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 100.0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

// Longer values go on in the next line, behind a comma.
void row(std::string_view what, std::string_view value) {
  constexpr std::size_t kNameColumns = 28, kValueColumns = 80 - kNameColumns;
  for (bool more = true; more; what = "") {
    const std::size_t comma = value.rfind(", ", kValueColumns - 1);
    more = value.size() > kValueColumns && comma != value.npos;
    const std::size_t end = more ? comma + 1 : value.size();
    fmt::print("{:<{}}{}\n", what, kNameColumns, value.substr(0, end));
    value.remove_prefix(more ? end + 1 : end);
  }
}

void print_header(const std::string& path, const Header& header) {
  row("model", visible(path));
  row("format", header.format);
  row("size", human_bytes(static_cast<double>(header.bytes)));
  std::string sections;
  for (const Section& section : header.sections) {
    sections += fmt::format("{}{} {}", sections.empty() ? "" : ", ", visible(section.name),
                            human_bytes(static_cast<double>(section.bytes.size())));
  }
  if (!sections.empty()) row("sections", sections + "; all checksums fit");
}

void print_statistics(const Vocab& vocab) {
  const Statistics s = statistics_of(vocab);
  row("ids",
      fmt::format(
          "{} (3 reserved, 256 bytes, {} longer{})", grouped(s.ids), grouped(s.multi_byte),
          vocab.special_tokens().empty() ? "" : fmt::format(", {} special", vocab.special_tokens().size())));
  for (std::size_t i = 0; i < vocab.special_tokens().size(); ++i) {
    row("special token", fmt::format("{} {}", vocab.size() + i, visible(vocab.special_tokens()[i])));
  }
  row("longest piece", fmt::format("{} bytes", s.longest));
  row("whole characters",
      fmt::format("{} of the longer pieces ({:.1f} %)", grouped(s.whole), percent(s.whole, s.multi_byte)));
  const std::uint64_t tokens = s.total - s.added * (vocab.size() - kFirstPiece);
  row("sum of counts", grouped(s.total) + (s.added == 0 ? std::string()
                                                        : fmt::format(": {} tokens, and {} added to each",
                                                                      grouped(tokens), grouped(s.added))));
  row("single bytes", fmt::format("{:.2f} % of {}", percent(s.single_byte_total - 256 * s.added, tokens),
                                  s.added == 0 ? "it" : "the tokens"));
  row("bytes per token", fmt::format("{:.3f} by the counts", bytes_per_token(vocab)));
  std::string lengths, scripts;
  for (const auto& [length, number] : s.lengths) {
    lengths += fmt::format("{}{}: {}", lengths.empty() ? "" : ", ", length, grouped(number));
  }
  for (const auto& [script, number] : by_number(s.scripts)) {
    scripts +=
        fmt::format("{}{} {:.1f} %", scripts.empty() ? "" : ", ", script, percent(number, s.multi_byte));
  }
  row("pieces by bytes", lengths);
  if (!scripts.empty()) row("longer pieces by script", scripts);
}

void print_table(const std::string& path, const Model& model) {
  print_header(path, model.header);
  print_statistics(model.vocab);
  for (const auto& [key, value] : model.vocab.metadata()) row(visible(key), visible(value));
}

template <class Numbers, class Key>
std::string json_numbers(const Numbers& numbers, const Key& key) {
  std::string out;
  for (const auto& [name, number] : numbers) {
    out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", json_string(key(name)), number);
  }
  return "{" + out + "}";
}

void print_json(const std::string& path, const Model& model) {
  const Vocab& vocab = model.vocab;
  const Statistics s = statistics_of(vocab);
  std::string sections, special, metadata;
  for (const Section& section : model.header.sections) {
    sections += fmt::format("{}{{\"name\": {}, \"required\": {}, \"bytes\": {}, \"xxh3\": \"{:016x}\"}}",
                            sections.empty() ? "" : ", ", json_string(std::string(section.name)),
                            section.required, section.bytes.size(), section.checksum);
  }
  for (const std::string& token : vocab.special_tokens()) {
    special += (special.empty() ? "" : ", ") + json_string(token);
  }
  for (const auto& [key, value] : vocab.metadata()) {
    metadata += fmt::format("{}{}: {}", metadata.empty() ? "" : ", ", json_string(key), json_string(value));
  }
  fmt::print(
      "{{\"model\": {}, \"format\": {}, \"bytes\": {}, \"sections\": [{}], \"ids\": {}, "
      "\"multi_byte_pieces\": {}, \"whole_character_pieces\": {}, \"longest_piece\": {}, \"total_count\": "
      "{}, "
      "\"single_byte_count\": {}, \"bytes_per_token\": {:.6f}, \"lengths\": {}, \"scripts\": {}, "
      "\"special_tokens\": [{}], \"metadata\": {{{}}}}}\n",
      json_string(path), json_string(model.header.sections.empty() ? "json" : "native"), model.header.bytes,
      sections, s.ids, s.multi_byte, s.whole, s.longest, s.total, s.single_byte_total, bytes_per_token(vocab),
      json_numbers(s.lengths, [](std::size_t length) { return std::to_string(length); }),
      json_numbers(s.scripts, [](std::string_view script) { return std::string(script); }), special,
      metadata);
}

void print_pieces(const Vocab& vocab, bool json, OutputFile& out) {
  for (Id id = kFirstPiece; id < vocab.size(); ++id) {
    const std::string piece = visible(vocab.bytes(id));
    out.write(json ? fmt::format("{{\"id\": {}, \"count\": {}, \"piece\": {}}}\n", id, vocab.count(id),
                                 json_string(piece))
                   : fmt::format("{}\t{}\t{}\n", id, vocab.count(id), piece));
  }
}

void run(const Options& options) {
  const Model model = read(options.model);
  if (options.pieces) {
    OutputFile out = OutputFile::standard_output();
    print_pieces(model.vocab, options.json, out);
    out.commit();
  } else if (options.json) {
    print_json(options.model, model);
  } else {
    print_table(options.model, model);
  }
}

}  // namespace

void add_inspect(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("inspect", "Show what is in a model");
  command->add_option("MODEL", options->model, "Model file")->required()->type_name("");
  command->add_flag("--pieces", options->pieces,
                    "List id, count and piece, separated by tabs (bytes as \\xHH)");
  command->add_flag("--json", options->json, "Print JSON; with --pieces an object a line");
  command->footer(
      "Examples:\n"
      "  bytepiece inspect toy.bp\n"
      "  bytepiece inspect --pieces toy.bp | sort -t '\t' -k2,2nr | head");
  command->callback([options] { run(*options); });
}

}  // namespace bytepiece::tools
