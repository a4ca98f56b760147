#include "base/threads.h"

#include <doctest/doctest.h>
#ifdef __linux__
#include <sched.h>
#endif

#include <atomic>
#include <chrono>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

TEST_CASE("threads: how many") {
  CHECK(resolve_threads(0) >= 1);
  CHECK(resolve_threads(1) == 1);
  CHECK(resolve_threads(64) == 64);
  CHECK(contains(error_of([] { resolve_threads(-1); }), "threads: -1 is not between 0"));
  CHECK(contains(error_of([] { resolve_threads(1000000); }), "threads: 1000000"));
}

#ifdef __linux__
TEST_CASE("threads: all cores are those that the process may use") {
  std::size_t threads = 0;
  std::thread([&] {
    cpu_set_t allowed, one;
    CPU_ZERO(&one);
    REQUIRE(sched_getaffinity(0, sizeof allowed, &allowed) == 0);
    CHECK(resolve_threads(0) == static_cast<std::size_t>(CPU_COUNT(&allowed)));
    std::size_t core = 0;
    while (!CPU_ISSET(core, &allowed)) ++core;
    CPU_SET(core, &one);
    REQUIRE(sched_setaffinity(0, sizeof one, &one) == 0);  // of this thread
    threads = resolve_threads(0);
  }).join();
  CHECK(threads == 1);
}
#endif

TEST_CASE("threads: every worker runs at the same time, the first on the caller") {
  for (const std::size_t threads : {0, 1, 2, 5}) {
    std::atomic<std::size_t> arrived = 0;
    std::mutex mutex;
    std::set<std::size_t> workers;
    const auto caller = std::this_thread::get_id();
    run_workers(threads, [&](std::size_t worker) {
      ++arrived;
      while (arrived < threads) std::this_thread::yield();  // would hang if they ran one after the other
      const std::lock_guard lock(mutex);
      workers.insert(worker);
      if (worker == 0) CHECK(std::this_thread::get_id() == caller);
    });
    CHECK(workers.size() == threads);
  }
  CHECK_THROWS_AS(run_workers(4,
                              [](std::size_t worker) {
                                if (worker == 2) throw Failure("2");
                              }),
                  Failure);
  CHECK_THROWS_AS(run_workers(4, [](std::size_t) { throw Failure("all"); }), Failure);
}

TEST_CASE("threads: parallel_for does every task once") {
  for (const std::size_t threads : {1, 2, 3, 8}) {
    for (const std::size_t n : {0, 1, 2, 7, 1000}) {
      std::vector<std::atomic<int>> done(n);
      std::atomic<bool> good = true;
      parallel_for(threads, n, [&](std::size_t worker, std::size_t i) {
        if (worker >= threads) good = false;
        ++done[i];
      });
      for (const auto& times : done) good = good && times == 1;
      CHECK(good);
    }
  }
}

TEST_CASE("threads: parallel_for stops at a failure") {
  for (const std::size_t threads : {1, 2, 3, 8}) {
    std::atomic<int> done = 0;
    const auto task = [&](std::size_t, std::size_t i) {
      if (i == 5) throw Failure("at 5");
      ++done;
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    };
    CHECK_THROWS_AS(parallel_for(threads, 100000, task), Failure);
    CHECK(done < 50000);
  }
}

constexpr int kItems = 500;

TEST_CASE("threads: feed_workers gives every item to one worker") {
  for (const std::size_t threads : {1, 2, 3, 8}) {
    std::atomic<int> sum = 0;
    std::atomic<bool> good = true;
    feed_workers<int>(
        threads,
        [](const auto& push) {
          for (int i = 0; i < kItems; ++i) push(i);
        },
        [&](std::size_t worker, int item) {
          if (worker >= threads) good = false;
          sum += item;
        });
    CHECK(sum == kItems * (kItems - 1) / 2);
    CHECK(good);
    feed_workers<int>(
        threads, [](const auto&) {}, [&](std::size_t, int) { good = false; });
    CHECK(good);
  }
}

TEST_CASE("threads: a queue lets wait who wants room, keeps the order, and takes nothing once closed") {
  Queue<int> queue;
  CHECK(queue.push(0) == 1);
  CHECK(queue.push(1) == 2);
  CHECK_FALSE(queue.pop_beyond(2));
  std::atomic<bool> has_room = false;
  std::thread producer([&] {
    queue.wait_for_room(2);
    has_room = true;
  });
  CHECK(queue.pop_beyond(1) == 0);
  producer.join();
  CHECK(has_room);
  CHECK(queue.push(2) == 2);
  queue.close();
  queue.wait_for_room(1);  // for nothing
  CHECK(queue.push(3) == 0);
  CHECK(queue.pop() == 1);
  CHECK(queue.pop_beyond(0) == 2);
  CHECK_FALSE(queue.pop());
}

