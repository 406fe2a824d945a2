// SPDX-License-Identifier: Apache-2.0
//
/// What most programs need of tsum: build a graph of tensors, evaluate it or compile it to a
/// function. Beside it: tsum/npy.h reads and writes NumPy files, tsum/stream.h opens those that are
/// larger than memory, tsum/mpi.h divides tensors among ranks, tsum/explain.h says what is compiled
/// and how it runs, tsum/partial.h puts reductions of parts together, tsum/tbb.h takes threads of
/// an arena. No public header needs LLVM or MLIR.
#pragma once

#include "tsum/cache.h"     // IWYU pragma: export
#include "tsum/dtype.h"     // IWYU pragma: export
#include "tsum/error.h"     // IWYU pragma: export
#include "tsum/eval.h"      // IWYU pragma: export
#include "tsum/function.h"  // IWYU pragma: export
#include "tsum/gradients.h" // IWYU pragma: export
#include "tsum/memory.h"    // IWYU pragma: export
#include "tsum/ops.h"       // IWYU pragma: export
#include "tsum/progress.h"  // IWYU pragma: export
#include "tsum/tensor.h"    // IWYU pragma: export
#include "tsum/threads.h"   // IWYU pragma: export
