// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "OrderKey.h"

#include "tsum/Graph/SummationTree.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace tsum {

/// How one reduction accumulates: the second level of the summation tree that docs/numerics.md
/// states.
///
/// Blocks of rows are combined plainly, in the element type. A block's value of a sum or product of
/// floats is then absorbed by accumulators that do not lose accuracy with their number: one f64 for
/// f32, a compensated pair for f64. All else is exact, so that one accumulator of its own type
/// does; extrema of floats compare integers in their place.
class Accumulator {
public:
  /// The accumulator for result `number` of the reduction `generic`, which the body must give by
  /// one combiner of that output with a value. Otherwise fails, having said why.
  static mlir::FailureOr<Accumulator> match(mlir::linalg::GenericOp generic, int64_t number);

  /// The value that the body combines with its output, inside the body, in the type of blocks.
  mlir::Value reducedValue() const { return value; }

  /// Whether the accumulators combine as the elements of blocks do, so that blocks may be of any
  /// size.
  bool isPlain() const { return kind == Kind::Plain; }

  /// The rows of a block: one where the elements are the sums of parts.
  int64_t blockRows() const { return isOfParts ? 1 : block_rows; }

  /// Whether the sum is to be exact, for ExactAccumulator.h to do.
  bool isExact() const { return exact; }

  /// The element types of the accumulators of one lane.
  llvm::ArrayRef<mlir::Type> types() const { return accumulatorTypes; }

  /// `lanes` accumulators that have absorbed nothing.
  llvm::SmallVector<mlir::Value> neutral(mlir::OpBuilder &b, mlir::Location loc,
                                         int64_t lanes) const;

  /// The values of a block of nothing.
  mlir::Value neutralBlock(mlir::OpBuilder &b, mlir::Location loc, int64_t lanes) const;

  /// Whether `fill` is what a reduction into its output starts from.
  bool isNeutral(mlir::Value fill) const;

  /// Whether the result does not depend on what the output starts from.
  bool ignoresOutput() const { return isAbsorbed; }

  /// Combines two values of the block type.
  mlir::Value combine(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, mlir::Value y) const;

  /// Takes the combined value of a block into the accumulators.
  llvm::SmallVector<mlir::Value> absorb(mlir::OpBuilder &b, mlir::Location loc,
                                        mlir::ValueRange accumulators, mlir::Value block) const;

  /// Combines the lanes of `accumulators` by halves until `lanes` are left.
  llvm::SmallVector<mlir::Value> foldLanes(mlir::OpBuilder &b, mlir::Location loc,
                                           mlir::ValueRange accumulators, int64_t lanes) const;

  /// Folds each of `lines`, a power of two of them, to one lane: the results side by side, and the
  /// operations of `foldLanes` for several lines at once.
  llvm::SmallVector<mlir::Value>
  foldLines(mlir::OpBuilder &b, mlir::Location loc,
            llvm::ArrayRef<llvm::SmallVector<mlir::Value>> lines) const;

  /// The result in the type of the output: the only rounding of the second level, and none if that
  /// is the accumulators' type.
  mlir::Value finish(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange accumulators) const;

private:
  enum class Kind { Plain, WideSum, WideProduct, CompensatedSum, CompensatedProduct };

  bool isCompensated() const {
    return kind == Kind::CompensatedSum || kind == Kind::CompensatedProduct;
  }
  mlir::LogicalResult findValue(mlir::linalg::GenericOp generic, int64_t number);
  mlir::LogicalResult chooseKind();
  void compareKeys();
  mlir::Value create(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, mlir::Value y) const;
  mlir::TypedAttr identityOf(mlir::Type type) const;
  llvm::SmallVector<mlir::Value> merge(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange x,
                                       mlir::ValueRange y) const;

  Kind kind = Kind::Plain;
  /// The op that combines two values; of an absorbing constant, which needs none, any that keeps
  /// it.
  mlir::OperationName combiner;
  bool isAbsorbed = false; ///< whether the value is such a constant
  bool isPartial = false;  ///< whether the result has the type of the accumulators
  bool isOfParts = false;  ///< whether the values are such results
  bool exact = false;
  mlir::Type resultType;
  mlir::Attribute neutralResult; ///< what the output is filled with before
  std::optional<OrderKey> key;   ///< of floats that are compared
  mlir::Value value;
  llvm::SmallVector<mlir::Type, 2> accumulatorTypes;

  explicit Accumulator(mlir::OperationName combiner) : combiner(combiner) {}
};

/// The lanes of each line of a reduction, as the summation tree has them.
int64_t lanesOfReduction(mlir::linalg::GenericOp reduction, const Accumulator &accumulator);

} // namespace tsum
