// bytepiece decode: ids to text, the inverse of encode.
#include <bytepiece/id_files.h>
#include <bytepiece/utf8_stream.h>
#include <bytepiece/vocab.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>

#include "base/little_endian.h"
#include "tools/common.h"
#include "tools/documents.h"
#include "tools/input_paths.h"
#include "tools/token_output.h"
#include "tools/token_text.h"

namespace bytepiece::tools {
namespace {

struct Options {
  std::string model, output = "-", input_format = "auto", format = "lines", errors = "bytes";
  std::vector<std::string> inputs;
  bool show_special = false;
  RunOptions run;
};

const std::map<std::string, Utf8Errors> kErrors = {{"bytes", Utf8Errors::kBytes},
                                                   {"strict", Utf8Errors::kStrict},
                                                   {"replace", Utf8Errors::kReplace},
                                                   {"ignore", Utf8Errors::kIgnore}};

// What a file's name suggests.
std::string format_of(const std::filesystem::path& path) {
  const std::string extension = path.extension().string();
  std::error_code error;
  if (extension == ".npy") return "npy";
  if (extension == ".u16" || extension == ".u32") return extension.substr(1);
  if (extension == ".idx") return "megatron";
  if (extension == ".bin") {
    if (std::filesystem::exists(id_file_names(path, IdFormat::kMegatron).documents, error)) return "megatron";
    throw Error(path.string() + ": say what is in it with --input-format u16 or u32");
  }
  return format_by_name(path, InputFormat::kLines) == InputFormat::kJsonl ? "jsonl" : "ids";
}

// What encode writes beside a file of ids.
bool is_beside_ids(const std::filesystem::path& path) {
  std::error_code error;
  return path.extension() == ".docs" || path.string().ends_with(".shards.json") ||
         (path.extension() == ".idx" &&
          std::filesystem::exists(id_file_names(path, IdFormat::kMegatron).ids, error));
}

// The files that are named, in folders and by patterns those of ids only.
std::vector<std::string> id_paths(const std::vector<std::string>& named) {
  std::vector<std::string> paths;
  for (const std::string& name : named) {
    std::vector<std::string> found = input_paths({name});
    if (found != std::vector{name}) {
      std::erase_if(found, is_beside_ids);
      if (found.empty()) throw Error(name + ": no files of ids there");
    }
    paths.insert(paths.end(), found.begin(), found.end());
  }
  return paths;
}

// The bytes of a batch of documents.
struct Decoded {
  std::string text;
  std::vector<std::size_t> ends;  // of each document, or the part of one
  bool ends_document = true, unterminated = false;
};

// One file of ids, in any format.
class Source {
 public:
  Source(const std::string& path, const std::string& format, const IdText& ids)
      : format_(format == "auto" ? format_of(path) : format), ids_(ids) {
    const auto known = id_formats().find(format_);
    corpus_ = known != id_formats().end() ? read_id_files({{path, known->second}})
                                          : read_files({{path, {InputFormat::kLines}, {}}});
  }

  const Corpus& corpus() const { return corpus_; }

  bool has_words() const { return format_ == "ids" || format_ == "pieces"; }  // separated by blanks

  LastCut last_cut() const {
    if (format_ == "jsonl") return no_cut;
    return has_words() ? last_blank_end : last_id_begin;
  }

  Decoded decode(const Batch& batch) const {
    Decoded decoded;
    std::uint64_t number = batch.first_number;
    for (const std::string_view document : batch.documents()) {
      const Place place{corpus_.name, number++};
      if (format_ == "ids") {
        decode_ids(ids_, document, place, decoded.text);
      } else if (format_ == "pieces") {
        decode_pieces(ids_, document, place, decoded.text);
      } else if (format_ == "jsonl") {
        decode_json(ids_, document, place, decoded.text);
      } else {
        decode_numbers(document, decoded.text);
      }
      decoded.ends.push_back(decoded.text.size());
    }
    decoded.ends_document = batch.ends_document;
    decoded.unterminated = batch.unterminated;
    return decoded;
  }

  // What holds no blank in so many bytes that it is no line of ids.
  [[noreturn]] Decoded refuse(const Batch& batch) const {
    throw Error(fmt::format("{}, line {}: {} without a blank; expected {} separated by blanks", corpus_.name,
                            batch.first_number, human_bytes(static_cast<double>(batch.bytes.size())),
                            format_));
  }

 private:
  void decode_numbers(std::string_view bytes, std::string& out) const {
    for (std::size_t at = 0; at < bytes.size(); at += sizeof(Id)) {
      const auto id = little_endian_at<Id>(bytes, at);
      if (!ids_.append(id, out)) throw ids_.unknown(id, corpus_.name);
    }
  }

  std::string format_;
  const IdText& ids_;
  Corpus corpus_;
};

// Writes documents that may come in parts.
class TextWriter {
 public:
  TextWriter(const Options& options)
      : out_(open_output(options.output)),
        line_feeds_(options.format == "lines"),
        errors_(kErrors.at(options.errors)),
        characters_(errors_) {}

