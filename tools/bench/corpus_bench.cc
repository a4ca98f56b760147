// bytepiece_corpus_bench: what goes on around the encoder when a corpus becomes files or batches.
//
// All contestants take turns in one process, round after round (figures.h), with the same number of threads.
// The yardstick is the encoder alone.
//
//   encode        encode_batch() of all documents, in memory, batch by batch; ids are dropped
//   read          the corpus is read (decompressed, cut into documents) and nothing else
//   stream        a BatchStream from the corpus; batches are dropped
//   FORMAT        `bytepiece encode --output-format FORMAT` of the file, a process of its own
#include <bytepiece/attention.h>
#include <bytepiece/readers.h>
#include <bytepiece/tokenizer.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/threads.h"
#include "tools/bench/figures.h"
#include "tools/common.h"
#include "tools/help_formatter.h"

namespace bytepiece::bench {
namespace {

struct Options {
  std::string model, append, command = "bytepiece", folder = ".";
  std::vector<std::string> formats;
  tools::InputOptions input;
  int threads = 2, rounds = 5;
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
  const std::string workload = base_name(options.input.paths.front());
  std::vector<Figures> rows;
  for (const Contestant& each : all) {
    rows.push_back({workload, each.name(), texts.bytes.size(), each.min(), each.median(), each.processor(),
                    all.front().min() / each.min()});
  }
  print_table(rows);
  if (!options.append.empty()) append_csv(options.append, {options.model, options.rounds}, rows);
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
  app.add_option("--append", options.append, "Append the figures to this file of comma-separated values")
      ->type_name("FILE");
  tools::add_input_options(app, options.input);
  try {
    app.parse(argc, argv);
    bench::run(options);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    std::fprintf(stderr, "bytepiece_corpus_bench: %s; see 'bytepiece_corpus_bench --help'\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bytepiece_corpus_bench: %s\n", error.what());
    return 1;
  }
}
