// The three ways this project uses threads. Each returns when all work is done, and rethrows the first
// exception of any thread after the others have stopped. With one thread everything runs on the caller's.
//
//   parallel_for     n independent tasks                             task 0..n-1 ─▶ workers
//   feed_workers     a stream of items, each to any worker           caller ─▶ queue ─▶ workers
//   ordered_pipeline a stream of items, results in order             caller ─▶ workers ─▶ sink in order
//
// The queue holds at most two items per worker, so memory stays bounded when reading outruns the work.
#pragma once

#include <bytepiece/types.h>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace bytepiece {

// 0 becomes the number of cores this process may use. Throws Error on a negative or absurd number.
std::size_t resolve_threads(int requested);

// Runs body(worker) for worker 0..threads-1 at the same time, worker 0 on the calling thread.
void run_workers(std::size_t threads, const std::function<void(std::size_t worker)>& body);

// Runs task(worker, i) for each i in [0, n), in no stated order.
template <class Task>
void parallel_for(std::size_t threads, std::size_t n, const Task& task) {
  std::atomic<std::size_t> next{0};
  run_workers(n < threads ? n : threads, [&](std::size_t worker) {
    try {
      for (std::size_t i; (i = next.fetch_add(1)) < n;) task(worker, i);
    } catch (...) {
      next = n;  // the others stop at their next task
      throw;
    }
  });
}

// A first-in first-out queue of bounded length. close() ends it: what is in it can still be taken.
template <class Item>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {}

  // False, and the item is dropped, once the queue was closed.
  bool push(Item item) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || items_.size() < capacity_; });
    if (closed_) return false;
    items_.push_back(std::move(item));
    changed_.notify_all();
    return true;
  }

  std::optional<Item> pop() {  // nothing once the queue is closed and empty
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || !items_.empty(); });
    if (items_.empty()) return std::nullopt;
    std::optional<Item> item(std::move(items_.front()));
    items_.pop_front();
    changed_.notify_all();
    return item;
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> items_;
  std::size_t capacity_;
  bool closed_ = false;
};

struct Stopped {};  // thrown by push once a worker has failed, to end produce; never leaves feed_workers

// Calls produce(push) on the calling thread and work(worker, item) on `threads` others for each item
// pushed.
template <class Item, class Produce, class Work>
void feed_workers(std::size_t threads, const Produce& produce, const Work& work) {
  if (threads == 1) {
    produce([&](Item item) { work(std::size_t{0}, item); });
    return;
  }
  BoundedQueue<Item> queue(2 * threads);
  run_workers(threads + 1, [&](std::size_t worker) {
    try {
      if (worker == 0) {
        produce([&](Item item) {
          if (!queue.push(std::move(item))) throw Stopped{};
        });
        queue.close();
      } else {
        while (std::optional<Item> item = queue.pop()) work(worker - 1, *item);
      }
    } catch (const Stopped&) {
      // the worker that failed tells why
    } catch (...) {
      queue.close();
      throw;
    }
  });
}

// Like feed_workers, but work returns a result, and sink(result) is called for each in the order the
// items were pushed, by one thread at a time. At most 4 items per worker are under way.
template <class Item, class Result, class Produce, class Work, class Sink>
void ordered_pipeline(std::size_t threads, const Produce& produce, const Work& work, const Sink& sink) {
  struct Numbered {
    std::uint64_t number;
    Item item;
  };
  std::mutex mutex;
  std::condition_variable advanced;
  std::map<std::uint64_t, Result> waiting;  // results whose turn has not come
  std::uint64_t turn = 0;                   // the number of the next result to hand on
  bool failed = false;

  const auto finish = [&](std::uint64_t number, Result result) {
    const std::lock_guard lock(mutex);
    waiting.emplace(number, std::move(result));
    for (auto it = waiting.begin(); it != waiting.end() && it->first == turn; it = waiting.erase(it)) {
      sink(it->second);
      ++turn;
    }
    advanced.notify_all();
  };
  feed_workers<Numbered>(
      threads,
      [&](const auto& push) {
        std::uint64_t number = 0;
        produce([&](Item item) {
          {
            std::unique_lock lock(mutex);
            advanced.wait(lock, [&] { return failed || number < turn + 4 * threads; });
          }
          push(Numbered{number++, std::move(item)});
        });
      },
      [&](std::size_t worker, Numbered& numbered) {
        try {
          finish(numbered.number, work(worker, numbered.item));
        } catch (...) {
          const std::lock_guard lock(mutex);
          failed = true;
          advanced.notify_all();
          throw;
        }
      });
}

}  // namespace bytepiece
