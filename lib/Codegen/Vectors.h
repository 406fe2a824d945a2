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

// Of several vectors each, one of each kind of value.

/// The lanes of each of `x` and, behind them, of `y` that `sources` names.
llvm::SmallVector<mlir::Value> shuffleEach(mlir::OpBuilder &b, mlir::Location loc,
                                           mlir::ValueRange x, mlir::ValueRange y,
                                           llvm::ArrayRef<int64_t> sources);

using Combine =
    llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::ValueRange, mlir::ValueRange)>;

/// Combines the halves of each group of `lanes` lanes.
llvm::SmallVector<mlir::Value> foldHalves(mlir::OpBuilder &b, mlir::Location loc,
                                          mlir::ValueRange vector, int64_t lanes, Combine combine);

/// Does that with all lanes of each line, a vector, until one is left, with several lines at once:
/// the results side by side. Both numbers are powers of two.
llvm::SmallVector<mlir::Value> foldLines(mlir::OpBuilder &b, mlir::Location loc,
                                         llvm::SmallVector<llvm::SmallVector<mlir::Value>> lines,
                                         Combine combine);

} // namespace tsum
