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

  /// Sets the sums of `width` lanes to 0, a vector of them.
  void clear(mlir::AffineExpr first, int64_t width);
  /// Adds the elements of a vector, of at most `vectorLanes`, to the lanes from `first` on, or, if
  /// `toFirst`, all to the first of these.
  void add(mlir::Value elements, mlir::AffineExpr first, bool toFirst = false);
  /// Adds signed integers of 64 bits that count by 2^`power` times the smallest positive number,
  /// likewise.
  void addFixed(mlir::Value integers, mlir::Value power, mlir::AffineExpr first, bool toFirst);
  /// Makes room in `width` lanes for 2^29 more additions to each.
  void carry(mlir::AffineExpr first, int64_t width);
  /// The sums of `lanes` lanes from `first` on, after `carry`, divided and rounded as `reduction`
  /// says. What it rounds to f16 or bf16 are f64 rounded to odd, so that rounding them once more
  /// gives what rounding the exact value does (Boldo and Melquiond, 2008).
  mlir::Value finish(mlir::AffineExpr first, int64_t lanes, ir::ReductionAttr reduction);

  /// 2^52 `high` + `low`, signed integers of 64 bits, as f64, rounded to nearest even or to odd. They
  /// count by the last bit of an f64 of the biased exponent `unit`.
  static mlir::Value roundFixed(mlir::OpBuilder &b, mlir::Location loc, mlir::Value high,
                                mlir::Value low, mlir::Value unit, bool toOdd);

private:
  void scatter(mlir::Value limb, llvm::ArrayRef<mlir::Value> parts, mlir::AffineExpr first,
               bool toFirst);
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
