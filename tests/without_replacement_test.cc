// Samples without replacement against their distribution by enumeration.
#include "encode/without_replacement.h"

#include <doctest/doctest.h>

#include <cmath>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "chi_square.h"
#include "reference.h"
#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;
using Ids = std::vector<Id>;

TEST_SUITE_BEGIN("unit");

// By ids: probabilities of all segmentations of a text of one chunk or more.
std::map<Ids, double> distribution_of(const Vocab& vocab, std::string_view text, double alpha) {
  std::map<Ids, double> all = {{Ids{}, 1.0}};
  for (const std::string& chunk : reference::split(text, 0, false)) {
    const auto segmentations = reference::all_segmentations(counts_of(vocab), chunk);
    const auto p = reference::sampling_distribution(segmentations, alpha);
    std::map<Ids, double> longer;
    for (const auto& [before, q] : all) {
      for (std::size_t i = 0; i < segmentations.size(); ++i) {
        Ids ids = before;
        for (const std::string& piece : segmentations[i].pieces) ids.push_back(*vocab.find(piece));
        longer[ids] += q * p[i];
      }
    }
    all = std::move(longer);
  }
  return all;
}

TEST_CASE("without replacement: the first, and the second after each first, have their probabilities") {
  Random random(1);
  std::vector<double> p_values;
  const std::size_t draws = test_scale() == 0 ? 3000 : 20000;
  for (std::size_t round = 0; round < rounds(20); ++round) {
    const Vocab vocab = vocab_of(random_pieces(random, "ab\n", random.between(2, 10), false));
    const std::string text = random_of(random, {"a", "b", "ab", "\n"}, random.between(2, 4));
    const double alpha = round % 3 == 0 ? 0.0 : round % 3 == 1 ? 0.4 : 1.0;
    const auto all = distribution_of(vocab, text, alpha);
    if (all.size() < 3 || all.size() > 20) continue;
    const Sampler sampler(Tokenizer(vocab), alpha);
    std::map<std::pair<Ids, Ids>, std::uint64_t> pairs;
    for (std::size_t i = 0; i < draws; ++i) {
      const auto drawn = sampler.sample_without_replacement(text, 2, {round, i, 0});
      REQUIRE(drawn.size() == 2);
      ++pairs[{drawn[0].ids, drawn[1].ids}];
    }
    std::vector<std::uint64_t> observed;
    std::vector<double> expected;
    for (const auto& [first, p] : all) {
      for (const auto& [second, q] : all) {
        if (first == second) continue;
        observed.push_back(pairs[{first, second}]);
        expected.push_back(p * q / (1 - p));
      }
    }
    CHECK(pairs.size() <= observed.size());  // nothing else
    p_values.push_back(chi_square_p(observed, expected));
    CAPTURE(text);
    CAPTURE(alpha);
    CHECK(p_values.back() > 1e-4);
  }
  CHECK(evenness_p(p_values) > 1e-4);
}

TEST_CASE("without replacement: all there are, each once, with their probabilities") {
  Random random(2);
  for (const std::string letters : {"a", "ab", "a\n"}) {
    for (std::size_t round = 0; round < rounds(5); ++round) {
      const Vocab vocab = vocab_of(random_pieces(random, letters, random.between(1, 10), round % 2 == 0));
      static const double alphas[] = {1, 0.2, 300, 1e6, 1e290};
      const double alpha = alphas[round % std::size(alphas)];
      const Sampler sampler(Tokenizer(vocab), alpha);
      for (const std::string& text : all_texts(letters, test_scale() == 0 ? 4 : 8)) {
        const auto all = distribution_of(vocab, text, alpha);
        for (const std::size_t n : {std::size_t{0}, std::size_t{2}, all.size(), all.size() + 5}) {
          const auto drawn = sampler.sample_without_replacement(text, n, {3, round, n});
          std::set<Ids> different;
          for (const DrawnSegmentation& each : drawn) {
            different.insert(each.ids);
            const auto found = all.find(each.ids);
            if (found == all.end()) FAIL("no segmentation: ", text);
            const bool is_exact = alpha < 1e3;  // beyond, the last bits of scores decide
            if (is_exact && std::abs(std::exp(each.log_posterior) - found->second) > 1e-10)
              FAIL_CHECK("probability: ", text);
          }
          if (drawn.size() != std::min(n, all.size())) FAIL_CHECK("too few: ", text);
          if (different.size() != drawn.size()) FAIL_CHECK("one twice: ", text);
        }
      }
    }
  }
}

TEST_CASE("without replacement: long lines, many lines and every alpha") {
  Random random(3);
  const Tokenizer tokenizer(vocab_of(random_pieces(random, "ab", 40, false)));
  std::string lines;
  for (int i = 0; i < 300; ++i) lines += random_of(random, {"a", "b"}, random.below(30)) + "\n";
  for (const double alpha : {0.0, 1e-6, 1.0, 20.0, 1e6}) {
    const Sampler sampler(tokenizer, alpha);
    for (const std::string& text : {lines, random_of(random, {"a", "b"}, 10000)}) {
      const auto drawn = sampler.sample_without_replacement(text, 10, {1, 2, 3});
      REQUIRE(drawn.size() == 10);
      std::set<Ids> different;
      for (const DrawnSegmentation& each : drawn) {
        CHECK(tokenizer.decode(each.ids) == text);
        const double expected = sampler.score(text, each.ids).log_posterior;
        CHECK(std::abs(each.log_posterior - expected) <= 1e-9 * std::max(1.0, std::abs(expected)));
        different.insert(each.ids);
      }
      CHECK(different.size() == drawn.size());
    }
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
