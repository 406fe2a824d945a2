// SPDX-License-Identifier: Apache-2.0

#include "Placement.h"

#include "tsum/Support/ForkSafe.h"
#include "tsum/threads.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <utility>
#include <vector>

namespace tsum {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

/// Between moves, by which they take at most a twentieth of the time; twice as long each time while
/// they are no use.
constexpr Clock::duration shortest_pause = 50us, longest_pause = 64ms;
constexpr int least_share = 20;

/// A launch that comes as soon after another to which no worker came, too, says that none is on its
/// way: to wake a processor that sleeps takes some 100 us.
constexpr Clock::duration soon = 1ms;

struct Workers {
  ForkSafeMutex mutex{LockRank::Placement};
  std::vector<pid_t> threads;
  Clock::duration pause = shortest_pause;
  Clock::time_point next{};   ///< when they may be moved again
  Clock::time_point missed{}; ///< when none came last
};

ProcessWide<Workers> the_workers;

Workers &workers() { return the_workers.get(); }

std::atomic<bool> may_move = false;
std::atomic<bool> were_moved = false; ///< since one last came

AtFork at_fork(nullptr, [] {
  if (Workers *known = the_workers.if_made()) {
    std::scoped_lock lock(known->mutex);
    known->threads.clear(); // they are not here
  }
});

struct Registration {
  pid_t thread = gettid();

  Registration() {
    std::scoped_lock lock(workers().mutex);
    workers().threads.push_back(thread);
  }
  ~Registration() {
    std::scoped_lock lock(workers().mutex);
    std::erase(workers().threads, thread);
  }
};

/// Off `processor`: what waits there goes on elsewhere at once. Its own choice of processors stays,
/// also one that somebody makes meanwhile.
void move_off(pid_t thread, int processor) {
  cpu_set_t allowed;
  if (sched_getaffinity(thread, sizeof(allowed), &allowed) != 0 ||
      !CPU_ISSET(processor, &allowed) || CPU_COUNT(&allowed) < 2)
    return;
  cpu_set_t others = allowed;
  CPU_CLR(processor, &others);
  sched_setaffinity(thread, sizeof(others), &others);
  cpu_set_t now;
  if (sched_getaffinity(thread, sizeof(now), &now) == 0 && CPU_EQUAL(&now, &others))
    sched_setaffinity(thread, sizeof(allowed), &allowed);
}

} // namespace

void set_worker_moving(bool is_allowed) { may_move = is_allowed; }

void note_worker() {
  if (may_move.load(std::memory_order_relaxed))
    static thread_local const Registration registration;
}

void move_workers_if(bool none_came) {
  if (!may_move.load(std::memory_order_relaxed))
    return;
  if (!none_came) {
    if (were_moved.load(std::memory_order_relaxed) && were_moved.exchange(false)) {
      std::scoped_lock lock(workers().mutex);
      workers().pause = shortest_pause;
    }
    return;
  }
  Workers &all = workers();
  std::unique_lock lock(all.mutex, std::try_to_lock);
  if (!lock)
    return; // someone else is at it
  const Clock::time_point now = Clock::now();
  const bool is_repeated = now - std::exchange(all.missed, now) < soon;
  if (!is_repeated || now < all.next)
    return;
  const int processor = sched_getcpu();
  for (pid_t thread : all.threads)
    move_off(thread, processor);
  const Clock::time_point end = Clock::now();
  all.pause = std::min(std::max(2 * all.pause, least_share * (end - now)), longest_pause);
  all.next = end + all.pause;
  were_moved = true;
}

} // namespace tsum
