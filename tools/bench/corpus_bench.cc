// bytepiece_corpus_bench: what goes on around the encoder when a corpus becomes files or batches.
//
// All contestants take turns in one process, round after round, with the same number of threads; shown are
// the smallest and the median wall time, the smallest processor time, and how many times as long as the
// encoder alone each takes.
//
//   encode        encode_batch() of all documents, in memory, batch by batch; ids are dropped
//   read          the corpus is read (decompressed, cut into documents) and nothing else
//   stream        a BatchStream from the corpus; batches are dropped. Its ratio is to `encode`
//   FORMAT        `bytepiece encode --output-format FORMAT` of the file, a process of its own
#include <bytepiece/attention.h>
#include <bytepiece/readers.h>
#include <bytepiece/tokenizer.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/threads.h"
#include "tools/common.h"
#include "tools/help_formatter.h"

namespace bytepiece::bench {
namespace {

struct Options {
  std::string model, command = "bytepiece", folder = ".";
  std::vector<std::string> formats;
  tools::InputOptions input;
  int threads = 2, rounds = 5;
};

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

// Of this process and of those that have ended.
double processor_seconds() {
  double sum = 0;
  for (const auto who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    ::getrusage(who, &usage);
    sum += seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }
  return sum;
}

class Contestant {
 public:
  Contestant(std::string name, std::function<void()> action)
      : name_(std::move(name)), action_(std::move(action)) {}

  void run() {
    using Clock = std::chrono::steady_clock;
    const double processor = processor_seconds();
    const auto begin = Clock::now();
    action_();
    wall_.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
    processor_.push_back(processor_seconds() - processor);
    std::sort(wall_.begin(), wall_.end());
    std::sort(processor_.begin(), processor_.end());
  }
  const std::string& name() const { return name_; }
  double min() const { return wall_.front(); }
  double median() const { return wall_[wall_.size() / 2]; }
  double processor() const { return processor_.front(); }

 private:
  std::string name_;
  std::function<void()> action_;
  std::vector<double> wall_, processor_;
};

// Documents one after the other, in batches.
struct Texts {
  std::string bytes;
  std::vector<std::size_t> ends;

  std::vector<std::vector<std::string_view>> batches() const {
    constexpr std::size_t kBatchBytes = std::size_t{1} << 18;
    std::vector<std::vector<std::string_view>> batches(1);
    std::size_t begin = 0, size = 0;
    for (const std::size_t end : ends) {
      batches.back().push_back(std::string_view(bytes).substr(begin, end - begin));
      size += end - begin;
      begin = end;
      if (size < kBatchBytes) continue;
      batches.emplace_back();
      size = 0;
    }
    return batches;
  }
};

Texts texts_of(const Corpus& corpus) {
  Texts texts;
  corpus.walk([&](const DocumentPart& part) {
    texts.bytes += part.bytes;
    if (part.ends_document) texts.ends.push_back(texts.bytes.size());
  });
  return texts;
}

void encode_alone(const Tokenizer& tokenizer, const std::vector<std::vector<std::string_view>>& batches,
                  std::size_t threads) {
  struct Buffers {
    std::vector<Id> ids;
    std::vector<std::size_t> ends;
  };
  std::vector<Buffers> buffers(threads);
  parallel_for(threads, batches.size(), [&](std::size_t worker, std::size_t i) {
    buffers[worker].ids.clear();
    buffers[worker].ends.clear();
    tokenizer.encode_batch(batches[i], {}, buffers[worker].ids, buffers[worker].ends);
  });
}

void run_command(const Options& options, const std::string& format) {
  const std::string out = (std::filesystem::path(options.folder) / "corpus_bench.bin").string();
  std::vector<std::string> words = {options.command,
                                    "encode",
                                    options.model,
                                    "-q",
                                    "-T",
                                    std::to_string(options.threads),
                                    "--input-format",
                                    options.input.format,
                                    "--output-format",
                                    format,
                                    "-o",
                                    out};
  words.insert(words.end(), options.input.paths.begin(), options.input.paths.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) < 0 || status != 0) throw Error(options.command + " failed");
  for (const char* name : {"", ".docs"}) std::filesystem::remove(out + name);
  std::filesystem::remove(std::filesystem::path(out).replace_extension(".idx"));
}

void run(const Options& options) {
  const Tokenizer tokenizer = Tokenizer::load(options.model);
  const auto threads = static_cast<std::size_t>(options.threads);
  const std::vector<InputFile> files = tools::input_files(options.input, InputFormat::kLines);
  const Texts texts = texts_of(read_files(files));
  const std::vector<std::vector<std::string_view>> batches = texts.batches();
  std::vector<Contestant> all;
  all.emplace_back("encode", [&] { encode_alone(tokenizer, batches, threads); });
  all.emplace_back("read", [&] { read_files(files).walk([](const DocumentPart&) {}); });
  all.emplace_back("stream", [&] {
    attention::BatchStream stream(read_files(files), tokenizer, {.threads = options.threads});
    while (stream.next()) continue;
  });
  for (const std::string& format : options.formats) {
    all.emplace_back(format, [&] { run_command(options, format); });
  }
  for (int round = 0; round < options.rounds; ++round) {
    for (Contestant& each : all) each.run();
  }
  fmt::print("{:<10} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}\n", "", "min s", "median s", "MB/s", "cpu s",
             "ratio", "cpu");
  for (const Contestant& each : all) {
    fmt::print("{:<10} {:>8.3f} {:>8.3f} {:>8.1f} {:>8.3f} {:>8.3f} {:>8.3f}\n", each.name(), each.min(),
               each.median(), static_cast<double>(texts.bytes.size()) / 1e6 / each.min(), each.processor(),
               each.min() / all[0].min(), each.processor() / all[0].processor());
  }
}

}  // namespace
}  // namespace bytepiece::bench

int main(int argc, char** argv) {
  using namespace bytepiece;
  bench::Options options;
  CLI::App app("What goes on around the encoder when a corpus becomes files or batches",
               "bytepiece_corpus_bench");
  app.formatter(std::make_shared<tools::HelpFormatter>());
  app.add_option("--model", options.model, "Model file")->required()->type_name("FILE");
  app.add_option("INPUT", options.input.paths, "Text files")->required()->type_name("");
  app.add_option("--output-format", options.formats, "Formats that the command writes; none: it does not run")
      ->type_name("FORMAT...");
  app.add_option("--command", options.command, "The command to run")->type_name("FILE");
  app.add_option("--folder", options.folder, "Where it writes")->type_name("FOLDER")->capture_default_str();
  app.add_option("-T,--threads", options.threads, "Threads")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  app.add_option("--rounds", options.rounds, "Rounds; all contestants take their turn in each")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  tools::add_input_options(app, options.input);
  CLI11_PARSE(app, argc, argv);
  try {
    bench::run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bytepiece_corpus_bench: %s\n", error.what());
    return 1;
  }
}
