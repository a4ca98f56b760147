// The public face of sampling and lattices: texts to chunks, chunks to what lattice.h and its neighbours
// know. Tested by tests/sampler_test.cc.
#include <bytepiece/sampler.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "encode/lattice.h"
#include "encode/n_best.h"
#include "encode/sample.h"
#include "encode/scratch_pool.h"
#include "encode/tokenizer_form.h"
#include "encode/without_replacement.h"
#include "text/nfc.h"
#include "text/split.h"

namespace bytepiece {
namespace {

struct Scratch {
  std::string normalized;
  std::vector<std::string> copies;  // of the texts of a batch that were not in NFC
  std::vector<std::string_view> texts;
  SampleSearch::Scratch search;

  std::size_t bytes() const {
    std::size_t copied = 0;
    for (const std::string& copy : copies) copied += copy.capacity();
    return normalized.capacity() + copied + texts.capacity() * sizeof(std::string_view) + search.bytes();
  }
};

constexpr double kMostAlpha = 1e290;  // its product with a score is finite

double checked_alpha(double alpha) {
  if (!(alpha >= 0) || std::isinf(alpha)) {
    throw Error(fmt::format("alpha is {}; it must be a number from 0 on{}", alpha,
                            alpha > 0 ? ", and finite: what an infinite one means is encode()" : ""));
  }
  return std::min(alpha, kMostAlpha);
}

std::vector<std::string_view> chunks_of(std::string_view text) {
  std::vector<std::string_view> chunks;
  for_each_chunk(text, {}, [&](std::string_view chunk) { chunks.push_back(chunk); });
  return chunks;
}

}  // namespace

struct Sampler::Impl {
  Impl(Tokenizer t, double a)
      : tokenizer(std::move(t)),
        alpha(checked_alpha(a)),
        trie(trie_of(tokenizer.vocab())),
        search(trie, tokenizer.vocab(), alpha, tokenizer.form()) {}

