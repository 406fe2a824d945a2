// SPDX-License-Identifier: Apache-2.0
//
// The cost model: by which strategy each reduction of a kernel runs, and in tiles of what size.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/MathExtras.h"

namespace tsum {

/// A tiling of a kernel's outputs, which have one shape.
struct Tiling {
  llvm::SmallVector<int64_t> extents;
  llvm::SmallVector<int64_t> sizes;

  int64_t count(int64_t dim) const { return llvm::divideCeil(extents[dim], sizes[dim]); }
  int64_t count() const {
    int64_t product = 1;
    for (size_t dim = 0; dim < extents.size(); ++dim)
      product *= count(dim);
    return product;
  }
};

/// Marks each reduction of the kernel with its strategy and chooses the tiles that suit them.
/// `wanted`, if not empty, is the strategy to take wherever it is possible; a remark says where it
/// is not. Fails, having said why, if there is no such strategy or the kernel is none that can be
/// tiled.
mlir::FailureOr<Tiling> chooseTiling(mlir::func::FuncOp kernel, llvm::StringRef wanted);

} // namespace tsum
