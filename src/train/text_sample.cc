// Tested by tests/text_sample_test.cc.
#include "train/text_sample.h"

#include <algorithm>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace bytepiece {

void TextSampler::add(std::string_view chunk, std::uint32_t weight) {
  seen_bytes_ += chunk.size();
  const std::uint64_t run = chunks_++ / kRun;
  const std::uint64_t hash = XXH3_64bits(&run, sizeof run) >> 1;
  if (hash >= threshold_) return;
  if (runs_.empty() || runs_.back().hash != hash || runs_.back().weight != weight) {
    runs_.push_back({hash, weight, text_.size(), text_.size()});
  }
  text_ += chunk;
  text_ += separator_;
  runs_.back().end = text_.size();
  if (text_.size() > most_bytes_ + most_bytes_ / 2) drop_excess();
}

TextSample TextSampler::take() {
  drop_excess();
  text_.shrink_to_fit();
  TextSample sample{std::move(text_), {}};
  for (const Run& run : runs_) {
    if (!sample.weights.empty() && sample.weights.back().weight == run.weight) sample.weights.pop_back();
    sample.weights.push_back({run.end, run.weight});
  }
  return sample;
}

void TextSampler::drop_excess() {
  if (text_.size() <= most_bytes_) return;
  std::vector<Run> by_hash = runs_;
  std::sort(by_hash.begin(), by_hash.end(), [](const Run& a, const Run& b) { return a.hash < b.hash; });
  std::size_t bytes = 0;
  for (const Run& run : by_hash) {
    bytes += run.end - run.begin;
    if (bytes > most_bytes_) {
      threshold_ = run.hash;
      break;
    }
  }
  std::size_t used = 0;
  std::erase_if(runs_, [&](const Run& run) { return run.hash >= threshold_; });
  for (Run& run : runs_) {
    const std::size_t size = run.end - run.begin;
    if (used != run.begin) text_.replace(used, size, text_, run.begin, size);
    run.begin = used;
    run.end = used += size;
  }
  text_.resize(used);
}

}  // namespace bytepiece
