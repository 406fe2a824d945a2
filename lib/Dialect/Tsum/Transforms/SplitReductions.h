// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "KernelPlan.h"

namespace tsum {

/// Which kernels compute `function`, in which a reduction to one result is taken apart, into the
/// nodes of pieces and their merge, where a kernel that has the same data at hand computes the
/// nodes beside what it writes: the value of a loss beside its gradient, or of each row beside what
/// is known of the row. The order of additions is the same.
KernelPlan planWithSplitReductions(mlir::func::FuncOp function);

} // namespace tsum
