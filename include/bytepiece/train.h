// Trains a vocabulary by new-word discovery: an n-gram model over bytes cuts the corpus where its bytes
// hold together least; the pieces so found are counted, and those that the rest can spell better are
// dropped. src/train/train.cc walks through the stages.
//
// Part of bytepiece::train. Thread rule: any number of calls at a time.
#pragma once

#include <bytepiece/corpus.h>
#include <bytepiece/vocab.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bytepiece {

inline constexpr int kMaxOrder = 8;                    // an n-gram fits a 64-bit word
inline constexpr std::size_t kMinVocabSize = 256 + 3;  // every single byte and the reserved ids
inline constexpr std::size_t kMinSample = 4'000'000, kMaxSample = 2'147'483'647;
inline constexpr std::uint64_t kMinMemory = 16'000'000;
inline constexpr std::size_t kMaxChosenPiece = 256;  // bytes

struct TrainOptions {
  // --- These change the model. ---
  std::vector<std::size_t> vocab_sizes = {10000};  // at most so many ids, reserved ones included
  int order = 6;                                   // longest n-gram, 1..kMaxOrder bytes
  std::uint64_t min_count = 2;                     // rarer n-grams and pieces are dropped; at least 1
  std::size_t max_piece_length = 36;               // bytes; at least 1
  bool isolate_digits = false;                     // every digit is a piece of its own
  bool ensure_unicode = true;                      // no piece begins inside a UTF-8 character
  std::vector<std::string> special_tokens = {};    // take ids of vocab_sizes, behind those of the pieces

  bool repair_dead_zones = false;  // a rare character does not shred the rest of its line into single bytes
  bool keep_characters = false;    // characters stay by how often they occur in all pieces, not alone

  // Instead of discovering words, choose the pieces with which text takes the fewest tokens. See
  // src/train/COMPRESSION.md for what that gains. Then
  //   order             has no meaning; the two repairs above, and work_dir, are refused
  //   min_count         is how often a substring that may become a piece occurs in the corpus, as far as the
  //                     sample tells; in the sample it is at least 5 times
  //   max_piece_length  is at most kMaxChosenPiece: every place is looked at with all pieces that start there
  bool fewest_tokens = false;
  // Bytes of text that the choice looks at, kMinSample..kMaxSample: taken evenly from a larger corpus. Takes
  // 14 bytes of memory a byte, more with many threads or for large vocabularies. Counts are those of the
  // whole corpus, and their mean is added to each, so that encoding finds nearly the fewest tokens
  // (train.added_to_counts in data/FORMAT.md).
  std::size_t sample = 128'000'000;

  // --- These change only time and memory, never a byte of the result. ---
  int threads = 0;  // 0: all cores
  // Bytes, at least kMinMemory; what does not fit goes to tmp_dir, but is refused with fewest_tokens. 0: as
  // much as is needed.
  std::uint64_t memory = 0;
  std::filesystem::path tmp_dir = {};  // for what does not fit into memory; empty: the system's
  // Where finished parts of the counts are kept, so that a run that was stopped or killed continues with
  // them; empty: nothing is kept. Needs a corpus with an identity. See src/train/work_folder.h.
  std::filesystem::path work_dir = {};
};

struct Progress {
  std::string_view stage;   // "count n-grams", ...
  std::uint64_t done = 0;   // of total: in the corpus's unit while it is read, in bytes of counts while these
                            // are merged, in pieces while these are pruned
  std::uint64_t total = 0;  // 0: unknown
  std::string_view found;   // at the end of a stage, what it found, for people; valid during the call only
};
using ProgressCallback = std::function<void(const Progress&)>;  // runs on the calling thread

// One Vocab per entry of options.vocab_sizes, in the same order. A smaller size continues from the next
// larger one, so it may differ from the same size trained alone. Throws Error: an option is out of
// range or has no meaning beside another, the corpus is empty or cannot be read, a disk is full, work_dir
// belongs to another run. What on_progress throws passes through; it is called several times a second as long
// as text flows, seldom but still while counts are merged.
std::vector<Vocab> train(const Corpus& corpus, const TrainOptions& options = {},
                         const ProgressCallback& on_progress = {});

}  // namespace bytepiece
