// Property: any bytes are either refused as a model with an Error of one line that names the file, or they
// are a vocabulary that keeps its invariants and that saving and loading does not change.
#include <bytepiece/vocab.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "fuzz/target.h"
#include "support.h"

namespace bytepiece {
namespace {

void check(const Vocab& vocab) {
  std::uint64_t total = 0;
  for (Id id = kFirstPiece; id < vocab.size(); ++id) {
    fuzz::require(vocab.find(vocab.bytes(id)) == id, "a piece is found under its id");
    fuzz::require(vocab.count(id) > 0, "counts are positive");
    total += vocab.count(id);
  }
  for (Id byte = 0; byte < 256; ++byte) {
    fuzz::require(vocab.bytes(kFirstPiece + byte) == std::string(1, static_cast<char>(byte)),
                  "all bytes are pieces");
  }
  fuzz::require(vocab.total() == total, "the total is the sum of counts");
}

}  // namespace

std::vector<std::string> fuzz::seeds() {
  using testing::vocab_of;
  return {"",
          "{}",
          "{\"AA==\": [3, \"\", 1]}",
          testing::file_of(vocab_of({})),
          testing::file_of(vocab_of({{"ab", 17}, {"\xE4\xBD\xA0", 5}, {"\n\n", 2}})),
          testing::file_of(vocab_of({{"\"\\", 1u << 31}, {"\xFF\xFF", 99}}))};
}

}  // namespace bytepiece

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bytepiece;
  static const testing::TemporaryFolder folder;
  const std::string path = folder / "model";
  testing::write_bytes(path, {reinterpret_cast<const char*>(data), size});
  try {
    const Vocab vocab = Vocab::load(path);
    check(vocab);
    vocab.save(path + ".json");
    fuzz::require(testing::counts_of(Vocab::load(path + ".json")) == testing::counts_of(vocab),
                  "save and load keep it");
  } catch (const Error& error) {
    const std::string_view message = error.what();
    fuzz::require(message.starts_with(path + ": "), "the message names the file");
    fuzz::require(message.find('\n') == message.npos, "the message is one line");
  }
  return 0;
}
