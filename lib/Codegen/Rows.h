// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tsum {

/// Whether a result of `kernel` of this type has an element for each row of its first result, and
/// the kernel works on these rows.
inline bool isOfRows(mlir::Type type, mlir::func::FuncOp kernel) {
  auto rows = kernel->getAttrOfType<mlir::IntegerAttr>(ir::TsumDialect::getRowsAttrName());
  auto shapeOf = [](mlir::Type type) {
    return mlir::cast<mlir::RankedTensorType>(type).getShape();
  };
  const llvm::ArrayRef<int64_t> shape = shapeOf(type);
  const llvm::ArrayRef<int64_t> first = shapeOf(kernel.getResultTypes().front());
  return rows && rows.getInt() == int64_t(shape.size()) && shape.size() < first.size() &&
         first.take_front(shape.size()) == shape;
}

} // namespace tsum
