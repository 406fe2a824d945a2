// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tsum {

/// The pieces of the last dimension before the rows of what `kernel` writes, of which a tile has
/// one; null if its tiles are of any rows, or it writes nothing but nodes.
inline ir::PieceAttr pieceOfRows(mlir::func::FuncOp kernel) {
  auto pieces = kernel.getOps<ir::PiecesOp>();
  if (!kernel->hasAttr(ir::TsumDialect::getRowsAttrName()) || pieces.empty())
    return nullptr;
  mlir::Operation *returned = kernel.getBody().front().getTerminator();
  if (returned->getNumOperands() == 0 || returned->getOperand(0).getDefiningOp<ir::PiecesOp>())
    return nullptr;
  return (*pieces.begin()).getPiece();
}

/// Whether a result of `kernel` of this type has an element for each row, or piece of rows, of its
/// first result, and the kernel works on these.
inline bool isOfRows(mlir::Type type, mlir::func::FuncOp kernel) {
  auto rows = kernel->getAttrOfType<mlir::IntegerAttr>(ir::TsumDialect::getRowsAttrName());
  auto shapeOf = [](mlir::Type type) {
    return mlir::cast<mlir::RankedTensorType>(type).getShape();
  };
  const llvm::ArrayRef<int64_t> shape = shapeOf(type);
  const llvm::ArrayRef<int64_t> first = shapeOf(kernel.getResultTypes().front());
  if (ir::PieceAttr piece = pieceOfRows(kernel)) // which come first
    return shape.size() == size_t(rows.getInt()) && shape.front() == piece.getCount() &&
           shape.drop_front() == first.take_front(shape.size() - 1) && shape != first;
  return rows && rows.getInt() == int64_t(shape.size()) && shape.size() < first.size() &&
         first.take_front(shape.size()) == shape;
}

} // namespace tsum
