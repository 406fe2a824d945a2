// SPDX-License-Identifier: Apache-2.0
//
/// The whole public API of tsum: build a graph of tensors, evaluate it. No header behind it needs
/// LLVM or MLIR.
#pragma once

#include "tsum/cache.h"    // IWYU pragma: export
#include "tsum/dtype.h"    // IWYU pragma: export
#include "tsum/error.h"    // IWYU pragma: export
#include "tsum/eval.h"     // IWYU pragma: export
#include "tsum/function.h" // IWYU pragma: export
#include "tsum/ops.h"      // IWYU pragma: export
#include "tsum/tensor.h"   // IWYU pragma: export
#include "tsum/threads.h"  // IWYU pragma: export
