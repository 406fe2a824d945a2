// SPDX-License-Identifier: Apache-2.0
//
// What tiles have of reductions whose dimension is cut into pieces.
#pragma once

#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/IR/PatternMatch.h"

namespace tsum {

/// What one tile has of pieces: the part of the reduction, and the slices that it reads.
struct TiledPiece {
  llvm::SmallVector<mlir::Value> nodes; // without the dimension of the pieces
  llvm::SmallVector<mlir::Operation *> slices;
};

/// Reduces piece `number` of the reduction of `pieces`, for the results that `places` and `sizes`
/// say.
mlir::FailureOr<TiledPiece> tilePiece(mlir::IRRewriter &rewriter, ir::PiecesOp pieces,
                                      mlir::OpFoldResult number,
                                      llvm::ArrayRef<mlir::OpFoldResult> places,
                                      llvm::ArrayRef<int64_t> sizes);

/// Tensors for the results of `pieces`, which a loop over tiles fills.
llvm::SmallVector<mlir::Value> makeDestinations(mlir::OpBuilder &b, ir::PiecesOp pieces);

/// Puts what a tile has of pieces into the `destinations`, whose first dimension is that of pieces.
llvm::SmallVector<mlir::Value> insertNodes(mlir::OpBuilder &b, mlir::Location loc,
                                           llvm::ArrayRef<mlir::Value> nodes,
                                           mlir::ValueRange destinations,
                                           llvm::ArrayRef<mlir::OpFoldResult> places,
                                           llvm::ArrayRef<int64_t> sizes);

} // namespace tsum
