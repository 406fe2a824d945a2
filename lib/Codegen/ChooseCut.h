// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <optional>

namespace tsum {

/// Where a kernel is cut: behind the reduction `root`, of whose dimension pieces are taken first,
/// or none. Of one that `isApart` the results are taken, of others the nodes.
struct Cut {
  mlir::linalg::GenericOp root;
  ir::PieceAttr piece;
  bool isApart = false;
};

/// Chooses where to cut `kernel`, if it is worth it. Fails, having said why, if it is none that can
/// be tiled, or there is no `strategy`.
mlir::FailureOr<std::optional<Cut>> chooseCut(mlir::func::FuncOp kernel, llvm::StringRef strategy);

} // namespace tsum
