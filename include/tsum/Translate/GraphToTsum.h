// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Canonical/CanonicalGraph.h"

#include "mlir/IR/BuiltinOps.h"

namespace tsum {

/// What the function of `graph` is called, and its kernels after it: its operations in order, such
/// as "square_reduce_sum_sqrt", so that people know them again in profiles and dumps.
[[nodiscard]] std::string nameOf(const CanonicalGraph &graph);

/// `graph` as a module with one function of tsum ops, called `nameOf(graph)`: the data are its
/// arguments, in order, with their strides, the outputs its results.
mlir::OwningOpRef<mlir::ModuleOp> graphToTsum(const CanonicalGraph &graph,
                                              mlir::MLIRContext *context);

} // namespace tsum
