// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Accumulator.h"

namespace tsum {

/// The most elements reduced to one result where lines are folded together: folding the 8 lanes of
/// such a line alone takes as long as reading it.
inline constexpr int64_t short_line = 64;
/// Lines that are folded together.
inline constexpr int64_t lines_at_once = 8;

/// The accumulators of all results of one reduction, one after the other. What an Accumulator does
/// with one value of the body, this does with one for each result: each keeps its own order of
/// operations, and only the loops around them are common.
class Accumulators {
public:
  /// The accumulators of `generic`. Fails, having said why, where one result has none.
  static mlir::FailureOr<Accumulators> match(mlir::linalg::GenericOp generic);

  llvm::ArrayRef<Accumulator> each() const { return parts; }

  /// Of each result the value that the body combines with it.
  llvm::SmallVector<mlir::Value> reducedValues() const;
  llvm::SmallVector<mlir::Type> types() const;

  llvm::SmallVector<mlir::Value> neutral(mlir::OpBuilder &b, mlir::Location loc,
                                         int64_t lanes) const;
  llvm::SmallVector<mlir::Value> neutralBlocks(mlir::OpBuilder &b, mlir::Location loc,
                                               int64_t lanes) const;
  llvm::SmallVector<mlir::Value> combine(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange x,
                                         mlir::ValueRange y) const;
  llvm::SmallVector<mlir::Value> absorb(mlir::OpBuilder &b, mlir::Location loc,
                                        mlir::ValueRange accumulators,
                                        mlir::ValueRange blocks) const;
  llvm::SmallVector<mlir::Value> foldLanes(mlir::OpBuilder &b, mlir::Location loc,
                                           mlir::ValueRange accumulators, int64_t lanes) const;
  llvm::SmallVector<mlir::Value>
  foldLines(mlir::OpBuilder &b, mlir::Location loc,
            llvm::ArrayRef<llvm::SmallVector<mlir::Value>> lines) const;
  llvm::SmallVector<mlir::Value> finish(mlir::OpBuilder &b, mlir::Location loc,
                                        mlir::ValueRange accumulators) const;

private:
  llvm::SmallVector<Accumulator, 1> parts;
};

} // namespace tsum
