// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "LoopNest.h"

namespace tsum {

class ExactAccumulator;

/// Exact sums in fixed point: integers in vectors, as long as the elements fit a window of binades.
///
/// Added to M = 1.5 * 2^(52 + u), an f64 x of less than 2^(51 + u) that is a multiple of 2^u
/// becomes fixed point without being rounded: the bits of x + M are those of M and x / 2^u. So the
/// bits are added as integers, n times those of M come off in the end, and nothing is lost. f32 has
/// one such level of 51 bits, in f64; f64 has two, one below the other, of which the second takes
/// exactly what the first rounds away.
///
/// Elements come in *blocks*. Each block is added by the window of those before it, with its
/// largest and smallest magnitude beside, which tell in the end whether all elements were within.
/// If not, the window moves and the block is added again. docs/numerics.md proves the counts.
class ExactWindow {
public:
  /// The window of `lanes` sums of elements of `type`, f32 or f64: one for all if `isCommon`, else
  /// each its own. It stays where the last block left it until the kernel returns.
  ExactWindow(LoopNest &nest, mlir::Type type, int64_t lanes, bool isCommon);

  /// How many elements the integers of a lane take before `flush`.
  static constexpr int64_t mostAdditions = 2048;

  /// Sets sums to 0.
  void clear(mlir::AffineExpr first, int64_t width);

  // A block: the sums of its lanes, level by level, and their largest and smallest magnitude.

  /// What is added to elements of the lanes from `first` on, for each level.
  llvm::SmallVector<mlir::Value> magic(mlir::AffineExpr first, int64_t width);
  /// A block without elements.
  llvm::SmallVector<mlir::Value> emptyBlock(int64_t width);
  /// The sums of no elements, the first values of a block.
  llvm::SmallVector<mlir::Value> emptySums(int64_t width);
  /// Adds a vector of elements.
  llvm::SmallVector<mlir::Value> add(mlir::ValueRange block, mlir::Value elements,
                                     mlir::ValueRange magic);
  /// Whether a block's elements are within the window of the lanes from `first` on.
  mlir::Value holds(mlir::ValueRange extrema, mlir::AffineExpr first);
  /// Moves the window to where it has the block in its middle; gives whether that is possible.
  mlir::Value moveTo(mlir::ValueRange extrema, mlir::AffineExpr first);
  /// Adds the sums of a block, in which each lane took `additions` elements.
  void take(mlir::ValueRange sums, mlir::Value additions, mlir::AffineExpr first);

  /// Whether any of the sums is not 0.
  mlir::Value isAnyTaken(mlir::AffineExpr first, int64_t width);
  /// Hands the sums on to `limbs`, each lane to its own or, if `toFirst`, all to the first one, and
  /// sets them to 0.
  void flush(ExactAccumulator &limbs, mlir::AffineExpr first, int64_t width, bool toFirst);
  /// The sums as f64, rounded to nearest even, or to odd.
  mlir::Value round(mlir::AffineExpr first, int64_t width, bool toOdd);

  int64_t levels() const { return type.isF32() ? 1 : 2; }

private:
  struct Format;
  const Format &format() const;
  mlir::Value within(mlir::ValueRange extrema, mlir::AffineExpr first);
  mlir::Value unit(mlir::AffineExpr first, int64_t width);
  mlir::Value sumOf(int64_t level, mlir::AffineExpr first, int64_t width);
  void setUnit(mlir::Value unit, mlir::AffineExpr first);
  mlir::AffineExpr at(int64_t level, mlir::AffineExpr lane) { return lane + level * lanes; }
  mlir::AffineExpr windowOf(mlir::AffineExpr lane) { return isCommon ? nest.constant(0) : lane; }
  mlir::Value spread(mlir::Value window, int64_t width);

  LoopNest &nest;
  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Type type;
  int64_t lanes;
  bool isCommon;
  mlir::Value sums;         ///< level by level
  mlir::Value units;        ///< of each window: the biased exponent of the lowest level's M
  mlir::Value upper, lower; ///< the limits of magnitudes, by their bits, as `add` keeps these
};

} // namespace tsum
