// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "LoopNest.h"

namespace tsum {

/// Emits an exact sum of `value`, a float of the body of `nest`, into its output. The order of the
/// additions is free.
void emitExactSum(LoopNest &nest, mlir::Value value);

} // namespace tsum
