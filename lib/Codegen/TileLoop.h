// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Tiling.h"

#include "mlir/IR/PatternMatch.h"

namespace tsum {

/// Has one loop over the numbers of tiles compute all results of `kernel`, which writes them to its
/// buffers: with what they are computed from, once for each tile.
mlir::LogicalResult makeTileLoop(mlir::IRRewriter &rewriter, mlir::func::FuncOp kernel,
                                 const Tiling &tiling);

} // namespace tsum
