// Tested by tests/text_sample_test.cc.
#include "train/text_sample.h"

#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace bytepiece {

void TextSampler::add(std::string_view chunk, std::uint32_t weight) {
  seen_bytes_ += chunk.size();
  const std::uint64_t run = chunks_++ / kRun;
  const std::uint64_t hash = XXH3_64bits(&run, sizeof run);
  if (hash > threshold_) return;
  if (runs_.empty() || runs_.back().hash != hash || runs_.back().weight != weight) {
    runs_.push_back({hash, weight, 0});
  }
  text_ += chunk;
  text_ += separator_;
  runs_.back().end = text_.size();
  while (text_.size() > most_bytes_ && threshold_ > 0) halve();
}

TextSample TextSampler::take() {
  TextSample sample{std::move(text_), {}};
  for (const Run& run : runs_) {
    if (!sample.weights.empty() && sample.weights.back().weight == run.weight) sample.weights.pop_back();
    sample.weights.push_back({run.end, run.weight});
  }
  return sample;
}

void TextSampler::halve() {
  threshold_ /= 2;
  std::size_t begin = 0, used = 0, kept = 0;
  for (const Run run : runs_) {
    const std::size_t size = run.end - begin;
    if (run.hash <= threshold_) {
      if (used != begin) text_.replace(used, size, text_, begin, size);
      used += size;
      runs_[kept++] = {run.hash, run.weight, used};
    }
    begin = run.end;
  }
  text_.resize(used);
  runs_.resize(kept);
}

}  // namespace bytepiece
