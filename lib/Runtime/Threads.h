// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/JIT/Program.h"

namespace tsum {

/// Runs all tiles of `launch` on `buffers`, in pieces: in parallel where its work is worth it,
/// otherwise on the calling thread. Returns when all are done. Throws what a Monitor does: the
/// results are half done then, and no thread is at them any more.
void run_tiles(const Program::Launch &launch, const void *const *buffers);

/// How many threads `run_tiles` takes for `launch` when it is called here.
[[nodiscard]] std::int64_t threads_for(const Program::Launch &launch);

} // namespace tsum
