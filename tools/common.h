// What the subcommands share: the options that mean the same everywhere, and how numbers are shown.
#pragma once

#include <bytepiece/readers.h>
#include <bytepiece/vocab.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/output_file.h"

// Its header takes seconds to compile, so only files that define options include it.
namespace CLI {
class App;
}

namespace bytepiece::tools {

// Each registers a subcommand; it runs, and may throw Error, when the command line names it.
void add_train(CLI::App& app);
void add_encode(CLI::App& app);
void add_decode(CLI::App& app);
void add_eval(CLI::App& app);
void add_inspect(CLI::App& app);
void add_steps(CLI::App& app);  // count-ngrams, merge, count-pieces, finish
void add_lattice(CLI::App& app);
void add_convert(CLI::App& app);

// -T and -q.
struct RunOptions {
  int threads = 0;
  bool quiet = false;
};
void add_run_options(CLI::App& command, RunOptions& options);

// INPUT..., --input-format and --field.
struct InputOptions {
  std::vector<std::string> paths;
  std::string format = "auto";
  std::string field = "text";
};
void add_input_options(CLI::App& command, InputOptions& options);

// Folders and patterns become their files (input_paths.h). `otherwise` is what auto means for a file whose
// name does not say jsonl. No path at all is "-". Throws CLI::ValidationError if that is named twice.
std::vector<InputFile> input_files(const InputOptions& options, InputFormat otherwise);

std::vector<std::string> paths_of(const std::vector<InputFile>& files);

// Throws Error: the output is a file that is read, by whatever name, which would be gone then.
void check_not_read(const std::string& output, const std::vector<std::string>& read);

// Standard output for "-".
OutputFile open_output(const std::string& path);

// By the counts, which are those of the training text.
double bytes_per_token(const Vocab& vocab);

// What training for fewest tokens added to the count of every piece; 0 for other models, and where the
// model's metadata cannot be true.
std::uint64_t added_to_counts(const Vocab& vocab);

std::string grouped(std::uint64_t number);                         // 1234567 ─▶ 1,234,567
std::string counted(std::uint64_t number, std::string_view what);  // 1 line, 2 lines
std::string human_bytes(double bytes);                             // 1234567 ─▶ 1.2 MB
std::string human_seconds(double seconds);                         // 3.21 s, 2:05 min, 1:02:05 h
std::string json_string(const std::string& text);                  // with quotes

}  // namespace bytepiece::tools
