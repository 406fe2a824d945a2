// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ReductionLoops.h"

namespace tsum {

/// What all loops have that reduce lines across memory: lanes run along the columns, the innermost
/// kept dimension.
class ColumnLoops {
protected:
  /// With vectors of at most `vectorBytes`, twice as much of data that is wider than the blocks:
  /// any and all of f64 came at half the speed from beyond L2 in rows of 1 KB.
  ColumnLoops(ReductionLoops &loops, int64_t vectorBytes)
      : loops(loops), nest(loops.nest), accumulators(loops.accumulators), b(loops.b),
        loc(loops.loc), columns(loops.kept.back()),
        vectors(nest.cover(columns, vectorBytes,
                           std::max(accumulators.blockBytes(), nest.widestElement() / 2))),
        width(vectors.width), slots(vectors.count * width),
        tile(loops.inAnyOrder({loops.line, 1, width})) {}

  void overColumns(llvm::function_ref<void(mlir::AffineExpr)> body) {
    nest.overVectors(columns, vectors, body);
  }

  void moveTo(mlir::AffineExpr row) { nest.position[loops.line] = row; }

  void finish(mlir::ValueRange nodes) { loops.storeResults(loops.inOrder(nodes, tile), tile); }

  ReductionLoops &loops;
  LoopNest &nest;
  const Accumulators &accumulators;
  mlir::OpBuilder &b;
  mlir::Location loc;
  const int64_t columns; // the dimension
  const LoopNest::Cover vectors;
  const int64_t width; // of a vector
  const int64_t slots; // of a row of vectors, which overlap in the columns but not here
  const LaneTile tile;
  llvm::SmallVector<mlir::Value> lanes; // in L1
};

/// Bytes of vectors of columns where rows follow each other: memory is read in runs as long.
constexpr int64_t runBytes = 256;
/// Bytes of one lane of a tile of columns.
constexpr int64_t laneBytes = 4 * 1024;
/// Lines of so many rows may be folded in registers.
constexpr int64_t fewRows = 64;
/// Rows that are combined at once. With 8, sums over 1024x4096 f32 run at the speed of a streaming
/// read; 2 or 4 load and store the sums too often, 16 are too many streams.
constexpr int64_t rowsAtOnce = 8;

// The ways to reduce such lines that suit some only, which say whether they did it.
bool emitFewRows(ReductionLoops &loops);
bool emitDenseColumns(ReductionLoops &loops);

/// Reduces lines by `Loops`, if that applies.
template <class Loops> bool emitIfItApplies(ReductionLoops &loops) {
  Loops way(loops);
  if (!way.applies())
    return false;
  way.emit();
  return true;
}

} // namespace tsum
