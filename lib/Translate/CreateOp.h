// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/Node.h"

#include "mlir/IR/Builders.h"

/// The ops of the dialect by the graph's names for them.
namespace tsum {

/// The op of `kind`, an elementwise operation, a `Cast` or a `Where`, of operands of the result's
/// shape.
mlir::Value createElementwise(mlir::OpBuilder &b, mlir::Location loc, OpKind kind, mlir::Type type,
                              mlir::ValueRange operands);

/// \p divisor is of an exact sum, \p nodePart is -1 or which number of its node the reduction
/// gives.
mlir::Value createReduction(mlir::OpBuilder &b, mlir::Location loc, OpKind kind, mlir::Type type,
                            mlir::Value input, llvm::ArrayRef<int64_t> axes, bool keepdims,
                            bool exact, int64_t divisor, int nodePart);

} // namespace tsum
