// bytepiece train: text to a model.
#include <bytepiece/tokenizer.h>
#include <bytepiece/train.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "base/threads.h"
#include "tools/common.h"
#include "tools/progress.h"
#include "tools/stages.h"

namespace bytepiece::tools {
namespace {

struct Options {
  InputOptions input;
  std::string output;
  TrainOptions train;
  bool no_ensure_unicode = false;
  bool json = false;
  RunOptions run;
};

// toy.bp for one size; toy.32000.bp, toy.8000.bp for several.
std::string path_of_size(const std::string& output, const std::vector<std::size_t>& sizes, std::size_t i) {
  if (output == "-") return "/dev/stdout";
  if (sizes.size() == 1) return output;
  const std::filesystem::path path(output);
  const std::string name = fmt::format("{}.{}{}", path.stem().string(), sizes[i], path.extension().string());
  return (path.parent_path() / name).string();
}

// A pipe can be read once and training reads twice, so it is copied to a temporary file without a name.
class Spool {
 public:
  Spool(int pipe, const std::string& name, const std::filesystem::path& folder) {
    OutputFile copy = OutputFile::unnamed(folder);
    std::vector<char> block(1 << 16);
    for (ssize_t size; (size = ::read(pipe, block.data(), block.size())) != 0;) {
      if (size < 0) throw Error(fmt::format("{}: cannot be read: {}", name, std::strerror(errno)));
      copy.write({block.data(), static_cast<std::size_t>(size)});
    }
    fd_ = copy.take_descriptor();
  }
  ~Spool() { ::close(fd_); }
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  std::string path() const { return fmt::format("/proc/self/fd/{}", fd_); }

