// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace tsum {

/// An integer, or a vector of it: its lowest bits, if there are more.
inline mlir::Value constant(mlir::OpBuilder &b, mlir::Location loc, mlir::Type type,
                            int64_t value) {
  const unsigned bits = mlir::getElementTypeOrSelf(type).getIntOrFloatBitWidth();
  return mlir::createScalarOrSplatConstant(
      b, loc, type, llvm::APInt(bits, uint64_t(value), /*isSigned=*/false, /*implicitTrunc=*/true));
}

/// The same, like `lanes`.
inline mlir::Value constantLike(mlir::OpBuilder &b, mlir::Location loc, mlir::Value lanes,
                                int64_t value) {
  return constant(b, loc, lanes.getType(), value);
}

inline int64_t widthOf(mlir::Value vector) {
  return mlir::cast<mlir::VectorType>(vector.getType()).getDimSize(0);
}

/// Vectors as long as `lanes`.
inline mlir::Type like(mlir::Value lanes, mlir::Type element) {
  return mlir::VectorType::get({widthOf(lanes)}, element);
}

/// All lanes as one number.
inline mlir::Value overLanes(mlir::OpBuilder &b, mlir::Location loc,
                             mlir::vector::CombiningKind kind, mlir::Value lanes) {
  return mlir::vector::ReductionOp::create(b, loc, kind, lanes);
}

/// A vector of one lane.
inline mlir::Value single(mlir::OpBuilder &b, mlir::Location loc, mlir::Value scalar) {
  return mlir::vector::FromElementsOp::create(b, loc, mlir::VectorType::get({1}, scalar.getType()),
                                              scalar);
}

/// Signed integers as such of 64 bits.
inline mlir::Value widen(mlir::OpBuilder &b, mlir::Location loc, mlir::Value integers) {
  mlir::Type type = like(integers, b.getI64Type());
  return integers.getType() == type
             ? integers
             : mlir::arith::ExtSIOp::create(b, loc, type, integers).getResult();
}

} // namespace tsum
