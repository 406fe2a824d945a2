// SPDX-License-Identifier: Apache-2.0
#include "Dimensions.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"
#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tsum;
using namespace tsum::ir;

/// Checks that the shapes of `op` are static. `what` says whose.
static LogicalResult verifyIsStatic(Operation *op, StringRef what, RankedTensorType type) {
  if (type.hasStaticShape())
    return success();
  return op->emitOpError() << "has " << what << " " << type << ", and is of static shapes alone";
}

//===----------------------------------------------------------------------===//
// Shapes at run time
//===----------------------------------------------------------------------===//

static LogicalResult reifyElementwise(OpBuilder &b, Operation *op,
                                      ReifiedRankedShapedTypeDims &shapes) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  return reifyFrom(b, op->getLoc(), op->getOperand(0), type,
                   llvm::to_vector(llvm::seq(type.getRank())), shapes);
}

#define TSUM_REIFY_ELEMENTWISE(CLASS)                                                              \
  LogicalResult CLASS##Op::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {  \
    return reifyElementwise(b, *this, shapes);                                                     \
  }
#define TSUM_UNARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY) TSUM_REIFY_ELEMENTWISE(CLASS)
#define TSUM_BINARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY) TSUM_REIFY_ELEMENTWISE(CLASS)
#include "tsum/Elementwise.def"
TSUM_REIFY_ELEMENTWISE(Cast)
TSUM_REIFY_ELEMENTWISE(Where)
TSUM_REIFY_ELEMENTWISE(Complex)
TSUM_REIFY_ELEMENTWISE(Real)
TSUM_REIFY_ELEMENTWISE(Imag)
#undef TSUM_REIFY_ELEMENTWISE

LogicalResult BroadcastOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<int64_t> from(getType().getRank(), -1);
  for (auto [dim, target] : llvm::enumerate(getDims()))
    from[target] = static_cast<int64_t>(dim);
  return reifyFrom(b, getLoc(), getInput(), getType(), from, shapes);
}

LogicalResult TransposeOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  return reifyFrom(b, getLoc(), getInput(), getType(), getPermutation(), shapes);
}

//===----------------------------------------------------------------------===//
// CastOp
//===----------------------------------------------------------------------===//

LogicalResult CastOp::verify() {
  if (getInput().getType().getShape() == getType().getShape())
    return success();
  return emitOpError() << "result type " << getType() << " does not have the shape of the operand, "
                       << getInput().getType() << " (a dynamic extent stays one)";
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
  for (auto [previous, dim] : llvm::zip(getDims(), getDims().drop_front(from.getRank() ? 1 : 0)))
    if (dim < previous)
      return emitOpError() << "dim " << dim << " follows " << previous << ", and they must ascend";
  for (auto [dim, target] : llvm::enumerate(getDims()))
    if (from.getDimSize(dim) != to.getDimSize(target))
      return emitOpError() << "dimension " << dim << " of the operand has extent "
                           << from.getDimSize(dim) << ", dimension " << target << " of the result "
                           << to.getDimSize(target) << " (they must be equal)";
  for (int64_t dim : llvm::seq(to.getRank()))
    if (to.isDynamicDim(dim) && !llvm::is_contained(getDims(), dim))
      return emitOpError() << "repeats the operand along dimension " << dim << " of " << to
                           << ", whose extent is dynamic (give how often)";
  return success();
}

//===----------------------------------------------------------------------===//
// TransposeOp
//===----------------------------------------------------------------------===//

LogicalResult TransposeOp::verify() {
  RankedTensorType from = getInput().getType();
  RankedTensorType to = getType();
  SmallVector<int64_t> sorted(getPermutation());
  llvm::sort(sorted);
  if (!llvm::equal(sorted, llvm::seq(from.getRank())))
    return emitOpError() << "permutation [" << getPermutation()
                         << "] does not name each dimension of a tensor of rank " << from.getRank()
                         << " once";
  auto extents =
      llvm::map_to_vector(getPermutation(), [&](int64_t dim) { return from.getDimSize(dim); });
  if (to.getShape() != ArrayRef(extents))
    return emitOpError() << "result type " << to << " does not match the transposed type "
                         << from.clone(extents);
  return success();
}

//===----------------------------------------------------------------------===//
// SliceOp
//===----------------------------------------------------------------------===//

LogicalResult SliceOp::verify() {
  RankedTensorType from = getInput().getType();
  RankedTensorType to = getType();
  if (failed(verifyIsStatic(*this, "the operand", from)) ||
      failed(verifyIsStatic(*this, "the result", to)))
    return failure();
  const auto rank = static_cast<size_t>(from.getRank());
  if (getStarts().size() != rank || getSteps().size() != rank || to.getRank() != from.getRank())
    return emitOpError() << "has " << getStarts().size() << " starts, " << getSteps().size()
                         << " steps and a result of rank " << to.getRank()
                         << " for an operand of rank " << rank << " (give one per dimension)";
  for (auto [dim, start, step] : llvm::enumerate(getStarts(), getSteps())) {
    const int64_t extent = from.getDimSize(dim), count = to.getDimSize(dim);
    if (step == 0)
      return emitOpError() << "step " << dim << " is 0 (it must be positive or negative)";
    int64_t last = start;
    const bool overflows = count > 1 && (llvm::MulOverflow(step, count - 1, last) ||
                                         llvm::AddOverflow(last, start, last));
    for (int64_t place : {start, last})
      if (count != 0 && (overflows || place < 0 || place >= extent))
        return emitOpError() << "dimension " << dim << " takes " << count << " elements from "
                             << start << " in steps of " << step << ", and the operand has "
                             << extent;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// IotaOp
//===----------------------------------------------------------------------===//

LogicalResult IotaOp::verify() {
  if (failed(verifyIsStatic(*this, "the result", getType())))
    return failure();
  if (static_cast<int64_t>(getSteps().size()) != getType().getRank())
    return emitOpError() << "has " << getSteps().size() << " steps for a result of rank "
                         << getType().getRank() << " (give one per dimension)";
  return success();
}

//===----------------------------------------------------------------------===//
// ReshapeOp
//===----------------------------------------------------------------------===//

/// The extents other than 1.
static SmallVector<int64_t> getNonUnitExtents(RankedTensorType type) {
  return llvm::filter_to_vector(type.getShape(), [](int64_t extent) { return extent != 1; });
}

LogicalResult ReshapeOp::verify() {
  RankedTensorType operand = getInput().getType();
  if (!operand.hasStaticShape() || !getType().hasStaticShape()) {
    if (getNonUnitExtents(operand) == getNonUnitExtents(getType()))
      return success();
    return emitOpError() << "makes " << getType() << " of " << operand
                         << " (where extents are dynamic, it adds and drops extents of 1 alone)";
  }
  int64_t from = getInput().getType().getNumElements();
  int64_t to = getType().getNumElements();
  if (from != to)
    return emitOpError() << "operand has " << from << " elements, result " << to
                         << " (they must be equal)";
  return success();
}

#include "tsum/Dialect/Tsum/IR/TsumInterfaces.cpp.inc"

#define GET_OP_CLASSES
#include "tsum/Dialect/Tsum/IR/TsumOps.cpp.inc"
