// The library against results of the original, the golden cases: those of the project always, and those of
// the folder that the environment variable BYTEPIECE_CONFORMANCE_DIR names where it is set.
#include <bytepiece/sampler.h>
#include <bytepiece/tokenizer.h>
#include <bytepiece/train.h>
#include <bytepiece/vocab.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "chi_square.h"
#include "golden_data.h"
#include "support.h"
#include "text/nfc.h"
#include "text/split.h"
#include "text/utf8.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("golden");

class Tokenizers {
 public:
  using PathOf = std::function<std::filesystem::path(const std::string& name)>;
  explicit Tokenizers(PathOf path_of, Form form = best_form()) : path_of_(std::move(path_of)), form_(form) {}

  const Tokenizer& find(const std::string& name) {
    const auto found = tokenizers_.find(name);
    if (found != tokenizers_.end()) return found->second;
    return tokenizers_.emplace(name, tokenizer_with_form(Vocab::load(path_of_(name)), form_)).first->second;
  }

 private:
  PathOf path_of_;
  Form form_;
  std::map<std::string, Tokenizer> tokenizers_;
};

Tokenizers trained(const std::filesystem::path& folder, Form form) {
  return Tokenizers([folder](const std::string& name) { return folder / "train" / name; }, form);
}

Tokenizers published(Form form = best_form()) {
  return Tokenizers([](const std::string& name) { return golden::published_models().find(name); }, form);
}

void check_training(const std::filesystem::path& folder) {
  const TemporaryFolder out;
  for (const golden::TrainRun& run : golden::read_manifest(folder)) {
    const Strings texts = golden::read_texts(folder, run);
    TrainOptions options;
    options.order = run.order;
    options.vocab_sizes = run.vocab_sizes;
    std::sort(options.vocab_sizes.rbegin(), options.vocab_sizes.rend());
    options.max_piece_length = run.max_piece_length;
    options.min_count = run.min_count;
    options.isolate_digits = run.isolate_digits;
    options.ensure_unicode = run.ensure_unicode;
    for (const int threads : {1, 3}) {
      if (test_scale() == 0 && threads == 1) continue;
      options.threads = threads;
      const std::vector<Vocab> vocabs = train(corpus_of(texts), options);
      REQUIRE(vocabs.size() == run.models.size());
      for (std::size_t i = 0; i < vocabs.size(); ++i) {
        INFO(run.models[i], " with ", threads, " threads");
        vocabs[i].save(out / "model.json");
        const bool same_file =
            golden::read_bytes(out / "model.json") == golden::read_bytes(folder / "train" / run.models[i]);
        CHECK(same_file);
      }
    }
  }
}

void check_model_files(const std::filesystem::path& folder) {
  const TemporaryFolder out;
  for (const golden::TrainRun& run : golden::read_manifest(folder)) {
    for (const std::string& name : run.models) {
      INFO(name);
      Vocab::load(folder / "train" / name).save(out / "model.json");
      const bool same_file =
          golden::read_bytes(out / "model.json") == golden::read_bytes(folder / "train" / name);
      CHECK(same_file);
    }
  }
}

void check_encoding(const std::filesystem::path& folder, Tokenizers tokenizers) {
  std::size_t near_ties = 0;
  for (const golden::EncodeRow& row : golden::read_encode(folder)) {
    const Tokenizer& tokenizer = tokenizers.find(row.model);
    INFO(row.model, " ", row.kind, ": ", row.text);
    CHECK(tokenizer.encode(row.text) == row.ids);
    std::string buffer;
    CHECK(tokenizer.decode(row.ids) == normalize(row.text, buffer));
    near_ties += row.near_tie;
  }
  MESSAGE(near_ties, " rows hang on the last bit of a double");
}

TEST_CASE("golden: training makes the files of the project") { check_training(golden::project_folder()); }

TEST_CASE("golden: training makes the files of the conformance folder") {
  if (const auto folder = golden::conformance_folder()) check_training(*folder);
}

