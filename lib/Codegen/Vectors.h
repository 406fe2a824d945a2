// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mlir/IR/Builders.h"

namespace tsum {

/// The lanes `first` to `first + count` of a vector.
mlir::Value takeLanes(mlir::OpBuilder &b, mlir::Location loc, mlir::Value vector, int64_t first,
                      int64_t count);

/// The lanes of a vector in vectors whose lengths are powers of two, the longest first.
llvm::SmallVector<mlir::Value> splitToPowersOfTwo(mlir::OpBuilder &b, mlir::Location loc,
                                                  mlir::Value vector);

/// One vector of the lanes of all `pieces`, in order.
mlir::Value concatenate(mlir::OpBuilder &b, mlir::Location loc, llvm::ArrayRef<mlir::Value> pieces);

/// The sum of the lanes of each vector of integers, side by side: a power of two of vectors, of a
/// power of two of lanes.
mlir::Value sumLines(mlir::OpBuilder &b, mlir::Location loc, llvm::SmallVector<mlir::Value> lines);

} // namespace tsum
