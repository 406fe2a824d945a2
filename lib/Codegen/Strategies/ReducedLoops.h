// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ReductionLoops.h"

namespace tsum {

/// Loops over all reduced dimensions of what has no order, and over chunks of them.
class ReducedLoops {
public:
  /// `unrollsLine` says that the innermost dimension is a few places in the code and no loop.
  ReducedLoops(ReductionLoops &loops, bool unrollsLine);

  using Visit = llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::ValueRange)>;

  /// The reduced dimensions, outermost first.
  llvm::SmallVector<int64_t> dims;

  /// The most elements along `dim`, and of all.
  int64_t most(int64_t dim);
  int64_t elements();

  /// `visit` at all places of the reduced dimensions from the `level`th on, along the innermost one
  /// at each `step`th, carrying values.
  llvm::SmallVector<mlir::Value> overAll(size_t level, int64_t step, mlir::ValueRange carried,
                                         Visit visit);

  /// How the reduced dimensions are cut into chunks: along the `level`th in `length` steps, of what
  /// is inside it everything.
  struct Chunks {
    size_t level = 0;
    int64_t length = 1;
    bool isOne = false; ///< a single chunk is all
  };
  /// Chunks of at most so many places, of which the innermost dimension has one for each `step`.
  Chunks chunksOf(int64_t places, int64_t step);

  struct Chunk {
    mlir::AffineExpr start; ///< in steps of its level
    mlir::Value length;     ///< likewise
    mlir::Value places;     ///< how many it has
  };
  /// Emits `body` for each chunk.
  void overChunks(const Chunks &chunks, int64_t step, llvm::function_ref<void(const Chunk &)> body,
                  size_t level = 0);
  /// `visit` at all places of a chunk; or at those of `count` of its steps from `from` on.
  llvm::SmallVector<mlir::Value> overChunk(const Chunks &chunks, const Chunk &chunk, int64_t step,
                                           mlir::ValueRange carried, Visit visit);
  llvm::SmallVector<mlir::Value> overSteps(const Chunks &chunks, mlir::AffineExpr from,
                                           mlir::Value count, int64_t step,
                                           mlir::ValueRange carried, Visit visit);

  /// Emits `body` for parts of `size` of `count` steps, with where each begins and how many it has.
  void overParts(mlir::Value count, int64_t size,
                 llvm::function_ref<void(mlir::AffineExpr, mlir::Value)> body);

private:
  mlir::Value constant(int64_t value);
  int64_t stepAt(size_t level, int64_t step) const { return level + 1 == dims.size() ? step : 1; }
  mlir::Value stepsOf(int64_t dim, int64_t step);

  ReductionLoops &loops;
  LoopNest &nest;
  mlir::OpBuilder &b;
  const mlir::Location loc;
  const bool unrollsLine;
};

} // namespace tsum
