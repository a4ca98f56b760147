// Tested by tests/provenance_test.cc.
#include "train/provenance.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace bytepiece {
namespace {

std::string yes_no(bool flag) { return flag ? "yes" : "no"; }

// A size is reached from the next larger one, so a model depends on these and on none that is smaller.
std::string sizes_down_to(std::size_t size, std::vector<std::size_t> sizes) {
  std::sort(sizes.begin(), sizes.end(), std::greater<>());
  std::string list;
  for (const std::size_t larger : sizes) {
    if (larger >= size) list += fmt::format("{}{}", list.empty() ? "" : ",", larger);
  }
  return list;
}

}  // namespace

void TextDigest::add(std::string_view chunk, std::uint32_t weight) {
  bytes += chunk.size();
  sum += XXH3_64bits_withSeed(chunk.data(), chunk.size(), weight - 1);
}

TextDigest& TextDigest::operator+=(const TextDigest& other) {
  bytes += other.bytes;
  sum += other.sum;
  return *this;
}

Metadata provenance(const TrainOptions& options, std::size_t size, const TextDigest& text) {
  Metadata metadata = {{"normalization", "NFC"},
                       {"tool", "bytepiece " BYTEPIECE_VERSION},
                       {"corpus.bytes", std::to_string(text.bytes)},
                       {"corpus.digest", fmt::format("{:016x}", text.sum)},
                       {"train.method", options.fewest_tokens ? "fewest tokens" : "new words"},
                       {"train.vocab_sizes", sizes_down_to(size, options.vocab_sizes)},
                       {"train.min_count", std::to_string(options.min_count)},
                       {"train.max_piece_length", std::to_string(options.max_piece_length)},
                       {"train.isolate_digits", yes_no(options.isolate_digits)},
                       {"train.ensure_unicode", yes_no(options.ensure_unicode)}};
  if (options.fewest_tokens) {
    metadata["train.sample"] = std::to_string(options.sample);
  } else {
    metadata["train.order"] = std::to_string(options.order);
    metadata["train.repair_dead_zones"] = yes_no(options.repair_dead_zones);
    metadata["train.keep_characters"] = yes_no(options.keep_characters);
  }
  return metadata;
}

std::vector<Vocab> with_provenance(const Trained& trained, const TrainOptions& options) {
  std::vector<Vocab> vocabs;
  for (std::size_t i = 0; i < trained.vocabs.size(); ++i) {
    Metadata metadata = provenance(options, options.vocab_sizes[i], trained.text);
    metadata.insert(trained.vocabs[i].metadata().begin(), trained.vocabs[i].metadata().end());
    vocabs.push_back(trained.vocabs[i].with_metadata(std::move(metadata)));
  }
  return vocabs;
}

}  // namespace bytepiece
