// SPDX-License-Identifier: Apache-2.0
//
// How the loops of a reduction run. None of it shows in a result: the order of additions is that of
// tsum/Graph/SummationTree.h whatever the strategy.
#pragma once

#include "ReductionLoops.h"

namespace tsum {

/// What a strategy asks of a reduction, on tensors or buffers, before it is tiled.
struct ReductionShape {
  ReductionShape(mlir::linalg::GenericOp generic, const Accumulators &accumulators);

  llvm::SmallVector<int64_t> extents; ///< of the loops; those of kept ones may be a tile's
  int64_t line = -1;                  ///< the dimension that is reduced, of several the last
  int64_t innerKept = -1;             ///< the innermost dimension that is kept, if any
  bool isPiece = false;               ///< whether that is cut, so that its extent may be shorter
  bool isExact, isOrdered, takesNodes, takesExactNodes;
  bool mergesLines = false; ///< whether the nodes are those of short lines, see linesOf
  int64_t blockBytes;       ///< of the widest element of a block
  int64_t allBlockBytes;    ///< of the elements of all blocks of a lane
  int64_t nodeBytes;        ///< of all nodes of a result
  int64_t inputBytes;       ///< of the narrowest element that is read
  int64_t results = 1;      ///< of the whole reduction and its pieces, whatever a tile has

  int64_t rank() const { return int64_t(extents.size()); }
  bool isInner() const { return line == rank() - 1; }
  /// Elements that lie side by side for each element of the line.
  int64_t columns() const { return isInner() ? 1 : extents.back(); }
  int64_t elements() const { return line < 0 ? 1 : extents[line]; }
  /// Lines next to each other: of kept dimensions of which none is reduced in between.
  int64_t lines() const;

  /// Why it is none of elements that are combined as they come; empty if it is.
  std::string notOfElements() const {
    return takesNodes ? "it merges nodes" : isExact ? "it is exact" : "";
  }
};

class Strategy {
public:
  virtual ~Strategy() = default;

  virtual ir::Strategy kind() const = 0;

  /// Why it cannot do a reduction, said of the reduction; empty if it can.
  virtual std::string obstacle(const ReductionShape &shape) const = 0;

  /// What a line costs beside other strategies that can do the reduction: the least one is taken.
  virtual int64_t cost(const ReductionShape &shape) const = 0;

  /// The most results side by side that a tile should have, along the innermost kept dimension, if
  /// each result of the kernel reads `bytes`.
  virtual int64_t resultsPerTile(const ReductionShape &shape, int64_t bytes) const = 0;

  /// Emits the loops.
  virtual void emit(ReductionLoops &loops) const = 0;

  /// The strategies, the one to take first where several cost as much.
  static llvm::ArrayRef<const Strategy *> all();
  static const Strategy &of(ir::Strategy kind);
  /// The one to take.
  static const Strategy &choose(const ReductionShape &shape);
};

/// The reduction along the innermost dimension that gives the nodes that `nodes` merges, on tensors
/// or buffers, if nothing else reads them; or null.
mlir::linalg::GenericOp linesOf(mlir::linalg::GenericOp nodes);

/// Whether `lines`, on buffers, may be folded where `nodes` merges their nodes: what they read is
/// still there.
bool mayNest(mlir::linalg::GenericOp lines, mlir::linalg::GenericOp nodes);

// One file each.
const Strategy &exactStrategy();
const Strategy &nestedStrategy();
const Strategy &nodesStrategy();
const Strategy &narrowStrategy();
const Strategy &shortStrategy();
const Strategy &innerStrategy();
const Strategy &outerStrategy();

} // namespace tsum
