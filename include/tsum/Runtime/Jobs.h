// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

namespace tsum {

/// The most threads that an evaluation takes that is called here.
[[nodiscard]] std::int64_t usable_threads();

/// Calls `job(0)` to `job(count - 1)` as an Executor does, on threads that an evaluation would
/// take; `count` is at most `usable_threads()`. Jobs do not throw, and who comes late must have
/// nothing left to do.
void run_jobs(std::int64_t count, const std::function<void(std::int64_t)> &job);

} // namespace tsum
