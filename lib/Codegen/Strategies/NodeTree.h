// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ReductionLoops.h"

namespace tsum {

/// Merges all nodes of a line. Few of them are a tree in registers; of many, groups are, whose
/// nodes wait for each other on a stack.
class NodeTree {
public:
  /// Nodes of one vector along the line.
  static constexpr int64_t nodesOfVector = 16;

  /// Groups of up to `perGroup` nodes, a power of two; a line of at most `mostAtOnce` nodes is a
  /// tree in registers. Where vectors run along the line and elements come for any part of one,
  /// `isPartial`.
  NodeTree(ReductionLoops &loops, int64_t perGroup, int64_t mostAtOnce, bool isPartial)
      : loops(loops), perGroup(perGroup), mostAtOnce(mostAtOnce), isPartial(isPartial) {}

  /// The node of the line at the position, or of several: those that `tile` holds. Vectors run
  /// along the line if its rows do.
  llvm::SmallVector<mlir::Value> line(const LaneTile &tile);

private:
  llvm::SmallVector<mlir::Value> group(mlir::AffineExpr first, int64_t count, const LaneTile &tile);
  llvm::SmallVector<mlir::Value> rest(mlir::AffineExpr first, int64_t count, const LaneTile &tile);

  ReductionLoops &loops;
  const int64_t perGroup, mostAtOnce;
  const bool isPartial;
  std::optional<NodeStack> stack;
};

} // namespace tsum
