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

  bool is_dead() const {
    return std::all_of(best_.begin(), best_.end(), [](double sum) { return sum == kImpossible; });
  }

  std::size_t best_state() const {  // the smallest of the best
    return static_cast<std::size_t>(std::max_element(best_.begin(), best_.end()) - best_.begin());
  }

 private:
  std::array<double, kStates> best_;
};

}  // namespace

template <int kOrder>
Segmenter::End Segmenter::forward(std::string_view chunk) {
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
      if (repair_dead_zones_ && !may_begin && step.is_dead()) return {i, 0};
    }
  }
  return {chunk.size(), step.best_state()};
}

Segmenter::End Segmenter::forward_any(std::string_view chunk) {
  using Forward = End (Segmenter::*)(std::string_view);
  static constexpr std::array<Forward, kMaxOrder> kForward = {
      &Segmenter::forward<1>, &Segmenter::forward<2>, &Segmenter::forward<3>, &Segmenter::forward<4>,
      &Segmenter::forward<5>, &Segmenter::forward<6>, &Segmenter::forward<7>, &Segmenter::forward<8>};
  return (this->*kForward[static_cast<std::size_t>(model_.order() - 1)])(chunk);
}

void Segmenter::trace(std::string_view chunk, std::size_t state) {
  const auto last = static_cast<std::size_t>(model_.order() - 1);
  for (std::size_t i = chunk.size(), end = i; i-- > 0;) {
    if (state == 0) {
      pieces_.push_back(chunk.substr(i, end - i));
      end = i;
      state = origins_[i] & ~kFromItself;
    } else if (state != last || (origins_[i] & kFromItself) == 0) {
      --state;
    }
  }
}

// Stretch by stretch, each up to a dead character.
void Segmenter::segment_repaired(std::string_view chunk) {
  std::vector<std::string_view> pieces;  // from the first to the last
  while (!chunk.empty()) {
    End end = forward_any(chunk);
    std::size_t behind = end.size;
    if (end.size < chunk.size()) {
      while (end.size > 0 && is_continuation(chunk[end.size])) --end.size;  // where the dead character begins
      while (behind < chunk.size() && is_continuation(chunk[behind])) ++behind;
      end.state = end.size > 0 ? forward_any(chunk.substr(0, end.size)).state : 0;
    }
    pieces_.clear();
    trace(chunk.substr(0, end.size), end.state);
    pieces.insert(pieces.end(), pieces_.rbegin(), pieces_.rend());
    for (std::size_t i = end.size; i < behind; ++i) pieces.push_back(chunk.substr(i, 1));
    chunk.remove_prefix(behind);
  }
  pieces_.assign(pieces.rbegin(), pieces.rend());
}

const std::vector<std::string_view>& Segmenter::segment(std::string_view chunk) {
  origins_.resize(std::max(origins_.size(), chunk.size()));
  pieces_.clear();
  if (repair_dead_zones_) {
    segment_repaired(chunk);
  } else {
    trace(chunk, forward_any(chunk).state);
  }
  return pieces_;
}

}  // namespace bytepiece
