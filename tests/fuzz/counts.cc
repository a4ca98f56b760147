// Property: any bytes as the entries of a count file whose checksums are right are refused with an Error, or
// make an n-gram model that cuts text, or a vocabulary.
//
// The first byte is the order and the kind; the rest is a frame of entries (train/count_run.h).
#include <bytepiece/train.h>

#include <string>
#include <string_view>

#include "fuzz/target.h"
#include "support.h"
#include "train/count_run.h"
#include "train/prune.h"
#include "train/segment.h"
#include "train/stages.h"

namespace bytepiece {
namespace {

constexpr std::string_view kText = "the cat sat on the mat\nthe \xE4\xBD\xA0\xE5\xA5\xBD\xFF aaaaaaa";

void use_as_ngrams(const CountRun& run, int order) {
  const NgramModel model = ngram_model({run}, {.order = order, .min_count = 1}, "a text", {});
  Segmenter segmenter(model, true);
  std::size_t bytes = 0;
  for (const std::string_view piece : segmenter.segment(kText)) bytes += piece.size();
  fuzz::require(bytes == kText.size(), "pieces are the text");
}

void use_as_pieces(const CountRun& run) {
  const std::vector<Vocab> vocabs = prune({run}, {.vocab_sizes = {270, 300}, .min_count = 1}, 1, {});
  fuzz::require(vocabs[0].size() <= 270 && vocabs[1].size() <= 300, "vocabularies keep to their sizes");
}

std::string entries_of(const reference::Counts& counts) {
  CountRun run;
  EntryWriter<std::string> writer(run.entries);
  for (const auto& [key, count] : counts) writer.append(key, count);
  return run.entries;
}

}  // namespace

std::vector<std::string> fuzz::seeds() {
  std::vector<std::string> result = {""};
  for (const char kind : {'\x01', '\x02', '\x05', '\x10', '\x17'}) {
    result.push_back(std::string(1, kind) + entries_of({{"a", 7}, {"ab", 300}, {"b", 5}, {"ba", 9}}));
    result.push_back(std::string(1, kind) +
                     entries_of({{"aaa", 7}, {"aab", 1u << 31}, {"aba", 5}, {"baa", 9}}));
    result.push_back(std::string(1, kind) + entries_of({{"a", ~std::uint64_t{0} - 600}, {"the cat", 1}}));
    result.push_back(std::string(1, kind) +
                     entries_of({{"\n\n", 7}, {"a\n", 7}, {"a\nb", 1}, {std::string(40, 'x'), 3}}));
  }
  return result;
}

}  // namespace bytepiece

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bytepiece;
  if (size == 0) return 0;
  CountRun run;
  run.entries.assign(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    if ((data[0] & 0x10) != 0) {
      use_as_pieces(run);
    } else {
      use_as_ngrams(run, data[0] % kMaxOrder + 1);
    }
  } catch (const Error& error) {
    fuzz::require(std::string_view(error.what()).find('\n') == std::string_view::npos,
                  "the message is one line");
  }
  return 0;
}
