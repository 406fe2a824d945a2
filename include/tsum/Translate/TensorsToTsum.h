// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/tensor.h"

#include "mlir/IR/BuiltinOps.h"

#include <span>

namespace tsum {

/// The expression graph behind `outputs`, operation by operation as the user built it, as a module
/// with one function `@graph` of tsum ops: `tsumToGraph` makes the same graph of it. Data and
/// inputs are its arguments, in the order of `evaluation_order`, with their names and strides,
/// these where they are multiples of the element size.
mlir::OwningOpRef<mlir::ModuleOp> tensorsToTsum(std::span<const Tensor> outputs,
                                                mlir::MLIRContext *context);

} // namespace tsum
