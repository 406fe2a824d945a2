// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ExactSums.h"
#include "ReducedLoops.h"

namespace tsum {

/// The loops of an exact sum, and what those along and across memory share.
struct ExactLoops {
  using Lanes = ExactSums::Lanes;

  explicit ExactLoops(ReductionLoops &loops);

  /// Whether elements of several short rows are shuffled out of whole loads, each lane a row.
  static bool isNarrow(ReductionLoops &loops);
  /// Rows of up to so many elements are shuffled so.
  static constexpr int64_t mostShuffled = 5;
  /// Elements that each lane takes of a block.
  static constexpr int64_t blockElements = ExactWindow::mostOfBlock;

  /// The elements of a row, in whole vectors.
  int64_t paddedElements();

  /// Stores results, which the reduced dimensions are gone of.
  void store(mlir::ValueRange results, const LaneTile &tile);

  /// What whole vectors leave of the line, at all places of the other reduced dimensions.
  llvm::SmallVector<mlir::Value>
  overRests(mlir::ValueRange carried,
            llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::AffineExpr, int64_t,
                                                              mlir::ValueRange)>
                visit);

  mlir::Value constant(int64_t value);
  mlir::AffineExpr zero() { return nest.constant(0); }

  ReductionLoops &loops;
  LoopNest &nest;
  mlir::OpBuilder &b;
  mlir::Location loc;
  llvm::SmallVector<int64_t> kept;
  ReducedLoops reduced;
  ir::ReductionAttr reduction;
  mlir::Type type;
  int64_t width; ///< of vectors
};

/// Rows that are one block each, as many as a vector has lanes at once.
void emitExactRows(ExactLoops loops);
/// One result of many blocks, whose lanes go together in the end.
void emitExactLine(ExactLoops loops);
/// Each lane has a result of its own: neighbours along the last dimension that is kept.
void emitExactColumns(ExactLoops loops);

} // namespace tsum
