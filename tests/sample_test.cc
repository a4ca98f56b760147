// Drawn segmentations against full enumeration, and all ways to draw them against each other.
#include "encode/sample.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "chi_square.h"
#include "encode/lattice.h"
#include "reference.h"
#include "support.h"
#include "text/split.h"

namespace bytepiece {
namespace {

using namespace testing;
using Ids = std::vector<Id>;

TEST_SUITE_BEGIN("unit");

// A vocabulary with its search structures.
struct World {
  explicit World(const reference::Counts& counts) : vocab(vocab_of(counts)), trie(trie_of(vocab)) {}
  static Trie trie_of(const Vocab& vocab) {
    std::vector<std::string_view> pieces;
    std::vector<double> scores;
    for (Id id = kFirstPiece; id < vocab.size(); ++id) {
      pieces.push_back(vocab.bytes(id));
      scores.push_back(vocab.log_prob(id));
    }
    return Trie(pieces, scores, kFirstPiece);
  }
  Vocab vocab;
  Trie trie;
};

Ids drawn(const World& world, std::string_view text, double alpha, const RandomKey& key, Form form,
          bool in_doubles) {
  const SampleSearch search(world.trie, world.vocab, alpha, form, in_doubles);
  SampleSearch::Scratch scratch;
  Ids ids = {5};
  search.sample(text, key, scratch, ids);
  CHECK(ids.front() == 5);
  ids.erase(ids.begin());
  return ids;
}

// As the header of sample.h has it, for short chunks: all pieces at all ends, starts in ascending order.
Ids slowly_drawn(const World& world, std::string_view text, double alpha, const RandomKey& key) {
  const Alphabet& alphabet = world.trie.alphabet();
  const auto spelled = [&](std::string_view bytes) {
    std::vector<Symbol> symbols(bytes.size() + 8);
    symbols.resize(alphabet.spell(bytes, symbols.data()));
    return symbols;
  };
  struct Piece {
    Id id;
    double weight;
    Ids bytes;  // of a strong character
    double share = 1;
  };
  std::map<std::vector<Symbol>, Piece> pieces;
  for (Id id = kFirstPiece; id < world.vocab.size(); ++id) {
    Piece piece{id, std::exp(alpha * world.vocab.log_prob(id)), {}};
    const std::vector<Symbol> symbols = spelled(world.vocab.bytes(id));
    if (symbols.front() >= 256 && symbols.size() == 1) {
      double score = 0;
      for (const char byte : world.vocab.bytes(id)) {
        piece.bytes.push_back(kFirstPiece + static_cast<unsigned char>(byte));
        score += world.vocab.log_prob(piece.bytes.back());
      }
      piece.share = piece.weight / (piece.weight + std::exp(alpha * score));
      piece.weight += std::exp(alpha * score);
    }
    pieces.emplace(symbols, piece);
  }
  const RandomNumbers random(key);
  std::uint64_t line = key.line;
  Ids ids;
  for_each_chunk(text, {}, [&](std::string_view chunk) {
    const std::vector<Symbol> symbols = spelled(chunk);
    std::vector<double> u;
    for (std::size_t s = 0; s < symbols.size(); ++s) u.push_back(random.uniform(place_in_line(line, s)));
    ++line;
    std::vector<double> sums = {1};
    std::vector<std::size_t> winner = {0};
    const auto piece_of = [&](std::size_t start, std::size_t end) {
      const auto at = symbols.begin() + static_cast<std::ptrdiff_t>(start);
      return pieces.find({at, symbols.begin() + static_cast<std::ptrdiff_t>(end)});
    };
    for (std::size_t end = 1; end <= symbols.size(); ++end) {
      double sum = 0;
      std::size_t last = 0;
      for (std::size_t start = 0; start < end; ++start) {
        const auto piece = piece_of(start, end);
        if (piece == pieces.end()) continue;
        const double x = sums[start] * piece->second.weight;
        sum += x;
        if (u[start] * sum < x) last = start;
      }
      sums.push_back(sum);
      winner.push_back(last);
    }
    Ids backwards;
    for (std::size_t end = symbols.size(); end > 0; end = winner[end]) {
      const Piece& piece = piece_of(winner[end], end)->second;
      if (another(u[winner[end]]) < piece.share) {
        backwards.push_back(piece.id);
      } else {
        backwards.insert(backwards.end(), piece.bytes.rbegin(), piece.bytes.rend());
      }
    }
    ids.insert(ids.end(), backwards.rbegin(), backwards.rend());
  });
  return ids;
}

// ---- Against enumeration ----

struct Distribution {
  std::map<Ids, std::size_t> index;
  std::vector<double> probabilities;
};

Distribution distribution_of(const World& world, std::string_view chunk, double alpha) {
  const auto all = reference::all_segmentations(counts_of(world.vocab), chunk);
  Distribution result{{}, reference::sampling_distribution(all, alpha)};
  for (const auto& each : all) {
    Ids ids;
    for (const std::string& piece : each.pieces) ids.push_back(*world.vocab.find(piece));
    result.index.emplace(std::move(ids), result.index.size());
  }
  return result;
}

using Visit = std::function<void(std::span<const Id>)>;

double p_of(const Distribution& distribution, const std::function<void(const Visit&)>& draw_all) {
  std::vector<std::uint64_t> observed(distribution.probabilities.size());
  draw_all([&](std::span<const Id> ids) {
    ++observed[distribution.index.at(Ids(ids.begin(), ids.end()))];  // throws if it is no segmentation
  });
  return chi_square_p(observed, distribution.probabilities);
}

struct Case {
  World world;
  std::string text;
  double alpha;
};

std::vector<Case> small_worlds(std::size_t count) {
  Random random(1);
  static const double alphas[] = {0, 1e-6, 0.1, 0.5, 1, 1.5, 4};
  std::vector<Case> cases;
  for (std::size_t i = 0; i < count; ++i) {
    reference::Counts counts = random_pieces(random, "ab", random.between(1, 12), i % 3 == 0);
    std::string text = random_of(random, {"a", "b"}, random.between(2, 9));
    if (i % 4 == 1) {  // strong characters, whose bytes are other ways
      counts["\u00E9"] = 1;
      counts["\u4E2D"] = 2;
      counts["a\u4E2D"] = 1;
      text = random_of(random, {"a", "b", "\u00E9", "\u4E2D"}, 4);
    }
    if (i % 4 == 2) {  // far pieces
      for (const std::size_t length : {9, 10, 12}) counts[std::string(length, 'a')] = 1 + i;
      text = std::string(random.between(9, 13), 'a');
    }
    cases.push_back({World(counts), text, alphas[i % std::size(alphas)]});
  }
  return cases;
}

std::size_t draws() { return test_scale() == 0 ? 5000 : 100000; }

TEST_CASE("sample: the frequencies are those of full enumeration") {
  std::vector<double> p_values;
  std::size_t number = 0;
  for (const Case& c : small_worlds(rounds(60))) {
    const Form form = supported_forms()[number % supported_forms().size()];
    const bool in_doubles =
        number % 2 == 0 && SampleSearch::fits_doubles(c.world.trie, c.world.vocab, c.alpha);
    const SampleSearch search(c.world.trie, c.world.vocab, c.alpha, form, in_doubles);
    SampleSearch::Scratch scratch;
    const std::vector<std::string_view> texts(draws(), c.text);
    p_values.push_back(p_of(distribution_of(c.world, c.text, c.alpha), [&](const Visit& visit) {
      search.sample_each(texts, {number, 0, 0}, scratch, visit);
    }));
    CAPTURE(c.text);
    CAPTURE(c.alpha);
    CHECK(p_values.back() > 1e-4);
    if (p_values.back() == 1) p_values.pop_back();  // there was nothing to choose
    ++number;
  }
  CHECK(evenness_p(p_values) > 1e-4);
}

// The first sampling of this kind: keeps the new candidate with probability x / (x + best so far), each time
// without what was refused before.
Ids biased_sample(const Lattice& lattice, double alpha, Random& random) {
  std::vector<double> best(lattice.size() + 1);
  std::vector<const Lattice::Arc*> held(lattice.size() + 1);
  for (std::size_t end = 1; end <= lattice.size(); ++end) {
    for (const Lattice::Arc& arc : lattice.arcs_into(end)) {
      const double x = best[end - arc.length] + alpha * arc.score;
      const double u = static_cast<double>(random.number() >> 11) * 0x1p-53;
      if (held[end] == nullptr || u < 1 / (1 + std::exp(best[end] - x))) {
        held[end] = &arc;
        best[end] = x;
      }
    }
  }
  Ids ids;
  for (std::size_t end = lattice.size(); end > 0; end -= held[end]->length) ids.push_back(held[end]->id);
  std::reverse(ids.begin(), ids.end());
  return ids;
}

// Whether three pieces or more that end at the same place are all likely: with two, a coin is right.
bool has_strong_candidates(const Lattice& lattice) {
  std::vector<int> strong(lattice.size() + 1);
  lattice.marginals([&](std::size_t begin, const Lattice::Arc& arc, double marginal) {
    strong[begin + arc.length] += marginal > 0.05;
  });
  return *std::max_element(strong.begin(), strong.end()) >= 3;
}

TEST_CASE("sample: the same test finds a biased sampler out") {
  std::size_t found_out = 0, possible = 0;
  Random random(2);
  for (const Case& c : small_worlds(40)) {
    Lattice lattice(c.world.trie, Form::kPlain);
    lattice.build(c.text);
    const Distribution distribution = distribution_of(c.world, c.text, c.alpha);
    lattice.weigh(c.alpha);
    if (!has_strong_candidates(lattice)) continue;
    ++possible;
    found_out += p_of(distribution, [&](const Visit& visit) {
                   for (int i = 0; i < 100000; ++i) visit(biased_sample(lattice, c.alpha, random));
                 }) < 1e-4;
  }
  CAPTURE(possible);
  REQUIRE(possible > 0);
  CHECK(found_out * 5 >= possible * 4);
}

// ---- All ways to draw give the same ids ----

std::vector<Case> long_texts() {
  Random random(3);
  std::vector<Case> cases;
  const Strings letters = {"a", "b", "ab", "\n", "\u4E2D", "\u00E9", "\xFF"};
  for (const double alpha : {0.0, 0.1, 1.0}) {
    reference::Counts counts = random_pieces(random, "ab", 40, false);
    for (const std::size_t length : {9, 11, 16, 17, 30}) counts[std::string(length, 'a')] = 3;
    counts["\u4E2D"] = 50;
    counts["\u4E2D\u00E9"] = 5;
    counts["\u00E9"] = 20;
    if (alpha > 0) counts["ab\n\n"] = 9;
    cases.push_back({World(counts), random_of(random, letters, 30000), alpha});
    std::string line = random_of(random, {"a", "b", "ab", "aaa", "\u4E2D", "\u00E9"}, 40000);
    cases.push_back({World(counts), line, alpha});
    cases.push_back({World(counts), "b" + std::string(40000, 'a') + "b\n" + line + "\nab", alpha});
    counts["\xE4\xB8"] = 5;  // no strong characters
    cases.push_back({World(counts), random_of(random, letters, 3000) + line, alpha});
  }
  // Two ways that meet late: an odd and an even one.
  cases.push_back({World({{"aa", 1000000}}), std::string(60000, 'a'), 1.0});
  // S rises and falls.
  cases.push_back({World({{"aaaaaaaa", 1u << 30}}), std::string(30000, 'a') + std::string(30000, 'z'), 0.9});
  return cases;
}

TEST_CASE("sample: short lines are drawn as by the slow and obvious way") {
  Random random(5);
  for (std::size_t i = 0; i < rounds(200); ++i) {
    reference::Counts counts = random_pieces(random, "ab\n", random.between(1, 30), false);
    for (const std::size_t length : {9, 11, 17}) counts[std::string(length, 'a')] = 3;
    counts["\u4E2D"] = 50;
    counts["\u4E2D\u00E9"] = 5;
    counts["\u00E9"] = 1;
    if (i % 4 == 0) counts["\xE4\xB8"] = 5;  // no strong characters
    const World world(counts);
    std::string text;
    for (int line = 0; line < 20; ++line) {
      text += random_of(random, {"a", "aaa", "b", "ab", "\u4E2D", "\u00E9", "\xFF"}, 20) + "\n";
    }
    static const double alphas[] = {0, 0.3, 1};
    const double alpha = alphas[i % std::size(alphas)];
    const RandomKey key{i, 8, 9, i % 3};
    const Ids expected = slowly_drawn(world, text, alpha, key);
    CHECK(drawn(world, text, alpha, key, Form::kPlain, true) == expected);
    CHECK(drawn(world, text, alpha, key, Form::kPlain, false) == expected);
  }
}

TEST_CASE("sample: all forms and numbers of any range draw the same, whatever the length") {
  for (const Case& c : long_texts()) {
    const RandomKey key{7, 8, 9};
    const Ids expected = drawn(c.world, c.text, c.alpha, key, Form::kPlain, false);
    REQUIRE(SampleSearch::fits_doubles(c.world.trie, c.world.vocab, c.alpha));
    for (const Form form : supported_forms()) {
      CAPTURE(form_name(form));
      CAPTURE(c.alpha);
      CAPTURE(c.text.substr(0, 30));
      const bool same = drawn(c.world, c.text, c.alpha, key, form, true) == expected;
      CHECK(same);
    }
  }
}

TEST_CASE("sample: a text among others is drawn as alone") {
  Random random(4);
  reference::Counts counts = random_pieces(random, "ab\n", 40, false);
  counts["\u4E2D"] = 50;
  counts["aaaaaaaaaaa"] = 9;
  const World world(counts);
  Strings texts = {"", "", "\n"};
  for (int i = 0; i < 300; ++i) {
    texts.push_back(
        random_of(random, {"a", "b", "\n", "\u4E2D", "\xFF"}, random.below(i % 50 == 0 ? 30000 : 60)));
  }
  texts.push_back("");
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  SampleSearch::Scratch scratch;
  for (const Form form : supported_forms()) {
    const SampleSearch search(world.trie, world.vocab, 0.5, form);
    std::size_t i = 0;
    search.sample_each(views, {1, 100, 2}, scratch, [&](std::span<const Id> found) {
      Ids alone;
      SampleSearch::Scratch other;
      search.sample(texts[i], {1, 100 + i, 2}, other, alone);
      CHECK(Ids(found.begin(), found.end()) == alone);
      ++i;
    });
    CHECK(i == texts.size());
  }
}

TEST_CASE(
    "sample: large alphas, rare bytes and long pieces are beyond the range of doubles, and it says so") {
  const World rare({{"a", std::uint64_t{1} << 60}});
  CHECK(SampleSearch::fits_doubles(rare.trie, rare.vocab, 0.5));
  CHECK(!SampleSearch::fits_doubles(rare.trie, rare.vocab, 20));
  CHECK(!SampleSearch::fits_doubles(rare.trie, rare.vocab, 1e300));
  const World gain(
      {{std::string(40, 'z'), std::uint64_t{1} << 60}});  // costs nothing, its bytes 41 nats each
  CHECK(!SampleSearch::fits_doubles(gain.trie, gain.vocab, 1));
  const World longest({{std::string(700, 'z'), 5}});
  CHECK(!SampleSearch::fits_doubles(longest.trie, longest.vocab, 0));
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
