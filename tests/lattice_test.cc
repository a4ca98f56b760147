// What a lattice tells against full enumeration.
#include "encode/lattice.h"

#include <bytepiece/sampler.h>
#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "reference.h"
#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;
using Ids = std::vector<Id>;

TEST_SUITE_BEGIN("unit");

bool is_near(double x, double y) { return std::abs(x - y) <= 1e-10 * std::max(1.0, std::abs(y)); }

TEST_CASE("lattice: numbers of any range") {
  CHECK(to_double(scaled_exp(0)) == 1);
  CHECK(is_near(to_double(scaled_exp(1)), std::exp(1)));
  CHECK(is_near(to_double(scaled_exp(-700)) * 1e304, std::exp(-700) * 1e304));
  for (const double x : {-3e7, -1e5, 1e5, 123456.789}) CHECK(is_near(log_of(scaled_exp(x)), x));
  CHECK(to_double(scaled_exp(-3e7)) == 0);
  CHECK(std::isinf(to_double(scaled_exp(3e7))));
  const Scaled sum = plus(scaled_exp(-1e6), scaled_exp(-1e6));
  CHECK(is_near(ratio(sum, scaled_exp(-1e6)), 2));
  CHECK(is_near(ratio(plus(scaled_exp(-1e6), scaled_exp(-2e6)), scaled_exp(-1e6)), 1));
  CHECK(log_ratio(scaled(0.75), scaled(3)) == std::log(0.25));
  CHECK(is_near(log_ratio(scaled_exp(-2e6), scaled_exp(-1e6)), -1e6));
  CHECK(to_double(plus(Scaled{}, scaled(3))) == 3);
  CHECK(to_double(plus(scaled(3), Scaled{})) == 3);
  CHECK(times(Scaled{}, scaled(3)).is_zero());
  CHECK(to_double(times(scaled(0.1), scaled(3))) == 0.1 * 3);
}

// The text's distribution by enumeration of all its chunks together.
struct Enumerated {
  std::vector<reference::Segmentation> all;
  std::vector<double> p;
  double log_z = 0, entropy = 0, tokens = 0;
  std::map<std::pair<std::size_t, std::string>, double> marginals;  // begin and piece

  Enumerated(const reference::Counts& counts, std::string_view text, double alpha) {
    all = {{{}, 0}};
    for (const std::string& chunk : reference::split(text, 0, false)) {
      std::vector<reference::Segmentation> longer;
      for (const auto& before : all) {
        for (const auto& each : reference::all_segmentations(counts, chunk)) {
          longer.push_back(before);
          longer.back().pieces.insert(longer.back().pieces.end(), each.pieces.begin(), each.pieces.end());
          longer.back().score += each.score;
        }
      }
      all = std::move(longer);
    }
    p = reference::sampling_distribution(all, alpha);
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i == 0) log_z = alpha * all[i].score - std::log(p[i]);
      if (p[i] > 0) entropy -= p[i] * std::log(p[i]);
      tokens += p[i] * static_cast<double>(all[i].pieces.size());
      std::size_t at = 0;
      for (const std::string& piece : all[i].pieces) {
        marginals[{at, piece}] += p[i];
        at += piece.size();
      }
    }
  }
};

TEST_CASE("lattice: totals, marginals and posteriors are those of full enumeration") {
  Random random(1);
  for (std::size_t round = 0; round < rounds(150); ++round) {
    reference::Counts counts = random_pieces(random, "ab\n", random.between(1, 14), round % 2 == 0);
    const Strings items = {"a", "b", "ab", "\n", "\u00E9"};
    if (round % 3 == 0) counts["\u00E9"] = random.between(1, 100);
    if (round % 3 == 0) counts["a\u00E9"] = random.between(1, 100);
    if (round % 5 == 0) counts["aaaaaaaaaa"] = 90;
    const std::string text =
        round % 5 == 0 ? std::string(11, 'a') : random_of(random, items, random.below(8));
    const Vocab vocab = vocab_of(counts);
    const Tokenizer tokenizer(vocab);
    static const double alphas[] = {0, 0.1, 1, 3, 20};
    const double alpha = alphas[round % std::size(alphas)];
    const Sampler sampler(tokenizer, alpha);
    const Enumerated expected(counts_of(vocab), text, alpha);
    CAPTURE(text);
    CAPTURE(alpha);
    const LatticeTotals totals = sampler.totals(text);
    CHECK(is_near(totals.log_z, expected.log_z));
    CHECK(is_near(totals.entropy, expected.entropy));
    CHECK(is_near(totals.expected_tokens, expected.tokens));
    const std::vector<LatticeArc> arcs = sampler.arcs(text);
    CHECK(arcs.size() == expected.marginals.size());
    for (const LatticeArc& arc : arcs) {
      const std::string piece(vocab.bytes(arc.id));
      CHECK(text.substr(arc.begin, arc.end - arc.begin) == piece);
      CHECK(arc.log_prob == vocab.log_prob(arc.id));
      CHECK(is_near(arc.marginal, expected.marginals.at({arc.begin, piece})));
    }
    for (std::size_t i = 0; i < expected.all.size(); i += 1 + expected.all.size() / 20) {
      Ids ids = {kBos};
      for (const std::string& piece : expected.all[i].pieces) ids.push_back(*vocab.find(piece));
      const Score score = sampler.score(text, ids);
      CHECK(is_near(score.log_prob, expected.all[i].score));
      CHECK(is_near(score.log_z, expected.log_z));
      CHECK(is_near(std::exp(score.log_posterior), expected.p[i]));
    }
  }
}

TEST_CASE("lattice: marginals over a byte are 1 in sum, on long lines and for every alpha") {
  Random random(2);
  const Tokenizer tokenizer(vocab_of(random_pieces(random, "ab", 40, false)));
  const std::string text = random_of(random, {"a", "b"}, 20000);
  for (const double alpha : {0.0, 1e-6, 1.0, 20.0, 1e6}) {
    const Sampler sampler(tokenizer, alpha);
    std::vector<double> covered(text.size());
    double tokens = 0;
    for (const LatticeArc& arc : sampler.arcs(text)) {
      tokens += arc.marginal;
      for (std::size_t i = arc.begin; i < arc.end; ++i) covered[i] += arc.marginal;
    }
    double worst = 0;
    for (const double sum : covered) worst = std::max(worst, std::abs(sum - 1));
    CHECK(worst < 1e-9);
    const LatticeTotals totals = sampler.totals(text);
    CHECK(std::isfinite(totals.log_z));
    CHECK(totals.entropy >= 0);
    CHECK(std::abs(tokens - totals.expected_tokens) < 1e-6);
  }
}

TEST_CASE("lattice: posteriors have a logarithm however improbable they are") {
  Random random(3);
  const Tokenizer tokenizer(vocab_of(random_pieces(random, "ab", 10, false)));
  for (const double alpha : {1.0, 300.0, 1e6, 1e100, 1e290}) {
    const Sampler sampler(tokenizer, alpha);
    for (const Segmentation& each : tokenizer.n_best("abbaab", 100)) {
      const Score score = sampler.score("abbaab", each.ids);
      CHECK(score.log_posterior <= 0);
      CHECK(std::isfinite(score.log_posterior));
      const double difference = alpha * score.log_prob - score.log_z;
      CHECK(std::abs(score.log_posterior - difference) <= 1e-12 * std::max(1.0, std::abs(score.log_z)));
    }
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
