// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "LoopNest.h"

#include "tsum/Dialect/Tsum/IR/Tsum.h"

namespace tsum {

/// The exact sums of floats in some lanes, in memory: what `Accuracy::exact` accumulates.
///
/// A sum is a whole number of the type's smallest positive number, held in limbs of 64 bits of
/// which limb i counts by 2^(32 i) (Neal, Fast exact summation using small and large
/// superaccumulators, 2015). An element goes to two or three limbs in parts of 32 bits, so that it
/// takes very many to overflow a limb; `carry` hands on what is beyond 32 bits. Infinities and NaNs
/// are added up beside that, as floats, and replace the sum if there are any.
class ExactAccumulator {
public:
  /// Sums of elements of `type`, f32 or f64, in memory for `lanes` of them.
  ExactAccumulator(LoopNest &nest, mlir::Type type, int64_t lanes);

  /// How many limbs elements of `type` take.
  static int64_t limbCount(mlir::Type type);
  /// How many elements a vector for `add` has.
  static int64_t vectorLanes(mlir::Type type);

  /// A limb takes 2^30 parts of 32 bits; carrying costs nothing if it is done as seldom as this.
  static constexpr int64_t addsBetweenCarries = int64_t(1) << 20;

  int64_t lanes() const { return laneCount; }

  /// Sets the first `lanes` sums to 0.
  void clear(int64_t lanes);
  /// Adds the elements of a vector, of at most `vectorLanes`, to the lanes from `first` on.
  void add(mlir::Value elements, mlir::AffineExpr first);
  /// Makes room for as many additions to the first `lanes` sums again.
  void carry(int64_t lanes);
  /// Adds all lanes up in the first, for `finish`.
  void fold();
  /// The sums of `lanes` lanes from `first` on, after `carry`, divided and rounded as `reduction`
  /// says. What it rounds to f16 or bf16 are f64 rounded to odd, so that rounding them once more
  /// gives what rounding the exact value does (Boldo and Melquiond, 2008).
  mlir::Value finish(mlir::AffineExpr first, int64_t lanes, ir::ReductionAttr reduction);

  /// Calls `body` for the first `lanes` lanes, with the first one and the length of each vector.
  void overLanes(int64_t lanes, llvm::function_ref<void(mlir::AffineExpr, int64_t)> body);

private:
  mlir::AffineExpr at(mlir::AffineExpr limb, mlir::AffineExpr lane) {
    return limb * laneCount + lane;
  }

  LoopNest &nest;
  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Type type;
  int64_t laneCount;
  int64_t limbs;
  mlir::Value sums;      ///< limb by limb, in each the lanes
  mlir::Value nonFinite; ///< the sums of infinities and NaNs
  mlir::Value split;     ///< what `add` splits its elements into
};

} // namespace tsum
