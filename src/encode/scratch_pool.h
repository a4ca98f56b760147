// ScratchPool: working memory between calls. A call takes one, or makes one where others have taken all, and
// gives it back, so there are as many as there ever were calls at a time, and in the steady state nothing is
// allocated. One that a text made large is not kept.
//
// Scratch has bytes(), the memory it holds. Thread rule: any number of threads.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace bytepiece {

template <class Scratch>
class ScratchPool {
 public:
  std::unique_ptr<Scratch> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        std::unique_ptr<Scratch> scratch = std::move(free_.back());
        free_.pop_back();
        return scratch;
      }
    }
    return std::make_unique<Scratch>();
  }

  void give_back(std::unique_ptr<Scratch> scratch) {
    if (scratch->bytes() > kMostBytes) return;
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(scratch));
  }

 private:
  static constexpr std::size_t kMostBytes = std::size_t{16} << 20;

  std::mutex mutex_;
  std::vector<std::unique_ptr<Scratch>> free_;
};

}  // namespace bytepiece
