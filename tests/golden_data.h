// Readers for the golden cases: results of the original, as rows of plain structs.
//
// A golden folder holds train/manifest.json, train/ with corpora and models, and some of
// encode.jsonl, decode.jsonl, normalize.jsonl and sampling.jsonl. Strings come back as UTF-8 with
// all JSON escapes resolved, U+0000 included.
//
// Anything missing, malformed or out of range throws std::runtime_error, and what() names the file.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bytepiece::golden {

// The whole file, byte for byte.
std::string read_bytes(const std::filesystem::path& path);

// A model in the JSON layout of the original: pieces with their counts and ids.
struct Model {
  std::map<std::string, std::uint64_t> counts;
  std::map<std::string, std::uint32_t> ids;
  std::map<std::uint32_t, std::string> pieces;
};
Model read_model(const std::filesystem::path& path);

// One row of train/manifest.json: a training run and the models it made.
struct TrainRun {
  std::string corpus;
  int order = 0;
  std::vector<std::size_t> vocab_sizes;  // as given, in no particular order
  std::size_t max_piece_length = 0;
  std::uint64_t min_count = 0;
  bool isolate_digits = false;
  bool ensure_unicode = false;
  std::string input;                      // "lines_with_newline" or "jsonl"
  std::vector<std::string> models;        // names in train/, vocabulary sizes descending
  std::vector<std::size_t> piece_counts;  // the number of pieces of each model
};
std::vector<TrainRun> read_manifest(const std::filesystem::path& folder);

// The texts a run was trained on: those of train/CORPUS.jsonl, or of train/CORPUS.lines.jsonl where
// every line of the corpus with its LF is one text.
std::vector<std::string> read_texts(const std::filesystem::path& folder, const TrainRun& run);

// encode.jsonl. `kind` is empty where the file does not say; `near_tie`: the choice hangs on the
// last bit of a double.
struct EncodeRow {
  std::string model, kind, text;
  std::vector<std::uint32_t> ids;
  bool near_tie = false;
};
std::vector<EncodeRow> read_encode(const std::filesystem::path& folder);

// decode.jsonl: any ids, and their text without invalid UTF-8.
struct DecodeRow {
  std::string model;
  std::vector<std::uint32_t> ids;
  std::string text;
};
std::vector<DecodeRow> read_decode(const std::filesystem::path& folder);

// normalize.jsonl: the chunks of the normalized text; max_chunk_chars 0 is no limit.
struct NormalizeRow {
  std::string text;
  std::size_t max_chunk_chars = 0;
  bool isolate_digits = false;
  std::vector<std::string> chunks;
};
std::vector<NormalizeRow> read_normalize(const std::filesystem::path& folder);

// sampling.jsonl: every segmentation of a text with its probability, and the most probable one.
struct SamplingRow {
  struct Outcome {
    std::vector<std::uint32_t> ids;
    double probability = 0;
  };
  std::string model, text;
  double alpha = 0;
  std::size_t segmentation_count = 0;
  std::vector<std::uint32_t> best;
  std::vector<Outcome> distribution;
};
std::vector<SamplingRow> read_sampling(const std::filesystem::path& folder);

// The published models, which lie zipped in the folder `models` of the conformance folder.
class PublishedModels {
 public:
  explicit PublishedModels(std::filesystem::path zips);
  ~PublishedModels();
  PublishedModels(const PublishedModels&) = delete;
  PublishedModels& operator=(const PublishedModels&) = delete;

  // Where the model lies, unzipped when it is asked for the first time.
  std::filesystem::path find(const std::string& name);

 private:
  std::filesystem::path zips_, unzipped_;
};

// The golden folder of the project, and the one that the environment variable BYTEPIECE_CONFORMANCE_DIR
// adds, if it is set; the latter has a PublishedModels beside it.
std::filesystem::path project_folder();
std::optional<std::filesystem::path> conformance_folder();
PublishedModels& published_models();  // REQUIRES: conformance_folder() is there

}  // namespace bytepiece::golden
