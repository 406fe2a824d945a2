// SPDX-License-Identifier: Apache-2.0
//
// The cost model: by which strategy each reduction of a kernel runs, and in tiles of what size.
#pragma once

#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/Support/MathExtras.h"

namespace tsum {

/// A tiling of a kernel's outputs, which have one shape, and how its reductions run in it.
struct Tiling {
  struct Reduction {
    mlir::linalg::GenericOp generic;
    ir::Strategy strategy;
    std::string obstacle; ///< why not by the one that was wanted, or nothing
  };

  llvm::SmallVector<int64_t> extents;
  llvm::SmallVector<int64_t> sizes;
  llvm::SmallVector<Reduction> reductions;

  ir::Strategy strategyOf(mlir::linalg::GenericOp generic) const {
    return llvm::find_if(reductions, [&](const Reduction &each) { return each.generic == generic; })
        ->strategy;
  }

  int64_t count(int64_t dim) const { return llvm::divideCeil(extents[dim], sizes[dim]); }
  int64_t count() const {
    int64_t product = 1;
    for (size_t dim = 0; dim < extents.size(); ++dim)
      product *= count(dim);
    return product;
  }
};

/// Chooses a strategy for each reduction of the kernel and the tiles that suit them; changes
/// nothing. `wanted`, if not empty, is the strategy to take wherever it is possible. Fails, having
/// said why, if there is no such strategy or the kernel is none that can be tiled.
mlir::FailureOr<Tiling> chooseTiling(mlir::func::FuncOp kernel, llvm::StringRef wanted);

/// Marks the reductions of the kernel with their strategies, with a remark where one is not the
/// `wanted` one, and the operands that ask for the next tile.
void markTiling(mlir::func::FuncOp kernel, const Tiling &tiling, llvm::StringRef wanted);

} // namespace tsum
