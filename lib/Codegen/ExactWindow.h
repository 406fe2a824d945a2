// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "LoopNest.h"

#include "tsum/Dialect/Tsum/IR/Tsum.h"
#include "tsum/Exact/Limbs.h"

namespace tsum {

/// Exact sums in fixed point: integers in vectors, as long as the elements fit a window of binades.
///
/// Let p be the stored bits of a significand: 23, or 52. Added to M = 1.5 * 2^(p + u), an x of less
/// than 2^(p - 1 + u) becomes a multiple of 2^u, and the bits of x + M are those of M and this
/// multiple. So the bits are added as integers, n times those of M come off in the end, and nothing
/// is lost. What x + M rounds away is x - ((x + M) - M), exactly; it goes, the same way, to a
/// second level with a unit of 2^(u - p), which takes it whole if it is a multiple of that. Two
/// levels are a window of 2p - 1 bits: elements of p - 1 binades next to each other. f32 that the
/// kernel computes have a third one, since a square has twice the binades of its root.
///
/// Where a window holds a few elements that are all of a sum, f64 add them: f32, whose sum is an
/// f64, and f64 in two levels, of which each has a sum that is one.
///
/// Elements come in *blocks*. Each is added by the window of those before it, with its largest and
/// smallest magnitude beside, which tell in the end whether all elements were within. If not, the
/// window moves and the block is added again. docs/numerics.md proves the counts.
class ExactWindow {
public:
  /// The windows of `lanes` sums of what `reduction` takes: one for all if `isCommon`, else each
  /// its own. They stay where the last block left them until the kernel returns. Those of f16,
  /// which hold all of these, never move. If there are `few`, a block is all of a sum, of so many
  /// elements, else that is 0.
  ExactWindow(LoopNest &nest, ir::ReductionAttr reduction, bool isComputed, int64_t lanes,
              bool isCommon, int64_t few);

  /// How many elements each lane of a block takes at most, so that no integer overflows.
  static constexpr int64_t mostOfBlock = 256;
  /// How many elements are few.
  static int64_t mostOfFew(mlir::Type type) { return type.isF32() ? 256 : 64; }
  /// How many elements a sum, of blocks or of lanes, takes before `flush`.
  static int64_t mostOfSum(mlir::Type type);

  /// Sets sums to 0.
  void clear(mlir::AffineExpr first, int64_t width);

  // A block: the sums of its lanes, of each level, and their largest and smallest magnitude.

  /// Whether f64 add the elements, which are few.
  bool addsDoubles() const { return inDoubles; }
  size_t valuesOfBlock() const { return size_t(sumsOfBlock()) + 2; }

  /// What is added to elements of the lanes from `first` on, for each level.
  llvm::SmallVector<mlir::Value> magic(mlir::AffineExpr first, int64_t width);
  /// A block without elements.
  llvm::SmallVector<mlir::Value> emptyBlock(int64_t width);
  /// Adds a vector of elements.
  llvm::SmallVector<mlir::Value> add(mlir::ValueRange block, mlir::Value elements,
                                     mlir::ValueRange magic);
  /// Whether the elements of a block with these extrema are within the windows of the lanes from
  /// `first` on.
  mlir::Value holds(mlir::ValueRange extrema, mlir::AffineExpr first);
  /// Moves the windows to where they have the block in the middle; gives whether that is possible.
  mlir::Value moveTo(mlir::ValueRange extrema, mlir::AffineExpr first);

  /// Adds the sums of a block, in which each lane took `additions` elements; or, if it `isOnly`
  /// one, makes them the sums.
  void take(mlir::ValueRange sums, mlir::Value additions, mlir::AffineExpr first, bool isOnly);
  /// Makes the sums of all lanes of such a block, of `elements` in all, that at `place`.
  void takeTogether(mlir::ValueRange sums, mlir::Value additions, int64_t elements,
                    mlir::AffineExpr place);

  /// The same with several such blocks, of few elements each, at places from `first` on.
  void takeLines(llvm::ArrayRef<llvm::SmallVector<mlir::Value>> lines, mlir::Value additions,
                 mlir::AffineExpr first);

  /// Whether any of the sums is not 0.
  mlir::Value isAnyTaken(mlir::AffineExpr first, int64_t width);
  /// Adds the sums to `limbs`, from `place` on, each lane to those a `step` behind.
  void flush(mlir::AffineExpr first, int64_t width, mlir::Value limbs, mlir::AffineExpr place,
             int64_t step);
  /// Whether `round` can round sums of up to `elements`; else limbs can.
  static bool canRound(mlir::Type type, int64_t elements) { return elements <= mostOfSum(type); }
  /// The sums, of all lanes together if `asOne`, divided and rounded as `reduction` says. What it
  /// rounds to f16 or bf16 are f64 rounded to odd.
  mlir::Value round(mlir::AffineExpr first, int64_t width, bool asOne, int64_t elements,
                    ir::ReductionAttr reduction);

  /// How many elements a vector has.
  static int64_t vectorLanes(mlir::Type type) { return type.isF32() ? 16 : 8; }

private:
  int64_t sumsOfBlock() const { return inDoubles && type.isF32() ? 1 : levels; }
  /// Between the units of the highest and the lowest level, in binades.
  int64_t height() const { return (levels - 1) * fraction(); }
  int64_t fraction() const { return type.isF32() ? 23 : 52; }
  mlir::Type bitsType() const { return b.getIntegerType(type.getIntOrFloatBitWidth()); }
  int64_t mostBits() const { return type.isF32() ? int64_t(INT32_MAX) : INT64_MAX; }
  mlir::Value within(mlir::ValueRange extrema, mlir::AffineExpr first);
  mlir::Value load(mlir::Value buffer, mlir::AffineExpr first, int64_t width);
  mlir::Value unit(mlir::AffineExpr first, int64_t width);
  mlir::Value roundSingles(mlir::AffineExpr first, int64_t width);
  mlir::Value roundDoubles(mlir::AffineExpr first, int64_t width);
  mlir::Value divide(mlir::Value sums, ir::ReductionAttr reduction);
  mlir::Value withoutMagic(mlir::Value sum, mlir::Value magic, mlir::Value additions);
  mlir::Value sumOf(int64_t level, mlir::AffineExpr first, int64_t width);
  void setUnits(mlir::Value units, mlir::AffineExpr first);
  mlir::AffineExpr at(int64_t level, mlir::AffineExpr lane) { return lane + level * lanes; }
  mlir::AffineExpr windowOf(mlir::AffineExpr lane) { return isCommon ? nest.constant(0) : lane; }
  mlir::AffineExpr lowestMagicOf(mlir::AffineExpr lane) {
    return windowOf(lane) + (levels - 1) * windows;
  }

  LoopNest &nest;
  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Type type; ///< in which elements are added: f32 or f64
  bool holdsAll;   ///< all finite elements
  int64_t levels;
  int64_t lanes, windows;
  bool isCommon;
  bool inDoubles;           ///< whether f64 add the elements, in place of integers
  int64_t margin;           ///< of the window at both ends, for sums of f64
  mlir::Value sums;         ///< level by level, the highest first; or f64
  mlir::Value magics;       ///< of each level the M of each window, likewise
  mlir::Value upper, lower; ///< the limits of magnitudes, by their bits, as `add` keeps these
};

/// How the library rounds to the type of a result.
exact::Rounding roundingOf(ir::ReductionAttr reduction);

} // namespace tsum
