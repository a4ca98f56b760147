#include "tools/common.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>

#include "text/json_string.h"
#include "text/utf8.h"
#include "tools/input_paths.h"

namespace bytepiece::tools {

void add_run_options(CLI::App& command, RunOptions& options) {
  command.add_option("-T,--threads", options.threads, "Threads; 0 is all cores")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
  command.add_flag("-q,--quiet", options.quiet, "No progress and no summary");
}

void add_input_options(CLI::App& command, InputOptions& options) {
  command
      .add_option("--input-format", options.format,
                  "text: a file is one document; lines: each line is; jsonl: a field of each line is; "
                  "auto: jsonl if the name says so (.jsonl, .ndjson)")
      ->type_name("FORMAT")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "text", "lines", "jsonl"}));
  command.add_option("--field", options.field, "The field of a JSON line that holds the text")
      ->type_name("NAME")
      ->capture_default_str();
}

std::vector<InputFile> input_files(const InputOptions& options, InputFormat otherwise) {
  static const std::map<std::string, InputFormat> formats = {
      {"text", InputFormat::kText}, {"lines", InputFormat::kLines}, {"jsonl", InputFormat::kJsonl}};
  std::vector<std::string> paths = options.paths;
  if (paths.empty()) paths.push_back("-");
  if (std::count(paths.begin(), paths.end(), "-") > 1) {
    throw CLI::ValidationError("standard input (-) is named twice");
  }
  std::vector<InputFile> files;
  for (const std::string& path : input_paths(paths)) {
    const InputFormat format =
        options.format == "auto" ? format_by_name(path, otherwise) : formats.at(options.format);
    files.push_back({.path = path, .options = {format, options.field}, .name = {}});
  }
  return files;
}

std::vector<std::string> paths_of(const std::vector<InputFile>& files) {
  std::vector<std::string> paths;
  for (const InputFile& file : files) paths.push_back(file.path.string());
  return paths;
}

void check_not_read(const std::string& output, const std::vector<std::string>& read) {
  std::error_code error;
  if (output == "-" || !std::filesystem::is_regular_file(output, error)) return;
  for (const std::string& path : read) {
    if (std::filesystem::equivalent(output, path, error)) {
      throw Error(fmt::format("{}: is read, too, and would be replaced; name another output", output));
    }
  }
}

OutputFile open_output(const std::string& path) {
  return path == "-" ? OutputFile::standard_output() : OutputFile(path);
}

std::uint64_t added_to_counts(const Vocab& vocab) {
  const auto found = vocab.metadata().find("train.added_to_counts");
  if (found == vocab.metadata().end()) return 0;
  const std::string& text = found->second;
  std::uint64_t added = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), added);
  if (error != std::errc() || end != text.data() + text.size()) return 0;
  std::uint64_t least = vocab.total();
  for (Id id = kFirstPiece; id < vocab.size(); ++id) least = std::min(least, vocab.count(id));
  return added <= least && added * (vocab.size() - kFirstPiece) < vocab.total() ? added : 0;
}

double bytes_per_token(const Vocab& vocab) {
  const std::uint64_t added = added_to_counts(vocab);
  double bytes = 0, tokens = 0;
  for (Id id = kFirstPiece; id < vocab.size(); ++id) {
    const auto count = static_cast<double>(vocab.count(id) - added);
    bytes += static_cast<double>(vocab.bytes(id).size()) * count;
    tokens += count;
  }
  return bytes / tokens;
}

std::string grouped(std::uint64_t number) {
  if (number < 1000) return std::to_string(number);
  return grouped(number / 1000) + fmt::format(",{:03}", number % 1000);
}

std::string counted(std::uint64_t number, std::string_view what) {
  return fmt::format("{} {}{}", grouped(number), what, number == 1 ? "" : "s");
}

std::string human_bytes(double bytes) {
  if (bytes < 1e3) return fmt::format("{:.0f} B", bytes);
  if (bytes < 1e6) return fmt::format("{:.1f} kB", bytes / 1e3);
  if (bytes < 1e9) return fmt::format("{:.1f} MB", bytes / 1e6);
  return fmt::format("{:.2f} GB", bytes / 1e9);
}

std::string human_seconds(double seconds) {
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::uint64_t>(seconds + 0.5);
  if (whole < 3600) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02} h", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string json_string(const std::string& text) {
  std::string out;
  append_json_string(drop_invalid_bytes(text), out);
  return out;
}

}  // namespace bytepiece::tools
