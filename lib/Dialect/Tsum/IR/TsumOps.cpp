// SPDX-License-Identifier: Apache-2.0
#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"
#include "llvm/ADT/SmallVectorExtras.h"

using namespace mlir;
using namespace tsum::ir;

/// Checks that `indices`, called `noun`s in diagnostics, are ascending dimensions of `type`.
static LogicalResult verifyDimensions(function_ref<InFlightDiagnostic()> emitError, StringRef noun,
                                      ArrayRef<int64_t> indices, RankedTensorType type) {
  int64_t previous = -1;
  for (int64_t index : indices) {
    if (index < 0 || index >= type.getRank()) {
      InFlightDiagnostic error = emitError();
      error << noun << " " << index << " is out of range for a tensor of rank " << type.getRank();
      if (type.getRank() == 0)
        return error << " (a scalar has none)";
      return error << " (valid: 0.." << type.getRank() - 1 << ")";
    }
    if (index == previous)
      return emitError() << noun << " " << index << " is given twice";
    if (index < previous)
      return emitError() << noun << " " << index << " follows " << previous
                         << ", and they must ascend";
    previous = index;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// ReduceSumOp
//===----------------------------------------------------------------------===//

/// The type of a reduction of `type` over valid `axes`.
static RankedTensorType getReducedType(RankedTensorType type, ArrayRef<int64_t> axes, bool keepdims,
                                       bool partial) {
  SmallVector<int64_t> shape;
  for (auto [dim, extent] : llvm::enumerate(type.getShape())) {
    if (!llvm::is_contained(axes, static_cast<int64_t>(dim)))
      shape.push_back(extent);
    else if (keepdims)
      shape.push_back(1);
  }
  Type element = type.getElementType();
  if (partial && isa<FloatType>(element))
    element = Float64Type::get(type.getContext());
  return RankedTensorType::get(shape, element);
}

LogicalResult ReduceSumOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                            Adaptor operands, SmallVectorImpl<Type> &types) {
  auto type = cast<RankedTensorType>(operands.getInput().getType());
  auto emitError = [&] { return mlir::emitError(location.value_or(UnknownLoc::get(context))); };
  if (failed(verifyDimensions(emitError, "axis", operands.getAxes(), type)))
    return failure();
  types.push_back(
      getReducedType(type, operands.getAxes(), operands.getKeepdims(), operands.getPartial()));
  return success();
}

LogicalResult ReduceSumOp::verify() {
  RankedTensorType type = getInput().getType();
  if (failed(verifyDimensions([&] { return emitOpError(); }, "axis", getAxes(), type)))
    return failure();
  RankedTensorType reduced = getReducedType(type, getAxes(), getKeepdims(), getPartial());
  if (getType() != reduced)
    return emitOpError() << "result type " << getType() << " does not match the reduced type "
                         << reduced;
  return success();
}

//===----------------------------------------------------------------------===//
// BroadcastOp
//===----------------------------------------------------------------------===//

LogicalResult BroadcastOp::verify() {
  RankedTensorType from = getInput().getType();
  RankedTensorType to = getType();
  if (static_cast<int64_t>(getDims().size()) != from.getRank())
    return emitOpError() << "has " << getDims().size() << " dims for an operand of rank "
                         << from.getRank() << " (give one per dimension)";
  if (failed(verifyDimensions([&] { return emitOpError(); }, "dim", getDims(), to)))
    return failure();
  for (auto [dim, target] : llvm::enumerate(getDims()))
    if (from.getDimSize(dim) != to.getDimSize(target))
      return emitOpError() << "dimension " << dim << " of the operand has extent "
                           << from.getDimSize(dim) << ", dimension " << target << " of the result "
                           << to.getDimSize(target) << " (they must be equal)";
  return success();
}

//===----------------------------------------------------------------------===//
// ReshapeOp
//===----------------------------------------------------------------------===//

LogicalResult ReshapeOp::verify() {
  int64_t from = getInput().getType().getNumElements();
  int64_t to = getType().getNumElements();
  if (from != to)
    return emitOpError() << "operand has " << from << " elements, result " << to
                         << " (they must be equal)";
  return success();
}

#define GET_OP_CLASSES
#include "tsum/Dialect/Tsum/IR/TsumOps.cpp.inc"
