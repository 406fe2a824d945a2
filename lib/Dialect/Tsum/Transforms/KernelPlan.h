// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "OpCosts.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/SetVector.h"

#include <optional>
#include <vector>

namespace tsum {

/// Bytes of a row that a kernel may read several times: it stays in L1 or L2.
inline constexpr int64_t maxRowBytes = 64 * 1024;

inline mlir::RankedTensorType typeOf(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType());
}

inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value value) { return typeOf(value).getShape(); }

inline int64_t elementBytes(mlir::Value value) {
  return size_of(*ir::getDType(typeOf(value).getElementType()));
}

/// What tiles take whole in a kernel whose reductions stay with what reads their results: lines of
/// a tensor of `rank` dimensions, of which `axes` are reduced. Either the others come first, and
/// lines are rows, or the innermost one is kept, and a tile is columns side by side.
struct Lines {
  int64_t rank = 0;
  llvm::SmallVector<int64_t, 2> axes; ///< ascending
  /// How many rows, neighbours along the last dimension before them, are one piece, of which a tile
  /// has one; 1 if a tile has any number.
  int64_t piece = 1;

  int64_t keptCount() const { return rank - int64_t(axes.size()); }
  bool areRows() const { return axes.empty() || axes.front() == keptCount(); }
  /// Whether a tile takes all of dimension `dim` of results of `resultRank` dimensions.
  bool takesWhole(int64_t dim, int64_t resultRank) const {
    return areRows() ? dim >= keptCount() : resultRank == rank && llvm::is_contained(axes, dim);
  }
  /// Of which dimension of results of `resultRank` dimensions each kept one is; nothing if they
  /// have others.
  std::optional<llvm::SmallVector<int64_t, 4>> keptDims(int64_t resultRank) const;
  /// Of how many neighbours along dimension `dim` of results a tile has a piece.
  int64_t pieceAlong(int64_t dim) const { return dim == keptCount() - 1 ? piece : 1; }
  /// Whether one tile can have both. Rows of one kernel may have several lengths.
  bool areAlike(const Lines &other) const {
    return areRows() && other.areRows() ? keptCount() == other.keptCount() && piece == other.piece
                                        : rank == other.rank && axes == other.axes;
  }
};

/// A kernel to be: its results and what lies between them and its inputs.
struct PlannedKernel {
  using Reasons = llvm::SmallSetVector<llvm::StringRef, 2>;
  /// The extents of a reduction's operand, and its axes.
  using Loops = std::pair<llvm::ArrayRef<int64_t>, llvm::ArrayRef<int64_t>>;

  /// Those of most dimensions come first, all of one shape, in the order of their ops. Others have
  /// one element for each row, or piece of rows, of a kernel on rows.
  llvm::SmallVector<mlir::Value, 1> results;
  Reasons cuts;  ///< why these have memory
  Reasons joins; ///< why there are several

  /// Arguments, reshaped values and results of other kernels.
  llvm::SetVector<mlir::Value> inputs;
  llvm::SmallSetVector<Loops, 2> loops;
  int64_t code = 0;  ///< as OpCosts counts it, of what several loops compute once for each
  int64_t stack = 0; ///< bytes that a tile keeps between its loops, about
  /// If it works on whole lines.
  std::optional<Lines> lines;
  /// How many columns a tile takes, if lines are no rows.
  int64_t columns = 0;

  /// The op of the results that comes last.
  mlir::Operation *lastOp() const;
};

/// Whether `value` has an element for each piece of what it is reduced from.
inline bool isOfPieces(mlir::Value value) {
  return bool(value.getDefiningOp<ir::ReducePiecesOp>());
}

/// Whether two results are numbers of the same nodes, which one loop gives.
bool giveSameNodes(mlir::Value a, mlir::Value b);

/// Which kernels compute a function. Takes time linear in its operations.
class KernelPlan {
public:
  /// With `smallKernels` each has one operation, and repeats its operands.
  explicit KernelPlan(mlir::func::FuncOp function, bool smallKernels = false);

  llvm::ArrayRef<PlannedKernel> kernels() const { return all; }

  /// The kernel that has `value` as a result, or null.
  const PlannedKernel *kernelOf(mlir::Value value) const {
    auto known = places.find(value);
    return known == places.end() ? nullptr : &all[known->second];
  }

  /// The operations of a kernel, in order; adds the values that it reads to `inputs`.
  llvm::SmallVector<mlir::Operation *> opsOf(const PlannedKernel &kernel,
                                             llvm::SetVector<mlir::Value> &inputs) const;

  /// Whether computing an element of `value` from data, or from reductions, takes long.
  bool takesLong(mlir::Value value) const { return costs.longDims(value) != 0; }

  /// Whether of the bytes that one of them reads at least half are those that the other reads, too,
  /// or lie between them. Single numbers do not count.
  bool shareData(const PlannedKernel &a, const PlannedKernel &b) const;

private:
  void findInterleaved(mlir::Block &body);
  void formAll(mlir::Block &body, bool smallKernels);
  void joinAll();
  bool joinOthersTo(size_t a);
  llvm::SmallVector<size_t> candidatesFor(size_t a) const;
  bool join(size_t a, size_t b);
  llvm::StringRef reasonToJoin(const PlannedKernel &a, const PlannedKernel &b) const;
  mlir::Value memoryOf(mlir::Value input) const;
  bool isNeeded(mlir::Value result, size_t a, size_t b) const;
  size_t placeOf(mlir::Value value) const;
  llvm::SmallDenseSet<size_t> dependents(size_t low, size_t high) const;
  bool hasDetour(size_t low, size_t high) const;
  void moveTogether(size_t low, size_t high);
  void noteReads(size_t place);

  OpCosts costs;
  std::vector<PlannedKernel> all;             ///< those that were joined to others are empty
  llvm::DenseMap<mlir::Value, size_t> places; ///< of results: the kernel
  /// An order in which the kernels could run, and where each stands in it.
  llvm::SmallVector<size_t> order, ranks;
  /// Of arguments between whose elements those of others lie: one of all these.
  llvm::DenseMap<mlir::Value, mlir::Value> interleaved;
  /// The kernels that read a value, or memory that lies with it; some may do so no more.
  llvm::DenseMap<mlir::Value, llvm::SmallVector<size_t, 2>> readers;
};

} // namespace tsum
