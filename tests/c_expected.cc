// What c_test.c compares with: the C++ interface, linked from the static library.
#include <bytepiece/sampler.h>
#include <bytepiece/tokenizer.h>

#include <algorithm>

using bytepiece::Sampler;
using bytepiece::Tokenizer;

extern "C" std::size_t expected_sample(const char* model, double alpha, const char* text, std::size_t size,
                                       std::uint64_t seed, std::uint64_t document, std::uint64_t sample,
                                       std::uint32_t* ids, std::size_t capacity) {
  const std::vector<bytepiece::Id> drawn =
      Sampler(Tokenizer::load(model), alpha).sample({text, size}, {seed, document, sample});
  std::copy_n(drawn.begin(), std::min(drawn.size(), capacity), ids);
  return drawn.size();
}

extern "C" double expected_log_prob(const char* model, const std::uint32_t* ids, std::size_t count) {
  return Tokenizer::load(model).log_prob({ids, count});
}
