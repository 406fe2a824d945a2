// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mlir/IR/Builders.h"

namespace tsum {

/// The signless type that arith works on in place of `type`.
mlir::Type signlessType(mlir::Type type);

/// What the elementwise tsum op (or cast) `op` computes for one element, as arith and math ops on
/// `elements`, whose types are signless. Fails for an op that has no lowering.
mlir::FailureOr<mlir::Value> createElement(mlir::OpBuilder &b, mlir::Operation *op,
                                           mlir::ValueRange elements);

} // namespace tsum
