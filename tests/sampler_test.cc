#include <bytepiece/sampler.h>
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/random_numbers.h"
#include "base/threads.h"
#include "chi_square.h"
#include "reference.h"
#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;
using Ids = std::vector<Id>;

TEST_SUITE_BEGIN("unit");

Tokenizer small_world() {
  Random random(1);
  reference::Counts counts = random_pieces(random, "ab", 40, false);
  counts["\u4E2D"] = 30;
  counts["\u4E2Da"] = 9;
  return Tokenizer(vocab_of(counts));
}

Strings some_texts(std::size_t count) {
  Random random(2);
  Strings texts;
  for (std::size_t i = 0; i < count; ++i) {
    texts.push_back(random_of(random, {"a", "b", "\n", "\u4E2D", "e\u0301", "\xFF"},
                              random.below(i % 40 == 0 ? 20000 : 80)));
  }
  return texts;
}

TEST_CASE("sampler: alpha is a number from 0 on") {
  const Tokenizer tokenizer = small_world();
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double alpha : {-1.0, -1e-300, -infinity, std::nan("")}) {
    CHECK(contains(error_of([&] { Sampler(tokenizer, alpha); }), "must be a number from 0 on"));
    CHECK(contains(error_of([&] { tokenizer.sample("a", alpha, {}); }), "alpha is "));
  }
  CHECK(contains(error_of([&] { Sampler(tokenizer, infinity); }), "encode()"));
  CHECK(Sampler(tokenizer, -0.0).sample("", {}).empty());
  CHECK(Sampler(tokenizer, 1e300).alpha() == 1e290);
}

TEST_CASE("sampler: the text comes back, with begin and end") {
  const Tokenizer tokenizer = small_world();
  for (const double alpha : {0.0, 0.3, 1.0, 20.0}) {
    const Sampler sampler(tokenizer, alpha);
    Ids ids = {9};
    std::size_t before = 1;
    for (const std::string& text : some_texts(30)) {
      sampler.sample(text, {1, 2, 3}, {.bos = true, .eos = true}, ids);
      CHECK(ids[before] == kBos);
      CHECK(ids.back() == kEos);
      CHECK(tokenizer.decode(std::span(ids).subspan(before)) == reference::normalize(text));
      CHECK(tokenizer.sample(text, alpha, {1, 2, 3}) == sampler.sample(text, {1, 2, 3}));
      before = ids.size();
    }
    CHECK(sampler.sample("", {}, {.bos = true, .eos = true}) == Ids{kBos, kEos});
  }
}

TEST_CASE("sampler: the key decides: seed, document and sample") {
  const Sampler sampler(small_world(), 0.1);
  const std::string text(200, 'a');
  const Ids ids = sampler.sample(text, {1, 2, 3});
  CHECK(sampler.sample(text, {1, 2, 3}) == ids);
  CHECK(sampler.sample(text, {2, 2, 3}) != ids);
  CHECK(sampler.sample(text, {1, 3, 3}) != ids);
  CHECK(sampler.sample(text, {1, 2, 4}) != ids);
  CHECK(sampler.sample(text, {2, 1, 3}) != ids);
}

TEST_CASE("sampler: a batch is its texts one by one, on any number of threads and cut anywhere") {
  const Strings texts = some_texts(200);
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  for (const double alpha : {0.2, 20.0}) {
    Ids expected;
    std::vector<std::size_t> expected_ends;
    for (const Form form : supported_forms()) {
      const Sampler sampler(tokenizer_with_form(small_world().vocab(), form), alpha);
      Ids ids;
      std::vector<std::size_t> ends;
      for (std::size_t i = 0; i < texts.size(); ++i) {
        sampler.sample(texts[i], {5, 10 + i, 0}, {.eos = true}, ids);
        ends.push_back(ids.size());
      }
      if (form == Form::kPlain) {
        expected = ids;
        expected_ends = ends;
      }
      CHECK(ids == expected);
      for (const std::size_t threads : {1, 2, 8}) {
        const std::size_t size = texts.size() / threads / 2;  // of a batch
        std::vector<Ids> parts(2 * threads);
        parallel_for(threads, parts.size(), [&](std::size_t, std::size_t part) {
          std::vector<std::size_t> part_ends;
          sampler.sample_batch(std::span(views).subspan(part * size, size), {5, 10 + part * size, 0},
                               {.eos = true}, parts[part], part_ends);
        });
        Ids joined;
        for (const Ids& part : parts) joined.insert(joined.end(), part.begin(), part.end());
        CHECK(std::equal(joined.begin(), joined.end(), expected.begin()));
        CHECK(joined.size() == expected_ends[2 * threads * size - 1]);
      }
    }
  }
}

TEST_CASE("sampler: a part of a document has other random numbers than its other parts") {
  const Sampler sampler(small_world(), 0.3);
  const std::string line = some_texts(41)[40].substr(0, 300) + "\n", text = line + line;
  const std::vector<std::string_view> views = {line, text};
  for (const std::uint64_t before : {0, 1, 7}) {
    const RandomKey key = {5, 10, 2, before};
    Ids expected = sampler.sample(line, key), ids;
    const Ids next = sampler.sample(text, {5, 11, 2});
    expected.insert(expected.end(), next.begin(), next.end());
    std::vector<std::size_t> ends;
    sampler.sample_batch(views, key, {}, ids, ends);
    CHECK(ids == expected);
  }
  const auto first_of = [&](std::uint64_t before) {
    return sampler.sample_without_replacement(line, 3, {5, 10, 2, before})[0].ids;
  };
  CHECK(first_of(0) != first_of(1));
  CHECK(first_of(1) != first_of(2));
  CHECK(first_of(1) == first_of(1));
}

