// SPDX-License-Identifier: Apache-2.0

#include "Crew.h"

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

using Crew = std::array<Seat, most_jobs - 1>;

} // namespace

void run_with_crew(std::int64_t count, const Job &job) {
  // Workers may stay longer than the thread.
  thread_local const auto crew = std::make_shared<Crew>();
  for (std::int64_t number = 1; number < count; ++number)
    if (Seat &seat = (*crew)[static_cast<std::size_t>(number - 1)]; seat.offer(job))
      tbb::this_task_arena::enqueue([crew = crew, &seat, number] { seat.work(number); });
  job(0);
  bool helped = false;
  for (std::int64_t number = 1; number < count; ++number)
    helped |= (*crew)[static_cast<std::size_t>(number - 1)].finish(job);
  move_workers_if(!helped);
}

} // namespace tsum
