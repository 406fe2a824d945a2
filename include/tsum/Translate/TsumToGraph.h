// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/tensor.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <vector>

namespace tsum {

/// What `function`, of verified tsum ops, returns for `arguments`, as an expression graph: computes
/// nothing. The arguments may lie in memory as they like: `tsum.strides` is not looked at.
///
/// Fails, with a diagnostic, if the arguments are not as many as the function's or of other shapes
/// or dtypes, and if an op is none of tsum's.
mlir::FailureOr<std::vector<Tensor>> tsumToGraph(mlir::func::FuncOp function,
                                                 llvm::ArrayRef<Tensor> arguments);

} // namespace tsum
