// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/JIT/Program.h"

namespace tsum {

/// Runs all tiles of `launch` on `buffers`: in parallel where its work is worth it, otherwise on
/// the calling thread, after `set_kernel_hook`'s. Returns when all are done, and throws what the
/// hook does.
void run_tiles(const Program::Launch &launch, const void *const *buffers);

/// How many threads `run_tiles` takes for `launch` when it is called here.
[[nodiscard]] std::int64_t threads_for(const Program::Launch &launch);

/// From now on keeps everything on the calling thread: a process that was forked has none of the
/// threads of its parent, and TBB does not notice.
void use_no_other_threads();

} // namespace tsum
