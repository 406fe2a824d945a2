// SPDX-License-Identifier: Apache-2.0

#include "Threads.h"

#include "CpuLimit.h"
#include "Crew.h"
#include "Monitor.h"
#include "OwnWorkers.h"

#include "tsum/Runtime/Jobs.h"
#include "tsum/Support/ScopeChain.h"
#include "tsum/eval.h"
#include "tsum/threads.h"

#include <tbb/task_arena.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <exception>
#include <thread>
#include <utility>

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
thread_local ThreadScope *current_scope = nullptr;

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

ThreadScope::~ThreadScope() { end_scope(current_scope, this, &ThreadScope::outer); }

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
    if (count == 0)
      count = cpu_limit();
    if (has_own_workers())
      return;
    note_use_of_tbb();
    count = std::min<std::int64_t>(count, tbb::this_task_arena::max_concurrency());
  }

  void run(std::int64_t jobs, const std::function<void(std::int64_t)> &job) const {
    if (executor)
      executor->run(jobs, job);
    else
      run_with_crew(jobs, job);
  }
};

namespace {

/// As many tiles of `launch` as make up about `bytes`: at least one.
std::int64_t tiles_of(const Program::Launch &launch, std::int64_t bytes) {
  return std::max<std::int64_t>(
      1,
      bytes / std::max<std::int64_t>(1, launch.traffic / std::max<std::int64_t>(1, launch.tiles)));
}

/// Where the pieces of one launch meet whoever looks at the evaluation, which is done on its thread
/// alone. What ends it there ends the others' work as well.
class Checkpoints {
public:
  explicit Checkpoints(const Program::Launch &launch)
      : bytes_per_tile(static_cast<double>(launch.traffic) / static_cast<double>(launch.tiles)) {}

  /// To be called after each piece, of `tiles` tiles. Whether to go on.
  bool pass(std::int64_t tiles) {
    done.fetch_add(tiles, std::memory_order_relaxed);
    if (std::this_thread::get_id() == evaluating)
      look();
    return !is_ended.load(std::memory_order_relaxed);
  }

  /// When all threads are done. Throws what ended the launch.
  void finish() {
    look();
    if (reason)
      std::rethrow_exception(reason);
  }

private:
  void look() {
    if (reason)
      return;
    const std::int64_t now = done.load(std::memory_order_relaxed);
    try {
      Monitor::look(static_cast<std::int64_t>(static_cast<double>(now) * bytes_per_tile) -
                    static_cast<std::int64_t>(static_cast<double>(seen) * bytes_per_tile));
    } catch (...) {
      reason = std::current_exception();
      is_ended = true;
    }
    seen = now;
  }

  const double bytes_per_tile;
  const std::thread::id evaluating = std::this_thread::get_id();
  std::int64_t seen = 0; ///< tiles
  std::exception_ptr reason;
  alignas(64) std::atomic<std::int64_t> done = 0; ///< tiles
  std::atomic<bool> is_ended = false;
};

/// The tiles of a launch, as a share for each thread: in the same places each time, where the data
/// may still be in that core's caches. A thread that finishes its share takes work from the others.
class Shares {
public:
  Shares(const Program::Launch &launch, std::int64_t count)
      : launch(launch), count(count), checkpoints(launch) {
    const std::int64_t share = (launch.tiles + count - 1) / count;
    piece = std::clamp<std::int64_t>(
        std::max(share / pieces_per_share, tiles_of(launch, min_bytes_per_piece)), 1,
        std::min(share, tiles_of(launch, Monitor::piece_bytes)));
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
        if (begin >= end)
          break;
        const std::int64_t tiles = std::min(piece, end - begin);
        launch.run(buffers, begin, begin + tiles);
        if (!checkpoints.pass(tiles))
          return;
      }
    }
  }

  void finish() { checkpoints.finish(); }

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
  Checkpoints checkpoints;
};

/// From so many tiles on a launch that reads and writes little may take long all the same, as where
/// few values are broadcast.
constexpr std::int64_t many_tiles = 64;

/// Runs all tiles on the calling thread: pieces grow from one tile on, as long as they are quick.
void run_alone(const Program::Launch &launch, const void *const *buffers) {
  using Clock = std::chrono::steady_clock;
  constexpr auto longest = std::chrono::milliseconds(2);
  if (launch.traffic <= Monitor::piece_bytes && launch.tiles < many_tiles) {
    launch.run(buffers, 0, launch.tiles);
    Monitor::note(launch.traffic);
    return;
  }
  Checkpoints checkpoints(launch);
  const std::int64_t most = tiles_of(launch, Monitor::piece_bytes);
  std::int64_t piece = 1;
  Clock::time_point start = Clock::now();
  for (std::int64_t begin = 0; begin < launch.tiles;) {
    const std::int64_t end = std::min(begin + piece, launch.tiles);
    launch.run(buffers, begin, end);
    if (!checkpoints.pass(end - begin))
      break;
    begin = end;
    const Clock::time_point now = Clock::now();
    if (now - std::exchange(start, now) < longest)
      piece = std::min(2 * piece, most);
  }
  checkpoints.finish();
}

} // namespace

std::int64_t usable_threads() {
  return std::clamp<std::int64_t>(ThreadChoice().count, 1, most_jobs);
}

void run_jobs(std::int64_t count, const std::function<void(std::int64_t)> &job) {
  if (count == 1)
    job(0);
  else
    ThreadChoice().run(count, job);
}

/// How many threads the work of `launch` is worth waking.
static std::int64_t threads_worth(const Program::Launch &launch) {
  return std::min({launch.tiles, launch.traffic / min_bytes_per_thread, most_jobs});
}

std::int64_t threads_for(const Program::Launch &launch) {
  const std::int64_t count = threads_worth(launch);
  return count < 2 ? 1 : std::clamp<std::int64_t>(ThreadChoice().count, 1, count);
}

void run_tiles(const Program::Launch &launch, const void *const *buffers) {
  Monitor::look(0);
  if (std::int64_t count = threads_worth(launch); count >= 2) {
    const ThreadChoice threads;
    count = std::min(count, threads.count);
    if (count >= 2) {
      Shares shares(launch, count);
      threads.run(count, [&](std::int64_t job) { shares.run(buffers, job); });
      shares.finish();
      return;
    }
  }
  run_alone(launch, buffers);
}

} // namespace tsum