TEST_CASE("threads: who feeds the workers helps them, and there are no more threads than asked for") {
  for (const std::size_t threads : {1, 2, 3}) {
    std::mutex mutex;
    std::set<std::thread::id> used;
    int done = 0;
    feed_workers<int>(
        threads,
        [&](const auto& push) {
          for (int i = 0; i < 100; ++i) push(i);
          const std::lock_guard lock(mutex);
          used.insert(std::this_thread::get_id());
        },
        [&](std::size_t worker, int) {
          std::this_thread::sleep_for(std::chrono::microseconds(200));
          const std::lock_guard lock(mutex);
          done += worker == 0;
          used.insert(std::this_thread::get_id());
        });
    CHECK(done > 0);
    CHECK(used.size() == threads);
  }
}

TEST_CASE("threads: feed_workers does a single item on the calling thread") {
  for (const std::size_t threads : {1, 2, 8}) {
    std::thread::id by;
    const auto one = [](const auto& push) { push(7); };
    feed_workers<int>(threads, one, [&](std::size_t worker, int item) {
      if (worker == 0 && item == 7) by = std::this_thread::get_id();
    });
    CHECK(by == std::this_thread::get_id());
    const auto work = [](std::size_t, int) { throw Failure("work"); };
    CHECK_THROWS_WITH_AS(feed_workers<int>(threads, one, work), "work", Failure);
    bool done = false;
    const auto produce = [](const auto& push) {
      push(7);
      throw Failure("produce");
    };
    const auto note = [&](std::size_t, int) { done = true; };
    CHECK_THROWS_WITH_AS(feed_workers<int>(threads, produce, note), "produce", Failure);
    CHECK(done);  // what came before a failure is done
  }
}

TEST_CASE("threads: feed_workers ends at a failure on either side") {
  for (const std::size_t threads : {1, 2, 3, 8}) {
    const auto work = [](std::size_t, int item) {
      if (item == 20) throw Failure("work");
    };
    const auto endless = [](const auto& push) {
      for (int i = 0;; ++i) push(i);
    };
    CHECK_THROWS_WITH_AS(feed_workers<int>(threads, endless, work), "work", Failure);
    const auto produce = [](const auto& push) {
      for (int i = 0; i < 10; ++i) push(i);
      throw Failure("produce");
    };
    CHECK_THROWS_WITH_AS(feed_workers<int>(threads, produce, work), "produce", Failure);
  }
}

TEST_CASE("threads: ordered_pipeline keeps the order, and bounds what is under way") {
  for (const std::size_t threads : {1, 2, 3, 8}) {
    std::vector<int> results;
    std::atomic<int> pushed = 0, finished = 0;
    int most = 0;
    ordered_pipeline<int, int>(
        threads,
        [&](const auto& push) {
          for (int i = 0; i < kItems; ++i) {
            push(i);
            ++pushed;
            most = std::max(most, pushed - finished);
          }
        },
        [](std::size_t, int item) {
          if (item % 50 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));  // others pass it
          return 2 * item;
        },
        [&](int result) {
          results.push_back(result);
          ++finished;
        });
    REQUIRE(results.size() == kItems);
    bool good = true;
    for (int i = 0; i < kItems; ++i) good = good && results[static_cast<std::size_t>(i)] == 2 * i;
    CHECK(good);
    CHECK(most <= 2 * static_cast<int>(queue_length(threads)) + 1);
  }
}

TEST_CASE("threads: ordered_pipeline ends at a failure anywhere, what came before is in order") {
  for (const std::size_t threads : {1, 2, 3, 8}) {
    for (const std::string where : {"produce", "work", "sink"}) {
      CAPTURE(threads);
      CAPTURE(where);
      std::vector<int> results;
      const auto fail_at = [&](const char* here, int item) {
        if (where == here && item == 30) throw Failure(where);
      };
      const auto run = [&] {
        ordered_pipeline<int, int>(
            threads,
            [&](const auto& push) {
              for (int i = 0; where != "produce" || i <= 30; ++i) {
                fail_at("produce", i);
                push(i);
              }
            },
            [&](std::size_t, int item) {
              fail_at("work", item);
              return item;
            },
            [&](int result) {
              fail_at("sink", result);
              results.push_back(result);
            });
      };
      CHECK_THROWS_WITH_AS(run(), where.c_str(), Failure);
      CHECK(results.size() <= 30);
      for (std::size_t i = 0; i < results.size(); ++i) CHECK(results[i] == static_cast<int>(i));
    }
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
