// bytepiece encode: text to ids, one document a line.
#include <bytepiece/tokenizer.h>

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
  std::string model, output = "-", format = "ids";
  InputOptions input;
  EncodeOptions encode;
  RunOptions run;
};

// Room for ids as text is made once for all, and digits go straight into it: fmt and one append per id took
// twice the time.
void append_ids(std::span<const Id> ids, std::string& out) {
  constexpr std::size_t kLongest = 11;  // ten digits and a blank
  const std::size_t begin = out.size();
  out.resize(begin + ids.size() * kLongest);
  char* at = out.data() + begin;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i > 0) *at++ = ' ';
    at = std::to_chars(at, at + kLongest, ids[i]).ptr;
  }
  out.resize(static_cast<std::size_t>(at - out.data()));
}

void append_pieces(const Vocab& vocab, std::span<const Id> ids, std::string& out) {
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
  mapping.map = [&](std::span<const std::string_view> documents, std::uint64_t, const auto& line) {
    std::vector<Id> ids;
    std::vector<std::size_t> ends;
    tokenizer.encode_batch(documents, options.encode, ids, ends);
    std::size_t begin = 0;
    for (const std::size_t end : ends) {
      const std::span<const Id> document = std::span(ids).subspan(begin, end - begin);
      if (options.format == "ids") {
        append_ids(document, line());
      } else {
        append_pieces(tokenizer.vocab(), document, line());
      }
      begin = end;
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
