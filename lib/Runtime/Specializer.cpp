// SPDX-License-Identifier: Apache-2.0

#include "Specializer.h"

#include "Kernels.h"

#include "tsum/Support/ForkSafe.h"

#include <deque>
#include <optional>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

namespace tsum {

namespace {

/// More shapes that are new at once had better wait until they come again.
constexpr std::size_t most_waiting = 64;

struct Wanted {
  std::shared_ptr<const CanonicalGraph> graph;
  std::string reason;
};

/// Its thread ends when nothing is left to do. What it compiles is a CompilerUse: an exit waits for
/// it, a fork as well, and after an exit there is no other.
class Specializer {
public:
  bool add(Wanted wanted) {
    std::lock_guard lock(mutex);
    if (waiting.size() >= most_waiting)
      return false;
    waiting.push_back(std::move(wanted));
    if (is_working)
      return true;
    is_working = true;
    try {
      std::thread([this] { work(); }).detach();
    } catch (const std::system_error &) { // the next one may start
      is_working = false;
    }
    return true;
  }

  /// In a child of the process, which has no such thread.
  void forget_thread() { is_working = false; }

private:
  void work() {
    constexpr int low_priority = 5;
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), low_priority);
    while (std::optional<Wanted> wanted = next())
      Kernels::instance().specialize(*wanted->graph, std::move(wanted->reason));
  }

  std::optional<Wanted> next() {
    std::lock_guard lock(mutex);
    if (waiting.empty()) {
      is_working = false;
      return std::nullopt;
    }
    Wanted wanted = std::move(waiting.front());
    waiting.pop_front();
    return wanted;
  }

  ForkSafeMutex mutex{LockRank::Specializer};
  std::deque<Wanted> waiting;
  bool is_working = false;
};

ProcessWide<Specializer> the_specializer;

AtFork at_fork(nullptr, [] {
  if (Specializer *specializer = the_specializer.if_made())
    specializer->forget_thread();
});

} // namespace

bool specialize_later(std::shared_ptr<const CanonicalGraph> graph, std::string reason) {
  return the_specializer.get().add({std::move(graph), std::move(reason)});
}

} // namespace tsum
