// Everything else that the lattice of a text can tell: samples, probabilities, entropy.
//
// A Sampler is the distribution over the segmentations of a text that gives each a probability proportional
// to exp(alpha * log probability): alpha 0 all the same, 1 the model's posterior; the larger, the nearer to
// encode(). As in encode(), the text is brought into NFC first and no piece crosses a line, so the lines of a
// text are independent. All segmentations count, those that cut a character into its bytes too.
//
// Samples are exact for every alpha and any length: src/encode/sample.h has the proof. They depend on the
// model, alpha, the text and the key, and on nothing else: not on threads, batches or the processor. (As
// everywhere in this library, log and exp are those of the C library.) Logarithms are natural ones.
//
// Thread rule: all members are const; one Sampler serves any number of threads. Copies share their data.
#pragma once

#include <bytepiece/random.h>
#include <bytepiece/tokenizer.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace bytepiece {

class SampleSearch;

struct DrawnSegmentation {
  std::vector<Id> ids;
  double log_posterior = 0;
};

// What there is to say about one segmentation of a text.
struct Score {
  double log_prob = 0;       // the sum of the log probabilities of its pieces
  double log_z = 0;          // log of the sum of exp(alpha * log_prob) over all segmentations of the text
  double log_posterior = 0;  // log of its probability: alpha * log_prob - log_z, rounded better
};

// What there is to say about all of them.
struct LatticeTotals {
  double log_z = 0;
  double entropy = 0;          // of the distribution, in nats
  double expected_tokens = 0;  // how many ids a sample has on average
};

// One way to use a piece in a text.
struct LatticeArc {
  std::size_t begin = 0, end = 0;  // bytes of the text in NFC
  Id id = 0;
  double log_prob = 0;
  double marginal = 0;  // the probability that a sample has this piece at this place
};

class Sampler {
 public:
  // 0 <= alpha < infinity. Throws Error for others; for infinity too, as encode() is what it means. Beyond
  // 1e290 it is taken for that.
  // Costs: makes two search structures of the vocabulary, so keep it.
  Sampler(Tokenizer tokenizer, double alpha);

  double alpha() const;

  // A segmentation. Somewhat slower than encode() at alpha up to about 1 (README.md has figures), some 6
  // times slower where alpha times the differences of log probabilities is beyond the range of doubles
  // (src/encode/sample.h).
  std::vector<Id> sample(std::string_view text, const RandomKey& key, EncodeOptions options = {}) const;
  void sample(std::string_view text, const RandomKey& key, EncodeOptions options, std::vector<Id>& out) const;

  // The same for many texts, as Tokenizer::encode_batch(); text i is document key.document + i, the first one
  // from line key.line on, the others from their begin on.
  void sample_batch(std::span<const std::string_view> texts, const RandomKey& key, EncodeOptions options,
                    std::vector<Id>& ids, std::vector<std::size_t>& ends) const;

  // n different segmentations, each drawn with its probability among those that are left; all of them in
  // random order if there are not more than n. Time and memory are for each n what n_best() takes. They are
  // drawn for the text as a whole: with key.line it gets other random numbers than other parts of the
  // document, but those of its parts together are no sample of the document.
  std::vector<DrawnSegmentation> sample_without_replacement(std::string_view text, std::size_t n,
                                                            const RandomKey& key) const;

  // Reserved ids are left out. A posterior of 0 if a piece crosses a line. Throws Error if the ids are not
  // the text's.
  Score score(std::string_view text, std::span<const Id> ids) const;

  LatticeTotals totals(std::string_view text) const;

  // By begin, then by end.
  std::vector<LatticeArc> arcs(std::string_view text) const;

 private:
  friend class EncodeStream;
  const SampleSearch& search() const;

  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace bytepiece
