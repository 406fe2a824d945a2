// SPDX-License-Identifier: Apache-2.0

#include "Threads.h"

#include "CpuLimit.h"
#include "Crew.h"

#include "tsum/eval.h"
#include "tsum/threads.h"

#include <tbb/task_arena.h>

#include <algorithm>
#include <array>
#include <atomic>

namespace tsum {

namespace {

/// Bytes of one thread's share below which it is not worth waking another: measured on 2 cores,
/// fork and join take 0.3 to 1 us while the workers are warm, in which a core reads about 100 KB
/// from its caches.
constexpr std::int64_t min_bytes_per_thread = 128 * 1024;

/// A share is taken in so many pieces, of at least so many bytes, so that others can help a thread
/// that was held up. Pieces of 64 KB cost 10% of a sum of 1 MB.
constexpr std::int64_t pieces_per_share = 8;
constexpr std::int64_t min_bytes_per_piece = 128 * 1024;

constexpr std::int64_t max_threads = 1024;

std::atomic<std::int64_t> thread_limit = 0;
std::atomic<void (*)()> kernel_hook = nullptr;
std::atomic<bool> is_alone = false;
thread_local const ThreadScope *current_scope = nullptr;

std::int64_t checked_threads(const char *op, std::int64_t count) {
  if (count < 0 || count > max_threads)
    throw Error(std::string(op) + ": " + std::to_string(count) + " threads (1 to " +
                std::to_string(max_threads) + ", or 0 for as many as the process may use)");
  return count;
}

} // namespace

void set_threads(std::int64_t count) { thread_limit = checked_threads("set_threads", count); }

ThreadScope::ThreadScope(std::int64_t count)
    : count(checked_threads("ThreadScope", count)), outer(current_scope) {
  current_scope = this;
}

ThreadScope::ThreadScope(Executor &executor) : executor(&executor), outer(current_scope) {
  current_scope = this;
}

ThreadScope::~ThreadScope() { current_scope = outer; }

/// Which threads the calling one is to use.
struct ThreadChoice {
  Executor *executor = nullptr; ///< or TBB's
  std::int64_t count;           ///< at most

  ThreadChoice() {
    const ThreadScope *scope = current_scope;
    if (scope && scope->executor) {
      executor = scope->executor;
      count = executor->concurrency();
      return;
    }
    count = scope ? scope->count : thread_limit.load(std::memory_order_relaxed);
    if (count == 1)
      return; // TBB need not be asked
    static const std::int64_t cpus = cpu_limit();
    count =
        std::min<std::int64_t>(count == 0 ? cpus : count, tbb::this_task_arena::max_concurrency());
  }

  void run(std::int64_t jobs, const std::function<void(std::int64_t)> &job) const {
    if (executor)
      executor->run(jobs, job);
    else
      run_with_crew(jobs, job);
  }
};

namespace {

/// The tiles of a launch, as a share for each thread: in the same places each time, where the data
/// may still be in that core's caches. Who is done with its own share helps with the others.
class Shares {
public:
  Shares(const Program::Launch &launch, std::int64_t count) : launch(launch), count(count) {
    const std::int64_t share = (launch.tiles + count - 1) / count;
    const std::int64_t tile_bytes = std::max<std::int64_t>(1, launch.traffic / launch.tiles);
    piece = std::clamp<std::int64_t>(
        std::max(share / pieces_per_share, min_bytes_per_piece / tile_bytes), 1, share);
    for (std::int64_t n = 0; n < count; ++n)
      next[static_cast<std::size_t>(n)].tile.store(begin_of(n), std::memory_order_relaxed);
  }

  /// Runs what is left, beginning with the `first`th share.
  void run(const void *const *buffers, std::int64_t first) {
    for (std::int64_t n = 0; n < count; ++n) {
      const std::int64_t share = (first + n) % count;
      const std::int64_t end = begin_of(share + 1);
      std::atomic<std::int64_t> &tile = next[static_cast<std::size_t>(share)].tile;
      while (tile.load(std::memory_order_relaxed) < end) {
        const std::int64_t begin = tile.fetch_add(piece, std::memory_order_relaxed);
        if (begin < end)
          launch.run(buffers, begin, std::min(begin + piece, end));
      }
    }
  }

private:
  [[nodiscard]] std::int64_t begin_of(std::int64_t share) const {
    return launch.tiles / count * share + std::min(share, launch.tiles % count);
  }

  struct alignas(64) Next {
    std::atomic<std::int64_t> tile;
  };
  const Program::Launch &launch;
  const std::int64_t count;
  std::int64_t piece;
  std::array<Next, most_jobs> next; // of each share, which tile nobody has taken
};

} // namespace

void use_no_other_threads() { is_alone = true; }

void set_kernel_hook(void (*hook)()) { kernel_hook = hook; }

/// How many threads the work of `launch` is worth waking.
static std::int64_t threads_worth(const Program::Launch &launch) {
  return is_alone ? 1 : std::min({launch.tiles, launch.traffic / min_bytes_per_thread, most_jobs});
}

std::int64_t threads_for(const Program::Launch &launch) {
  const std::int64_t count = threads_worth(launch);
  return count < 2 ? 1 : std::clamp<std::int64_t>(ThreadChoice().count, 1, count);
}

void run_tiles(const Program::Launch &launch, const void *const *buffers) {
  if (auto hook = kernel_hook.load(std::memory_order_relaxed))
    hook();
  if (std::int64_t count = threads_worth(launch); count >= 2) {
    const ThreadChoice threads;
    count = std::min(count, threads.count);
    if (count >= 2) {
      Shares shares(launch, count);
      threads.run(count, [&](std::int64_t job) { shares.run(buffers, job); });
      return;
    }
  }
  launch.run(buffers, 0, launch.tiles);
}

} // namespace tsum
