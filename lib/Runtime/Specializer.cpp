// SPDX-License-Identifier: Apache-2.0

#include "Specializer.h"

#include "Kernels.h"

#include <cstdlib>
#include <deque>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

namespace tsum {

namespace {

class Specializer;
extern ProcessWide<Specializer> the_specializer;

/// More shapes that are new at once had better wait until they come again.
constexpr std::size_t most_waiting = 64;

/// Its thread ends when nothing is left to do. An exit of the process waits for what it compiles,
/// since the thread must not see the objects that exits destroy.
class Specializer {
public:
  Specializer() {
    std::atexit([] { the_specializer.get().end(); });
  }

  void add(std::shared_ptr<const CanonicalGraph> graph) {
    // Its destructor runs before what an exit on this thread destroys.
    static thread_local const FirstCompilation waits_at_exit;
    std::lock_guard lock(mutex);
    if (is_ending || waiting.size() >= most_waiting)
      return;
    waiting.push_back(std::move(graph));
    if (is_working)
      return;
    is_working = true;
    try {
      std::thread([this] { work(); }).detach();
    } catch (const std::system_error &) { // the next one may start
      is_working = false;
    }
  }

  void end() {
    is_ending = true;
    is_working.wait(true);
  }

  /// The process's first compilation makes static objects of LLVM and MLIR, which an exit would
  /// destroy before it calls `end`.
  void wait_for_first() {
    if (is_working)
      first_is_done.wait(false);
  }

  /// In a child of the process, which has no such thread.
  void forget_thread() { is_working = false; }

private:
  struct FirstCompilation {
    ~FirstCompilation() { the_specializer.get().wait_for_first(); }
  };

  void work() {
    constexpr int low_priority = 5;
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), low_priority);
    while (std::shared_ptr<const CanonicalGraph> graph = next()) {
      Kernels::instance().specialize(*graph);
      first_is_done = true;
      first_is_done.notify_all();
    }
  }

  std::shared_ptr<const CanonicalGraph> next() {
    std::lock_guard lock(mutex);
    if (is_ending || waiting.empty()) {
      first_is_done = true; // or will never begin
      first_is_done.notify_all();
      is_working = false;
      is_working.notify_all();
      return nullptr;
    }
    std::shared_ptr<const CanonicalGraph> graph = std::move(waiting.front());
    waiting.pop_front();
    return graph;
  }

  ForkSafeMutex mutex{LockRank::Specializer};
  std::deque<std::shared_ptr<const CanonicalGraph>> waiting;
  std::atomic<bool> is_working = false, is_ending = false, first_is_done = false;
};

ProcessWide<Specializer> the_specializer;

AtFork at_fork(nullptr, [] {
  if (Specializer *specializer = the_specializer.if_made())
    specializer->forget_thread();
});

} // namespace

void specialize_later(std::shared_ptr<const CanonicalGraph> graph) {
  the_specializer.get().add(std::move(graph));
}

} // namespace tsum
