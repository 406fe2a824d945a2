// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/CanonicalGraph.h"

#include "mlir/IR/BuiltinOps.h"

namespace tsum {

/// `graph` as a module with one function `@graph` of tsum ops: the data are its arguments, in
/// order, with their strides, the outputs its results.
mlir::OwningOpRef<mlir::ModuleOp> graphToTsum(const CanonicalGraph &graph,
                                              mlir::MLIRContext *context);

} // namespace tsum
