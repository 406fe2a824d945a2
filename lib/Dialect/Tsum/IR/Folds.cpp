// SPDX-License-Identifier: Apache-2.0
//
// The local simplifications of single operations. All are exact, for NaN, -0 and wrapping integers
// too.
#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/SmallVectorExtras.h"

#include <limits>

using namespace mlir;
using namespace tsum;
using namespace tsum::ir;

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

OpFoldResult ReduceSumOp::fold(FoldAdaptor) {
  if (getAxes().empty() && !getPartial())
    return getInput();
  if (llvm::is_contained(getInput().getType().getShape(), 0))
    return Builder(getContext()).getZeroAttr(getType());
  return {};
}

OpFoldResult BroadcastOp::fold(FoldAdaptor operands) {
  // Ascending dims of equal types can only be 0, 1, 2...
  if (getInput().getType() == getType())
    return getInput();
  if (auto splat = dyn_cast_or_null<SplatElementsAttr>(operands.getInput()))
    return splat.resizeSplat(getType());
  if (auto inner = getInput().getDefiningOp<BroadcastOp>()) {
    setDims(llvm::map_to_vector(inner.getDims(), [&](int64_t dim) { return getDims()[dim]; }));
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  return {};
}

OpFoldResult ReshapeOp::fold(FoldAdaptor operands) {
  if (getInput().getType() == getType())
    return getInput();
  if (auto elements = dyn_cast_or_null<DenseElementsAttr>(operands.getInput()))
    return elements.reshape(getType());
  if (auto inner = getInput().getDefiningOp<ReshapeOp>()) {
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  return {};
}

/// Whether every value of `inner` is a value of `outer`. An infinity or NaN has no integer.
static bool holds(DType outer, DType inner) {
  auto precision = [](DType dtype) {
    return visit_dtype(dtype, [](auto x) { return std::numeric_limits<decltype(x)>::digits; });
  };
  bool kinds = kind_of(outer) == kind_of(inner) || kind_of(outer) == DTypeKind::Float ||
               (kind_of(outer) == DTypeKind::Signed && kind_of(inner) == DTypeKind::Unsigned);
  return kinds && precision(outer) >= precision(inner);
}

OpFoldResult CastOp::fold(FoldAdaptor) {
  if (getInput().getType() == getType())
    return getInput();
  auto inner = getInput().getDefiningOp<CastOp>();
  if (!inner)
    return {};
  DType from = *getDType(inner.getInput().getType().getElementType());
  DType by = *getDType(inner.getType().getElementType());
  DType to = *getDType(getType().getElementType());
  // From a float an integer saturates, from an integer it wraps: 300 by way of f32 is the u8 255,
  // and 44 without.
  auto isFloat = [](DType dtype) { return kind_of(dtype) == DTypeKind::Float; };
  bool wrapsInstead = !isFloat(from) && isFloat(by) && !isFloat(to) && !holds(to, from);
  if (!holds(by, from) || wrapsInstead)
    return {};
  getInputMutable().assign(inner.getInput());
  return getResult();
}
