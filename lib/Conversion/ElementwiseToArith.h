// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mlir/IR/Builders.h"

namespace tsum {

/// What the elementwise tsum op `op` (a cast and a where too) computes for one element, as arith
/// and math ops on `elements`, whose types are those in which they are stored; so is the result's.
/// Fails for an op that has no lowering.
mlir::FailureOr<mlir::Value> createElement(mlir::OpBuilder &b, mlir::Operation *op,
                                           mlir::ValueRange elements);

} // namespace tsum
