// SPDX-License-Identifier: Apache-2.0

#include "OwnWorkers.h"

#include "tsum/Support/ForkSafe.h"

#include <tbb/task_arena.h>

#include <atomic>
#include <climits>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <pthread.h>
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

/// Whether TBB knows the calling thread, which asking does not change.
bool is_known_to_tbb() {
  return tbb::this_task_arena::current_thread_index() != tbb::task_arena::not_initialized;
}

/// Has TBB not know the calling thread any more, the only one of a child. When a process exits, TBB
/// lets go of the thread that does: it locks what another thread may have had locked at the fork,
/// which hangs, and detaches its workers, whose handles are by then those of other threads, which
/// ends the process ("pure virtual method called"). What it keeps of a thread is the value of one
/// of the thread's keys: the one without which it does not know the thread.
void be_forgotten_by_tbb() {
  for (pthread_key_t key = 0; key < PTHREAD_KEYS_MAX && is_known_to_tbb(); ++key)
    if (void *value = ::pthread_getspecific(key)) {
      ::pthread_setspecific(key, nullptr);
      if (is_known_to_tbb())
        ::pthread_setspecific(key, value);
    }
}

// Neither TBB's workers nor this process's own are in a child, which makes others.
AtFork at_fork(nullptr, [] {
  ++generation;
  workers = nullptr;
  is_child = is_child || uses_tbb || is_known_to_tbb();
  be_forgotten_by_tbb();
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
