// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/JIT/Program.h"

namespace tsum {

/// Runs all tiles of `launch` on `buffers`: in parallel where its work is worth it, otherwise on
/// the calling thread. Returns when all are done.
void run_tiles(const Program::Launch &launch, const void *const *buffers);

} // namespace tsum
