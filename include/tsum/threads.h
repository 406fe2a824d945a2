// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#pragma GCC visibility push(default)

namespace tsum {

// Kernels that are worth it run on several threads: by default those of the TBB arena that `eval`
// is called in, at most one for each CPU that the calling thread may use, by its affinity mask, and
// the process, by the CPU quotas of its control groups, which are looked at once. So a program that
// evaluates in tasks of its own gets no threads beside its own. No number of threads changes a bit
// of any result.

/// Lets kernels of the whole process use at most `count` threads: 1 keeps them on the calling
/// thread, 0 is the default. \throws Error unless 0 <= count <= 1024.
void set_threads(std::int64_t count);

/// Whether tsum may move TBB's workers to other processors, by narrowing and restoring their
/// affinity, where they wait behind the thread that called them: false at the start, since the
/// workers belong to the host program as well. Linux moves them itself unless it does not know
/// which processors share a cache, as in some virtual machines. There launches of some megabytes,
/// one every few milliseconds, may otherwise take as long as on one thread.
void set_worker_moving(bool is_allowed);

/// Threads of a host program, for kernels to run on. tsum/tbb.h has one for a `tbb::task_arena`.
class Executor {
public:
  virtual ~Executor() = default;

  /// How many jobs are worth giving to `run`: about the number of threads.
  [[nodiscard]] virtual std::int64_t concurrency() = 0;

  /// Calls `job(0)` to `job(count - 1)`, in any order and on any threads, the calling one if need
  /// be, and returns when all have returned. Jobs do not throw, and do not wait for one another:
  /// who comes late finds nothing left to do.
  virtual void run(std::int64_t count, const std::function<void(std::int64_t)> &job) = 0;
};

/// While it lives, what this thread evaluates uses other threads than by default. Scopes nest.
///
/// \code
///   tsum::ThreadScope scope(1);   // this thread keeps to itself
///   tsum::eval(y);
/// \endcode
class ThreadScope {
public:
  /// At most `count`, as `set_threads`, which it overrules.
  /// \throws Error unless 0 <= count <= 1024.
  explicit ThreadScope(std::int64_t count);
  /// Those of `executor`, which must outlive the scope.
  explicit ThreadScope(Executor &executor);
  ~ThreadScope();
  ThreadScope(const ThreadScope &) = delete;
  ThreadScope &operator=(const ThreadScope &) = delete;

private:
  friend struct ThreadChoice;
  Executor *executor = nullptr;
  std::int64_t count = 0;
  ThreadScope *outer;
};

} // namespace tsum

#pragma GCC visibility pop
