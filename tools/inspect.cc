// bytepiece inspect: what is in a model.
#include <bytepiece/vocab.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

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
  std::uint64_t total = 0, single_byte_total = 0;
};

Statistics statistics_of(const Vocab& vocab) {
  Statistics s;
  s.ids = vocab.size();
  s.longest = vocab.max_piece_length();
  s.total = vocab.total();
  for (Id id = kFirstPiece; id < vocab.size(); ++id) {
    const std::string_view bytes = vocab.bytes(id);
    if (bytes.size() == 1) {
      s.single_byte_total += vocab.count(id);
    } else {
      ++s.multi_byte;
      s.whole += is_whole_characters(bytes) ? 1 : 0;
    }
  }
  return s;
}

void print_table(const std::string& path, const Vocab& vocab) {
  const Statistics s = statistics_of(vocab);
  const auto share = [](std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 100.0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
  };
  const auto row = [](std::string_view what, const std::string& value) {
    fmt::print("{:<28}{}\n", what, value);
  };
  row("model", visible(path));
  row("format", "original JSON");
  row("ids", fmt::format("{} (3 reserved, 256 bytes, {} longer)", grouped(s.ids), grouped(s.multi_byte)));
  row("longest piece", fmt::format("{} bytes", s.longest));
  row("whole characters",
      fmt::format("{} of the longer pieces ({:.1f} %)", grouped(s.whole), share(s.whole, s.multi_byte)));
  row("sum of counts", grouped(s.total));
  row("single bytes", fmt::format("{:.2f} % of it", share(s.single_byte_total, s.total)));
  row("bytes per token", fmt::format("{:.3f} by the counts", bytes_per_token(vocab)));
}

void print_json(const std::string& path, const Vocab& vocab) {
  const Statistics s = statistics_of(vocab);
  fmt::print(
      "{{\"model\": {}, \"format\": \"json\", \"ids\": {}, \"multi_byte_pieces\": {}, "
      "\"whole_character_pieces\": "
      "{}, \"longest_piece\": {}, \"total_count\": {}, \"single_byte_count\": {}, \"bytes_per_token\": "
      "{:.6f}}}\n",
      json_string(path), s.ids, s.multi_byte, s.whole, s.longest, s.total, s.single_byte_total,
      bytes_per_token(vocab));
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
  const Vocab vocab = Vocab::load(options.model);
  if (options.pieces) {
    OutputFile out = OutputFile::standard_output();
    print_pieces(vocab, options.json, out);
    out.commit();
  } else if (options.json) {
    print_json(options.model, vocab);
  } else {
    print_table(options.model, vocab);
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
