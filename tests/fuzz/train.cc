// Property: on any corpus and options training makes the oracle's vocabularies, with any number of threads,
// and throws Error for a corpus without a byte, nothing else ever.
//
// The first four bytes are the options; in the rest the byte FE separates texts.
#include <bytepiece/train.h>

#include <string>
#include <string_view>

#include "fuzz/target.h"
#include "reference.h"
#include "support.h"

std::vector<std::string> bytepiece::fuzz::seeds() {
  const std::string options[] = {std::string("\x05\x01\x10\x00", 4), std::string("\x02\x02\x21\x07", 4),
                                 std::string("\x00\x03\x42\x0B", 4), std::string("\x07\x00\x03\x0D", 4)};
  std::vector<std::string> result = {""};
  for (const std::string& each : options) {
    result.push_back(each);
    result.push_back(each + "the cat sat on the mat\nthe cat\n\xFEthe dog 123\n");
    result.push_back(each + "\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xBD\xA0\xE7\xBD\x95\xE4\xBD\xA0\xE5\xA5\xBD");
    result.push_back(each + "aaaaaaaaaaaaaaaaaaaa\xFE\xFE" + "abababab\n\n\n\n\xCC\x81");
  }
  return result;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bytepiece;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.size() < 4 || bytes.size() > 2000) return 0;
  const auto option = [&](std::size_t i) { return static_cast<std::size_t>(data[i]); };
  TrainOptions options;
  options.order = static_cast<int>(option(0) % kMaxOrder) + 1;
  options.min_count = option(1) % 8 + 1;
  options.max_piece_length = option(2) % 40 + 1;
  options.vocab_sizes = {800, kMinVocabSize + option(3) % 64};
  options.isolate_digits = (option(3) & 0x40) != 0;
  options.ensure_unicode = (option(3) & 0x80) == 0;
  options.threads = static_cast<int>(option(2) >> 6 & 1) + 1;

  std::vector<std::string> texts = {""};
  bool empty = true;
  for (const char byte : bytes.substr(4)) {
    if (byte == '\xFE') {
      texts.emplace_back();
    } else {
      texts.back() += byte;
      empty = false;
    }
  }
  try {
    const std::vector<Vocab> vocabs = train(testing::corpus_in_parts(texts, option(1)), options);
    fuzz::require(!empty, "an empty corpus is refused");
    const auto expected =
        reference::train(texts, {options.order, options.vocab_sizes, options.max_piece_length,
                                 options.min_count, options.isolate_digits, options.ensure_unicode});
    fuzz::require(vocabs.size() == expected.size(), "a vocabulary per size");
    for (std::size_t i = 0; i < vocabs.size(); ++i) {
      fuzz::require(testing::counts_of(vocabs[i]) == expected[i], "the vocabularies are the oracle's");
    }
  } catch (const Error&) {
    fuzz::require(empty, "no Error but for an empty corpus");
  }
  return 0;
}