TEST_CASE("sampler: millions of bytes without a line end, for any alpha") {
  Random random(3);
  const std::string text = random_of(random, {"a", "b", "z"}, test_scale() == 0 ? 100000 : 3000000);
  const Tokenizer tokenizer = small_world();
  const Ids best = tokenizer.encode(text);
  for (const double alpha : {0.0, 1e-6, 1.0, 20.0, 1e6}) {
    const Ids ids = tokenizer.sample(text, alpha, {1, 0, 0});
    const bool same_text = tokenizer.decode(ids) == text;
    CHECK(same_text);
    const double difference = tokenizer.log_prob(ids) - tokenizer.log_prob(best);
    CHECK(difference < 1e-3);
    if (alpha == 1e6) CHECK(difference > -1e-3);  // but for ties it is encode()
  }
}

TEST_CASE("sampler: alpha 1e6 is encode() where there is no tie, and even among ties") {
  const Sampler sampler(small_world(), 1e6);
  CHECK(sampler.sample("abababbab", {}) == small_world().encode("abababbab"));
  const Tokenizer tokenizer(vocab_of({{"a", 5}, {"aa", 50000}}));
  std::vector<std::uint64_t> observed(3);  // by where the single one is in "aaaaa"
  for (std::uint64_t i = 0; i < 3000; ++i) {
    const Ids ids = tokenizer.sample("aaaaa", 1e6, {1, i, 0});
    REQUIRE(ids.size() == 3);
    for (std::size_t k = 0; k < 3; ++k) observed[k] += ids[k] == kFirstPiece + 'a';
  }
  CHECK(chi_square_p(observed, {1 / 3., 1 / 3., 1 / 3.}) > 1e-4);
}

TEST_CASE("sampler: with the largest alpha there is, all forms give numbers, and samples are encode()") {
  const Ids best = small_world().encode("abababbab");
  for (const double alpha : {1e9, 1e15, 1e16, 1e100}) {  // from 1e15 on exponents are rounded
    CHECK(Sampler(small_world(), alpha).sample("abababbab", {}) == best);
  }
  const Sampler sampler(small_world(), std::numeric_limits<double>::max());
  CHECK(sampler.sample("abababbab", {}) == best);
  CHECK(sampler.score("abababbab", best).log_posterior == 0);
  CHECK(std::isfinite(sampler.score("abababbab", best).log_z));
}

TEST_CASE("sampler: ids that are not the text's cannot be scored; a piece across lines scores nothing") {
  const Tokenizer tokenizer(vocab_of({{"ab", 5}, {"\nb", 9}}));
  const Sampler sampler(tokenizer, 1);
  CHECK(
      contains(error_of([&] { sampler.score("ab", Ids{kFirstPiece + 'a'}); }), "do not decode to the text"));
  CHECK(contains(error_of([&] { sampler.score("ab", Ids{70000}); }), "70000"));
  CHECK(sampler.score("", {}).log_posterior == 0);
  CHECK(sampler.score("", Ids{kBos, kEos}).log_z == 0);
  const Ids across = {kFirstPiece + 'a', *tokenizer.vocab().find("\nb")};
  CHECK(std::isinf(sampler.score("a\nb", across).log_posterior));
  CHECK(sampler.score("e\u0301", tokenizer.encode("\u00E9")).log_posterior == 0);
}

TEST_CASE("random numbers: even in every bit and independent of neighbours, documents and seeds") {
  constexpr std::size_t kCells = 16;
  std::vector<double> p_values;
  const auto check_pairs = [&](auto&& first, auto&& second) {
    std::vector<std::uint64_t> observed(kCells * kCells);
    for (std::uint64_t i = 0; i < 20000; ++i) {
      const auto cell = [](double u) { return static_cast<std::size_t>(u * 16); };
      ++observed[cell(first(i)) * kCells + cell(second(i))];
    }
    p_values.push_back(chi_square_p(observed, std::vector<double>(kCells * kCells, 1.0 / (kCells * kCells))));
    CHECK(p_values.back() > 1e-4);
  };
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const RandomNumbers numbers({seed, 0, 0});
    const auto here = [&](std::uint64_t i) { return numbers.uniform(i); };
    check_pairs(here, [&](std::uint64_t i) { return numbers.uniform(i + 1); });
    check_pairs(here, [&](std::uint64_t i) { return numbers.uniform(i + 8); });
    check_pairs(here, [&](std::uint64_t i) { return RandomNumbers({seed, 1, 0}).uniform(i); });
    check_pairs(here, [&](std::uint64_t i) { return RandomNumbers({seed, 0, 1}).uniform(i); });
    check_pairs(here, [&](std::uint64_t i) { return RandomNumbers({seed + 1, 0, 0}).uniform(i); });
    check_pairs(
        [&](std::uint64_t i) {
          return RandomNumbers({seed, i, 0}).uniform(7);
        },
        [&](std::uint64_t i) {
          return RandomNumbers({seed, i + 1, 0}).uniform(7);
        });
    check_pairs(
        [&](std::uint64_t i) {
          return RandomNumbers({seed, 0, i}).uniform(7);
        },
        [&](std::uint64_t i) {
          return RandomNumbers({seed, i, 0}).uniform(7);
        });
    for (int bit = 0; bit < 64; bit += 9) {
      std::vector<std::uint64_t> observed(2);
      for (std::uint64_t i = 0; i < 20000; ++i) ++observed[numbers.bits(i) >> bit & 1];
      CHECK(chi_square_p(observed, {0.5, 0.5}) > 1e-4);
    }
    for (std::uint64_t i = 0; i < 1000; ++i) {
      CHECK(numbers.uniform(i) < 1);
      CHECK(numbers.inside(i) > 0);
      CHECK(numbers.inside(i) < 1);
    }
  }
  CHECK(evenness_p(p_values) > 1e-4);
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
