// Chooses pieces from many candidates so that a text takes few tokens.
//
//   all candidates ─▶ drop a seventh, those that cost least ─▶ ... ─▶ size ─▶ exchange ─▶ size
//                         │ ▲ again                                        add the unused that gain
//                         ▼ │                                              most, drop down again
//         cut the text with what is left; each token is charged with its loss (appraiser.h)
//
// Costs of pieces while choosing are nearly all the same (fewest tokens): counts are flattened, so that of
// two segmentations with as many tokens the one with the more frequent pieces wins.
//
// Losses are not simply added up. A piece that saves much in one place and nothing elsewhere (a licence, a
// table) would win over one that is of use everywhere, and text that was not seen pays for it. So the text is
// dealt to kBlocks blocks in stretches of kStretch bytes, as cards are, and a piece counts for what it can be
// counted on to save in other text, a lower bound of confidence:
//
//   sum of the blocks' losses  -  kDoubt * sqrt(sum of their squares)
//
//   losses 10 10 10 10 ... 10    240 - 0.9 *  49 = 196
//          0 240 0  0  ... 0     240 - 0.9 * 240 =  24
//
// The root is the standard error of the sum, taking it that each block might as well have had none.
//
// A loss counts the more, the more tokens its chunk takes for its bytes: what is shortened is the sum of
// squares, tokens * tokens / bytes, so that small languages are not left behind by those that fill the
// corpus.
//
// Letters of a script that the text has little of save nothing in it, as the few words they occur in are
// pieces; but other text of that script would fall apart into bytes. So the 64 most frequent characters of
// each script stay, for at most a 16th of the pieces. What each of these parts is worth, and what was tried
// without gain, is in COMPRESSION.md.
//
// Losses are integers, and a block is one thread's, so the result does not depend on the number of threads.
// Ties: the more frequent piece stays, then the first in the order of bytes.
//
// Costs: about 0.05 s a megabyte and round on one core, 23 rounds from 500k candidates to 32k pieces. Memory:
// see Selection::bytes(). Thread rule: one thread at a time; works with as many as there are blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "train/appraiser.h"
#include "train/repeats.h"
#include "train/text_sample.h"

namespace bytepiece {

class Selection {
 public:
  // The sample holds chunks of at most 40100 bytes with the separator behind each; the repeats are its
  // text's. Both must outlive this object. A loss in a chunk counts as often as the chunk's weight says.
  Selection(const TextSample& sample, char separator, const Repeats& repeats, std::size_t threads);

  // Of memory at most, for that many repeats, theirs included, and appraisers of that many bytes.
  static std::uint64_t bytes(std::uint64_t repeats, std::uint64_t of_appraiser, std::size_t threads);

  // Drops pieces until at most `size` are left, single bytes included. REQUIRES: size >= 256.
  void shrink(std::size_t size);

  struct Chosen {
    std::uint32_t repeat;
    std::uint64_t count;  // in the segmentation with the fewest tokens
  };
  std::vector<Chosen> chosen() const;  // in the order of repeats; all single bytes are among them

  std::function<void(std::size_t pieces)>
      on_round;  // on the calling thread, before the text is cut; may be empty

 private:
  struct Sums {
    std::vector<std::uint64_t> counts;  // by repeat
    std::vector<std::int64_t> scores;   // by repeat
  };
  enum class Ask { kCounts, kLosses, kGains };

  std::size_t used() const;
  PieceTable table(bool with_unused) const;
  Sums ask(Ask what) const;
  void drop_to(std::size_t size);
  void add_unused(std::size_t number);
  // The `number` best of the repeats, single bytes apart.
  std::vector<std::uint32_t> best_of(std::vector<std::uint32_t> repeats, std::size_t number,
                                     const std::vector<std::int64_t>& scores) const;

  const TextSample& sample_;
  char separator_;
  const Repeats& repeats_;
  std::size_t threads_;
  std::vector<std::uint32_t> letters_;  // repeats that stay, the first of them in small vocabularies
  std::vector<std::uint8_t> used_;      // by repeat
  std::vector<std::uint64_t>
      counts_;  // by repeat: how often it was in the last segmentation that could have it
};

}  // namespace bytepiece
