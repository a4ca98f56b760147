// Property: whatever the text, all forms and a stream give it the same ids, these decode to the text in NFC,
// the pieces are the oracle's, and the text in NFC has the same ids.
#include <bytepiece/encode_stream.h>
#include <bytepiece/tokenizer.h>

#include <string>
#include <vector>

#include "fuzz/target.h"
#include "reference.h"
#include "support.h"

namespace bytepiece {
namespace {

const reference::Counts& pieces() {
  static const reference::Counts counts = testing::with_all_bytes({{"a", 64},
                                                                   {"b", 32},
                                                                   {"ab", 32},
                                                                   {"ba", 16},
                                                                   {"aa", 8},
                                                                   {"aba", 8},
                                                                   {"\n", 16},
                                                                   {"\n\n", 4},
                                                                   {"a\n", 8},
                                                                   {"--", 64},
                                                                   {"---", 32},
                                                                   {"-----", 8},
                                                                   {"\xE4\xBD\xA0", 8},
                                                                   {"\xE4\xBD", 8},
                                                                   {"\xC3\xA9", 8},
                                                                   {"\xFF\xFF", 4}});
  return counts;
}

}  // namespace

std::vector<std::string> fuzz::seeds() {
  std::vector<std::string> texts = testing::adversarial_texts();
  texts.insert(texts.end(),
               {"abaabab\n\nba", "-----------", "a\xE4\xBD\xA0\xE4\xBD\xFF\xFF\xFF", "aaaaaaaabbbbbbbb"});
  return texts;
}

}  // namespace bytepiece

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bytepiece;
  static const std::vector<Tokenizer> tokenizers = [] {
    std::vector<Tokenizer> all;
    for (const Form form : testing::supported_forms()) {
      all.push_back(tokenizer_with_form(testing::vocab_of(pieces()), form));
    }
    return all;
  }();
  const Tokenizer& tokenizer = tokenizers.back();
  static const reference::PieceScores scores = reference::piece_scores(pieces());
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string nfc = reference::normalize(text);
  const std::vector<Id> ids = tokenizer.encode(text);
  for (const Tokenizer& each : tokenizers)
    fuzz::require(each.encode(text) == ids, "all forms give the same ids");
  fuzz::require(tokenizer.decode(ids) == nfc, "decode(encode(x)) is NFC(x)");
  fuzz::require(tokenizer.encode(nfc) == ids, "NFC(x) has the ids of x");
  static EncodeStream stream(tokenizer);
  std::vector<Id> streamed;
  for (std::size_t at = 0; at < size; at += 5) stream.write(std::string_view(text).substr(at, 5), streamed);
  stream.finish(streamed);
  fuzz::require(streamed == ids, "a stream gives the ids of the whole");
  const auto found = tokenizer.pieces(text);
  const auto expected = reference::encode(scores, text);
  fuzz::require(std::vector<std::string>(found.begin(), found.end()) == expected,
                "the pieces are the oracle's");
  return 0;
}
