// bytepiece encode: text to ids, for people, scripts and training programs.
#include <bytepiece/tokenizer.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>

#include "model/native_file.h"
#include "text/visible.h"
#include "tools/bad_lines.h"
#include "tools/batch_encoder.h"
#include "tools/common.h"
#include "tools/documents.h"
#include "tools/segmentations.h"
#include "tools/spool.h"
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
  SegmentationOptions segmentation;
  bool count_only = false;
  bool parse_special = false;
  RunOptions run;
};

// One or several segmentations of each document.
class Encoder {
 public:
  explicit Encoder(const Options& options) : options_(options), tokenizer_(Tokenizer::load(options.model)) {
    if (options.parse_special) parse_special();
    if (options.segmentation.needs_sampler()) {
      sampler_.emplace(tokenizer_, options.segmentation.alpha.value_or(1));
    }
  }

  const Tokenizer& tokenizer() const { return tokenizer_; }

  // Else they may be cut at line begins.
  bool needs_whole_documents() const {
    return special_has_line_feed_ || options_.segmentation.needs_whole_documents();
  }

  // Lines of any length part by part; else they are held in memory.
  bool takes_stretches() const { return !needs_whole_documents() && !options_.parse_special; }

  void begin_epoch(std::uint64_t epoch) {
    epoch_ = epoch;
    std::optional<Drawing> drawing;
    if (options_.segmentation.draws()) drawing = Drawing{*sampler_, *options_.segmentation.seed, epoch};
    one_.emplace(tokenizer_, encode_, options_.output.offsets, std::move(drawing));
  }

  OutputBatch encode(const Batch& batch) const {
    if (!options_.segmentation.needs_whole_documents()) return finish(one_->encode(batch), batch);
    const Segmenter segmenter{tokenizer_, sampler_ ? &*sampler_ : nullptr, encode_, options_.output.offsets};
    return finish(encode_segmentations(segmenter, options_.segmentation, epoch_, batch), batch);
  }
  OutputBatch encode_stretch(const Batch& batch) { return finish(one_->encode_stretch(batch), batch); }

 private:
  void parse_special() {
    const Vocab& vocab = tokenizer_.vocab();
    for (const std::string& token : vocab.special_tokens()) {
      encode_.parse_special.push_back(static_cast<Id>(vocab.size() + encode_.parse_special.size()));
      special_has_line_feed_ = special_has_line_feed_ || token.find('\n') != token.npos;
    }
  }
  OutputBatch finish(EncodedBatch encoded, const Batch& batch) const {
    return output_batch(std::move(encoded), batch, options_.output, tokenizer_.vocab());
  }

  const Options& options_;
  EncodeOptions encode_ = options_.encode;
  Tokenizer tokenizer_;
  std::optional<Sampler> sampler_;
  std::optional<BatchEncoder> one_;
  std::uint64_t epoch_ = 0;
  bool special_has_line_feed_ = false;
};

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// All that decides what is in the shards; with --resume it must be the same. Of a pipe only its name is
// known.
std::string settings_of(const Options& options, const Corpus& corpus, const Vocab& vocab) {
  const auto yes = [](bool flag) { return flag ? "yes" : "no"; };
  std::string settings = fmt::format(
      "format {}, offsets {}, bos {}, eos {}, special tokens {}, shard size {}, input format {}, field {}, "
      "on error {}{}, model {:016x}",
      options.output.format, yes(options.output.offsets), yes(options.encode.bos), yes(options.encode.eos),
      yes(options.parse_special), options.output.shard_size, options.input.format,
      visible(options.input.field), options.bad_lines.choice(), options.segmentation.settings(),
      pieces_digest(vocab));
  if (options.parse_special) {
    for (const std::string& token : vocab.special_tokens()) settings += ' ' + visible_item(token);
  }
  return settings + fmt::format(", input {} {}", visible(corpus.name), corpus.identity);
}

// Runs sink(batch) on what every batch becomes, in order, epoch after epoch.
void for_each_batch(const Corpus& corpus, Encoder& encoder, const Options& options, std::uint64_t skip,
                    const std::function<void(const OutputBatch&)>& sink) {
  std::atomic<std::uint64_t> ids = 0;
  const auto begin = Clock::now();
  Mapping<OutputBatch> mapping;
  mapping.stage = "encode";
  mapping.skip = skip;
  mapping.map = [&](const Batch& batch) { return encoder.encode(batch); };
  if (encoder.needs_whole_documents()) {
    mapping.last_cut = no_cut;
  } else {
    mapping.last_cut = last_line_begin;
  }
  if (encoder.takes_stretches()) {
    mapping.map_stretch = [&](const Batch& batch) { return encoder.encode_stretch(batch); };
  }
  mapping.sink = [&](const OutputBatch& batch) {
    ids += batch.encoded.ids.size();
    sink(batch);
  };
  mapping.note = [&] {
    return fmt::format("{:.1f} M tokens/s", static_cast<double>(ids) / 1e6 / (seconds_since(begin) + 1e-9));
  };
  for (std::uint64_t epoch = 0; epoch < options.segmentation.epochs; ++epoch) {
    encoder.begin_epoch(epoch);
    mapping.skip = map_documents(corpus, mapping, options.run);
  }
  if (mapping.skip > 0) {
    throw Error(
        fmt::format("--resume: {} ends {} before the last one that is in a shard; "
                    "give the input of the run before",
                    corpus.name, counted(mapping.skip, "document")));
  }
}

