// SPDX-License-Identifier: Apache-2.0
//
// Experiments: reductions that run otherwise than the cost model says.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace tsum {

/// Fails, and says which names there are, if `wanted` is neither empty nor a strategy.
mlir::LogicalResult verifyStrategy(mlir::func::FuncOp kernel, llvm::StringRef wanted);

/// `wanted` if `reduction` can run so, or else, with a remark, what was `chosen` for it.
llvm::StringRef overrideStrategy(mlir::linalg::GenericOp reduction, llvm::StringRef chosen,
                                 llvm::StringRef wanted);

/// The lanes of a line by `strategy`: those of the summation tree, unless that has none for it.
int64_t overrideLanes(llvm::StringRef strategy, int64_t lanes);

} // namespace tsum
