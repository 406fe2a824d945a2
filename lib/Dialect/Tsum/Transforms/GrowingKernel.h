// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "KernelPlan.h"

namespace tsum {

/// A kernel that takes one operation after another, from its results back: each after all that read
/// its value. A value that it reads is pending until `take` or `read` says where it comes from.
class GrowingKernel {
public:
  GrowingKernel(llvm::ArrayRef<mlir::Value> results, const OpCosts &costs);

  /// Why it should not compute `value`, which is pending; empty if it can.
  llvm::StringRef obstacle(mlir::Value value) const;
  /// Computes `value`. Returns the operands of its op that are pending now and were not before.
  llvm::SmallVector<mlir::Value, 3> take(mlir::Value value);
  /// Reads `value` from memory.
  void read(mlir::Value value);

  /// Whether tiles have all that is read of results on the way to others. Then these are
  /// computed once.
  bool computesResultsOnce() const;

  /// The kernel, if nothing is pending any more.
  PlannedKernel finish() &&;

  PlannedKernel kernel;

private:
  /// For each dimension of a value, the dimension of the kernel's results that it runs along, or
  /// `whole` if one element of them takes all of it.
  using Frame = llvm::SmallVector<int64_t, 4>;
  static constexpr int64_t whole = -1;

  /// Where a value is read: by the epilogue, by the epilogue through a broadcast, or on the way
  /// into a reduction.
  enum class Place { Epilogue, Broadcast, Producer };

  struct Read {
    Place place;
    Frame frame;
    bool operator==(const Read &) const = default;
  };

  /// How the kernel reads a value.
  struct Reads {
    llvm::SmallVector<Read, 1> ways;
    uint64_t loops = 0; ///< which loops of the kernel do, a bit for each
  };

  bool note(mlir::Value value, Read read, uint64_t loops);
  std::optional<uint64_t> loopOfNodes(mlir::Value value) const;
  static int64_t lineElements(llvm::ArrayRef<int64_t> axes, ir::ReductionOpInterface reduction);
  int64_t bytesOfLine(const Lines &lines, ir::ReductionOpInterface reduction) const;
  bool writesLongerRows(const Lines &lines, ir::ReductionOpInterface reduction) const;
  std::optional<Lines> linesOf(mlir::Value reduction, const Reads &reads) const;
  bool isInTile(llvm::ArrayRef<int64_t> frame) const;
  int64_t elementsInTile(int64_t along, int64_t extent, const Lines &lines) const;
  bool staysOnStack(mlir::Value value, const Reads &reads, const Lines &lines) const;
  bool isComputedOnce(mlir::Value value, const Reads &reads) const;
  int64_t codeOf(mlir::Value value, const Reads &reads) const;
  int64_t linesPerTile(const Lines &lines, int64_t elements) const;
  int64_t stackOf(mlir::Value value, const Reads &reads) const;
  int64_t bytesPerTile(mlir::Value value, const Reads &reads, const Lines &lines) const;
  int64_t bytesOnStack(mlir::Value value, const Reads &reads,
                       const std::optional<Lines> &lines) const;
  static llvm::SmallVector<Read, 1> readsOfOperand(mlir::Value operand, mlir::Operation *op,
                                                   const Reads &reads);

  const OpCosts &costs;
  llvm::DenseMap<mlir::Value, Reads> pending;
  llvm::SmallVector<Reads, 1> readsOfResults;
  int64_t lineBytes = 0; // of the longest line
  /// What may take room on the stack: reductions, and what takes long and several loops read.
  llvm::SmallVector<std::pair<mlir::Value, Reads>, 1> buffered;
  unsigned loopCount = 1; // the first is the epilogue
  llvm::SmallVector<std::pair<ir::ReductionOpInterface, uint64_t>, 1> loopsOfNodes;
};

} // namespace tsum
