// Property: any bytes are either refused as a SentencePiece model, or they are a vocabulary (imports.h).
#include "model/sentencepiece_file.h"

#include "fuzz/imports.h"

namespace bytepiece {

std::vector<std::string> fuzz::seeds() { return exported_seeds(write_sentencepiece); }

}  // namespace bytepiece

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bytepiece;
  fuzz::check_import(data, size, read_sentencepiece, write_sentencepiece);
  return 0;
}
