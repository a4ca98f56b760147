#include "tools/token_output.h"

#include <fmt/format.h>
#include <simdjson.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <utility>

#include "tools/token_text.h"

namespace bytepiece::tools {
namespace {

constexpr std::size_t kMostSpansInMemory = std::size_t{1} << 20;

std::size_t begin_of(const std::vector<std::size_t>& ends, std::size_t i) { return i == 0 ? 0 : ends[i - 1]; }

std::string_view part_of(const std::string& text, const std::vector<std::size_t>& ends, std::size_t i) {
  if (ends.empty()) return {};
  return std::string_view(text).substr(begin_of(ends, i), ends[i] - begin_of(ends, i));
}

}  // namespace

const std::map<std::string, IdFormat>& id_formats() {
  static const std::map<std::string, IdFormat> formats = {{"u16", IdFormat::kU16},
                                                          {"u32", IdFormat::kU32},
                                                          {"npy", IdFormat::kNpy},
                                                          {"megatron", IdFormat::kMegatron}};
  return formats;
}

bool is_text_format(const std::string& format) { return !id_formats().contains(format); }

void add_output_options(CLI::App& command, OutputOptions& options) {
  command.add_option("-o,--output", options.path, "Output file; - is standard output")
      ->type_name("FILE")
      ->capture_default_str();
  command
      .add_option(
          "--output-format", options.format,
          "ids: numbers; pieces: what they stand for (a blank as ▁, other bytes as \\xHH); jsonl: "
          "{\"ids\": [...]}; u16, u32: little-endian ids; npy: for numpy.load; megatron: .bin and .idx")
      ->type_name("FORMAT")
      ->capture_default_str()
      ->check(CLI::IsMember({"ids", "pieces", "jsonl", "u16", "u32", "npy", "megatron"}));
  command.add_flag(
      "--offsets", options.offsets,
      "With jsonl: where in the document each id's bytes begin and end, \"offsets\": [[0, 5], ...]");
  command
      .add_option("--shard-size", options.shard_size,
                  "Begin a new file behind the document that reaches so many ids, as 100M (millions); "
                  "FILE.txt becomes "
                  "FILE.00000.txt and so on")
      ->type_name("N")
      ->transform(CLI::AsSizeValue(true));
  command.add_flag("--resume", options.resume, "Go on behind the last whole shard of an earlier run");
}

void check_output_options(const OutputOptions& options) {
  constexpr std::uint64_t kMostIds = std::uint64_t{1} << 60;  // negative numbers wrap around to more
  if (options.shard_size > kMostIds) {
    throw CLI::ValidationError("--shard-size: not a number of ids as 500000, 100M or 2G");
  }
  if (options.offsets && options.format != "jsonl") {
    throw CLI::ValidationError("--offsets goes with --output-format jsonl only");
  }
  if (options.shard_size > 0 && options.path == "-") {
    throw CLI::ValidationError("--shard-size needs files; name one with -o");
  }
  if (options.resume && options.shard_size == 0) {
    throw CLI::ValidationError(
        "--resume goes on behind whole shards; give --shard-size, as in the run before");
  }
  if (!is_text_format(options.format) && options.path == "-" && ::isatty(STDOUT_FILENO) != 0) {
    throw Error(fmt::format("{} is nothing for a terminal; name a file with -o", options.format));
  }
}

OutputBatch output_batch(EncodedBatch encoded, const Batch& batch, const OutputOptions& options,
                         const Vocab& vocab) {
  OutputBatch out;
  out.ends_document = batch.ends_document;
  out.unterminated = batch.unterminated;
  out.byte_ends = encoded.byte_ends.empty() ? batch.ends : std::move(encoded.byte_ends);
  out.encoded = std::move(encoded);
  if (!is_text_format(options.format)) return out;
  const EncodedBatch& in = out.encoded;
  std::optional<IdText> text;
  if (options.format == "pieces") text.emplace(vocab, true);
  for (std::size_t i = 0; i < in.ends.size(); ++i) {
    const std::size_t begin = begin_of(in.ends, i), size = in.ends[i] - begin;
    const std::span<const Id> ids = std::span(in.ids).subspan(begin, size);
    if (text) {
      append_pieces(*text, ids, out.text);
    } else {
      append_ids(ids, options.format == "jsonl" ? ", " : " ", out.text);
    }
    out.text_ends.push_back(out.text.size());
    if (!options.offsets) continue;
    append_spans(i == 0 ? in.first_span : 0, std::span(in.span_ends).subspan(begin, size), out.spans);
    out.spans_ends.push_back(out.spans.size());
  }
  return out;
}

LineWriter::LineWriter(const std::string& path, const std::string& format, bool offsets)
    : file_(open_output(path)), between_(" "), json_(format == "jsonl"), offsets_(offsets) {
  if (!json_) return;
  before_ = "{\"ids\": [";
  between_ = ", ";
}

void LineWriter::begin_document() {
  if (open_) return;
  if (owes_line_feed_) file_.write("\n");
  file_.write(before_);
  open_ = true;
  any_ids_ = owes_line_feed_ = false;
}

void LineWriter::write(std::string_view ids, std::string_view spans) {
  begin_document();
  if (ids.empty()) return;
  if (any_ids_) {
    file_.write(between_);
    if (offsets_) spans_ += between_;
  }
  file_.write(ids);
  spans_ += spans;
  any_ids_ = true;
  if (spans_.size() < kMostSpansInMemory) return;
  if (!spilled_) spilled_.emplace(OutputFile::unnamed(std::filesystem::temp_directory_path()));
  spilled_->write(spans_);
  spilled_bytes_ += spans_.size();
  spans_.clear();
}

void LineWriter::write_spans() {
  if (spilled_) {
    const int fd = spilled_->take_descriptor();
    spilled_.reset();
    std::string block(std::size_t{1} << 18, '\0');
    ssize_t size = 0;
    for (std::uint64_t at = 0;
         (size = ::pread(fd, block.data(), block.size(), static_cast<off_t>(at))) > 0;) {
      file_.write(std::string_view(block).substr(0, static_cast<std::size_t>(size)));
      at += static_cast<std::uint64_t>(size);
      spilled_bytes_ -= static_cast<std::uint64_t>(size);
    }
    ::close(fd);
    if (spilled_bytes_ != 0) throw Error("a temporary file with offsets cannot be read");
  }
  file_.write(spans_);
  spans_.clear();
}

void LineWriter::end_document(std::string_view members) {
  begin_document();
  if (offsets_) {
    file_.write("], \"offsets\": [");
    write_spans();
  }
  if (json_) {
    file_.write("]");
    file_.write(members);
    file_.write("}");
  }
  open_ = false;
  owes_line_feed_ = true;
}

void LineWriter::commit(bool unterminated) {
  if (owes_line_feed_ && !unterminated) file_.write("\n");
  file_.commit();
}

TokenOutput::TokenOutput(OutputOptions options, std::size_t vocab_size, std::string settings)
    : options_(std::move(options)), vocab_size_(vocab_size), settings_(std::move(settings)) {
  if (options_.shard_size == 0) {
    open();
    return;
  }
  std::error_code error;
  if (options_.resume && std::filesystem::exists(manifest_name(), error)) {
    read_manifest();
  } else if (std::filesystem::exists(manifest_name(), error)) {
    throw Error(
        fmt::format("{}: shards of that name are there; --resume goes on with them, or remove them first",
                    manifest_name()));
  }
  found_ = whole_ = totals_;
  shard_begin_ = totals_.ids;
  if (was_complete_) return;
  if (totals_.shards == 0) open();
  write_manifest(false);
}

std::string TokenOutput::shard_name(std::uint64_t number) const {
  if (options_.shard_size == 0) return options_.path;
  std::filesystem::path stem = options_.path;
  const std::string extension = stem.extension().string();
  return fmt::format("{}.{:05}{}", stem.replace_extension().string(), number, extension);
}

std::string TokenOutput::manifest_name() const {
  return std::filesystem::path(options_.path).replace_extension(".shards.json").string();
}

void TokenOutput::read_manifest() {
  const std::string name = manifest_name();
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string_view settings;
  std::array<std::pair<const char*, std::uint64_t*>, 4> numbers = {{{"shards", &totals_.shards},
                                                                    {"documents", &totals_.documents},
                                                                    {"ids", &totals_.ids},
                                                                    {"bytes", &totals_.bytes}}};
  bool good = parser.load(name).get(root) == simdjson::SUCCESS &&
              root.at_key("settings").get(settings) == simdjson::SUCCESS &&
              root.at_key("complete").get(was_complete_) == simdjson::SUCCESS;
  for (const auto& [key, number] : numbers) good = good && root.at_key(key).get(*number) == simdjson::SUCCESS;
  if (!good) throw Error(fmt::format("{}: damaged; remove it and the shards, and start again", name));
  if (settings != settings_) {
    throw Error(
        fmt::format("{}: the shards were begun with other options or inputs ({}); use these, or remove the "
                    "shards and start again",
                    name, settings));
  }
}

void TokenOutput::write_manifest(bool complete) const {
  OutputFile file(manifest_name());
  file.write(fmt::format(
      "{{\"settings\": {}, \"shards\": {}, \"documents\": {}, \"ids\": {}, \"bytes\": {}, \"complete\": "
      "{}}}\n",
      json_string(settings_), whole_.shards, whole_.documents, whole_.ids, whole_.bytes, complete));
  file.commit();
}

TokenOutput::Writer& TokenOutput::open() {
  if (!writer_) {
    const std::string name = shard_name(totals_.shards);
    if (is_text_format(options_.format)) {
      writer_.emplace(std::in_place_type<LineWriter>, name, options_.format, options_.offsets);
    } else {
      writer_.emplace(std::in_place_type<IdWriter>, name, id_formats().at(options_.format), vocab_size_);
    }
  }
  return *writer_;
}

// Behind the documents from number i on that end in this batch and go into the open shard.
std::size_t TokenOutput::whole_documents_end(const OutputBatch& batch, std::size_t i) const {
  const std::vector<std::size_t>& ends = batch.encoded.ends;
  const std::size_t whole = ends.size() - (batch.ends_document ? 0 : 1);
  if (options_.shard_size == 0) return whole;
  const std::uint64_t room = options_.shard_size - std::min(options_.shard_size, totals_.ids - shard_begin_);
  const std::size_t last = begin_of(ends, i) + std::min<std::uint64_t>(room, ends.back());
  const auto reaches = std::lower_bound(ends.begin() + static_cast<std::ptrdiff_t>(i), ends.end(), last);
  return std::min(whole, static_cast<std::size_t>(reaches - ends.begin()) + 1);
}

void TokenOutput::write_documents(const OutputBatch& batch, std::size_t i, std::size_t end) {
  const std::vector<std::size_t>& ends = batch.encoded.ends;
  const std::size_t begin = begin_of(ends, i);
  std::get<IdWriter>(open()).write_documents(batch.encoded.ids, std::span(ends).subspan(i, end - i), begin);
  totals_.ids += ends[end - 1] - begin;
  totals_.bytes += batch.byte_ends[end - 1] - begin_of(batch.byte_ends, i);
  totals_.documents += end - i;
  is_between_documents_ = true;
}

void TokenOutput::write_part(const OutputBatch& batch, std::size_t i) {
  const std::size_t begin = begin_of(batch.encoded.ends, i), size = batch.encoded.ends[i] - begin;
  Writer& writer = open();
  if (auto* lines = std::get_if<LineWriter>(&writer)) {
    lines->write(part_of(batch.text, batch.text_ends, i), part_of(batch.spans, batch.spans_ends, i));
  } else {
    std::get<IdWriter>(writer).write(std::span(batch.encoded.ids).subspan(begin, size));
  }
  totals_.ids += size;
  totals_.bytes += batch.byte_ends[i] - begin_of(batch.byte_ends, i);
}

void TokenOutput::end_document(std::string_view members) {
  if (auto* lines = std::get_if<LineWriter>(&*writer_)) {
    lines->end_document(members);
  } else {
    std::get<IdWriter>(*writer_).end_document();
  }
  ++totals_.documents;
}

void TokenOutput::write(const OutputBatch& batch) {
  for (std::size_t i = 0; i < batch.encoded.ends.size(); ++i) {
    if (options_.shard_size > 0 && writer_ && is_between_documents_ &&
        totals_.ids - shard_begin_ >= options_.shard_size) {
      commit(false);
    }
    const bool writes_numbers = std::holds_alternative<IdWriter>(open());
    if (const std::size_t end = whole_documents_end(batch, i); writes_numbers && end > i) {
      write_documents(batch, i, end);
      i = end - 1;
      continue;
    }
    write_part(batch, i);
    is_between_documents_ = batch.ends_document || i + 1 < batch.encoded.ends.size();
    if (is_between_documents_) {
      end_document(part_of(batch.encoded.scores, batch.encoded.score_ends, i));
    }
  }
  unterminated_ = batch.unterminated;
}

void TokenOutput::commit(bool unterminated) {
  if (auto* lines = std::get_if<LineWriter>(&*writer_)) {
    lines->commit(unterminated);
  } else {
    std::get<IdWriter>(*writer_).commit();
  }
  writer_.reset();
  ++totals_.shards;
  whole_ = totals_;
  shard_begin_ = totals_.ids;
  if (options_.shard_size > 0) write_manifest(false);
}

void TokenOutput::finish() {
  if (totals_.shards == 0) open();
  if (writer_) commit(unterminated_);
  if (options_.shard_size > 0) write_manifest(true);
}

std::string TokenOutput::how_to_go_on() const {
  if (options_.path == "-") return "the output is not whole";
  if (options_.shard_size == 0) return "nothing was written; --shard-size keeps what is done";
  return fmt::format("{} with {} are whole; the same command with --resume goes on",
                     counted(whole_.shards, "shard"), counted(whole_.documents, "document"));
}

}  // namespace bytepiece::tools
