// bytepiece eval: how well models compress texts, side by side.
#include <bytepiece/tokenizer.h>
#include <bytepiece/utf8_stream.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <set>

#include "text/utf8.h"
#include "text/visible.h"
#include "tools/bad_lines.h"
#include "tools/batch_encoder.h"
#include "tools/common.h"
#include "tools/documents.h"

namespace bytepiece::tools {
namespace {

struct Options {
  std::vector<std::string> models;
  InputOptions input;
  BadLines bad_lines;
  bool json = false;
  RunOptions run;
};

// Of one text and one model. Everything is counted first, so no result depends on the order of work.
struct TokenCounts {
  std::vector<std::uint64_t> of_id;

  void add(std::span<const Id> ids) {
    for (const Id id : ids) ++of_id[id];
  }
  void add(const TokenCounts& other) {
    for (std::size_t i = 0; i < of_id.size(); ++i) of_id[i] += other.of_id[i];
  }
};

// What is shown of them.
struct Figures {
  std::uint64_t tokens = 0, single_bytes = 0;
  double entropy = 0;  // bits per token, of the tokens' distribution

  explicit Figures(const TokenCounts& counts) {
    for (const std::uint64_t count : counts.of_id) tokens += count;
    for (Id id = kFirstPiece; id < kFirstPiece + 256; ++id) single_bytes += counts.of_id[id];
    for (const std::uint64_t count : counts.of_id) {
      const double share = static_cast<double>(count) / static_cast<double>(tokens);
      if (count > 0) entropy -= share * std::log2(share);
    }
  }
};

struct TextCounts {
  std::string name;
  std::uint64_t bytes = 0, characters = 0, documents = 0;
  std::vector<TokenCounts> models;

  TextCounts(std::string n, const std::vector<BatchEncoder>& encoders) : name(std::move(n)) {
    for (const BatchEncoder& encoder : encoders) {
      models.push_back({std::vector<std::uint64_t>(encoder.tokenizer().vocab().id_count())});
    }
  }

  void add(const TextCounts& other) {
    bytes += other.bytes;
    characters += other.characters;
    documents += other.documents;
    for (std::size_t i = 0; i < models.size(); ++i) models[i].add(other.models[i]);
  }
};

struct TextFigures {
  std::string name;
  std::uint64_t bytes, characters, documents;
  std::vector<Figures> models;

