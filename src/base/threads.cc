// Tested by tests/threads_test.cc.
#include "base/threads.h"

#include <fmt/format.h>

#include <system_error>

namespace bytepiece {
namespace {

constexpr int kMostThreads = 1024;

}  // namespace

std::size_t resolve_threads(int requested) {
  if (requested < 0 || requested > kMostThreads) {
    throw Error(fmt::format("threads: {} is not between 0 (all cores) and {}", requested, kMostThreads));
  }
  if (requested > 0) return static_cast<std::size_t>(requested);
  const unsigned cores = std::thread::hardware_concurrency();
  return cores == 0 ? 1 : cores;
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
