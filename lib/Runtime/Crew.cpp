// SPDX-License-Identifier: Apache-2.0

#include "Crew.h"

#include "OwnWorkers.h"
#include "Placement.h"

#include <tbb/task_arena.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

namespace tsum {

namespace {

using Job = std::function<void(std::int64_t)>;
using Clock = std::chrono::steady_clock;

/// How long a worker waits for its caller's next kernel.
constexpr std::chrono::microseconds patience{20};

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

/// Where one worker and the caller that it works for meet. Either changes it by one exchange, so
/// that a job is taken by the worker or taken back by the caller.
class alignas(64) Seat {
public:
  /// Offers a job; whether a worker has to be called for it.
  bool offer(const Job &job) { return state.exchange(&job, std::memory_order_acq_rel) == away(); }

  /// After an offer for which no worker could be called.
  void abandon() { state.store(away(), std::memory_order_relaxed); }

  /// Takes back `job` or, if a worker has begun it, waits until that is done. Whether it has.
  bool finish(const Job &job) {
    const Job *offered = &job;
    if (state.compare_exchange_strong(offered, coming(), std::memory_order_acquire))
      return false;
    // The worker may have lost its core.
    for (int turn = 0; state.load(std::memory_order_acquire) == busy(); ++turn)
      turn < 10000 ? relax() : std::this_thread::yield();
    return true;
  }

  /// A worker's stay: does the jobs that are offered until none has come for a while.
  void work(std::int64_t number) {
    note_worker();
    Clock::time_point end = Clock::now() + patience;
    for (int turn = 1;; ++turn) {
      const Job *job = state.load(std::memory_order_relaxed);
      if (job != coming()) {
        if (!state.compare_exchange_strong(job, busy(), std::memory_order_acquire))
          continue; // taken back meanwhile
        (*job)(number);
        state.store(coming(), std::memory_order_release);
        end = Clock::now() + patience;
      } else if (turn % 16 == 0 && Clock::now() >= end) {
        if (state.compare_exchange_strong(job, away(), std::memory_order_relaxed))
          return;
      } else {
        relax();
      }
    }
  }

private:
  // What is no job: nobody is here or has been called; somebody is or has been; somebody works.
  static const Job *away() { return nullptr; }
  static const Job *coming() { return &marks[0]; }
  static const Job *busy() { return &marks[1]; }
  static inline const std::array<Job, 2> marks;

  std::atomic<const Job *> state = away();
};

struct Crew {
  std::array<Seat, most_jobs - 1> seats;
  const int generation = fork_generation();
};

/// The calling thread's. Workers may stay longer than the thread; in a child of the process none
/// of them is there.
std::shared_ptr<Crew> &crew_of_thread() {
  thread_local auto crew = std::make_shared<Crew>();
  if (crew->generation != fork_generation())
    crew = std::make_shared<Crew>();
  return crew;
}

/// Calls a worker to `seat`. False if that takes more memory or threads than there are.
bool call_worker(const std::shared_ptr<Crew> &crew, Seat &seat, std::int64_t number) {
  auto stay = [crew, &seat, number] { seat.work(number); };
  try {
    if (has_own_workers())
      give_to_own_worker(stay);
    else
      tbb::this_task_arena::enqueue(stay);
  } catch (...) {
    seat.abandon();
    return false;
  }
  return true;
}

} // namespace

void run_with_crew(std::int64_t count, const Job &job) {
  const std::shared_ptr<Crew> crew = crew_of_thread();
  auto seat_of = [&](std::int64_t number) -> Seat & {
    return crew->seats[static_cast<std::size_t>(number - 1)];
  };
  for (std::int64_t number = 1; number < count; ++number)
    if (seat_of(number).offer(job) && !call_worker(crew, seat_of(number), number))
      count = number;
  job(0);
  bool helped = false;
  for (std::int64_t number = 1; number < count; ++number)
    helped |= seat_of(number).finish(job);
  move_workers_if(!helped);
}

} // namespace tsum
