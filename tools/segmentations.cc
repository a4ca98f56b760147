#include "tools/segmentations.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <random>
#include <utility>
#include <vector>

#include "tools/numbers.h"

namespace bytepiece::tools {
namespace {

using Lists = std::vector<std::vector<Id>>;

// Of each document its samples.
std::vector<Lists> samples_of(const Segmenter& segmenter, std::uint64_t samples, RandomKey key,
                              std::span<const std::string_view> documents) {
  std::vector<Lists> lists(documents.size());
  std::vector<Id> ids;
  std::vector<std::size_t> ends;
  for (std::uint64_t i = 0; i < samples; ++i, ++key.sample) {
    ids.clear();
    ends.clear();
    segmenter.sampler->sample_batch(documents, key, {}, ids, ends);
    for (std::size_t d = 0, begin = 0; d < documents.size(); begin = ends[d++]) {
      lists[d].emplace_back(ids.begin() + static_cast<std::ptrdiff_t>(begin),
                            ids.begin() + static_cast<std::ptrdiff_t>(ends[d]));
    }
  }
  return lists;
}

Lists others_of(const Segmenter& segmenter, const SegmentationOptions& options, const RandomKey& key,
                std::string_view document) {
  Lists lists;
  if (options.n_best > 0) {
    for (Segmentation& each : segmenter.tokenizer.n_best(document, options.n_best)) {
      lists.push_back(std::move(each.ids));
    }
  } else if (options.without_replacement > 0) {
    for (DrawnSegmentation& each :
         segmenter.sampler->sample_without_replacement(document, options.without_replacement, key)) {
      lists.push_back(std::move(each.ids));
    }
  } else {
    lists.push_back(segmenter.tokenizer.encode(document));
  }
  return lists;
}

void append(const Segmenter& segmenter, std::string_view document, std::span<const Id> ids,
            EncodedBatch& out) {
  if (segmenter.encode.bos) out.ids.push_back(kBos);
  out.ids.insert(out.ids.end(), ids.begin(), ids.end());
  if (segmenter.encode.eos) out.ids.push_back(kEos);
  if (segmenter.spans) {
    const std::size_t begin = out.ends.empty() ? 0 : out.ends.back();
    append_span_ends(segmenter.tokenizer.vocab(), document, 0, std::span(out.ids).subspan(begin),
                     out.span_ends);
  }
  out.ends.push_back(out.ids.size());
  out.byte_ends.push_back((out.byte_ends.empty() ? 0 : out.byte_ends.back()) + document.size());
}

std::string scores_of(const Segmenter& segmenter, std::string_view document, std::uint64_t number,
                      std::span<const Id> ids) {
  const Score score = segmenter.sampler->score(document, ids);
  return fmt::format(", \"document\": {}, \"log_prob\": {}, \"log_posterior\": {}, \"log_z\": {}", number,
                     score.log_prob, score.log_posterior, score.log_z);
}

}  // namespace

std::string SegmentationOptions::settings() const {
  std::string text;
  if (alpha) text += fmt::format(", alpha {}", *alpha);
  if (draws()) text += fmt::format(", seed {}", seed.value_or(0));
  if (epochs > 1) text += fmt::format(", epochs {}", epochs);
  return text;
}

void add_segmentation_options(CLI::App& command, SegmentationOptions& options) {
  command
      .add_option("--alpha", options.alpha,
                  "Draw a way to cut each document, with a probability proportional to exp(A times its log "
                  "probability): 0 all ways alike, 1 the model's own, large ones near to the best")
      ->type_name("A")
      ->check(NonNegative());
  command
      .add_option("--seed", options.seed,
                  "The same seed draws the same; without it one is chosen and printed on standard error")
      ->type_name("S")
      ->check(WholeNumber(0));
  command.add_option("--samples", options.samples, "Draw K times: K lines for each document")
      ->type_name("K")
      ->check(WholeNumber(1));
  command
      .add_option("--n-best", options.n_best,
                  "The N most probable ways, best first: up to N lines for each document")
      ->type_name("N")
      ->check(WholeNumber(1));
  command
      .add_option("--without-replacement", options.without_replacement,
                  "Draw N different ways (A is 1 if not given): up to N lines for each document")
      ->type_name("N")
      ->check(WholeNumber(1));
  command
      .add_option("--epochs", options.epochs,
                  "Go through the input N times, one after the other, and draw anew each time")
      ->type_name("N")
      ->check(WholeNumber(1));
  command.add_flag("--json", options.scores,
                   "JSON lines with ids, the number of the document from 0 on, log_prob, log_posterior for A "
                   "(1 if not given) and log_z");
}

void check_segmentation_options(const SegmentationOptions& options) {
  const auto refuse = [](bool wrong, const char* why) {
    if (wrong) throw CLI::ValidationError(why);
  };
  const bool several = options.n_best > 0 || options.without_replacement > 0;
  refuse(options.n_best > 0 && options.without_replacement > 0,
         "--n-best and --without-replacement are two ways to choose; name one");
  refuse(options.samples > 1 && several, "--samples draws with --alpha alone; name one way to choose");
  refuse(options.samples > 1 && !options.alpha, "--samples draws; give --alpha");
  refuse(options.n_best > 0 && options.alpha && !options.scores,
         "--n-best does not draw; --alpha changes only what --json tells of it");
  refuse(options.seed && !options.draws(), "--seed is for drawing; give --alpha");
  refuse(options.epochs > 1 && !options.draws(),
         "--epochs would repeat the same ids; give --alpha, so that each draws anew");
}

void choose_seed(SegmentationOptions& options) {
  if (options.seed) return;
  std::random_device device;
  options.seed = std::uint64_t{device()} << 32 | device();
  fmt::print(stderr, "seed {}\n", *options.seed);
}

EncodedBatch encode_segmentations(const Segmenter& segmenter, const SegmentationOptions& options,
                                  std::uint64_t epoch, const Batch& batch) {
  const std::vector<std::string_view> documents = batch.documents();
  RandomKey key{options.seed.value_or(0), batch.first_number - 1, epoch * options.samples, 0};
  const bool samples = options.alpha && options.draws() && options.without_replacement == 0;
  std::vector<Lists> sampled;
  if (samples) sampled = samples_of(segmenter, options.samples, key, documents);
  EncodedBatch out;
  for (std::size_t d = 0; d < documents.size(); ++d, ++key.document) {
    for (const std::vector<Id>& ids :
         samples ? std::move(sampled[d]) : others_of(segmenter, options, key, documents[d])) {
      append(segmenter, documents[d], ids, out);
      if (!options.scores) continue;
      out.scores += scores_of(segmenter, documents[d], key.document, ids);
      out.score_ends.push_back(out.scores.size());
    }
  }
  return out;
}

}  // namespace bytepiece::tools
