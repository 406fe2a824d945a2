// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace tsum {

/// Replaces `first` and `second`, which have the same loops, by one op in the place of `second`,
/// with the outputs and results of `first` and then those of `second`. Inputs that both read alike
/// are read once.
mlir::linalg::GenericOp join(mlir::IRRewriter &rewriter, mlir::linalg::GenericOp first,
                             mlir::linalg::GenericOp second);

} // namespace tsum
