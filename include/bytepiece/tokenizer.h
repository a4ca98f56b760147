// Text to ids and back.
//
// Among all ways to cut a text into pieces, encode() takes the one with the largest sum of log
// probabilities, exactly (Viterbi); src/encode/viterbi.h states the rule for ties.
//
// A text is any byte string. Valid UTF-8 is brought into Unicode normalization form C first, invalid
// bytes pass through unchanged, and no piece crosses a line: decode(encode(x)) == NFC(x), byte for byte.
//
// Thread rule: all members are const; one Tokenizer serves any number of threads. Copies share their data.
#pragma once

#include <bytepiece/random.h>
#include <bytepiece/types.h>
#include <bytepiece/vocab.h>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bytepiece {

struct EncodeOptions {
  bool bos = false;  // put id kBos in front, of the empty text too
  bool eos = false;  // put id kEos behind

  // Ids of special tokens (Vocab::special_tokens) that are read in the text. A text that merely looks like a
  // special token is text, so what a user types cannot become one.
  std::vector<Id> parse_special = {};
};

// One way to cut a text into pieces.
struct Segmentation {
  std::vector<Id> ids;
  double log_prob = 0;  // the sum of the log probabilities of its pieces
};

class Trie;       // src/encode/trie.h
enum class Form;  // of the search: src/encode/kernels.h
class Viterbi;

class Tokenizer {
 public:
  explicit Tokenizer(Vocab vocab);

  // Reads a model file (see Vocab::load). A native one that save() wrote is used as it lies in the file, in
  // memory that processes share: 160k pieces (13 MB, all verified) take 1 to 1.5 ms instead of the 0.1 s of
  // any other. Throws Error.
  static Tokenizer load(const std::filesystem::path& path);

  // Writes the vocabulary as Vocab::save does, in a native model together with the search structure.
  void save(const std::filesystem::path& path) const;

  // O(bytes * longest match) time; less than 1 MB of memory beside the ids and, if it is not in NFC, a copy
  // of the text (src/encode/viterbi.h names the exceptions). Later calls use the memory again and allocate
  // nothing but their ids.
  std::vector<Id> encode(std::string_view text, EncodeOptions options = {}) const;
  void encode(std::string_view text, EncodeOptions options, std::vector<Id>& out) const;  // appends

  // The same into a buffer: how many ids the text has; they are written if out holds so many, else nothing
  // is. Three times the bytes of the text and 2 are always enough.
  std::size_t encode(std::string_view text, EncodeOptions options, std::span<Id> out) const;

  // How many ids the text has.
  std::size_t count(std::string_view text, EncodeOptions options = {}) const;

  // The same for many texts, appended one after the other; ends gets the size of ids behind each. Faster than
  // one by one where texts are short: these go through the search together.
  void encode_batch(std::span<const std::string_view> texts, EncodeOptions options, std::vector<Id>& ids,
                    std::vector<std::size_t>& ends) const;

  // The same on so many threads, 0: all cores. Throws Error on a number of threads that cannot be.
  void encode_batch(std::span<const std::string_view> texts, EncodeOptions options, std::vector<Id>& ids,
                    std::vector<std::size_t>& ends, int threads) const;

  // The same segmentation as encode(), as bytes. The views live as long as the Tokenizer or a copy of it.
  std::vector<std::string_view> pieces(std::string_view text) const;

  // The n most probable segmentations, different ones, in order: the first is encode()'s. Fewer if there are
  // not so many. src/encode/n_best.h states the rule for ties. O(n * ids * log) time and memory.
  std::vector<Segmentation> n_best(std::string_view text, std::size_t n) const;

  // The sum of the log probabilities of the pieces, in the order of encode()'s sums; reserved ids have none.
  // Throws Error on an id >= size.
  double log_prob(std::span<const Id> ids) const;

  // A segmentation drawn with probability proportional to exp(alpha * log_prob); the same as that of a
  // Sampler (sampler.h), which has all the rest, and which this makes anew in every call.
  std::vector<Id> sample(std::string_view text, double alpha, const RandomKey& key,
                         EncodeOptions options = {}) const;

  // The bytes of the ids one after the other; reserved ids and special tokens have none. Throws Error on an
  // id that is not in the vocabulary.
  std::string decode(std::span<const Id> ids) const;

  // The same with the texts of special tokens, and <pad>, <bos>, <eos>, in their places.
  std::string decode_with_special(std::span<const Id> ids) const;

  const Vocab& vocab() const;

 private:
  struct Impl;
  friend class EncodeStream;
  friend class Sampler;
  friend Tokenizer tokenizer_with_form(Vocab vocab, Form form);
  friend Tokenizer tokenizer_of_file(const std::filesystem::path& path, Form form);
  Tokenizer(Vocab vocab, Form form);
  explicit Tokenizer(std::shared_ptr<const Impl> impl);
  const Viterbi& viterbi() const;
  const Trie& trie() const;
  Form form() const;
  static Tokenizer load_with_form(const std::filesystem::path& path, Form form);

  std::shared_ptr<const Impl> impl_;
};

}  // namespace bytepiece