  Tokenizer tokenizer;
  double alpha;
  Trie trie;  // not that of the tokenizer, which may come from a file: nobody has proved its scores
  SampleSearch search;
  mutable ScratchPool<Scratch> scratches;
};

Sampler::Sampler(Tokenizer tokenizer, double alpha)
    : impl_(std::make_shared<const Impl>(std::move(tokenizer), alpha)) {}

double Sampler::alpha() const { return impl_->alpha; }

const SampleSearch& Sampler::search() const { return impl_->search; }

std::vector<Id> Sampler::sample(std::string_view text, const RandomKey& key, EncodeOptions options) const {
  std::vector<Id> ids;
  sample(text, key, options, ids);
  return ids;
}

void Sampler::sample(std::string_view text, const RandomKey& key, EncodeOptions options,
                     std::vector<Id>& out) const {
  std::unique_ptr<Scratch> scratch = impl_->scratches.take();
  const std::string_view normalized = normalize(text, scratch->normalized);
  if (options.bos) out.push_back(kBos);
  impl_->search.sample(normalized, key, scratch->search, out);
  if (options.eos) out.push_back(kEos);
  impl_->scratches.give_back(std::move(scratch));
}

void Sampler::sample_batch(std::span<const std::string_view> texts, const RandomKey& key,
                           EncodeOptions options, std::vector<Id>& ids,
                           std::vector<std::size_t>& ends) const {
  std::unique_ptr<Scratch> scratch = impl_->scratches.take();
  scratch->texts.clear();
  scratch->copies.clear();
  scratch->copies.reserve(texts.size());  // so that they do not move
  for (const std::string_view text : texts) {
    std::string_view normalized = normalize(text, scratch->normalized);
    if (normalized.data() != text.data()) normalized = scratch->copies.emplace_back(normalized);
    scratch->texts.push_back(normalized);
  }
  impl_->search.sample_each(scratch->texts, key, scratch->search, [&](std::span<const Id> found) {
    if (options.bos) ids.push_back(kBos);
    ids.insert(ids.end(), found.begin(), found.end());
    if (options.eos) ids.push_back(kEos);
    ends.push_back(ids.size());
  });
  impl_->scratches.give_back(std::move(scratch));
}

std::vector<DrawnSegmentation> Sampler::sample_without_replacement(std::string_view text, std::size_t n,
                                                                   const RandomKey& key) const {
  std::string buffer;
  Lattice lattice(impl_->trie, impl_->tokenizer.form());
  return bytepiece::sample_without_replacement(lattice, chunks_of(normalize(text, buffer)), impl_->alpha, n,
                                               key);
}

Score Sampler::score(std::string_view text, std::span<const Id> ids) const {
  std::string buffer;
  const std::string_view normalized = normalize(text, buffer);
  std::vector<Id> pieces(ids.begin(), ids.end());
  std::erase_if(pieces, [](Id id) { return id < kFirstPiece; });
  if (impl_->tokenizer.decode(pieces) != normalized) {
    throw Error("the ids to score do not decode to the text (in NFC); ids of that text were expected");
  }
  Score score;
  score.log_prob = impl_->tokenizer.log_prob(pieces);
  Lattice lattice(impl_->trie, impl_->tokenizer.form());
  std::size_t used = 0;
  for_each_chunk(normalized, {}, [&](std::string_view chunk) {
    lattice.build(chunk);
    lattice.weigh(impl_->alpha);
    score.log_z += lattice.log_z();
    const std::size_t first = used;
    for (std::size_t bytes = 0; bytes < chunk.size() && used < pieces.size(); ++used) {
      bytes += impl_->tokenizer.vocab().bytes(pieces[used]).size();
    }
    score.log_posterior += lattice.log_posterior(std::span(pieces).subspan(first, used - first));
  });
  return score;
}

LatticeTotals Sampler::totals(std::string_view text) const {
  std::string buffer;
  LatticeTotals totals;
  Lattice lattice(impl_->trie, impl_->tokenizer.form());
  for_each_chunk(normalize(text, buffer), {}, [&](std::string_view chunk) {
    lattice.build(chunk);
    lattice.weigh(impl_->alpha);
    const Lattice::Totals of_chunk = lattice.marginals([](std::size_t, const Lattice::Arc&, double) {});
    totals.log_z += lattice.log_z();
    totals.entropy += of_chunk.entropy;
    totals.expected_tokens += of_chunk.expected_tokens;
  });
  return totals;
}

std::vector<LatticeArc> Sampler::arcs(std::string_view text) const {
  std::string buffer;
  std::vector<LatticeArc> arcs;
  Lattice lattice(impl_->trie, impl_->tokenizer.form());
  std::size_t offset = 0;
  for_each_chunk(normalize(text, buffer), {}, [&](std::string_view chunk) {
    lattice.build(chunk);
    lattice.weigh(impl_->alpha);
    const auto first = static_cast<std::ptrdiff_t>(arcs.size());
    lattice.marginals([&](std::size_t begin, const Lattice::Arc& arc, double marginal) {
      arcs.push_back({offset + begin, offset + begin + arc.length, arc.id, arc.score, marginal});
    });
    std::sort(arcs.begin() + first, arcs.end(), [](const LatticeArc& a, const LatticeArc& b) {
      return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
    });
    offset += chunk.size();
  });
  return arcs;
}

// ---- Members of Tokenizer ----

std::vector<Id> Tokenizer::sample(std::string_view text, double alpha, const RandomKey& key,
                                  EncodeOptions options) const {
  return Sampler(*this, alpha).sample(text, key, options);
}

std::vector<Segmentation> Tokenizer::n_best(std::string_view text, std::size_t n) const {
  std::string buffer;
  Lattice lattice(trie(), form());
  std::vector<Segmentation> results;
  for (NBest::Segmentation& each : bytepiece::n_best(lattice, chunks_of(normalize(text, buffer)), n)) {
    results.push_back({std::move(each.ids), each.score});
  }
  return results;
}

// As in viterbi.h: from the left to the right of each chunk; then over the chunks.
double Tokenizer::log_prob(std::span<const Id> ids) const {
  double sum = 0, of_chunk = 0;
  bool ends_line = false;
  for (const Id id : ids) {
    if (id < kFirstPiece) continue;
    const std::string_view bytes = vocab().bytes(id);
    if (ends_line && bytes.front() != '\n') {
      sum += of_chunk;
      of_chunk = 0;
    }
    of_chunk += vocab().log_prob(id);
    ends_line = bytes.back() == '\n';
  }
  return sum + of_chunk;
}

}  // namespace bytepiece
