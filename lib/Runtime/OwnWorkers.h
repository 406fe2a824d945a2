// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace tsum {

/// Whether this process is a child of one that may have used TBB, whose workers are not here, which
/// TBB does not notice. It has workers of its own then.
[[nodiscard]] bool has_own_workers();

/// Notes that the process uses TBB from now on.
void note_use_of_tbb();

/// Has a worker do `task`, which does not throw. Workers start when they are needed.
void give_to_own_worker(std::function<void()> task);

/// Changes in a child of the process: workers of the number before are gone.
[[nodiscard]] int fork_generation();

} // namespace tsum
