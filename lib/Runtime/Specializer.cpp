// SPDX-License-Identifier: Apache-2.0

#include "Specializer.h"

#include "Kernels.h"

#include "tsum/JIT/CompilerUse.h"
#include "tsum/Support/ForkSafe.h"

#include <deque>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

namespace tsum {

namespace {

/// More shapes that are new at once had better wait until they come again.
constexpr std::size_t most_waiting = 64;

/// Its thread ends when nothing is left to do. What it compiles is a CompilerUse: an exit waits for
/// it, a fork as well, and after an exit there is no other.
class Specializer {
public:
  void add(std::shared_ptr<const CanonicalGraph> graph) {
    std::lock_guard lock(mutex);
    if (waiting.size() >= most_waiting)
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

  /// In a child of the process, which has no such thread.
  void forget_thread() { is_working = false; }

private:
  void work() {
    constexpr int low_priority = 5;
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), low_priority);
    while (std::shared_ptr<const CanonicalGraph> graph = next()) {
      const CompilerUse use;
      if (use)
        Kernels::instance().specialize(*graph);
    }
  }

  std::shared_ptr<const CanonicalGraph> next() {
    std::lock_guard lock(mutex);
    if (waiting.empty()) {
      is_working = false;
      return nullptr;
    }
    std::shared_ptr<const CanonicalGraph> graph = std::move(waiting.front());
    waiting.pop_front();
    return graph;
  }

  ForkSafeMutex mutex{LockRank::Specializer};
  std::deque<std::shared_ptr<const CanonicalGraph>> waiting;
  bool is_working = false;
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