void print_summary(const TokenOutput& out, double seconds) {
  const OutputTotals& all = out.totals();
  const auto new_bytes = static_cast<double>(all.bytes - out.found().bytes);
  fmt::print(stderr, "{}, {} in {}: {:.3f} bytes per token; {}, {}/s\n", counted(all.documents, "document"),
             human_bytes(static_cast<double>(all.bytes)), counted(all.ids, "token"),
             all.ids == 0 ? 0.0 : static_cast<double>(all.bytes) / static_cast<double>(all.ids),
             human_seconds(seconds), human_bytes(new_bytes / (seconds + 1e-9)));
}

void run_count(const Corpus& corpus, Encoder& encoder, Options& options) {
  std::uint64_t ids = 0;
  options.output.format = "u32";  // no text is made
  for_each_batch(corpus, encoder, options, 0,
                 [&](const OutputBatch& batch) { ids += batch.encoded.ids.size(); });
  fmt::print("{}\n", ids);
}

void run_output(const Corpus& corpus, Encoder& encoder, const Options& options, const std::string& settings) {
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

// Throws CLI::ValidationError.
void check_together(Options& options) {
  const SegmentationOptions& segmentation = options.segmentation;
  check_segmentation_options(segmentation);
  const bool several =
      segmentation.samples > 1 || segmentation.n_best > 0 || segmentation.without_replacement > 0;
  if (segmentation.scores) {
    if (options.count_only) throw CLI::ValidationError("--count-only prints a number; --json has no place");
    if (options.output.format != "ids" && options.output.format != "jsonl") {
      throw CLI::ValidationError(
          fmt::format("--json is a format itself; {} is another", options.output.format));
    }
    options.output.format = "jsonl";
  }
  if (several && options.output.shard_size > 0) {
    throw CLI::ValidationError("--shard-size goes with one way to cut each document");
  }
  if (options.parse_special && (segmentation.needs_sampler() || segmentation.n_best > 0)) {
    throw CLI::ValidationError("--parse-special goes with the best segmentation only");
  }
  if (options.count_only && (options.output.path != "-" || options.output.shard_size > 0)) {
    throw CLI::ValidationError(
        "--count-only prints a number and writes no file; leave out -o or --count-only");
  }
  if (options.parse_special && options.output.offsets) {
    throw CLI::ValidationError("--parse-special and --offsets do not go together");
  }
  if (options.output.resume && segmentation.draws() && !segmentation.seed) {
    throw CLI::ValidationError("--resume goes on with the --seed of the run before; give it");
  }
}

void run(Options& options) {
  check_together(options);
  check_output_options(options.output);
  std::vector<InputFile> files = input_files(options.input, InputFormat::kLines);
  check_not_read(options.output.path, paths_of(files));
  check_not_read(options.output.path, {options.model});
  std::vector<Spool> spools;
  if (options.segmentation.epochs > 1) spools = spool_pipes(files, std::filesystem::temp_directory_path());
  options.bad_lines.watch(files);
  const Corpus corpus = options.bad_lines.count_anew(read_files(files));
  Encoder encoder(options);
  if (options.segmentation.draws()) choose_seed(options.segmentation);
  if (options.count_only) {
    run_count(corpus, encoder, options);
  } else {
    run_output(corpus, encoder, options, settings_of(options, corpus, encoder.tokenizer().vocab()));
  }
  if (!options.run.quiet) options.bad_lines.report();
}

}  // namespace

void add_encode(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("encode", "Turn text into ids, one document a line");
  command->add_option("MODEL", options->model, "Model file")->required()->type_name("");
  command
      ->add_option("INPUT", options->input.paths,
                   "Text files, folders, patterns; none or - is standard input")
      ->type_name("");
  add_output_options(*command, options->output);
  add_segmentation_options(*command, options->segmentation);
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
      "Documents are numbered from 0 on. What is drawn depends on the model, A, S, the\n"
      "number of the document, of the sample and of the epoch, and on nothing else, as\n"
      "threads. Several lines for a document follow one another; each counts as a\n"
      "document in binary formats, and with --json it says whose it is. Documents are\n"
      "held in memory then, and lines with --parse-special.\n\n"
      "Examples:\n"
      "  echo 'hello world' | bytepiece encode toy.bp\n"
      "  bytepiece encode toy.bp corpus.txt -o corpus.ids\n"
      "  bytepiece encode toy.bp docs.jsonl.gz --field body --eos --output-format u16 \\\n"
      "      -o train.bin --shard-size 100M\n"
      "  bytepiece encode toy.bp corpus.txt --alpha 0.5 --seed 1 --epochs 3 -o c.ids\n"
      "  echo 'hello world' | bytepiece encode toy.bp --n-best 5 --json");
  command->callback([options] { run(*options); });
}

}  // namespace bytepiece::tools
