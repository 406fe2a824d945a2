// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "OrderKey.h"

#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace tsum {

/// How one reduction accumulates, in vectors: the two levels of the summation tree that
/// docs/numerics.md states.
///
/// The elements of a block are combined in the block type. A block's value becomes a node, which
/// does not lose accuracy with their number: of a sum of f32 one f64, of f64 a compensated pair.
/// All else is exact, so that a node is a value of the block type; extrema of floats compare
/// integers in their place.
class Accumulator {
public:
  explicit Accumulator(ir::AccumulateOp op);

  ir::ReductionAttr reduction() const { return attribute; }
  bool isOrdered() const { return attribute.isOrdered(); }
  bool isExact() const { return attribute.getExact(); }

  /// Whether its elements are nodes already.
  bool takesNodes() const { return attribute.isOrdered() && attribute.getFromNodes(); }

  /// What of the body is accumulated: one value, or the parts of a node.
  mlir::ValueRange values() const { return op.getValues(); }

  /// The types of a block's value, after `prepare`, and of a node.
  llvm::ArrayRef<mlir::Type> blockTypes() const { return blocks; }
  llvm::ArrayRef<mlir::Type> nodeTypes() const { return nodes; }

  /// How many outputs of the linalg.generic it has.
  unsigned outputs() const { return op.getNumResults(); }

  /// Whether `fill` is what output `number` of it starts from.
  bool isNeutral(mlir::Value fill, unsigned number) const;

  /// Vectors of the body's values, in the type of blocks.
  llvm::SmallVector<mlir::Value> prepare(mlir::OpBuilder &b, mlir::Location loc,
                                         mlir::ValueRange values) const;

  /// About how many instructions that takes for each register.
  int64_t instructions() const { return key ? 3 : 0; }

  /// `lanes` values that change nothing.
  llvm::SmallVector<mlir::Value> neutralBlocks(mlir::OpBuilder &b, mlir::Location loc,
                                               int64_t lanes) const;
  llvm::SmallVector<mlir::Value> neutralNodes(mlir::OpBuilder &b, mlir::Location loc,
                                              int64_t lanes) const;

  /// Combines two values of blocks.
  llvm::SmallVector<mlir::Value> combine(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange x,
                                         mlir::ValueRange y) const;

  /// A block's value as a node.
  llvm::SmallVector<mlir::Value> toNodes(mlir::OpBuilder &b, mlir::Location loc,
                                         mlir::ValueRange blocks) const;

  /// Merges two nodes.
  llvm::SmallVector<mlir::Value> merge(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange x,
                                       mlir::ValueRange y) const;

  /// What goes to the outputs: the nodes, or the results, rounded once.
  llvm::SmallVector<mlir::Value> finish(mlir::OpBuilder &b, mlir::Location loc,
                                        mlir::ValueRange nodes) const;

private:
  bool isPair() const { return nodes.size() == 2; }
  bool isProduct() const { return attribute.getKind() == OpKind::ReduceProd; }
  mlir::Value create(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, mlir::Value y) const;
  mlir::TypedAttr identityOf(mlir::Type type) const;

  mutable ir::AccumulateOp op;
  ir::ReductionAttr attribute;
  std::optional<OrderKey> key; ///< of floats that are compared
  llvm::SmallVector<mlir::Type, 2> blocks, nodes;
};

} // namespace tsum
