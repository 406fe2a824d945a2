// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "KernelPlan.h"

namespace tsum {

/// Ops in one kernel. Compiling takes more than linear time in them, and where so many work on each
/// element, writing a tensor to memory and reading it back costs little beside them.
inline constexpr size_t maxKernelOps = 256;

/// What a kernel with given results would be.
struct Survey {
  PlannedKernel kernel;
  /// Values that it cannot compute on the way, and why.
  llvm::SmallVector<std::pair<mlir::Value, llvm::StringRef>> cuts;
};

/// Looks at the ops that compute `results`, back to arguments and to what has memory: other values
/// for which `hasMemory`.
Survey survey(llvm::ArrayRef<mlir::Value> results, llvm::function_ref<bool(mlir::Value)> hasMemory);

} // namespace tsum
