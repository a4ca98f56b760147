// Tested by tests/count_pool_test.cc.
#include "train/count_pool.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <numeric>
#include <utility>

namespace bytepiece {
namespace {

constexpr std::size_t kMostFiles = 64;  // of a level; then they are merged into one of the next

constexpr std::size_t kFanIn = 4;  // so many runs of a size become one of the next

// Runs of one level have about the same size: within a factor of kFanIn.
auto level(const CountRun& run) { return std::bit_width(run.entries.size()) / std::bit_width(kFanIn - 1); }

}  // namespace

template <class Key>
void CountPool<Key>::add(CountRun run) {
  std::unique_lock lock(mutex_);
  for (;;) {
    runs_.push_back(std::move(run));
    const std::vector<CountRun> alike = take_alike();
    if (alike.empty()) break;
    lock.unlock();
    run = merge_in_memory<Key>(alike);
    lock.lock();
  }
  const Excess excess = take_excess();
  if (excess.runs.empty()) return;
  lock.unlock();
  CountRun file = spilled(excess.runs);
  lock.lock();
  if (files_.size() <= excess.level) files_.resize(excess.level + 1);
  files_[excess.level].push_back(std::move(file));
}

// The runs of the last run's level when there are enough of them to merge; taken out.
template <class Key>
std::vector<CountRun> CountPool<Key>::take_alike() {
  const auto others =
      std::partition(runs_.begin(), runs_.end(),
                     [&, last = level(runs_.back())](const CountRun& run) { return level(run) != last; });
  if (runs_.end() - others < static_cast<std::ptrdiff_t>(kFanIn)) return {};
  std::vector<CountRun> alike(std::make_move_iterator(others), std::make_move_iterator(runs_.end()));
  runs_.erase(others, runs_.end());
  return alike;
}

// The runs in memory when they are too large, or the files of a level when they are too many; taken out.
template <class Key>
typename CountPool<Key>::Excess CountPool<Key>::take_excess() {
  for (std::size_t level = 0; level < files_.size(); ++level) {
    if (files_[level].size() >= kMostFiles) return {std::exchange(files_[level], {}), level + 1};
  }
  const std::size_t held =
      std::accumulate(runs_.begin(), runs_.end(), std::size_t{0},
                      [](std::size_t sum, const CountRun& run) { return sum + run.entries.size(); });
  if (held > limits_.most_bytes) return {std::exchange(runs_, {}), 0};
  return {};
}

template <class Key>
CountRun CountPool<Key>::spilled(const std::vector<CountRun>& runs) const {
  CountFileWriter writer = CountFileWriter::unnamed(limits_.folder);
  merge_into<Key>(runs, writer);
  return {{}, writer.finish()};
}

template <class Key>
std::vector<CountRun> CountPool<Key>::take() {
  std::vector<CountRun> all = std::exchange(runs_, {});
  for (std::vector<CountRun>& level : std::exchange(files_, {})) {
    std::move(level.begin(), level.end(), std::back_inserter(all));
  }
  return all;
}

template class CountPool<NgramKey>;
template class CountPool<std::string>;

}  // namespace bytepiece
