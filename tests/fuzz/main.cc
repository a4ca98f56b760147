// Drives a fuzz target without libFuzzer: mutates its seeds, always in the same way, and calls it.
//
//   fuzz_TARGET [--iterations N] [--seconds S] [--seed X] [--keep FILE] [INPUT...]
//
// --keep writes each input to FILE before it is used: after a crash the fatal one is there. With INPUT files
// these are used as they are, once each. The environment variable BYTEPIECE_TEST_SCALE multiplies the
// iterations, see support.h.
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/target.h"
#include "golden_data.h"
#include "support.h"

namespace bytepiece::fuzz {
namespace {

using testing::Random;

struct Options {
  std::size_t iterations = 1000;
  double seconds = 1e9;
  std::uint64_t seed = 1;
  std::string keep;
  std::vector<std::string> inputs;
};

Options parse(int argc, char** argv) {
  Options options;
  const auto next = [&](int& i) { return std::string(i + 1 < argc ? argv[++i] : ""); };
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--iterations") {
      options.iterations = std::stoul(next(i));
    } else if (name == "--seconds") {
      options.seconds = std::stod(next(i));
    } else if (name == "--seed") {
      options.seed = std::stoul(next(i));
    } else if (name == "--keep") {
      options.keep = next(i);
    } else {
      options.inputs.emplace_back(name);
    }
  }
  return options;
}

// One small change.
void mutate(Random& random, const std::vector<std::string>& corpus, std::string& bytes) {
  static const std::vector<std::string> tokens = {"\n",
                                                  "\r\n",
                                                  std::string(1, '\0'),
                                                  "\xFF",
                                                  "\x80",
                                                  "\xE4\xBD\xA0",
                                                  "e\xCC\x81",
                                                  "\xE1\x84\x80\xE1\x85\xA1",
                                                  "\"",
                                                  "\\",
                                                  "[",
                                                  "]",
                                                  "{",
                                                  "}",
                                                  "0",
                                                  "-1",
                                                  "1e9999",
                                                  "null",
                                                  "18446744073709551615",
                                                  "=="};
  const std::size_t at = random.below(bytes.size() + 1);
  switch (random.below(8)) {
    case 0:
      bytes.insert(at, 1, static_cast<char>(random.below(256)));
      break;
    case 1:
      bytes.insert(at, random.pick(tokens));
      break;
    case 2:
      bytes.erase(at, random.between(1, 16));
      break;
    case 3:
      if (at < bytes.size()) bytes[at] = static_cast<char>(random.below(256));
      break;
    case 4:
      if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ 1 << random.below(8));
      break;
    case 5:
      bytes.insert(at, bytes.substr(random.below(bytes.size() + 1), random.between(1, 64)));
      break;
    case 6: {
      const std::string& other = random.pick(corpus);
      bytes.insert(at, other.substr(random.below(other.size() + 1), random.between(1, 64)));
      break;
    }
    default:
      bytes.resize(at);
  }
}

void use(const Options& options, const std::string& bytes) {
  if (!options.keep.empty()) testing::write_bytes(options.keep, bytes);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

void run(const Options& options) {
  for (const std::string& input : options.inputs) use(options, golden::read_bytes(input));
  if (!options.inputs.empty()) return;
  const std::vector<std::string> corpus = seeds();
  for (const std::string& seed : corpus) use(options, seed);
  const auto begin = std::chrono::steady_clock::now();
  Random random(options.seed);
  for (std::size_t i = testing::rounds(options.iterations); i > 0; --i) {
    if (std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() > options.seconds)
      return;
    std::string bytes = random.pick(corpus);
    for (std::size_t changes = random.between(1, 8); changes > 0; --changes) mutate(random, corpus, bytes);
    use(options, bytes);
  }
}

}  // namespace
}  // namespace bytepiece::fuzz

int main(int argc, char** argv) {
  try {
    bytepiece::fuzz::run(bytepiece::fuzz::parse(argc, argv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
