// What a trained model says of how it was made: metadata for people and programs to read.
//
//   corpus.bytes     2204361           train.order      6
//   corpus.digest    8e1f0c52a9b7d364  train.min_count  2      ...      data/FORMAT.md lists all
//
// The same model has the same provenance: nothing in it depends on threads, memory, the order in which texts
// were read, or how they were cut into shards. So the digest of a corpus is the sum of the checksums (XXH3)
// of its chunks, which is all that training sees of a text; where documents end, and in which order they
// come, does not show in it.
//
// Costs: some 10 ns a chunk. Thread rule: values.
#pragma once

#include <bytepiece/train.h>
#include <bytepiece/vocab.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace bytepiece {

struct TextDigest {
  std::uint64_t bytes = 0;  // of all chunks: the size of the normalized text
  std::uint64_t sum = 0;    // of the checksums, modulo 2^64

  void add(std::string_view chunk, std::uint32_t weight = 1);
  TextDigest& operator+=(const TextDigest& other);
  friend bool operator==(const TextDigest&, const TextDigest&) = default;
};

// `size` is the vocabulary size that was asked for, one of options.vocab_sizes.
Metadata provenance(const TrainOptions& options, std::size_t size, const TextDigest& text);

// Vocabularies that came out of training, one per options.vocab_sizes, and the text they were made from.
struct Trained {
  std::vector<Vocab> vocabs;
  TextDigest text;
};

// The vocabularies with their provenance, beside what metadata they have.
std::vector<Vocab> with_provenance(const Trained& trained, const TrainOptions& options);

}  // namespace bytepiece
