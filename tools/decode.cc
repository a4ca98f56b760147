// bytepiece decode: ids to text, the inverse of encode.
#include <bytepiece/tokenizer.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <memory>
#include <span>

#include "text/visible.h"
#include "tools/common.h"
#include "tools/documents.h"

namespace bytepiece::tools {
namespace {

struct Options {
  std::string model, output = "-", format = "lines";
  std::vector<std::string> inputs;
  RunOptions run;
};

constexpr std::string_view kBlanks = " \t\r";

std::vector<Id> parse_ids(std::string_view line, const std::string& place, std::size_t vocab_size) {
  std::vector<Id> ids;
  for (std::size_t at = 0; (at = line.find_first_not_of(kBlanks, at)) != std::string_view::npos;) {
    const std::size_t end = std::min(line.find_first_of(kBlanks, at), line.size());
    const std::string_view word = line.substr(at, end - at);
    Id id = 0;
    const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), id);
    const bool too_large = error == std::errc::result_out_of_range;
    if (!too_large && (error != std::errc() || stop != word.data() + word.size())) {
      throw Error(fmt::format("{}: \"{}\" is no id; expected numbers separated by blanks", place,
                              visible(word.substr(0, 40))));
    }
    if (too_large || id >= vocab_size) {
      throw Error(fmt::format("{}: id {} is not in this model, whose ids are 0 to {}", place,
                              visible(word.substr(0, 40)), vocab_size - 1));
    }
    ids.push_back(id);
    at = end;
  }
  return ids;
}

void run(const Options& options) {
  InputOptions input;
  input.paths = options.inputs;
  input.format = "lines";
  const Corpus corpus = read_files(input_files(input, InputFormat::kLines));
  const Tokenizer tokenizer = Tokenizer::load(options.model);
  OutputFile out = open_output(options.output);
  Mapping mapping;
  mapping.stage = "decode";
  mapping.line_feeds = options.format == "lines";
  mapping.map = [&](std::span<const std::string_view> lines, std::uint64_t number, const auto& line) {
    for (const std::string_view ids : lines) {
      const std::string place = fmt::format("{}, line {}", corpus.name, number++);
      line() += tokenizer.decode(parse_ids(ids, place, tokenizer.vocab().size()));
    }
  };
  map_documents(corpus, mapping, options.run, out);
  out.commit();
}

}  // namespace

void add_decode(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("decode", "Turn lines of ids back into text");
  command->add_option("MODEL", options->model, "Model file")->required()->type_name("");
  command->add_option("INPUT", options->inputs, "Files of ids; none or - is standard input")->type_name("");
  command->add_option("-o,--output", options->output, "Output file; - is standard output")
      ->type_name("FILE")
      ->capture_default_str();
  command
      ->add_option("--output-format", options->format,
                   "lines: a line feed behind every document; text: nothing but the text")
      ->type_name("FORMAT")
      ->capture_default_str()
      ->check(CLI::IsMember({"lines", "text"}));
  add_run_options(*command, options->run);
  command->footer(
      "Ids 0 to 2 (pad, bos, eos) stand for no text. The text comes out as bytes, whether\n"
      "they are UTF-8 or not.\n\n"
      "Examples:\n"
      "  bytepiece encode toy.bp a.txt | bytepiece decode toy.bp\n"
      "  bytepiece encode --input-format text toy.bp a.txt | bytepiece decode --output-format text toy.bp");
  command->callback([options] { run(*options); });
}

}  // namespace bytepiece::tools
