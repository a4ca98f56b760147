// bytepiece encode: text to ids, one document a line.
#include <bytepiece/tokenizer.h>
#include <fmt/format.h>

#include <iterator>
#include <memory>

#include "text/visible.h"
#include "tools/common.h"
#include "tools/documents.h"

namespace bytepiece::tools {
namespace {

struct Options {
  std::string model, output = "-", format = "ids";
  InputOptions input;
  EncodeOptions encode;
  RunOptions run;
};

void append_ids(const std::vector<Id>& ids, std::string& out) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i > 0) out += ' ';
    const fmt::format_int digits(ids[i]);
    out.append(digits.data(), digits.size());
  }
}

void append_pieces(const Vocab& vocab, const std::vector<Id>& ids, std::string& out) {
  static constexpr std::string_view kReserved[] = {"<pad>", "<bos>", "<eos>"};
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i > 0) out += ' ';
    if (ids[i] < kFirstPiece) {
      out += kReserved[ids[i]];
    } else {
      out += visible_item(vocab.bytes(ids[i]));
    }
  }
}

void run(const Options& options) {
  const Corpus corpus = read_files(input_files(options.input, InputFormat::kLines));
  const Tokenizer tokenizer = Tokenizer::load(options.model);
  OutputFile out = open_output(options.output);
  Mapping mapping;
  mapping.stage = "encode";
  mapping.map = [&](std::string_view document, std::uint64_t, std::string& line) {
    const std::vector<Id> ids = tokenizer.encode(document, options.encode);
    if (options.format == "ids") {
      append_ids(ids, line);
    } else {
      append_pieces(tokenizer.vocab(), ids, line);
    }
  };
  map_documents(corpus, mapping, options.run, out);
  out.commit();
}

}  // namespace

void add_encode(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("encode", "Turn text into ids, one document a line");
  command->add_option("MODEL", options->model, "Model file")->required()->type_name("");
  command->add_option("INPUT", options->input.paths, "Text files; none or - is standard input")
      ->type_name("");
  command->add_option("-o,--output", options->output, "Output file; - is standard output")
      ->type_name("FILE")

      ->capture_default_str();
  command
      ->add_option("--output-format", options->format,
                   "ids: numbers; pieces: what they stand for (a blank as ▁, other bytes as \\xHH)")
      ->type_name("FORMAT")
      ->capture_default_str()
      ->check(CLI::IsMember({"ids", "pieces"}));
  command->add_flag("--bos", options->encode.bos, "Put id 1 in front of every document");
  command->add_flag("--eos", options->encode.eos, "Put id 2 behind every document");
  add_input_options(*command, options->input);
  add_run_options(*command, options->run);
  command->footer(
      "auto reads lines: line in, line out. Where the last line of the input has no\n"
      "line feed, the last line of the output has none.\n\n"
      "Examples:\n"
      "  echo 'hello world' | bytepiece encode toy.bp\n"
      "  bytepiece encode toy.bp corpus.txt -o corpus.ids\n"
      "  bytepiece encode toy.bp docs.jsonl.gz --field body --eos -o docs.ids");
  command->callback([options] { run(*options); });
}

}  // namespace bytepiece::tools
