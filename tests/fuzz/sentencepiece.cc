// Property: any bytes are either refused as a SentencePiece model with an Error of one line, or they are a
// vocabulary whose ids are told, and that can be exported again or is refused with an Error.
#include "model/sentencepiece_file.h"

#include <string>
#include <string_view>

#include "fuzz/target.h"
#include "golden_data.h"
#include "support.h"

namespace bytepiece {
namespace {

std::string exported(const Vocab& vocab) {
  static const testing::TemporaryFolder folder;
  OutputFile file(folder / "a");
  write_sentencepiece(vocab, file);
  file.commit();
  return golden::read_bytes(folder / "a");
}

}  // namespace

std::vector<std::string> fuzz::seeds() {
  using testing::vocab_of;
  const std::vector<std::string> tokens = {"<sep>", "<\xE4\xBD\xA0>"};
  return {"", exported(vocab_of({})),
          exported(vocab_of({{"ab", 17}, {" a", 5}, {"\n\n", 2}}).with_special_tokens(tokens)),
          exported(vocab_of({{"\xFF\xFF", 99}, {"\xE4\xBD\xA0", 3}}))};
}

}  // namespace bytepiece

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bytepiece;
  try {
    const Imported imported = read_sentencepiece({reinterpret_cast<const char*>(data), size});
    for (const auto& [ours, theirs] : imported.ids) {
      fuzz::require(ours < imported.vocab.id_count(), "ids are those of the vocabulary");
    }
    exported(imported.vocab);
  } catch (const Error& error) {
    fuzz::require(std::string_view(error.what()).find('\n') == std::string_view::npos,
                  "the message is one line");
  }
  return 0;
}
