// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../Accumulators.h"
#include "../LoopNest.h"

#include "tsum/Graph/SummationTree.h"

namespace tsum {

/// What the strategies share: a reduction over one dimension, the *line*, on buffers, and how its
/// elements become blocks and these nodes, as tsum/Graph/SummationTree.h has it.
class ReductionLoops {
public:
  ReductionLoops(LoopNest &nest, Accumulators accumulators);

  LoopNest &nest;
  mlir::OpBuilder &b;
  const mlir::Location loc;
  const Accumulators accumulators;
  const llvm::SmallVector<mlir::Value> values; ///< of the body: what is accumulated
  int64_t line = -1;                           ///< the dimension that is reduced
  llvm::SmallVector<int64_t> kept;             ///< the others, outermost first

  bool isInner() const { return line == nest.rank() - 1; }
  int64_t innerKept() const { return kept.empty() ? -1 : kept.back(); }

  /// Loops over the kept dimensions but the innermost one.
  void overOuterKept(llvm::function_ref<void()> body) {
    nest.overDims(llvm::ArrayRef(kept).drop_back(), {},
                  [&](mlir::ValueRange) -> llvm::SmallVector<mlir::Value> {
                    body();
                    return {};
                  });
  }

  // The extent of the line: known, or that of a piece, of which the last one may be shorter.

  bool isPiece() const { return piece != nullptr; }
  /// The extent, or the most that it can be.
  int64_t mostElements() const;

  /// `most` elements, or as many as a piece has: steps of so many, a power of two, leave nothing of
  /// pieces but of the last one.
  int64_t stepOf(int64_t most) const { return piece ? std::min(most, piece.getSize()) : most; }

  /// How often `count` goes into the extent, as a value.
  mlir::Value countOf(int64_t count);

  /// What is left of the extent after all times that `count` goes into it: of a piece, if it is the
  /// last one.
  int64_t restOf(int64_t count) const;

  /// Emits `body` for what is left of the extent after all times that `count` goes into it, with
  /// where it begins and how much it is, if there is any: in a piece, which holds a multiple of
  /// `count` unless it is the last one, if it is that. Gives `otherwise` if there is none.
  llvm::SmallVector<mlir::Value>
  overRest(int64_t count, mlir::ValueRange otherwise,
           llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::AffineExpr, int64_t)> body);

  // Elements.

  /// The values of the elements of `tile` at the current position, in the type of blocks.
  llvm::SmallVector<mlir::Value> elements(const LaneTile &tile) {
    return accumulators.prepare(b, loc, nest.evaluate(values, tile));
  }

  /// The first `count` elements of `tile`, which loads partly, at the position, and neutral ones.
  llvm::SmallVector<mlir::Value> someElements(int64_t count, LaneTile tile);

  /// Combines `count` vectors, one after the other, with `so_far` before them if that is not empty.
  /// `moveTo` sets the position to one of them.
  llvm::SmallVector<mlir::Value> combineRows(int64_t count, const LaneTile &tile,
                                             llvm::function_ref<void(mlir::AffineExpr)> moveTo,
                                             llvm::SmallVector<mlir::Value> soFar = {});

  /// The lanes of a block: `count` elements of the line from `start` on, element i in lane i modulo
  /// `tile.rows`. Lanes without elements have neutral ones. `tile` runs along the line.
  llvm::SmallVector<mlir::Value> lanesOf(mlir::AffineExpr start, int64_t count,
                                         const LaneTile &tile);

  /// Folds the first `count` of `size` vectors, a power of two, by halves; `vectorAt` gives each.
  llvm::SmallVector<mlir::Value>
  foldInOrder(int64_t count, int64_t size,
              llvm::function_ref<llvm::SmallVector<mlir::Value>(int64_t)> vectorAt,
              int64_t first = 0, int64_t step = 1);

  /// The block of `count` rows at the position, of which `elementsAt` gives each: folded as lanes
  /// are, in code without loops; or of its lanes those that are `lane` modulo `step`.
  llvm::SmallVector<mlir::Value>
  foldRows(int64_t count, llvm::function_ref<llvm::SmallVector<mlir::Value>(int64_t)> elementsAt,
           int64_t lane = 0, int64_t step = 1);

  /// The tree over `count` nodes, of which `nodeAt` gives each, in code without loops.
  llvm::SmallVector<mlir::Value>
  mergeTree(int64_t count, llvm::function_ref<llvm::SmallVector<mlir::Value>(int64_t)> nodeAt);

  /// The rows of `tile` whose code stands side by side in a loop: about as many as give 32 vector
  /// instructions, which amortize the loop and are quick to compile.
  int64_t rowsAtOnce(const LaneTile &tile);

  // The order of lanes while their elements are combined; see LaneTile.

  LaneTile inAnyOrder(LaneTile tile);
  llvm::SmallVector<mlir::Value> inOrder(mlir::ValueRange lanes, const LaneTile &tile);

  // Results.

  /// Stores the results of `nodes`, at the position.
  void storeResults(mlir::ValueRange nodes, const LaneTile &tile);

  // Buffers on the stack: one for each type, vectors of them at a place.

  llvm::SmallVector<mlir::Value> allocate(llvm::ArrayRef<mlir::Type> types, int64_t size);
  llvm::SmallVector<mlir::Value> load(mlir::ValueRange buffers, mlir::AffineExpr place,
                                      int64_t count);
  void store(mlir::ValueRange values, mlir::ValueRange buffers, mlir::AffineExpr place);

private:
  ir::PieceAttr piece;
};

/// The nodes of the tree that wait for their right neighbours: a binary counter. Level l holds the
/// node of 2^l leaves, `width` lanes wide.
class NodeStack {
public:
  /// Room for a tree of up to `leaves` leaves.
  NodeStack(ReductionLoops &loops, int64_t leaves, int64_t width);

  /// Adds the leaf with the number `index`, from 0 on.
  void push(mlir::Value index, mlir::ValueRange leaf);

  /// The tree of `count` leaves: lanes `first` to `first + lanes`.
  llvm::SmallVector<mlir::Value> total(mlir::Value count, mlir::AffineExpr first, int64_t lanes);

  /// The level that leaf `index` ends up at: the number of ones at the end of `index`.
  mlir::Value levelOf(mlir::Value index);

  mlir::AffineExpr at(mlir::AffineExpr level, mlir::AffineExpr lane) {
    return level * width + lane;
  }

  llvm::SmallVector<mlir::Value> buffers;

private:
  ReductionLoops &loops;
  int64_t levels, width;
};

} // namespace tsum
