// SPDX-License-Identifier: Apache-2.0
//
// What operations ask of the dimensions of their operands.
#pragma once

#include "tsum/Dialect/Tsum/IR/Tsum.h"

namespace tsum::ir {

/// Checks that `indices`, called `noun`s in diagnostics, are different dimensions of `type`.
mlir::LogicalResult verifyDimensions(llvm::function_ref<mlir::InFlightDiagnostic()> emitError,
                                     llvm::StringRef noun, llvm::ArrayRef<int64_t> indices,
                                     mlir::RankedTensorType type);

/// The extents of a result whose dimension i is dimension `dims[i]` of `operand`, or has the extent
/// of its type where that is -1.
mlir::LogicalResult reifyFrom(mlir::OpBuilder &b, mlir::Location loc, mlir::Value operand,
                              mlir::RankedTensorType result, llvm::ArrayRef<int64_t> dims,
                              mlir::ReifiedRankedShapedTypeDims &shapes);

} // namespace tsum::ir
