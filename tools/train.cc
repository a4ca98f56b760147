// bytepiece train: text to a model.
#include <bytepiece/train.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/common.h"
#include "tools/models.h"
#include "tools/mpi.h"
#include "tools/spool.h"
#include "tools/stages.h"
#include "tools/train_options.h"

namespace bytepiece::tools {
namespace {

struct Options {
  InputOptions input;
  std::string output;
  TrainOptions train;
  std::vector<std::uint32_t> weights;
  bool json = false, date = false, mpi = false;
  RunOptions run;
};

// Where a pipe is copied to: --tmp-dir, else the system's folder.
std::filesystem::path spool_folder(const TrainOptions& options) {
  if (!options.tmp_dir.empty()) return options.tmp_dir;
  std::error_code error;
  const auto folder = std::filesystem::temp_directory_path(error);
  return error ? "/tmp" : folder;
}

void weigh(std::vector<InputFile>& files, const Options& options) {
  if (options.weights.empty()) return;
  if (options.weights.size() != files.size()) {
    throw CLI::ValidationError(
        "--weights", fmt::format("expected one for each file, in their order: {}, not {}", files.size(),
                                 options.weights.size()));
  }
  for (std::size_t i = 0; i < files.size(); ++i) files[i].weight = options.weights[i];
}

// What the library cannot know.
Metadata metadata_of(const Options& options) {
  Metadata metadata;
  if (!options.weights.empty()) {
    metadata["train.weights"] = fmt::format("{}", fmt::join(options.weights, ","));
  }
  if (options.date) metadata["date"] = today();
  return metadata;
}

void print_summary(const ModelFiles& models, const std::vector<Vocab>& vocabs, const StageTimes& times,
                   std::uint64_t input_bytes) {
  print_stages(times.stages);
  const auto bytes = static_cast<double>(input_bytes);
  fmt::print(stderr, "{} of input in {}, {}/s with {} thread{}\n", human_bytes(bytes),
             human_seconds(times.seconds), human_bytes(bytes / times.seconds), times.threads,
             times.threads == 1 ? "" : "s");
  models.print(vocabs);
}

void print_ranks(const MpiFigures& mpi, std::uint64_t input_bytes) {
  const auto [least, most] = std::minmax_element(mpi.peak_memory.begin(), mpi.peak_memory.end());
  fmt::print(
      stderr, "{} rank{}: {} sent from one to another, {:.3f} bytes per byte of input; peak {} to {}\n",
      mpi.peak_memory.size(), mpi.peak_memory.size() == 1 ? "" : "s",
      human_bytes(static_cast<double>(mpi.bytes_sent)),
      static_cast<double>(mpi.bytes_sent) / static_cast<double>(std::max<std::uint64_t>(input_bytes, 1)),
      human_bytes(*least), human_bytes(*most));
}

std::string as_json(const MpiFigures& mpi) {
  return fmt::format(", \"ranks\": {}, \"bytes_sent\": {}, \"peak_memory_of_ranks\": [{:.0f}]",
                     mpi.peak_memory.size(), mpi.bytes_sent, fmt::join(mpi.peak_memory, ", "));
}

// What is said at the end; `mpi`: where several processes trained.
void print_results(const Options& options, const ModelFiles& models, const std::vector<Vocab>& vocabs,
                   const StageTimes& times, std::uint64_t input_bytes, const MpiFigures* mpi = nullptr) {
  if (options.json) {
    fmt::print("{{\"models\": {}, \"input_bytes\": {}, {}{}}}\n", models.as_json(vocabs), input_bytes,
               as_json(times), mpi ? as_json(*mpi) : "");
  } else if (!options.run.quiet) {
    print_summary(models, vocabs, times, input_bytes);
    if (mpi) print_ranks(*mpi, input_bytes);
  }
}

void run_with_mpi(Options& options) {
  std::optional<StageLog> log;
  std::optional<ModelFiles> models;
  Corpus corpus;
  MpiTraining training{options.train, {}, {}};
  training.prepare = [&](bool is_first) {
    RunOptions run_options = options.run;
    if (!is_first) run_options.quiet = true;
    log.emplace(run_options);
    const std::vector<InputFile> files = input_files(options.input, InputFormat::kText);
    for (const InputFile& file : files) {
      if (file.path == "-" || std::filesystem::is_fifo(file.path)) {
        throw Error(fmt::format("{}: ranks read files only; write it to one that all of them see",
                                file.path == "-" ? "standard input" : file.path.string()));
      }
    }
    corpus = read_files(files);
    if (is_first) models.emplace(options.output, options.train, paths_of(files));
    return MpiTraining::Prepared{corpus, log->callback()};
  };
  training.finish = [&](const std::vector<Vocab>& vocabs, const MpiFigures& figures) {
    const std::vector<Vocab> dated = with_metadata(vocabs, metadata_of(options));
    models->save(dated);
    print_results(options, *models, dated, log->finish(), corpus.size, &figures);
  };
  train_with_mpi(training);
}

void run(Options& options) {
  if (options.output == "-" && options.json) {
    throw Error("-o -: standard output takes one model and nothing else; name a file");
  }
  options.train.threads = options.run.threads;
  if (options.mpi) return run_with_mpi(options);  // which checks the values, and says once what is wrong
  check_values(options.train);
  StageLog log(options.run);
  std::vector<InputFile> files = input_files(options.input, InputFormat::kText);
  weigh(files, options);
  const ModelFiles models(options.output, options.train, paths_of(files));
  const std::vector<Spool> spools = spool_pipes(files, spool_folder(options.train));
  const Corpus corpus = read_files(files);
  const std::vector<Vocab> vocabs =
      with_metadata(train(corpus, options.train, log.callback()), metadata_of(options));
  models.save(vocabs);
  print_results(options, models, vocabs, log.finish(), corpus.size);
}

}  // namespace

void add_train(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  TrainOptions& train = options->train;
  CLI::App* command = app.add_subcommand("train", "Make a model from text");
  command
      ->add_option("INPUT", options->input.paths,
                   "Text files, also compressed, folders of them, patterns; - is standard input")
      ->required()
      ->type_name("");
  command->add_option("-o,--output", options->output, "Model file to write; - is standard output")
      ->required()
      ->type_name("FILE");
  add_vocab_options(*command, train);
  add_ngram_options(*command, train);
  add_piece_options(*command, train);
  add_choice_options(*command, train);
  command
      ->add_option("--weights", options->weights,
                   "How much each file counts with --fewest-tokens, as 1,4,1: pieces for small languages")
      ->type_name("N[,N...]")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(1, 1000));
  add_date_option(*command, options->date);
  add_memory_options(*command, train);
  command
      ->add_option("--work-dir", train.work_dir,
                   "Folder that keeps what is finished: a run that was stopped or killed goes on from there")
      ->type_name("DIR");
  command->add_flag("--mpi", options->mpi, "Train together with all processes that mpirun or srun started");
  add_input_options(*command, options->input);
  add_run_options(*command, options->run);
  command->add_flag("--json", options->json, "Print the summary as JSON on standard output");
  command->footer(
      "auto reads a file as one document, so that pieces can hold line ends. A folder\n"
      "is all files below it, in the order of their names, without hidden ones.\n\n"
      "--fewest-tokens needs 14 bytes of memory for a byte of its sample. Nothing goes\n"
      "to files: text that does not fit into --memory is refused.\n\n"
      "--work-dir needs about as much room as the text, and refuses to go on with\n"
      "other options or files (by their names, sizes and times). Delete it when done.\n\n"
      "Examples:\n"
      "  bytepiece train corpus.txt -o toy.bp --vocab-size 8000\n"
      "  bytepiece train *.txt.zst -o big.bp --vocab-size 64000,32000 --min-count 32\n"
      "  bytepiece train corpus/ -o big.bp --memory 16G --work-dir run1\n"
      "  bytepiece train corpus.txt -o small.bp --fewest-tokens --input-format lines\n"
      "  mpirun -np 8 bytepiece train --mpi corpus/ -o big.bp\n"
      "  zcat docs.gz | bytepiece train - --input-format lines -o toy.bp");
  command->callback([options, command] {
    check_given(*command);
    begin_training();
    with_option_names([&] { run(*options); });
  });
}

}  // namespace bytepiece::tools
