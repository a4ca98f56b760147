// What the fuzz targets of imported formats share: texts to begin with, and the property.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/target.h"
#include "golden_data.h"
#include "model/imported.h"
#include "support.h"

namespace bytepiece::fuzz {

// The bytes that write(vocab, file) exports.
template <class Write>
std::string exported(const Vocab& vocab, const Write& write) {
  static const testing::TemporaryFolder folder;
  OutputFile file(folder / "a");
  write(vocab, file);
  file.commit();
  return golden::read_bytes(folder / "a");
}

template <class Write>
std::vector<std::string> exported_seeds(const Write& write) {
  using testing::vocab_of;
  const std::vector<std::string> tokens = {"<sep>", "<\xE4\xBD\xA0>"};
  return {"", exported(vocab_of({}), write),
          exported(vocab_of({{"ab", 17}, {" a", 5}, {"\n\n", 2}}).with_special_tokens(tokens), write),
          exported(vocab_of({{"\xFF\xFF", 99}, {"\xE4\xBD\xA0", 3}}), write)};
}

// Either the bytes are refused with an Error of one line, or they are a vocabulary whose ids are told, and
// that can be exported again or is refused with an Error.
template <class Read, class Write>
void check_import(const std::uint8_t* data, std::size_t size, const Read& read, const Write& write) {
  try {
    const Imported imported = read(std::string_view(reinterpret_cast<const char*>(data), size));
    for (const auto& [ours, theirs] : imported.ids) {
      require(ours < imported.vocab.id_count(), "ids are those of the vocabulary");
    }
    exported(imported.vocab, write);
  } catch (const Error& error) {
    require(std::string_view(error.what()).find('\n') == std::string_view::npos, "the message is one line");
  }
}

}  // namespace bytepiece::fuzz
