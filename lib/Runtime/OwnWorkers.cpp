// SPDX-License-Identifier: Apache-2.0

#include "OwnWorkers.h"

#include "tsum/Support/ForkSafe.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace tsum {

namespace {

class OwnWorkers {
public:
  void give(std::function<void()> task) {
    {
      std::lock_guard lock(mutex);
      if (tasks.size() == idle) {
        // First, since it may fail. Idle ones live as long as the process.
        std::thread([this] { work(); }).detach();
        ++idle;
      }
      tasks.push_back(std::move(task));
    }
    some.notify_one();
  }

private:
  void work() {
    std::unique_lock lock(mutex);
    for (;;) {
      some.wait(lock, [this] { return !tasks.empty(); });
      --idle;
      const std::function<void()> task = std::move(tasks.front());
      tasks.pop_front();
      lock.unlock();
      task();
      lock.lock();
      ++idle;
    }
  }

  ForkSafeMutex mutex{LockRank::Team};
  std::condition_variable_any some;
  std::deque<std::function<void()>> tasks;
  std::size_t idle = 0;
};

std::atomic<bool> uses_tbb = false, is_child = false;
std::atomic<int> generation = 0;
std::atomic<OwnWorkers *> workers = nullptr; // never destroyed

// Neither TBB's workers nor this process's own are in a child, which makes others.
AtFork at_fork(nullptr, [] {
  ++generation;
  workers = nullptr;
  is_child = is_child || uses_tbb;
});

} // namespace

bool has_own_workers() { return is_child.load(std::memory_order_relaxed); }

void note_use_of_tbb() {
  if (!uses_tbb.load(std::memory_order_relaxed))
    uses_tbb = true;
}

void give_to_own_worker(std::function<void()> task) {
  const NoFork no_fork; // a child that was forked in between would have no workers
  if (!workers) {
    OwnWorkers *none = nullptr;
    auto *made = new OwnWorkers;
    if (!workers.compare_exchange_strong(none, made))
      delete made;
  }
  workers.load()->give(std::move(task));
}

int fork_generation() { return generation.load(std::memory_order_relaxed); }

} // namespace tsum
