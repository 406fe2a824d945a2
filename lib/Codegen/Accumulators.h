// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Accumulator.h"

namespace tsum {

/// The accumulators of all results of one reduction, one after the other. What an Accumulator does
/// with one value of the body, this does with one for each result: each keeps its own order of
/// operations, and only the loops around them are common.
class Accumulators {
public:
  /// The accumulators of `generic`, which yields what tsum.accumulate gives. Fails, having said
  /// why, where it yields anything else.
  static mlir::FailureOr<Accumulators> of(mlir::linalg::GenericOp generic);

  llvm::ArrayRef<Accumulator> each() const { return parts; }
  const Accumulator &front() const { return parts.front(); }

  /// Whether the order of operations shows in a result.
  bool isOrdered() const {
    return llvm::any_of(parts, [](const Accumulator &part) { return part.isOrdered(); });
  }
  bool isExact() const { return front().isExact(); }
  bool takesNodes() const {
    return llvm::any_of(parts, [](const Accumulator &part) { return part.takesNodes(); });
  }

  /// Of each result what the body accumulates.
  llvm::SmallVector<mlir::Value> values() const;
  llvm::SmallVector<mlir::Type> blockTypes() const;
  llvm::SmallVector<mlir::Type> nodeTypes() const;
  /// Bytes of the widest element of a block; of those of all blocks and all nodes of a lane.
  int64_t blockBytes() const;
  int64_t allBlockBytes() const;
  int64_t nodeBytes() const;

  // As those of Accumulator, with the values of all parts one after the other. A fold combines
  // halves of vectors of blocks until `lanes` are left.

  llvm::SmallVector<mlir::Value> prepare(mlir::OpBuilder &b, mlir::Location loc,
                                         mlir::ValueRange values) const;
  /// About how many instructions that takes for each register.
  int64_t instructions() const {
    int64_t count = 0;
    for (const Accumulator &part : parts)
      count += part.instructions();
    return count;
  }
  llvm::SmallVector<mlir::Value> neutralBlocks(mlir::OpBuilder &b, mlir::Location loc,
                                               int64_t lanes) const;
  llvm::SmallVector<mlir::Value> neutralNodes(mlir::OpBuilder &b, mlir::Location loc,
                                              int64_t lanes) const;
  llvm::SmallVector<mlir::Value> combine(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange x,
                                         mlir::ValueRange y) const;
  llvm::SmallVector<mlir::Value> toNodes(mlir::OpBuilder &b, mlir::Location loc,
                                         mlir::ValueRange blocks) const;
  llvm::SmallVector<mlir::Value> merge(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange x,
                                       mlir::ValueRange y) const;
  llvm::SmallVector<mlir::Value> finish(mlir::OpBuilder &b, mlir::Location loc,
                                        mlir::ValueRange nodes) const;

  /// Combines the lanes of blocks by halves until `left` are left.
  llvm::SmallVector<mlir::Value> foldLanes(mlir::OpBuilder &b, mlir::Location loc,
                                           mlir::ValueRange blocks, int64_t left) const;

  /// Combines the halves of each group of `lanes` lanes.
  llvm::SmallVector<mlir::Value> foldHalves(mlir::OpBuilder &b, mlir::Location loc,
                                            mlir::ValueRange vector, int64_t lanes) const;

  /// Does that with several vectors of blocks, a power of two of them, down to one lane each, all
  /// at once: the results side by side.
  llvm::SmallVector<mlir::Value>
  foldLines(mlir::OpBuilder &b, mlir::Location loc,
            llvm::ArrayRef<llvm::SmallVector<mlir::Value>> lines) const;

  /// Merges neighbours, of `columns` lanes each, until one is left of all nodes in `vectors`: a
  /// power of two of vectors, each of a power of two of neighbours.
  llvm::SmallVector<mlir::Value>
  mergeNeighbours(mlir::OpBuilder &b, mlir::Location loc,
                  llvm::SmallVector<llvm::SmallVector<mlir::Value>> vectors, int64_t columns) const;

private:
  llvm::SmallVector<Accumulator, 1> parts;
};

} // namespace tsum