TEST_CASE("golden: a model file that is loaded and saved stays the same") {
  check_model_files(golden::project_folder());
  if (const auto folder = golden::conformance_folder()) check_model_files(*folder);
}

TEST_CASE("golden: encoding gives the ids of the project") {
  for (const Form form : supported_forms()) {
    INFO(form_name(form));
    check_encoding(golden::project_folder(), trained(golden::project_folder(), form));
  }
}

TEST_CASE("golden: encoding gives the ids of the conformance folder") {
  const auto folder = golden::conformance_folder();
  if (!folder) return;
  for (const Form form : supported_forms()) {
    INFO(form_name(form));
    check_encoding(*folder, published(form));
  }
}

TEST_CASE("golden: decoding gives the texts of the conformance folder") {
  const auto folder = golden::conformance_folder();
  if (!folder) return;
  Tokenizers tokenizers = published();
  for (const golden::DecodeRow& row : golden::read_decode(*folder)) {
    INFO(row.model, ": ", row.text);
    // The original leaves out what is not UTF-8; here bytes stay bytes.
    CHECK(drop_invalid_bytes(tokenizers.find(row.model).decode(row.ids)) == row.text);
  }
}

TEST_CASE("golden: samples have the distributions of the conformance folder") {
  const auto folder = golden::conformance_folder();
  if (!folder) return;
  Tokenizers tokenizers = published();
  std::map<std::pair<std::string, double>, Sampler> samplers;
  std::vector<double> p_values;
  for (const golden::SamplingRow& row : golden::read_sampling(*folder)) {
    const Tokenizer& tokenizer = tokenizers.find(row.model);
    const auto key = std::pair(row.model, row.alpha);
    const Sampler& sampler = samplers.try_emplace(key, tokenizer, row.alpha).first->second;
    INFO(row.model, " ", row.alpha, ": ", row.text);
    CHECK(tokenizer.encode(row.text) == row.best);
    std::map<std::vector<Id>, std::size_t> index;
    std::vector<double> probabilities;
    for (const auto& outcome : row.distribution) {
      index.emplace(outcome.ids, index.size());
      probabilities.push_back(outcome.probability);
    }
    std::vector<std::uint64_t> observed(probabilities.size());
    const std::size_t draws = test_scale() == 0 ? 2000 : 100000;
    const std::vector<std::string_view> texts(draws, row.text);
    std::vector<Id> ids;
    std::vector<std::size_t> ends;
    sampler.sample_batch(texts, {2024, 1000000 * p_values.size(), 0}, {}, ids, ends);
    std::size_t begin = 0;
    for (const std::size_t end : ends) {
      ++observed[index.at(std::vector<Id>(ids.begin() + static_cast<std::ptrdiff_t>(begin),
                                          ids.begin() + static_cast<std::ptrdiff_t>(end)))];
      begin = end;
    }
    p_values.push_back(chi_square_p(observed, probabilities));
    CHECK(p_values.back() > 1e-4);
    CHECK(index.size() == row.segmentation_count);
    for (std::size_t i = 0; i < row.distribution.size(); i += 1 + row.distribution.size() / 8) {
      const Score score = sampler.score(row.text, row.distribution[i].ids);
      CHECK(std::exp(score.log_posterior) == doctest::Approx(probabilities[i]).epsilon(1e-9));
    }
  }
  CHECK(evenness_p(p_values) > 1e-4);
}

TEST_CASE("golden: normalizing and splitting give the chunks of the conformance folder") {
  const auto folder = golden::conformance_folder();
  if (!folder) return;
  for (const golden::NormalizeRow& row : golden::read_normalize(*folder)) {
    INFO(row.max_chunk_chars, " ", row.isolate_digits, ": ", row.text);
    std::string buffer;
    Strings chunks;
    for_each_chunk(normalize(row.text, buffer), {row.max_chunk_chars, row.isolate_digits},
                   [&](std::string_view chunk) { chunks.emplace_back(chunk); });
    CHECK(chunks == row.chunks);
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
