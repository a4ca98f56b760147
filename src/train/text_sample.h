// A part of a corpus that stands for all of it: what is looked at again and again has to be in memory.
//
// The chunks come in the order of the corpus, and kRun of them after one another stay together, as they are
// often of one document. The number of a run is hashed, and runs whose hash is below a threshold are taken.
// When they no longer fit, those with the largest hashes go, and the threshold becomes the least hash of
// these, so nothing has to be known beforehand:
//
//   hash of runs   12  200  31  77  5 ...     threshold 256: all;  200: 12, 31, 77, 5;  77: 12, 31, 5
//
// So runs of all places of the corpus are taken alike, and as many as fit in the order of their hashes: the
// sample is short of its size by less than one run, or holds all there is. It depends on the corpus and on
// its own size only.
//
// Costs: linear but for sorting the runs' hashes, as runs are dropped only when half the size has come in
// since; one and a half times the sample's size, twice that while the text moves to a larger place.
// Thread rule: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bytepiece {

struct TextSample {
  std::string text;  // chunks, with a separator behind each
  struct Weight {
    std::size_t end;  // in the text, of a stretch whose chunks all have this weight
    std::uint32_t weight;
  };
  std::vector<Weight> weights;
};

class TextSampler {
 public:
  TextSampler(std::size_t most_bytes, char separator) : most_bytes_(most_bytes), separator_(separator) {}

  // In the order of the corpus.
  void add(std::string_view chunk, std::uint32_t weight = 1);

  std::uint64_t seen_bytes() const { return seen_bytes_; }  // of all chunks
  std::size_t bytes() const { return text_.size(); }        // of the sample so far
  TextSample take();

 private:
  static constexpr std::uint64_t kRun = 32;

  void drop_excess();

  struct Run {
    std::uint64_t hash;
    std::uint32_t weight;
    std::size_t begin, end;  // in text_
  };
  std::size_t most_bytes_;
  char separator_;
  std::uint64_t chunks_ = 0, seen_bytes_ = 0;
  std::uint64_t threshold_ = std::numeric_limits<std::uint64_t>::max();  // above all hashes
  std::string text_;
  std::vector<Run> runs_;
};

}  // namespace bytepiece
