// bytepiece convert: models from and to the formats of other tokenizers.
#include <bytepiece/tokenizer.h>
#include <bytepiece/train.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <memory>
#include <optional>

#include "base/mapped_file.h"
#include "model/huggingface_file.h"
#include "model/native_file.h"
#include "model/original_json.h"
#include "model/sentencepiece_file.h"
#include "text/visible.h"
#include "tools/common.h"
#include "train/prune.h"

namespace bytepiece::tools {
namespace {

struct Options {
  std::string from = "auto", to = "auto", input, output, id_map;
  std::vector<std::string> special;
  RunOptions run;
};

// Lines "word<TAB>count" or "word count ...": words are pieces, and those that the others spell better are
// dropped, as in training.
Vocab read_counts(std::string_view text) {
  std::map<std::string, std::uint64_t> counts;
  std::uint64_t bytes = 2 * 256;  // of all words; of single bytes that are added, as often here as by prune()
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const char separator = line.find('\t') == line.npos ? ' ' : '\t';
    const std::size_t gap = line.find(separator);
    std::uint64_t count = 0;
    const std::string_view rest = gap == line.npos ? std::string_view() : line.substr(gap + 1);
    const auto [stop, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    const bool whole = stop == rest.data() + rest.size() || *stop == ' ' || *stop == '\t';
    const std::string_view word = line.substr(0, gap);
    if (gap == 0 || rest.empty() || error != std::errc() || !whole) {
      throw Error(fmt::format("line {}: \"{}\" is not word, tab, count", number, excerpt(line)));
    }
    if (count > (std::numeric_limits<std::uint64_t>::max() - bytes) / word.size()) {
      throw Error(
          fmt::format("line {}: with {} as often as it says, all words have 2^64 bytes or more; "
                      "divide all counts by a common number",
                      number, excerpt(word)));
    }
    bytes += count * word.size();
    counts[std::string(word)] += count;
  }
  if (counts.empty()) throw Error("empty: not a single line word, tab, count");
  for (int byte = 0; byte < 256; ++byte) {
    std::uint64_t& count = counts[std::string(1, static_cast<char>(byte))];
    count = std::max<std::uint64_t>(count, 1);
  }
  CountRun run;
  EntryWriter<std::string> writer(run.entries);
  for (const auto& [word, count] : counts) {
    if (count > 0) writer.append(word, count);
  }
  TrainOptions options;
  options.vocab_sizes = {counts.size() + kFirstPiece};
  options.max_piece_length = std::numeric_limits<std::size_t>::max();
  options.min_count = 1;
  std::vector<CountRun> runs;
  runs.push_back(std::move(run));
  return prune(runs, options, 1, {}).front();
}

std::string format_of_content(std::string_view bytes) {
  if (is_native(bytes)) return "native";
  if (is_huggingface(bytes)) return "huggingface";
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  if (first != bytes.npos && bytes[first] == '{') return "json";
  return is_sentencepiece(bytes) ? "sentencepiece" : "counts";
}

std::string format_of_name(const std::filesystem::path& path) {
  if (path.filename() == "tokenizer.json") return "huggingface";
  if (path.extension() == ".json") return "json";
  if (path.extension() == ".model") {
    throw Error(fmt::format(
        "{}: models of two kinds have names like that; say --to sentencepiece or --to json", path.string()));
  }
  return "native";
}

Imported read(const Options& options, std::string& from) {
  const auto file = std::make_shared<const MappedFile>(options.input, "a model");
  from = options.from == "auto" ? format_of_content(file->bytes()) : options.from;
  try {
    if (from == "sentencepiece") return read_sentencepiece(file->bytes());
    if (from == "huggingface") return read_huggingface(file->bytes());
    if (from == "counts") return {read_counts(file->bytes()), {}, {}};
  } catch (const Error& error) {
    throw Error(fmt::format("{}: {}", options.input, error.what()));
  }
  Vocab vocab = from == "native" ? read_native(options.input, file).vocab
                                 : read_original_json(options.input, file->bytes());
  return {std::move(vocab), {}, {}};
}

std::vector<std::string> write(const Vocab& vocab, const std::string& to, const std::string& path) {
  if (to == "native") {
    Tokenizer(vocab).save(path);
    return {};
  }
  OutputFile file(path);
  std::vector<std::string> notes;
  if (to == "json") {
    write_original_json(vocab, file);
    if (!vocab.special_tokens().empty()) notes.emplace_back("special tokens are not in this format");
  } else {
    notes = to == "sentencepiece" ? write_sentencepiece(vocab, file) : write_huggingface(vocab, file);
  }
  file.commit();
  return notes;
}

void write_id_map(const Imported& imported, const std::string& path) {
  OutputFile file(path);
  for (const auto& [ours, theirs] : imported.ids) file.write(fmt::format("{}\t{}\n", ours, theirs));
  file.commit();
}

bool same_ids(const Imported& imported) {
  return std::all_of(imported.ids.begin(), imported.ids.end(),
                     [](const auto& ids) { return ids.first == ids.second; });
}

void run(Options& options) {
  for (std::string* output : {&options.output, &options.id_map}) {
    if (*output == "-") *output = "/dev/stdout";
  }
  const std::string to = options.to == "auto" ? format_of_name(options.output) : options.to;
  std::string from;
  Imported imported = read(options, from);
  Vocab vocab = imported.vocab;
  if (!options.special.empty()) vocab = vocab.with_special_tokens(options.special);
  if (from != "native") {
    Metadata metadata = vocab.metadata();
    metadata["imported.from"] = from;
    metadata["normalization"] = "NFC";
    metadata["tool"] = "bytepiece " BYTEPIECE_VERSION;
    vocab = vocab.with_metadata(std::move(metadata));
  }
  std::vector<std::string> notes = std::move(imported.notes);
  for (std::string& note : write(vocab, to, options.output)) notes.push_back(std::move(note));
  if (!options.id_map.empty()) write_id_map(imported, options.id_map);
  if (options.run.quiet) return;
  fmt::print(stderr, "{}: {} ids, {} to {}\n", options.output, grouped(vocab.id_count()), from, to);
  if (!imported.ids.empty()) {
    fmt::print(stderr, "  {}\n",
               same_ids(imported)
                   ? "ids are those of the other format"
                   : "ids are other ones: pieces are in the order of length and bytes; --id-map "
                     "lists them");
  }
  for (const std::string& note : notes) fmt::print(stderr, "  {}\n", note);
}

}  // namespace

void add_convert(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("convert", "Turn models into other formats, and back");
  command->add_option("FROM", options->input, "Model to read")->required()->type_name("");
  command->add_option("TO", options->output, "Model to write")->required()->type_name("");
  command
      ->add_option(
          "--from", options->from,
          "native, json (the original's), sentencepiece, huggingface, counts (word, tab, count); auto: by "
          "content")
      ->type_name("FORMAT")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "native", "json", "sentencepiece", "huggingface", "counts"}));
  command
      ->add_option(
          "--to", options->to,
          "native, json, sentencepiece, huggingface; auto: tokenizer.json is huggingface, .json is json, "
          "other names are native")
      ->type_name("FORMAT")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "native", "json", "sentencepiece", "huggingface"}));
  command
      ->add_option("--add-special", options->special, "Special token to add, behind all ids; may be repeated")
      ->type_name("TOKEN")
      ->allow_extra_args(false);
  command
      ->add_option("--id-map", options->id_map, "Write our and their id of each piece, an imported model's")
      ->type_name("FILE");
  command->add_flag("-q,--quiet", options->run.quiet, "No list of what could not be kept");
  command->footer(
      "What the other format cannot say is listed. Scores of other libraries become\n"
      "counts.\n\n"
      "Examples:\n"
      "  bytepiece convert toy.bp tokenizer.json\n"
      "  bytepiece convert toy.bp toy.model --to sentencepiece\n"
      "  bytepiece convert bytepiece.eu.plus.160k.model eu.bp\n"
      "  bytepiece convert toy.bp chat.bp --add-special '<|user|>' \\\n"
      "      --add-special '<|end|>'\n"
      "  bytepiece convert --from counts dict.txt words.bp");
  command->callback([options] { run(*options); });
}

}  // namespace bytepiece::tools
