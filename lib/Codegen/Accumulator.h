// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace tsum {

/// How one reduction accumulates: the second level of the summation tree that docs/numerics.md
/// states.
///
/// Blocks of rows are combined plainly, in the element type. A block's value is then absorbed by
/// accumulators that do not lose accuracy with their number: one f64 for f32, a compensated pair
/// for f64. Integers wrap, so that one accumulator of their own type does.
class Accumulator {
public:
  /// The accumulator for the reduction that `generic` computes, whose body must end in one combiner
  /// of its output with a value. Otherwise fails, having said why.
  static mlir::FailureOr<Accumulator> match(mlir::linalg::GenericOp generic);

  /// The value that the body combines with its output, inside the body.
  mlir::Value reducedValue() const { return value; }

  /// The element types of the accumulators of one lane.
  llvm::ArrayRef<mlir::Type> types() const { return accumulatorTypes; }

  /// `lanes` accumulators that have absorbed nothing.
  llvm::SmallVector<mlir::Value> neutral(mlir::OpBuilder &b, mlir::Location loc,
                                         int64_t lanes) const;

  /// Whether `fill` is what a reduction into its output starts from.
  bool isNeutral(mlir::Value fill) const;

  /// Combines two values of the element type.
  mlir::Value combine(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, mlir::Value y) const;

  /// Takes the combined value of a block into the accumulators.
  llvm::SmallVector<mlir::Value> absorb(mlir::OpBuilder &b, mlir::Location loc,
                                        mlir::ValueRange accumulators, mlir::Value block) const;

  /// Combines the lanes of `accumulators` by halves until `lanes` are left.
  llvm::SmallVector<mlir::Value> foldLanes(mlir::OpBuilder &b, mlir::Location loc,
                                           mlir::ValueRange accumulators, int64_t lanes) const;

  /// The result in the type of the output: the only rounding of the second level, and none if that
  /// is the accumulators' type.
  mlir::Value finish(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange accumulators) const;

private:
  enum class Kind { Plain, Widened, Compensated };

  llvm::SmallVector<mlir::Value> merge(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange x,
                                       mlir::ValueRange y) const;

  Kind kind = Kind::Plain;
  mlir::Type resultType;
  mlir::Value value;
  llvm::SmallVector<mlir::Type, 2> accumulatorTypes;
};

/// The lanes of each line of a reduction, as the summation tree has them; nothing if `reduction`
/// has no accumulator.
std::optional<int64_t> lanesOfReduction(mlir::linalg::GenericOp reduction);

} // namespace tsum
