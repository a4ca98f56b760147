// Property: any bytes are either refused as a native model with an Error of one line that names the file, or
// they are a model with which texts can be encoded: ids are below their end, or there is an Error. Checksums
// are made right first, so that changes get past them, but for every fourth input.
#include <bytepiece/tokenizer.h>

#include <string>
#include <string_view>
#include <vector>

#include "fuzz/target.h"
#include "golden_data.h"
#include "model_bytes.h"
#include "support.h"

namespace bytepiece {
namespace {

std::string file_bytes(const reference::Counts& counts, const std::vector<std::string>& tokens) {
  const testing::TemporaryFolder folder;
  Tokenizer(testing::vocab_of(counts).with_special_tokens(tokens).with_metadata({{"a", "b"}}))
      .save(folder / "a");
  return golden::read_bytes(folder / "a");
}

void use(const Tokenizer& tokenizer) {
  std::vector<Id> ids;
  for (const std::string& text :
       {std::string("ab\n\nab\xE4\xBD\xA0\xFF"), std::string(40, 'a'), std::string()}) {
    tokenizer.encode(text, {}, ids);
  }
  for (const Id id : ids) fuzz::require(id < tokenizer.vocab().size(), "ids are those of the vocabulary");
}

}  // namespace

std::vector<std::string> fuzz::seeds() {
  return {"", file_bytes({}, {}), file_bytes({{"ab", 17}, {"\xE4\xBD\xA0", 500}, {"\n\n", 2}}, {"<s>"}),
          file_bytes({{"aaaaaaaaaaaa", 99}, {"\xFF\xFF", 99}}, {})};
}

}  // namespace bytepiece

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bytepiece;
  static const testing::TemporaryFolder folder;
  const std::string path = folder / "model";
  testing::ModelBytes model(std::string(reinterpret_cast<const char*>(data), size));
  if (size > 100 && data[size / 2] % 4 != 0) {
    const auto sections = static_cast<unsigned char>(model.bytes()[12]);
    if (model.bytes().substr(13, 3) == std::string(3, '\0') && 48u + 32u * sections <= size) {
      model.correct_checksums();
    }
  }
  model.write(path);
  try {
    const Tokenizer tokenizer = Tokenizer::load(path);
    try {
      use(tokenizer);
    } catch (const Error&) {
    }
  } catch (const Error& error) {
    const std::string_view message = error.what();
    fuzz::require(message.starts_with(path + ": "), "the message names the file");
    fuzz::require(message.find('\n') == message.npos, "the message is one line");
  }
  return 0;
}
