// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace tsum {

/// Takes kept dimensions of a reduction on buffers together where one follows the other in all that
/// it reads and writes, so that vectors and groups of lines cover them as one. Gives the op to go
/// on with, which may be `generic`.
mlir::linalg::GenericOp collapseKeptDims(mlir::linalg::GenericOp generic);

} // namespace tsum