  explicit TextFigures(const TextCounts& counts)
      : name(counts.name),
        bytes(counts.bytes),
        characters(counts.characters),
        documents(counts.documents),
        models(counts.models.begin(), counts.models.end()) {}
};

// An invalid byte counts as a character.
std::uint64_t count_characters(std::string_view text) {
  std::uint64_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) {
    const std::size_t ascii = ascii_length(text, at);
    if (ascii > 0) count += ascii - 1;
    at += ascii > 0 ? ascii : character_at(text, at).length;
  }
  return count;
}

struct EvaluatedBatch {
  std::uint64_t bytes = 0, characters = 0, documents = 0;
  std::vector<std::vector<Id>> ids;  // of each model
};

TextCounts evaluate(const InputFile& file, std::vector<BatchEncoder>& encoders, const RunOptions& run) {
  TextCounts counts(file.path == "-" ? "standard input" : file.path.string(), encoders);
  Utf8Stream characters;
  const auto evaluated = [](const Batch& batch, std::string_view text) {
    const std::uint64_t documents = batch.ends_document ? batch.ends.size() : 0;
    return EvaluatedBatch{batch.bytes.size(), count_characters(text), documents, {}};
  };
  Mapping<EvaluatedBatch> mapping;
  mapping.stage = "eval";
  mapping.last_cut = last_line_begin;
  mapping.map = [&](const Batch& batch) {
    EvaluatedBatch result = evaluated(batch, batch.bytes);
    for (const BatchEncoder& encoder : encoders) result.ids.push_back(encoder.encode(batch).ids);
    return result;
  };
  mapping.map_stretch = [&](const Batch& batch) {
    std::string whole;  // a part may end inside a character
    characters.write(batch.bytes, whole);
    if (batch.ends_stretch) characters.finish(whole);
    EvaluatedBatch result = evaluated(batch, whole);
    for (BatchEncoder& encoder : encoders) result.ids.push_back(encoder.encode_stretch(batch).ids);
    return result;
  };
  mapping.sink = [&](const EvaluatedBatch& batch) {
    counts.bytes += batch.bytes;
    counts.characters += batch.characters;
    counts.documents += batch.documents;
    for (std::size_t i = 0; i < batch.ids.size(); ++i) counts.models[i].add(batch.ids[i]);
  };
  map_documents(read_files({file}), mapping, run);
  return counts;
}

double ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

// The names of the files, without their folders if all are different.
std::vector<std::string> short_names(const std::vector<std::string>& paths) {
  std::vector<std::string> names;
  for (const std::string& path : paths) names.push_back(std::filesystem::path(path).filename().string());
  const std::set<std::string> different(names.begin(), names.end());
  return different.size() == names.size() ? names : paths;
}

void print_table(const std::vector<TextFigures>& texts, const std::vector<std::string>& paths) {
  const std::vector<std::string> models = short_names(paths);
  std::size_t widest = 5;
  for (const std::string& model : models) widest = std::max(widest, visible(model).size());
  for (const TextFigures& text : texts) {
    fmt::print("{}: {}, {}, {}\n", visible(text.name), counted(text.bytes, "byte"),
               counted(text.characters, "character"), counted(text.documents, "document"));
    fmt::print("  {:<{}}{:>16}{:>13}{:>14}{:>10}\n", "model", widest, "tokens", "bytes/token", "single bytes",
               "entropy");
    for (std::size_t i = 0; i < models.size(); ++i) {
      const Figures& figures = text.models[i];
      fmt::print("  {:<{}}{:>16}{:>13.3f}{:>12.2f} %{:>10.3f}\n", visible(models[i]), widest,
                 grouped(figures.tokens), ratio(text.bytes, figures.tokens),
                 100 * ratio(figures.single_bytes, figures.tokens), figures.entropy);
    }
  }
}

std::string as_json(const TextFigures& text, const std::vector<std::string>& models) {
  std::string json =
      fmt::format("{{\"name\": {}, \"bytes\": {}, \"characters\": {}, \"documents\": {}, \"models\": [",
                  json_string(text.name), text.bytes, text.characters, text.documents);
  for (std::size_t i = 0; i < models.size(); ++i) {
    const Figures& figures = text.models[i];
    json += fmt::format(
        "{}{{\"model\": {}, \"tokens\": {}, \"bytes_per_token\": {:.6f}, \"single_byte_tokens\": {}, "
        "\"entropy\": {:.6f}}}",
        i > 0 ? ", " : "", json_string(models[i]), figures.tokens, ratio(text.bytes, figures.tokens),
        figures.single_bytes, figures.entropy);
  }
  return json + "]}";
}

void print_json(const std::vector<TextFigures>& texts, const TextFigures& sum,
                const std::vector<std::string>& models) {
  std::string files;
  for (const TextFigures& text : texts) files += (files.empty() ? "" : ",\n  ") + as_json(text, models);
  fmt::print("{{\"files\": [\n  {}],\n \"sum\": {}}}\n", files, as_json(sum, models));
}

void run(Options& options) {
  std::vector<InputFile> files = input_files(options.input, InputFormat::kLines);
  read_files(files);  // complains at once about what is missing
  options.bad_lines.watch(files);
  std::vector<BatchEncoder> encoders;
  for (const std::string& model : options.models) {
    encoders.emplace_back(Tokenizer::load(model), EncodeOptions{}, false);
  }
  std::vector<TextFigures> texts;
  TextCounts sum("sum", encoders);
  for (const InputFile& file : files) {
    const TextCounts counts = evaluate(file, encoders, options.run);
    texts.emplace_back(counts);
    sum.add(counts);
  }
  if (options.json) {
    print_json(texts, TextFigures(sum), options.models);
  } else {
    if (texts.size() > 1) texts.emplace_back(sum);
    print_table(texts, options.models);
  }
  if (!options.run.quiet) options.bad_lines.report();
}

}  // namespace

void add_eval(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("eval", "Compare how models cut texts");
  command->add_option("MODEL", options->models, "Model files")->required()->type_name("");
  command
      ->add_option("-i,--input", options->input.paths,
                   "Text files, folders, patterns; none or - is standard input")
      ->type_name("FILE...");
  add_input_options(*command, options->input);
  options->bad_lines.add_option(*command);
  command->add_flag("--json", options->json, "Print JSON");
  add_run_options(*command, options->run);
  command->footer(
      "auto reads lines, without their line feeds. Characters are code points, and\n"
      "bytes that are not UTF-8. Single bytes: the share of tokens that stand for one\n"
      "byte. Entropy: of the tokens' distribution, in bits per token.\n\n"
      "Examples:\n"
      "  bytepiece eval toy.bp --input corpus.txt\n"
      "  bytepiece eval small.bp large.bp --input en.txt zh.txt --json");
  command->callback([options] { run(*options); });
}

}  // namespace bytepiece::tools
