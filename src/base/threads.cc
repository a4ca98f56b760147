// Tested by tests/threads_test.cc.
#include "base/threads.h"

#include <fmt/format.h>

#ifdef __linux__
#include <sched.h>

#include <cerrno>
#endif
#include <algorithm>
#include <system_error>

namespace bytepiece {
namespace {

constexpr int kMostThreads = 1024;

// The cores that this thread may run on (taskset and batch systems allow some only), 0 if nobody knows.
std::size_t allowed_cores() {
#ifdef __linux__
  for (std::size_t sets = 1; sets <= 1024; sets *= 2) {  // 1024 cores each; too few for the machine is EINVAL
    std::vector<cpu_set_t> allowed(sets);
    const std::size_t size = sets * sizeof(cpu_set_t);
    if (sched_getaffinity(0, size, allowed.data()) == 0) {
      return static_cast<std::size_t>(CPU_COUNT_S(size, allowed.data()));
    }
    if (errno != EINVAL) break;
  }
#endif
  return std::thread::hardware_concurrency();
}

}  // namespace

std::size_t resolve_threads(int requested) {
  if (requested < 0 || requested > kMostThreads) {
    throw Error(fmt::format("threads: {} is not between 0 (all cores) and {}", requested, kMostThreads));
  }
  if (requested > 0) return static_cast<std::size_t>(requested);
  return std::max<std::size_t>(allowed_cores(), 1);
}

void run_workers(std::size_t threads, const std::function<void(std::size_t)>& body) {
  enum class Gate { kClosed, kOpen, kCancelled };
  std::atomic<Gate> gate{Gate::kClosed};  // nobody starts before all can: a lone worker might wait for ever
  std::mutex mutex;
  std::exception_ptr first_failure;
  const auto guarded = [&](std::size_t worker) {
    gate.wait(Gate::kClosed);
    if (gate == Gate::kCancelled) return;
    try {
      body(worker);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!first_failure) first_failure = std::current_exception();
    }
  };
  const auto set = [&](Gate state) {
    gate = state;
    gate.notify_all();
  };
  {
    std::vector<std::jthread> others;
    try {
      for (std::size_t worker = 1; worker < threads; ++worker) others.emplace_back(guarded, worker);
    } catch (const std::system_error& error) {
      set(Gate::kCancelled);
      throw Error(fmt::format("threads: {} of {} could be started ({}); ask for fewer", others.size() + 1,
                              threads, error.code().message()));
    }
    set(Gate::kOpen);
    if (threads > 0) guarded(0);
  }
  if (first_failure) std::rethrow_exception(first_failure);
}

std::thread start_thread(const std::function<void()>& body) {
  try {
    return std::thread(body);
  } catch (const std::system_error& error) {
    throw Error(
        fmt::format("threads: not one more could be started ({}); ask for fewer", error.code().message()));
  }
}

}  // namespace bytepiece
