// bytepiece encode: text to ids, for people, scripts and training programs.
#include <bytepiece/tokenizer.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>

#include "text/visible.h"
#include "tools/bad_lines.h"
#include "tools/batch_encoder.h"
#include "tools/common.h"
#include "tools/documents.h"
#include "tools/token_output.h"

namespace bytepiece::tools {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::string model;
  InputOptions input;
  BadLines bad_lines;
  EncodeOptions encode;
  OutputOptions output;
  bool count_only = false;
  bool parse_special = false;
  RunOptions run;
};

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// All that decides what is in the shards; with --resume it must be the same.
std::string settings_of(const Options& options, const std::vector<InputFile>& files, const Vocab& vocab) {
  const auto yes = [](bool flag) { return flag ? "yes" : "no"; };
  std::string settings = fmt::format(
      "format {}, offsets {}, bos {}, eos {}, special tokens {}, shard size {}, input format {}, field {}, "
      "on error {}, model "
      "with {} ids "
      "and counts of {}, inputs",
      options.output.format, yes(options.output.offsets), yes(options.encode.bos), yes(options.encode.eos),
      yes(options.parse_special), options.output.shard_size, options.input.format,
      visible(options.input.field), options.bad_lines.choice(), vocab.size(), vocab.total());
  for (const InputFile& file : files) {
    std::error_code error;
    const std::uint64_t size = std::filesystem::file_size(file.path, error);
    settings += ' ' + visible(file.path.string()) + (error ? "" : fmt::format(" ({} bytes)", size));
  }
  return settings;
}

// Runs sink(batch) on what every batch becomes, in order.
void for_each_batch(const Corpus& corpus, BatchEncoder& encoder, const Options& options, std::uint64_t skip,
                    const std::function<void(const OutputBatch&)>& sink) {
  std::atomic<std::uint64_t> ids = 0;
  const auto begin = Clock::now();
  const auto finish = [&](EncodedBatch encoded, const Batch& batch) {
    return output_batch(std::move(encoded), batch, options.output, encoder.tokenizer().vocab());
  };
  Mapping<OutputBatch> mapping;
  mapping.stage = "encode";
  mapping.skip = skip;
  mapping.last_cut = last_line_begin;
  mapping.map = [&](const Batch& batch) { return finish(encoder.encode(batch), batch); };
  mapping.map_stretch = [&](const Batch& batch) { return finish(encoder.encode_stretch(batch), batch); };
  mapping.sink = [&](const OutputBatch& batch) {
    ids += batch.encoded.ids.size();
    sink(batch);
  };
  mapping.note = [&] {
    return fmt::format("{:.1f} M tokens/s", static_cast<double>(ids) / 1e6 / (seconds_since(begin) + 1e-9));
  };
  map_documents(corpus, mapping, options.run);
}

void print_summary(const TokenOutput& out, double seconds) {
  const OutputTotals& all = out.totals();
  const auto new_bytes = static_cast<double>(all.bytes - out.found().bytes);
  fmt::print(stderr, "{} documents, {} in {} tokens: {:.3f} bytes per token; {}, {}/s\n",
             grouped(all.documents), human_bytes(static_cast<double>(all.bytes)), grouped(all.ids),
             all.ids == 0 ? 0.0 : static_cast<double>(all.bytes) / static_cast<double>(all.ids),
             human_seconds(seconds), human_bytes(new_bytes / (seconds + 1e-9)));
}

void run_count(const Corpus& corpus, BatchEncoder& encoder, Options& options) {
  std::uint64_t ids = 0;
  options.output.format = "u32";  // no text is made
  for_each_batch(corpus, encoder, options, 0,
                 [&](const OutputBatch& batch) { ids += batch.encoded.ids.size(); });
  fmt::print("{}\n", ids);
}

void run_output(const Corpus& corpus, BatchEncoder& encoder, const Options& options,
                const std::string& settings) {
  const auto begin = Clock::now();
  std::optional<TokenOutput> out;
  out.emplace(options.output, encoder.tokenizer().vocab().id_count(), settings);
  if (out->was_complete()) {
    if (!options.run.quiet) fmt::print(stderr, "All shards are there; nothing is left to be done.\n");
    return;
  }
  try {
    for_each_batch(corpus, encoder, options, out->found().documents,
                   [&](const OutputBatch& batch) { out->write(batch); });
  } catch (const Interrupted& interrupted) {
    const std::string how = out->how_to_go_on();
    out.reset();
    fmt::print(stderr, "bytepiece: interrupted: {}\n", how);
    end_by(interrupted);
  }
  out->finish();
  if (!options.run.quiet && options.output.path != "-") print_summary(*out, seconds_since(begin));
}

// Those of the model, for --parse-special. Documents are cut at line begins, so none may go across one.
std::vector<Id> special_ids(const Vocab& vocab) {
  std::vector<Id> ids;
  for (const std::string& token : vocab.special_tokens()) {
    if (token.find('\n') != token.npos) {
      throw Error(
          fmt::format("--parse-special: {} has a line feed; only the library parses it", visible(token)));
    }
    ids.push_back(static_cast<Id>(vocab.size() + ids.size()));
  }
  return ids;
}

void run(Options& options) {
  check_output_options(options.output);
  std::vector<InputFile> files = input_files(options.input, InputFormat::kLines);
  options.bad_lines.watch(files);
  const Corpus corpus = read_files(files);
  const Tokenizer tokenizer = Tokenizer::load(options.model);
  if (options.parse_special) options.encode.parse_special = special_ids(tokenizer.vocab());
  BatchEncoder encoder(tokenizer, options.encode, options.output.offsets);
  if (options.count_only) {
    run_count(corpus, encoder, options);
  } else {
    run_output(corpus, encoder, options, settings_of(options, files, encoder.tokenizer().vocab()));
  }
  if (!options.run.quiet) options.bad_lines.report();
}

}  // namespace

void add_encode(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("encode", "Turn text into ids, one document a line");
  command->add_option("MODEL", options->model, "Model file")->required()->type_name("");
  command->add_option("INPUT", options->input.paths, "Text files; none or - is standard input")
      ->type_name("");
  add_output_options(*command, options->output);
  command->add_flag("--count-only", options->count_only, "Print the number of tokens and nothing else");
  command->add_flag("--bos", options->encode.bos, "Put id 1 in front of every document");
  command->add_flag("--eos,--append-eos-per-document", options->encode.eos, "Put id 2 behind every document");
  command->add_flag("--parse-special", options->parse_special,
                    "Read the model's special tokens in the text; else they are text like any other");
  add_input_options(*command, options->input);
  options->bad_lines.add_option(*command);
  add_run_options(*command, options->run);
  command->footer(
      "auto reads lines: line in, line out. Where the last line of the input has no\n"
      "line feed, the last line of the output has none. With --input-format text line\n"
      "feeds are encoded too.\n\n"
      "Beside FILE of u16 or u32 stands FILE.docs: for each document the place of its\n"
      "first id, and at the end the number of ids, 8 bytes each; npy has the same as an\n"
      "array. megatron makes FILE.bin and FILE.idx.\n\n"
      "Examples:\n"
      "  echo 'hello world' | bytepiece encode toy.bp\n"
      "  bytepiece encode toy.bp corpus.txt -o corpus.ids\n"
      "  bytepiece encode toy.bp docs.jsonl.gz --field body --eos --output-format u16 \\\n"
      "      -o train.bin --shard-size 100M");
  command->callback([options] { run(*options); });
}

}  // namespace bytepiece::tools
