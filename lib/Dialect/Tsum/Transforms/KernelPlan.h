// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/SetVector.h"

#include <optional>
#include <vector>

namespace tsum {

/// A kernel to be: its results and what lies between them and its inputs.
struct PlannedKernel {
  using Reasons = llvm::SmallSetVector<llvm::StringRef, 2>;
  /// The extents of a reduction's operand, and its axes.
  using Loops = std::pair<llvm::ArrayRef<int64_t>, llvm::ArrayRef<int64_t>>;

  /// All of one shape, in the order of their ops.
  llvm::SmallVector<mlir::Value, 1> results;
  Reasons cuts;  ///< why these have memory
  Reasons joins; ///< why there are several

  /// Arguments, reshaped values and results of other kernels.
  llvm::SetVector<mlir::Value> inputs;
  llvm::SmallVector<mlir::Value> reductions;
  llvm::SmallSetVector<Loops, 2> loops;
  size_t ops = 0;
  /// How many leading dimensions of the results number rows, if it works on whole rows.
  std::optional<int64_t> rowDims;
};

/// Which kernels compute a function.
class KernelPlan {
public:
  explicit KernelPlan(mlir::func::FuncOp function);

  llvm::ArrayRef<PlannedKernel> kernels() const { return all; }

  /// The kernel that has `value` as a result, or null.
  const PlannedKernel *kernelOf(mlir::Value value) const {
    auto known = places.find(value);
    return known == places.end() ? nullptr : &all[known->second];
  }

private:
  void cut(mlir::Value value, llvm::StringRef why);
  void cutUntilAllHold();
  void joinAll();
  bool join(size_t a, size_t b);
  llvm::StringRef reasonToJoin(const PlannedKernel &a, const PlannedKernel &b) const;
  bool shareData(const PlannedKernel &a, const PlannedKernel &b) const;
  bool isNeeded(mlir::Value result, size_t a, size_t b) const;
  bool dependOn(llvm::ArrayRef<mlir::Value> values, size_t a, size_t b) const;

  std::vector<PlannedKernel> all;
  llvm::DenseMap<mlir::Value, size_t> places; // of results: the kernel
  bool changed = false;
};

} // namespace tsum
