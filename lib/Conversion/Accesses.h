// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tsum {

/// Turns the loads and stores of `kernel` into those of the LLVM dialect, and buffers that are only
/// accessed into pointers.
///
/// Upstream's patterns say each access for itself, on its way through descriptors of buffers: some
/// fifteen operations, which LLVM finds out to be the same as the last ones but for a constant.
/// Here accesses of a block that differ by a constant share a pointer from the beginning.
void lowerAccesses(mlir::func::FuncOp kernel);

} // namespace tsum
