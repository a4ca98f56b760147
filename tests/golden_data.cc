// Reads the golden cases with simdjson, zips with libarchive; see golden_data.h.

#include "golden_data.h"

#include <archive.h>
#include <archive_entry.h>
#include <simdjson.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace bytepiece::golden {
namespace {

using simdjson::dom::element;

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view what) {
  throw std::runtime_error(path.string() + ": " + std::string(what));
}

// Parses one JSON document and hands it to `visit`; errors inside name the file.
void parse(const std::filesystem::path& path, std::string_view json,
           const std::function<void(element)>& visit) {
  try {
    simdjson::dom::parser parser;
    visit(parser.parse(simdjson::padded_string(json)));
  } catch (const simdjson::simdjson_error& error) {
    fail(path, error.what());
  }
}

// Every line of the file is one JSON document.
void parse_lines(const std::filesystem::path& path, const std::function<void(element)>& visit) {
  const std::string bytes = read_bytes(path);
  for (std::size_t begin = 0; begin < bytes.size();) {
    const std::size_t end = std::min(bytes.find('\n', begin), bytes.size());
    parse(path, std::string_view(bytes).substr(begin, end - begin), visit);
    begin = end + 1;
  }
}

std::string as_string(element value) { return std::string(std::string_view(value)); }

std::vector<std::string> as_strings(element value) {
  std::vector<std::string> result;
  for (const element each : value.get_array()) result.push_back(as_string(each));
  return result;
}

std::uint32_t as_id(element value) {
  const std::uint64_t id = value;
  if (id > std::numeric_limits<std::uint32_t>::max()) {
    throw simdjson::simdjson_error(simdjson::NUMBER_OUT_OF_RANGE);
  }
  return static_cast<std::uint32_t>(id);
}

std::vector<std::uint32_t> as_ids(element value) {
  std::vector<std::uint32_t> result;
  for (const element each : value.get_array()) result.push_back(as_id(each));
  return result;
}

// One number, or a list of them.
std::vector<std::size_t> as_sizes(element value) {
  if (!value.is_array()) return {std::size_t{std::uint64_t(value)}};
  std::vector<std::size_t> result;
  for (const element each : value.get_array()) result.push_back(std::uint64_t(each));
  return result;
}

// Standard Base64 with padding.
std::string decode_base64(const std::filesystem::path& path, std::string_view text) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string result;
  if (text.size() % 4 != 0) fail(path, "a key is not Base64");
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::size_t padding = 0;
    std::uint32_t bits = 0;
    for (const char c : text.substr(i, 4)) {
      const std::size_t digit = kAlphabet.find(c);
      if (c == '=') ++padding;
      if (digit == kAlphabet.npos ? c != '=' : padding > 0) fail(path, "a key is not Base64");
      bits = bits << 6 | static_cast<std::uint32_t>(c == '=' ? 0 : digit);
    }
    if (padding > 2 || (padding > 0 && i + 4 < text.size())) fail(path, "a key is not Base64");
    const std::array<char, 3> bytes = {static_cast<char>(bits >> 16 & 0xFF),
                                       static_cast<char>(bits >> 8 & 0xFF), static_cast<char>(bits & 0xFF)};
    result.append(bytes.data(), bytes.size() - padding);
  }
  return result;
}

// The content of the member of that name.
std::string unzip(const std::filesystem::path& zip, const std::string& member) {
  const std::unique_ptr<archive, int (*)(archive*)> reader(archive_read_new(), &archive_read_free);
  archive_read_support_format_zip(reader.get());
  if (archive_read_open_filename(reader.get(), zip.c_str(), 1 << 16) != ARCHIVE_OK) {
    fail(zip, "cannot open");
  }
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader.get(), &entry) == ARCHIVE_OK) {
    if (archive_entry_pathname(entry) != member) continue;
    std::string bytes;
    std::array<char, 1 << 16> block;
    la_ssize_t size = 0;
    while ((size = archive_read_data(reader.get(), block.data(), block.size())) > 0) {
      bytes.append(block.data(), static_cast<std::size_t>(size));
    }
    if (size < 0) fail(zip, "cannot read");
    return bytes;
  }
  fail(zip, "no member " + member);
}

}  // namespace

std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) fail(path, "cannot open");
  std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (in.bad()) fail(path, "cannot read");
  return bytes;
}

Model read_model(const std::filesystem::path& path) {
  Model model;
  parse(path, read_bytes(path), [&](element document) {
    for (const auto [key, value] : document.get_object()) {
      const simdjson::dom::array fields = value.get_array();
      const std::string piece = decode_base64(path, key);
      const std::uint32_t id = as_id(fields.at(0));
      // The count is the last field, whatever stands between.
      const std::uint64_t count = fields.at(fields.size() - 1);
      const bool is_new = model.counts.emplace(piece, count).second && model.ids.emplace(piece, id).second &&
                          model.pieces.emplace(id, piece).second;
      if (!is_new) fail(path, "a piece or an id occurs twice");
    }
  });
  return model;
}

