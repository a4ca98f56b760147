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

// One step of the search: from the best sums at the byte before to those at this byte.
template <int kOrder>
class Step {
 public:
  static constexpr auto kStates = static_cast<std::size_t>(kOrder);

  Step() {
    best_.fill(kImpossible);
    best_[0] = 0;  // before the first byte; from here only state 0 has a known n-gram
  }

  // Returns the byte's origin.
  std::uint8_t advance(const NgramModel::Found& found, bool may_begin) {
    const auto known = static_cast<std::size_t>(found.length);
    const auto score = [&](std::size_t state) { return state < known ? found.values[state] : kImpossible; };
    std::array<double, kStates> next;
    std::uint8_t origin = 0;
    const double first = may_begin ? found.values[0] : kImpossible;
    next[0] = kImpossible;
    for (std::size_t state = 0; state < kStates; ++state) {
      const double sum = best_[state] + first;
      origin = sum > next[0] ? static_cast<std::uint8_t>(state) : origin;
      next[0] = sum > next[0] ? sum : next[0];
    }
    for (std::size_t state = 1; state < kStates; ++state) next[state] = best_[state - 1] + score(state);
    if constexpr (kStates > 1) {
      const double stay = best_[kStates - 1] + score(kStates - 1);
      if (stay > next[kStates - 1]) {
        next[kStates - 1] = stay;
        origin |= kFromItself;
      }
    }
    best_ = next;
    return origin;
  }

  std::size_t best_state() const {  // the smallest of the best
    return static_cast<std::size_t>(std::max_element(best_.begin(), best_.end()) - best_.begin());
  }

 private:
  std::array<double, kStates> best_;
};

}  // namespace

template <int kOrder>
std::size_t Segmenter::forward(std::string_view chunk) {
  constexpr std::size_t kBlock = 64;  // so many look-ups are under way together
  std::array<NgramModel::Sought, kBlock> sought;
  Step<kOrder> step;
  Ngram last = 0;
  for (std::size_t begin = 0; begin < chunk.size(); begin += kBlock) {
    const std::size_t end = std::min(chunk.size(), begin + kBlock);
    for (std::size_t i = begin; i < end; ++i) {
      last = ngram_append(last, chunk[i]);
      const int most = i < static_cast<std::size_t>(kOrder) ? static_cast<int>(i) + 1 : kOrder;
      sought[i - begin] = model_.seek(last, most);
    }
    for (std::size_t i = begin; i < end; ++i) {
      const bool may_begin = !(ensure_unicode_ && is_continuation(chunk[i]));
      origins_[i] = step.advance(model_.found(sought[i - begin]), may_begin);
    }
  }
  return step.best_state();
}

const std::vector<std::string_view>& Segmenter::segment(std::string_view chunk) {
  using Forward = std::size_t (Segmenter::*)(std::string_view);
  static constexpr std::array<Forward, kMaxOrder> kForward = {
      &Segmenter::forward<1>, &Segmenter::forward<2>, &Segmenter::forward<3>, &Segmenter::forward<4>,
      &Segmenter::forward<5>, &Segmenter::forward<6>, &Segmenter::forward<7>, &Segmenter::forward<8>};
  origins_.resize(chunk.size());

  pieces_.clear();
  const auto last = static_cast<std::size_t>(model_.order() - 1);
  std::size_t state = (this->*kForward[last])(chunk);
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
