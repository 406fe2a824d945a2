// SPDX-License-Identifier: Apache-2.0

#include "tsum/Support/NoFork.h"

#include <atomic>
#include <mutex>

namespace tsum {

namespace {

std::mutex gate; // closed while the process forks
// Threads that have one. Atomic, since a child may find a condition variable that threads of its
// parent wait for, and hang.
std::atomic<int> threads = 0;
thread_local int depth = 0;

} // namespace

NoFork::NoFork() {
  if (depth++ > 0)
    return;
  std::scoped_lock lock(gate);
  ++threads;
}

NoFork::~NoFork() {
  if (--depth > 0)
    return;
  --threads;
  threads.notify_all();
}

void close_for_fork() {
  gate.lock();
  const int own = depth > 0 ? 1 : 0;
  for (int count = threads; count > own; count = threads)
    threads.wait(count);
}

void open_after_fork() { gate.unlock(); }

} // namespace tsum
