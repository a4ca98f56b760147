// Several segmentations of a document where encode writes but one: samples, the n best, samples without
// replacement; and scores.
//
//   --samples 2          the cat   ─▶   297 15        two lines for the document, sample 0 and sample 1
//                                       88 12 15
//   --json               {"ids": [297, 15], "document": 0,
//                         "log_prob": -9.1, "log_posterior": -0.3, "log_z": -8.8}
//
// A document is taken whole. Thread rule: pure functions.
#pragma once

#include <bytepiece/sampler.h>

#include <cstdint>
#include <optional>
#include <string>

#include "tools/batch_encoder.h"
#include "tools/common.h"

namespace bytepiece::tools {

struct SegmentationOptions {
  std::optional<double> alpha;
  std::optional<std::uint64_t> seed;
  std::uint64_t samples = 1, n_best = 0, without_replacement = 0, epochs = 1;
  bool scores = false;

  bool draws() const { return without_replacement > 0 || (alpha && n_best == 0); }
  bool needs_sampler() const { return draws() || scores; }
  bool needs_whole_documents() const {
    return samples > 1 || n_best > 0 || without_replacement > 0 || scores;
  }
  std::string settings() const;  // all that decides what comes out
};
void add_segmentation_options(CLI::App& command, SegmentationOptions& options);
void check_segmentation_options(const SegmentationOptions& options);  // throws CLI::ValidationError

// If there is none; says on standard error which.
void choose_seed(SegmentationOptions& options);

// What a batch of whole documents becomes; `sampler` where it is needed.
struct Segmenter {
  const Tokenizer& tokenizer;
  const Sampler* sampler;
  EncodeOptions encode;
  bool spans;
};
EncodedBatch encode_segmentations(const Segmenter& segmenter, const SegmentationOptions& options,
                                  std::uint64_t epoch, const Batch& batch);

}  // namespace bytepiece::tools