  void write(const Decoded& decoded) {
    for (std::size_t i = 0, begin = 0; i < decoded.ends.size(); begin = decoded.ends[i++]) {
      if (std::exchange(owes_line_feed_, false)) out_.write("\n");
      append(std::string_view(decoded.text).substr(begin, decoded.ends[i] - begin));
      if (decoded.ends_document || i + 1 < decoded.ends.size()) end_document();
    }
    unterminated_ = decoded.unterminated;
  }

  void commit() {
    if (owes_line_feed_ && !unterminated_) out_.write("\n");
    out_.commit();
  }

 private:
  void append(std::string_view bytes) {
    if (errors_ == Utf8Errors::kBytes) return out_.write(bytes);
    text_.clear();
    checked([&] { characters_.write(bytes, text_); });
    out_.write(text_);
  }

  void end_document() {
    text_.clear();
    checked([&] { characters_.finish(text_); });
    out_.write(text_);
    owes_line_feed_ = line_feeds_;
    ++documents_;
  }

  template <class Action>
  void checked(const Action& action) const {
    try {
      action();
    } catch (const Error& error) {
      throw Error(fmt::format("document {}, {}", documents_ + 1, error.what()));
    }
  }

  OutputFile out_;
  bool line_feeds_, owes_line_feed_ = false, unterminated_ = false;
  Utf8Errors errors_;
  Utf8Stream characters_;
  std::string text_;
  std::uint64_t documents_ = 0;
};

void run(const Options& options) {
  const Vocab vocab = Vocab::load(options.model);
  const IdText ids(vocab, options.show_special);
  std::vector<std::string> paths = id_paths(options.inputs);
  if (paths.empty()) paths.push_back("-");
  if (std::count(paths.begin(), paths.end(), "-") > 1) {
    throw CLI::ValidationError("standard input (-) is named twice");
  }
  check_not_read(options.output, paths);
  check_not_read(options.output, {options.model});
  std::vector<Source> sources;
  for (const std::string& path : paths) sources.emplace_back(path, options.input_format, ids);
  TextWriter out(options);
  for (const Source& source : sources) {
    Mapping<Decoded> mapping;
    mapping.stage = "decode";
    mapping.last_cut = source.last_cut();
    mapping.map = [&](const Batch& batch) { return source.decode(batch); };
    if (source.has_words()) mapping.map_stretch = [&](const Batch& batch) { return source.refuse(batch); };
    mapping.sink = [&](const Decoded& decoded) { out.write(decoded); };
    map_documents(source.corpus(), mapping, options.run);
  }
  out.commit();
}

}  // namespace

void add_decode(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("decode", "Turn ids back into text");
  command->add_option("MODEL", options->model, "Model file")->required()->type_name("");
  command->add_option("INPUT", options->inputs, "Files of ids, folders of them; none or - is standard input")
      ->type_name("");
  command->add_option("-o,--output", options->output, "Output file; - is standard output")
      ->type_name("FILE")
      ->capture_default_str();
  command
      ->add_option("--input-format", options->input_format,
                   "What encode wrote: ids, pieces, jsonl, u16, u32, npy, megatron; auto: what the name says "
                   "(.jsonl, .npy, .u16, .u32, .bin beside .idx), else ids")
      ->type_name("FORMAT")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "ids", "pieces", "jsonl", "u16", "u32", "npy", "megatron"}));
  command
      ->add_option("--output-format", options->format,
                   "lines: a line feed behind every document; text: nothing but the text")
      ->type_name("FORMAT")
      ->capture_default_str()
      ->check(CLI::IsMember({"lines", "text"}));
  command
      ->add_option("--errors", options->errors,
                   "Bytes that are not UTF-8: bytes as they are; strict: an error; replace by U+FFFD; ignore")
      ->type_name("WHAT")
      ->capture_default_str()
      ->check(CLI::IsMember({"bytes", "strict", "replace", "ignore"}));
  command->add_flag("--show-special", options->show_special,
                    "Write special tokens, and <pad>, <bos>, <eos>, as they are called");
  add_run_options(*command, options->run);
  command->footer(
      "Ids 0 to 2 (pad, bos, eos) and special tokens stand for no text unless they are\n"
      "shown.\n\n"
      "Examples:\n"
      "  bytepiece encode toy.bp a.txt | bytepiece decode toy.bp\n"
      "  bytepiece encode --input-format text toy.bp a.txt |\n"
      "      bytepiece decode --output-format text toy.bp\n"
      "  bytepiece decode toy.bp train.*.bin --input-format u16 -o back.txt\n"
      "  bytepiece decode toy.bp shards/ --input-format u16 -o back.txt");
  command->callback([options] { run(*options); });
}

}  // namespace bytepiece::tools
