// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/threads.h"

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#pragma GCC visibility push(default)

namespace tsum {

/// Runs kernels in an arena of the host program.
///
/// \code
///   tbb::task_arena arena(4);
///   tsum::ArenaExecutor executor(arena);
///   tsum::ThreadScope scope(executor);
///   tsum::eval(y);
/// \endcode
class ArenaExecutor final : public Executor {
public:
  /// `arena` must outlive the executor.
  explicit ArenaExecutor(tbb::task_arena &arena) : arena(arena) {}

  [[nodiscard]] std::int64_t concurrency() override { return arena.max_concurrency(); }

  void run(std::int64_t count, const std::function<void(std::int64_t)> &job) override {
    arena.execute(
        [&] { tbb::parallel_for(std::int64_t{0}, count, job, tbb::static_partitioner()); });
  }

private:
  tbb::task_arena &arena;
};

} // namespace tsum

#pragma GCC visibility pop
