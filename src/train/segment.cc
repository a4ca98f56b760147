// Tested by tests/segment_test.cc.
#include "train/segment.h"

#include <algorithm>
#include <array>
#include <limits>

#include "text/utf8.h"

namespace bytepiece {
namespace {

constexpr double kImpossible = -std::numeric_limits<double>::infinity();
constexpr std::uint8_t kFromItself = 0x80;

}  // namespace

template <int kOrder>
void Segmenter::forward(std::string_view chunk) {
  constexpr auto kStates = static_cast<std::size_t>(kOrder);
  std::array<double, kStates> best{}, next{};
  best.fill(kImpossible);
  best[0] = 0;  // "before the first byte"; only state 0 can follow, for only it has a known n-gram
  Ngram ngram = 0;
  int known = 0;  // length of the longest known n-gram that ends at this byte
  for (std::size_t i = 0; i < chunk.size(); ++i) {
    ngram = ngram_append(ngram, chunk[i]);
    known = std::min(known + 1, kOrder);
    const double* values;
    while (!(values = model_.find(known, ngram & ngram_mask(known)))) --known;

    const bool may_begin = !(ensure_unicode_ && is_continuation(chunk[i]));
    const double first = may_begin ? values[0] : kImpossible;
    next[0] = kImpossible;
    std::uint8_t origin = 0;
    for (std::size_t state = 0; state < kStates; ++state) {
      const double candidate = best[state] + first;
      origin = candidate > next[0] ? static_cast<std::uint8_t>(state) : origin;
      next[0] = candidate > next[0] ? candidate : next[0];
    }
    for (std::size_t state = 1; state < kStates; ++state) {
      next[state] = best[state - 1] + (state < static_cast<std::size_t>(known) ? values[state] : kImpossible);
    }
    if constexpr (kStates > 1) {
      const double stay = best[kStates - 1] + (kOrder == known ? values[kStates - 1] : kImpossible);
      if (stay > next[kStates - 1]) {
        next[kStates - 1] = stay;
        origin |= kFromItself;
      }
    }
    origins_[i] = origin;
    best = next;
  }
  last_state_ = static_cast<std::size_t>(std::max_element(best.begin(), best.end()) - best.begin());
}

const std::vector<std::string_view>& Segmenter::segment(std::string_view chunk) {
  using Forward = void (Segmenter::*)(std::string_view);
  static constexpr std::array<Forward, kMaxOrder> kForward = {
      &Segmenter::forward<1>, &Segmenter::forward<2>, &Segmenter::forward<3>, &Segmenter::forward<4>,
      &Segmenter::forward<5>, &Segmenter::forward<6>, &Segmenter::forward<7>, &Segmenter::forward<8>};
  origins_.resize(chunk.size());
  (this->*kForward[static_cast<std::size_t>(model_.order() - 1)])(chunk);

  pieces_.clear();
  const auto last = static_cast<std::size_t>(model_.order() - 1);
  std::size_t state = last_state_;
  for (std::size_t i = chunk.size(), end = i; i-- > 0;) {
    if (state == 0) {
      pieces_.push_back(chunk.substr(i, end - i));
      end = i;
      state = origins_[i] & ~kFromItself;
    } else if (state != last || (origins_[i] & kFromItself) == 0) {
      --state;
    }
  }
  return pieces_;
}

}  // namespace bytepiece
