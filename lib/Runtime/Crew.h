// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

namespace tsum {

/// The most jobs that `run_with_crew` takes at once.
inline constexpr std::int64_t most_jobs = 128;

/// Calls `job(0)` on this thread and meanwhile, on workers of the TBB arena that it is in (in a
/// child of a process that used TBB, on workers of its own), those of `job(1)` to `job(count - 1)`
/// whose workers come before `job(0)` has returned; returns when all that began have. What they do
/// must be such that who comes late has nothing left to do.
///
/// A worker that is done stays with the calling thread for some microseconds, so that the next
/// kernel finds it ready: TBB takes about a microsecond to hand a task to a worker that is awake,
/// in which a core reads 100 KB from its caches. The calling thread takes up no other task while it
/// waits.
void run_with_crew(std::int64_t count, const std::function<void(std::int64_t)> &job);

} // namespace tsum
