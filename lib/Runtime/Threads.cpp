// SPDX-License-Identifier: Apache-2.0

#include "Threads.h"

#include "tsum/eval.h"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <mutex>

namespace tsum {

namespace {

/// Bytes of one thread's share below which it is not worth waking another: measured on 2 cores,
/// fork and join take 0.3 to 1 us while the workers are warm, in which a core reads about 100 KB
/// from its caches.
constexpr std::int64_t min_bytes_per_thread = 128 * 1024;

/// The arena of `set_threads`, or null where the caller's own is to be used.
std::mutex mutex;
std::shared_ptr<tbb::task_arena> limited_arena;
std::atomic<std::int64_t> thread_limit = 0;

std::atomic<void (*)()> kernel_hook = nullptr;
std::atomic<bool> is_alone = false;

} // namespace

void set_threads(std::int64_t count) {
  if (count < 0 || count > 1024)
    throw Error("set_threads: " + std::to_string(count) +
                " threads (1 to 1024, or 0 for as many as the machine has)");
  auto arena = count > 1 ? std::make_shared<tbb::task_arena>(static_cast<int>(count)) : nullptr;
  std::lock_guard lock(mutex);
  limited_arena = std::move(arena);
  thread_limit = count;
}

void use_no_other_threads() { is_alone = true; }

void set_kernel_hook(void (*hook)()) { kernel_hook = hook; }

void run_tiles(const Program::Launch &launch, const void *const *buffers) {
  if (auto hook = kernel_hook.load(std::memory_order_relaxed))
    hook();
  std::int64_t shares = std::min(launch.tiles, launch.traffic / min_bytes_per_thread);
  if (shares < 2 || thread_limit == 1 || is_alone) {
    launch.run(buffers, 0, launch.tiles);
    return;
  }
  auto run = [&] {
    // At most as many ranges as are worth a thread; which thread takes which changes no bit.
    tbb::parallel_for(
        tbb::blocked_range<std::int64_t>(0, launch.tiles,
                                         static_cast<std::size_t>(launch.tiles / shares)),
        [&](const auto &range) { launch.run(buffers, range.begin(), range.end()); },
        tbb::static_partitioner());
  };
  std::shared_ptr<tbb::task_arena> arena;
  if (thread_limit != 0) {
    std::lock_guard lock(mutex);
    arena = limited_arena;
  }
  if (arena)
    arena->execute(run);
  else
    run();
}

} // namespace tsum
