// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mlir/IR/Builders.h"

/// The types in which elements lie in memory and in which they are computed. All functions take
/// scalars or vectors.
namespace tsum {

/// The type in which elements of the tsum type `type` lie in memory: signless, a boolean in a byte,
/// a bf16 as its bits, since code generators know little of that type.
mlir::Type storageType(mlir::Type type);

/// Whether `type` is f16 or bf16, which are computed in f32.
bool isSmallFloat(mlir::Type type);

/// Floats, but bf16, from one format to another, rounded once to nearest, ties to even: the same on
/// every target, with whatever instructions it has.
mlir::Value convertFloat(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, mlir::Type to);

/// `x`, as it lies in memory, in the type in which it is computed: a byte as i1, f16 and bf16 as
/// f32. `type` is the tsum element type.
mlir::Value fromStorage(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, mlir::Type type);

/// The way back, also from other floats, rounded once.
mlir::Value toStorage(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, mlir::Type type);

} // namespace tsum