 private:
  int fd_ = -1;
};

// Where temporary files go: --tmp-dir, else the system's folder.
std::filesystem::path temporary_folder(const Options& options) {
  if (!options.train.tmp_dir.empty()) return options.train.tmp_dir;
  std::error_code error;
  const auto folder = std::filesystem::temp_directory_path(error);
  return error ? "/tmp" : folder;
}

// Replaces standard input or a pipe with a name by its copy.
void spool_pipe(InputFile& file, const Options& options, std::vector<std::unique_ptr<Spool>>& spools) {
  const bool standard_input = file.path == "-";
  std::error_code error;
  const auto type = std::filesystem::status(file.path, error).type();
  if (!standard_input && type != std::filesystem::file_type::fifo) return;
  file.name = standard_input ? "standard input" : file.path.string();
  const int pipe = standard_input ? STDIN_FILENO : ::open(file.path.c_str(), O_RDONLY | O_CLOEXEC);
  if (pipe < 0) throw Error(fmt::format("{}: cannot be read: {}", file.name, std::strerror(errno)));
  spools.push_back(std::make_unique<Spool>(pipe, file.name, temporary_folder(options)));
  if (!standard_input) ::close(pipe);
  file.path = spools.back()->path();
}

struct Result {
  std::vector<std::string> paths;
  std::vector<Vocab> vocabs;
  std::uint64_t input_bytes = 0;
  double seconds = 0;
  std::size_t threads = 0;
  std::vector<Stage> stages;
};

void print_summary(const Result& result) {
  print_stages(result.stages);
  const auto bytes = static_cast<double>(result.input_bytes);
  fmt::print(stderr, "{} of input in {}, {}/s with {} thread{}\n", human_bytes(bytes),
             human_seconds(result.seconds), human_bytes(bytes / result.seconds), result.threads,
             result.threads == 1 ? "" : "s");
  for (std::size_t i = 0; i < result.vocabs.size(); ++i) {
    const Vocab& vocab = result.vocabs[i];
    fmt::print(stderr, "{}: {} ids, pieces of up to {} bytes, {:.3f} bytes per token\n", result.paths[i],
               grouped(vocab.size()), vocab.max_piece_length(), bytes_per_token(vocab));
  }
}

void print_json(const Result& result) {
  std::string models;
  for (std::size_t i = 0; i < result.vocabs.size(); ++i) {
    const Vocab& vocab = result.vocabs[i];
    models += fmt::format(
        "{}{{\"path\": {}, \"vocab_size\": {}, \"max_piece_length\": {}, \"bytes_per_token\": {:.4f}}}",
        i > 0 ? ", " : "", json_string(result.paths[i]), vocab.size(), vocab.max_piece_length(),
        bytes_per_token(vocab));
  }
  fmt::print(
      "{{\"models\": [{}], \"input_bytes\": {}, \"seconds\": {:.3f}, \"threads\": {}, \"peak_memory\": "
      "{:.0f}, \"stages\": {}}}\n",
      models, result.input_bytes, result.seconds, result.threads, peak_memory(),
      stages_as_json(result.stages));
}

// glibc raises the size from which memory goes back to the system when it is freed, up to 32 MB, and keeps
// all below; held at 1 MB, training peaks at 243 instead of 347 MB with --memory 256M on a 100 MB corpus.
void give_freed_memory_back() {
#ifdef M_MMAP_THRESHOLD
  ::mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

void run(Options& options) {
  give_freed_memory_back();
  if (options.output == "-" && (options.json || options.train.vocab_sizes.size() > 1)) {
    throw Error("-o -: standard output takes one model and nothing else; name a file");
  }
  options.train.ensure_unicode = !options.no_ensure_unicode;
  options.train.threads = options.run.threads;
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::unique_ptr<Spool>> spools;
  std::vector<InputFile> files = input_files(options.input, InputFormat::kText);
  for (InputFile& file : files) spool_pipe(file, options, spools);
  const Corpus corpus = read_files(files);
  for (std::size_t i = 0; i < options.train.vocab_sizes.size(); ++i) {  // better now than after hours
    static_cast<void>(OutputFile(path_of_size(options.output, options.train.vocab_sizes, i)));
  }
  Result result;
  {
    ProgressLine line(options.run.quiet);
    StageLog stages;
    result.vocabs = train(corpus, options.train, [&](const Progress& progress) {
      line.show(progress.stage, progress.done, progress.total, progress.stage != "prune");
      stages.note(progress);
    });
    result.stages = stages.finish();
  }
  for (std::size_t i = 0; i < result.vocabs.size(); ++i) {
    result.paths.push_back(path_of_size(options.output, options.train.vocab_sizes, i));
    Tokenizer(result.vocabs[i]).save(result.paths.back());
  }
  result.input_bytes = corpus.size;
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  result.threads = resolve_threads(options.run.threads);
  if (options.json) print_json(result);
  if (!options.json && !options.run.quiet) print_summary(result);
}

}  // namespace

void add_train(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  TrainOptions& train = options->train;
  CLI::App* command = app.add_subcommand("train", "Make a model from text");
  command->add_option("INPUT", options->input.paths, "Text files, also compressed; - is standard input")
      ->required()
      ->type_name("");
  command->add_option("-o,--output", options->output, "Model file to write; - is standard output")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--vocab-size", train.vocab_sizes, "Most ids; several, as 32000,8000, give a model each")
      ->type_name("N[,N...]")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->default_str("10000")
      ->check(CLI::Range(kMinVocabSize, std::size_t{1} << 31));
  command->add_option("--order", train.order, "Longest n-gram, in bytes, 1 to 8")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(1, kMaxOrder));
  command
      ->add_option("--min-count", train.min_count,
                   "Drop n-grams and pieces that are rarer; 32 for 100 MB or more")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 62));
  command->add_option("--max-piece-length", train.max_piece_length, "Longest piece, in bytes")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 30));
  command->add_flag("--isolate-digits", train.isolate_digits, "Make every digit a piece of its own");
  command->add_flag("--no-ensure-unicode", options->no_ensure_unicode,
                    "Let pieces begin inside a UTF-8 character");
  command->add_option("--memory", train.memory, "Most memory to use, as 512M or 4G; the rest goes to files")
      ->type_name("SIZE")
      ->transform(CLI::AsSizeValue(false));
  command->add_option("--tmp-dir", train.tmp_dir, "Folder for such files, and for the copy of a pipe")
      ->type_name("DIR");
  add_input_options(*command, options->input);
  add_run_options(*command, options->run);
  command->add_flag("--json", options->json, "Print the summary as JSON on standard output");
  command->footer(
      "auto reads a file as one document, so that pieces can hold line ends.\n\n"
      "Examples:\n"
      "  bytepiece train corpus.txt -o toy.bp --vocab-size 8000\n"
      "  bytepiece train *.txt.zst -o big.bp --vocab-size 64000,32000 --min-count 32\n"
      "  zcat docs.gz | bytepiece train - --input-format lines -o toy.bp");
  command->callback([options] { run(*options); });
}

}  // namespace bytepiece::tools
