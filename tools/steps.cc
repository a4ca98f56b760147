// bytepiece count-ngrams, merge, count-pieces, finish: training step by step, for those who spread it over
// machines themselves. The files in between are count files (train/steps.h).
#include "train/steps.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/threads.h"
#include "tools/common.h"
#include "tools/models.h"
#include "tools/stages.h"
#include "tools/train_options.h"
#include "train/prune.h"
#include "train/stages.h"

namespace bytepiece::tools {
namespace {

using Paths = std::vector<std::filesystem::path>;

struct Options {
  InputOptions input;
  Paths counts;  // count files to read
  std::string output, shard = "1/1";
  bool partial = false, json = false, date = false;
  TrainOptions train;
  RunOptions run;
};

// "3/8" ─▶ the third of eight.
Shard shard_in(const std::string& text) {
  Shard shard{0, 0};
  const char* end = text.data() + text.size();
  const auto number = std::from_chars(text.data(), end, shard.number);
  if (number.ec == std::errc() && number.ptr != end && *number.ptr == '/') {
    const auto of = std::from_chars(number.ptr + 1, end, shard.of);
    if (of.ec == std::errc() && of.ptr == end && shard.number >= 1 && shard.number <= shard.of &&
        shard.of <= kMostShards) {
      return shard;
    }
  }
  throw CLI::ValidationError(fmt::format("{} is not as 3/8, the third of eight", text));
}

std::vector<std::string> names_of(const Paths& paths) { return {paths.begin(), paths.end()}; }

// Throws Error where counts cannot be written: better now than after hours.
void check_output(const Options& options, const std::vector<std::string>& read) {
  std::error_code error;
  const auto type = std::filesystem::status(options.output, error).type();
  if (options.output == "-" ||
      (type != std::filesystem::file_type::not_found && type != std::filesystem::file_type::regular)) {
    throw Error(fmt::format("{}: counts are written to files only; name one with -o", options.output));
  }
  check_not_read(options.output, read);
  static_cast<void>(OutputFile(options.output));
}

// Throws Error, too, if the output cannot be written.
Corpus corpus_of(const Options& options) {
  const std::vector<InputFile> files = input_files(options.input, InputFormat::kText);
  check_output(options, paths_of(files));
  Corpus corpus = read_files(files);
  for (const InputFile& file : files) {
    if (!std::filesystem::is_regular_file(file.path)) {
      throw Error(fmt::format("{}: steps read text from files only",
                              file.path == "-" ? "standard input" : file.path.string()));
    }
  }
  return corpus;
}

void print_counts(const Options& options, StageLog& log) {
  const StageTimes times = log.finish();
  const auto file = CountFile::open(options.output);
  if (options.json) {
    fmt::print("{{\"output\": {}, \"kind\": {}, \"shards\": {}, \"entries\": {}, \"bytes\": {}, {}}}\n",
               json_string(options.output), json_string(file->description().at("kind")),
               json_string(file->description().at("shards")), file->entries(), file->bytes(), as_json(times));
  } else if (!options.run.quiet) {
    print_stages(times.stages);
    fmt::print(stderr, "{}: {}, {} entr{}, {}, shard {}\n", options.output, file->description().at("kind"),
               grouped(file->entries()), file->entries() == 1 ? "y" : "ies",
               human_bytes(static_cast<double>(file->bytes())), file->description().at("shards"));
  }
}

void count_ngrams_step(const Options& options) {
  StageLog log(options.run);
  write_ngram_counts(corpus_of(options), shard_in(options.shard), options.train, options.output,
                     log.callback());
  print_counts(options, log);
}

void count_pieces_step(const Options& options) {
  StageLog log(options.run);
  const Corpus corpus = corpus_of(options);
  Counts ngrams = open_counts(options.counts, Shards::kAll);
  const TrainOptions train = options_of(ngrams, "ngrams", options.train, corpus.identity);
  const NgramModel model = ngram_model(std::move(ngrams.runs), train, corpus.name, log.callback());
  write_piece_counts(corpus, shard_in(options.shard), model, train, options.output, log.callback());
  print_counts(options, log);
}

void merge_step(const Options& options) {
  StageLog log(options.run);
  check_output(options, names_of(options.counts));
  merge_counts(open_counts(options.counts, options.partial ? Shards::kSome : Shards::kAll), options.output,
               log.callback());
  print_counts(options, log);
}

void finish_step(const Options& options) {
  StageLog log(options.run);
  if (options.output == "-" && options.json) {
    throw Error("-o -: standard output takes one model and nothing else; name a file");
  }
  const Counts pieces = open_counts(options.counts, Shards::kAll);
  const TrainOptions train = options_of(pieces, "pieces", options.train);
  const ModelFiles models(options.output, train, names_of(options.counts));
  std::vector<Vocab> vocabs = complete(train, [&](const TrainOptions& without) {
    return Trained{prune(pieces.runs, without, resolve_threads(options.run.threads), log.callback()),
                   pieces.text};
  });
  if (options.date) vocabs = with_metadata(vocabs, {{"date", today()}});
  models.save(vocabs);
  const StageTimes times = log.finish();
  if (options.json) {
    fmt::print("{{\"models\": {}, {}}}\n", models.as_json(vocabs), as_json(times));
  } else if (!options.run.quiet) {
    print_stages(times.stages);
    models.print(vocabs);
  }
}

// A subcommand with what all of them have; its callback runs `step`.
CLI::App* add_step(CLI::App& app, const std::string& name, const std::string& what,
                   const std::shared_ptr<Options>& options, void (*step)(const Options&)) {
  CLI::App* command = app.add_subcommand(name, what);
  command->add_option("-o,--output", options->output, "File to write")->required()->type_name("FILE");
  command->add_flag("--json", options->json, "Print the summary as JSON on standard output");
  add_run_options(*command, options->run);
  command->callback([options, step] {
    begin_training();
    options->train.threads = options->run.threads;
    check_values(options->train);
    with_option_names([&] { step(*options); });
  });
  return command;
}

void add_text(CLI::App& command, Options& options) {
  command
      .add_option("INPUT", options.input.paths, "Text files, folders or patterns; the same for all shards")
      ->required()
      ->type_name("");
  command.add_option("--shard", options.shard, "Which share of the text, as 3/8 for the third of eight")
      ->type_name("I/N")
      ->capture_default_str()
      ->check([](const std::string& text) {
        try {
          static_cast<void>(shard_in(text));
          return std::string();
        } catch (const CLI::ValidationError& error) {
          return std::string(error.what());
        }
      });
  add_input_options(command, options.input);
  add_memory_options(command, options.train);
}

constexpr const char* kExample =
    "Training on eight machines, or in eight jobs:\n"
    "  bytepiece count-ngrams corpus/ --shard 1/8 -o ngrams.1      # and 2/8, 3/8 ...\n"
    "  bytepiece merge ngrams.* -o ngrams\n"
    "  bytepiece count-pieces corpus/ --shard 1/8 --ngrams ngrams -o pieces.1\n"
    "  bytepiece merge pieces.* -o pieces\n"
    "  bytepiece finish pieces -o toy.bp --vocab-size 32000\n"
    "The model is that of one 'bytepiece train'.";

}  // namespace

void add_steps(CLI::App& app) {
  {
    const auto options = std::make_shared<Options>();
    CLI::App* command = add_step(app, "count-ngrams", "Training, step 1: count the n-grams of a share",
                                 options, count_ngrams_step);
    add_text(*command, *options);
    add_ngram_options(*command, options->train);
    command->footer(std::string("A shard that failed is done again; its file appears when it is whole.\n\n") +
                    kExample);
  }
  {
    const auto options = std::make_shared<Options>();
    CLI::App* command = add_step(app, "merge", "Put count files of all shards together", options, merge_step);
    command->add_option("COUNTS", options->counts, "Count files of one kind, each shard once")
        ->required()
        ->type_name("");
    command->add_flag("--partial", options->partial, "Some shards may be missing; they are merged later");
    command->footer(std::string("Where counts are read, files of shards do as well as a merged one.\n\n") +
                    kExample);
  }
  {
    const auto options = std::make_shared<Options>();
    CLI::App* command = add_step(app, "count-pieces", "Training, step 2: count the pieces of a share",
                                 options, count_pieces_step);
    add_text(*command, *options);
    command->add_option("--ngrams", options->counts, "Counts of the n-grams of the whole text")
        ->required()
        ->allow_extra_args(false)
        ->type_name("FILE");
    add_piece_options(*command, options->train);
    command->footer(
        std::string("The text must be the same as for count-ngrams: names, sizes and times of files,\n"
                    "and their formats, are compared.\n\n") +
        kExample);
  }
  {
    const auto options = std::make_shared<Options>();
    CLI::App* command = add_step(app, "finish", "Training, step 3: make the model", options, finish_step);
    command->add_option("COUNTS", options->counts, "Counts of the pieces of the whole text")
        ->required()
        ->type_name("");
    add_vocab_options(*command, options->train);
    add_date_option(*command, options->date);
    command->footer(kExample);
  }
}

}  // namespace bytepiece::tools
