// What the tests share: seeded random input, temporary folders, and bridges between the library and the
// oracle (reference.h).
//
// The environment variable BYTEPIECE_TEST_SCALE multiplies the rounds of random tests: 1 by default, 0 for as
// few as make sense (slow builds, as with sanitizers), 10 for a long run.
#pragma once

#include <bytepiece/corpus.h>
#include <bytepiece/types.h>
#include <bytepiece/vocab.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "encode/tokenizer_form.h"
#include "reference.h"

namespace bytepiece::testing {

// ---- How much ----

std::size_t test_scale();

// `usual` times the scale; with scale 0 a twentieth of it, but at least one.
std::size_t rounds(std::size_t usual);

// ---- Random input: the same numbers everywhere, from a seed ----

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t number() { return engine_(); }
  std::size_t below(std::size_t end) { return static_cast<std::size_t>(engine_() % end); }
  std::size_t between(std::size_t low, std::size_t high) { return low + below(high - low + 1); }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }
  template <class List>
  const auto& pick(const List& list) {
    return list[below(list.size())];
  }

 private:
  std::mt19937_64 engine_;
};

using Strings = std::vector<std::string>;

std::string utf8(char32_t code_point);
std::string random_bytes(Random& random, std::size_t length);
// Code points of all kinds, those that normalization and splitting look at more often than others.
std::string random_characters(Random& random, std::size_t count);
// `count` of the given items, one after the other.
std::string random_of(Random& random, const Strings& items, std::size_t count);
// Any of the above, or a mixture.
std::string random_text(Random& random, std::size_t length);

// Short texts that are hard for one reason or another.
Strings adversarial_texts();

// All strings of up to `longest` letters.
Strings all_texts(std::string_view letters, std::size_t longest);

// ---- Files ----

class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

void write_bytes(const std::filesystem::path& path, std::string_view bytes);
std::map<std::string, std::string> files_in(const std::filesystem::path& folder);  // name and content

// The bytes compressed by "gzip", "zstd", "xz" or "bzip2".
std::string compressed(std::string_view bytes, const std::string& filter);

// ---- The library and the oracle ----

reference::Counts counts_of(const Vocab& vocab);

// The pieces, and the single bytes that they lack with count 1.
reference::Counts with_all_bytes(reference::Counts counts);
Vocab vocab_of(const reference::Counts& counts);  // of with_all_bytes(counts)

// A vocabulary over few letters, so that most texts can be cut in many ways. Counts are powers of two if
// `ties` is set, or small numbers.
reference::Counts random_pieces(Random& random, std::string_view letters, std::size_t size, bool ties);

// The forms of the search that this processor has; results never depend on which one is used.
std::vector<Form> supported_forms();

// The bytes of the model file in the original's JSON.
std::string file_of(const Vocab& vocab);

// The texts as a corpus whose documents come in parts of random length.
Corpus corpus_in_parts(Strings texts, std::uint64_t seed);

// The message of the Error that action() throws; "" if it throws none.
template <class Action>
std::string error_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

bool contains(std::string_view text, std::string_view part);

// A string literal with its NULs.
template <std::size_t kSize>
std::string bytes(const char (&literal)[kSize]) {
  return std::string(literal, kSize - 1);
}

}  // namespace bytepiece::testing