std::vector<TrainRun> read_manifest(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "train" / "manifest.json";
  std::vector<TrainRun> runs;
  parse(path, read_bytes(path), [&](element document) {
    for (const element row : document.get_array()) {
      const element options = row["options"];
      TrainRun run;
      run.corpus = as_string(row["corpus"]);
      run.order = static_cast<int>(std::int64_t(options["order"]));
      run.vocab_sizes = as_sizes(options["max_vocab_size"]);
      run.max_piece_length = std::uint64_t(options["max_piece_length"]);
      run.min_count = options["min_count"];
      run.isolate_digits = options["isolate_digits"];
      run.ensure_unicode = options["ensure_unicode"];
      run.input = as_string(options["input"]);
      run.models = as_strings(row["models"]);
      run.piece_counts = as_sizes(row["pieces"]);
      runs.push_back(std::move(run));
    }
  });
  return runs;
}

std::vector<std::string> read_texts(const std::filesystem::path& folder, const TrainRun& run) {
  std::filesystem::path path = folder / "train" / run.corpus;
  if (run.input == "lines_with_newline") {
    path.replace_extension(".lines.jsonl");
  } else if (run.input != "jsonl") {
    fail(path, "unknown input: " + run.input);
  }
  std::vector<std::string> texts;
  parse_lines(path, [&](element row) { texts.push_back(as_string(row["text"])); });
  return texts;
}

std::vector<EncodeRow> read_encode(const std::filesystem::path& folder) {
  std::vector<EncodeRow> rows;
  parse_lines(folder / "encode.jsonl", [&](element row) {
    EncodeRow result{as_string(row["model"]), "", as_string(row["text"]), as_ids(row["ids"])};
    std::string_view kind;
    if (row["kind"].get(kind) == simdjson::SUCCESS) result.kind = kind;
    bool near_tie = false;
    if (row["near_tie"].get(near_tie) == simdjson::SUCCESS) result.near_tie = near_tie;
    rows.push_back(std::move(result));
  });
  return rows;
}

std::vector<DecodeRow> read_decode(const std::filesystem::path& folder) {
  std::vector<DecodeRow> rows;
  parse_lines(folder / "decode.jsonl", [&](element row) {
    rows.push_back({as_string(row["model"]), as_ids(row["ids"]), as_string(row["text"])});
  });
  return rows;
}

std::vector<NormalizeRow> read_normalize(const std::filesystem::path& folder) {
  std::vector<NormalizeRow> rows;
  parse_lines(folder / "normalize.jsonl", [&](element row) {
    rows.push_back({as_string(row["text"]), std::uint64_t(row["maxlen"]), bool(row["isolate_digits"]),
                    as_strings(row["chunks"])});
  });
  return rows;
}

std::vector<SamplingRow> read_sampling(const std::filesystem::path& folder) {
  std::vector<SamplingRow> rows;
  parse_lines(folder / "sampling.jsonl", [&](element row) {
    SamplingRow result;
    result.model = as_string(row["model"]);
    result.text = as_string(row["text"]);
    result.alpha = row["alpha"];
    result.segmentation_count = std::uint64_t(row["n_segmentations"]);
    result.best = as_ids(row["viterbi"]);
    for (const element outcome : row["dist"].get_array()) {
      result.distribution.push_back({as_ids(outcome["ids"]), double(outcome["p"])});
    }
    rows.push_back(std::move(result));
  });
  return rows;
}

PublishedModels::PublishedModels(std::filesystem::path zips) : zips_(std::move(zips)) {
  std::string name = (std::filesystem::temp_directory_path() / "bytepiece-models.XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) fail(name, "cannot make such a folder");
  unzipped_ = name;
}

PublishedModels::~PublishedModels() {
  std::error_code ignored;
  std::filesystem::remove_all(unzipped_, ignored);
}

std::filesystem::path PublishedModels::find(const std::string& name) {
  const std::filesystem::path path = unzipped_ / name;
  if (!std::filesystem::exists(path)) {
    const std::filesystem::path zip = (zips_ / name).replace_extension(".zip");
    std::ofstream out(path, std::ios::binary);
    out << unzip(zip, name);
    out.close();
    if (!out) fail(path, "cannot write");
  }
  return path;
}

std::filesystem::path project_folder() { return BYTEPIECE_GOLDEN_DIR; }

namespace {

std::optional<std::filesystem::path> conformance_root() {
  const char* value = std::getenv("BYTEPIECE_CONFORMANCE_DIR");
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::filesystem::path> conformance_folder() {
  if (const auto root = conformance_root()) return *root / "golden" / "open";
  return std::nullopt;
}

PublishedModels& published_models() {
  static PublishedModels models(conformance_root().value() / "models");
  return models;
}

}  // namespace bytepiece::golden
