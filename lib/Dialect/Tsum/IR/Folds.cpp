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

/// What the reduction `kind` of nothing gives, as an element of type `type`.
static Attribute getIdentity(OpKind kind, Type type) {
  Builder b(type.getContext());
  const bool isLargest = kind == OpKind::ReduceMin;
  if (auto floats = dyn_cast<FloatType>(type)) {
    if (kind == OpKind::ReduceMax || isLargest)
      return b.getFloatAttr(type, APFloat::getInf(floats.getFloatSemantics(),
                                                  /*Negative=*/!isLargest));
    return b.getFloatAttr(type, kind == OpKind::ReduceProd ? 1.0 : 0.0);
  }
  const unsigned width = type.getIntOrFloatBitWidth();
  const bool isSigned = !type.isUnsignedInteger() && width != 1;
  auto limit = [&] {
    if (isSigned)
      return isLargest ? APInt::getSignedMaxValue(width) : APInt::getSignedMinValue(width);
    return isLargest ? APInt::getMaxValue(width) : APInt::getMinValue(width);
  };
  const bool isOne = kind == OpKind::ReduceProd || kind == OpKind::ReduceAll;
  const bool isLimit = kind == OpKind::ReduceMax || isLargest;
  return b.getIntegerAttr(type, isLimit ? limit() : APInt(width, isOne));
}

TypedAttr ir::getReductionIdentity(OpKind kind, Type type) {
  return cast<TypedAttr>(getIdentity(kind, type));
}

template <class Op> static OpFoldResult foldReduction(Op op) {
  if (op.getAxes().empty())
    return op.getInput();
  if (!llvm::is_contained(op.getInput().getType().getShape(), 0) || !op.getType().hasStaticShape())
    return {};
  if (auto complex = dyn_cast<ComplexType>(op.getType().getElementType())) {
    auto number = [&](double value) {
      return cast<FloatAttr>(Builder(op.getContext()).getFloatAttr(complex.getElementType(), value))
          .getValue();
    };
    // Of complex reductions there are only sums and products.
    const std::complex<APFloat> identity(number(Op::opKind == OpKind::ReduceProd), number(0));
    return DenseElementsAttr::get(op.getType(), identity);
  }
  return DenseElementsAttr::get(op.getType(),
                                getIdentity(Op::opKind, op.getType().getElementType()));
}

#define TSUM_REDUCTION(NAME, CLASS, DOMAIN, COMBINER, IDENTITY, SUMMARY)                           \
  OpFoldResult CLASS##Op::fold(FoldAdaptor) { return foldReduction(*this); }
#include "tsum/Reductions.def"

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

OpFoldResult TransposeOp::fold(FoldAdaptor operands) {
  if (llvm::equal(getPermutation(), llvm::seq(getType().getRank())))
    return getInput();
  if (auto splat = dyn_cast_or_null<SplatElementsAttr>(operands.getInput()))
    return splat.resizeSplat(getType());
  if (auto inner = getInput().getDefiningOp<TransposeOp>()) {
    setPermutation(llvm::map_to_vector(getPermutation(),
                                       [&](int64_t dim) { return inner.getPermutation()[dim]; }));
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  return {};
}

OpFoldResult SliceOp::fold(FoldAdaptor operands) {
  // What is never taken from has any starts and steps: one form for all.
  SmallVector<int64_t> starts(getStarts()), steps(getSteps());
  for (auto [start, step, count] : llvm::zip_equal(starts, steps, getType().getShape())) {
    start = count == 0 ? 0 : start;
    step = count <= 1 ? 1 : step;
  }
  const bool isFormed = ArrayRef(starts) == getStarts() && ArrayRef(steps) == getSteps();
  if (getInput().getType() == getType() && llvm::all_of(steps, [](int64_t s) { return s == 1; }))
    return getInput();
  if (auto splat = dyn_cast_or_null<SplatElementsAttr>(operands.getInput()))
    return splat.resizeSplat(getType());
  auto inner = getInput().getDefiningOp<SliceOp>();
  if (inner) {
    for (auto [start, step, innerStart, innerStep, count] : llvm::zip_equal(
             starts, steps, inner.getStarts(), inner.getSteps(), getType().getShape())) {
      if (count == 0)
        continue;
      start = innerStart + start * innerStep;
      step = count == 1 ? 1 : step * innerStep;
    }
    getInputMutable().assign(inner.getInput());
  }
  if (!inner && isFormed)
    return {};
  setStarts(starts);
  setSteps(steps);
  return getResult();
}

OpFoldResult AbsOp::fold(FoldAdaptor) {
  return getX().getDefiningOp<AbsOp>() ? OpFoldResult(getX()) : OpFoldResult();
}

OpFoldResult ComplexOp::fold(FoldAdaptor) {
  auto real = getReal().getDefiningOp<RealOp>();
  auto imag = getImag().getDefiningOp<ImagOp>();
  return real && imag && real.getX() == imag.getX() ? OpFoldResult(real.getX()) : OpFoldResult();
}

OpFoldResult RealOp::fold(FoldAdaptor) {
  auto complex = getX().getDefiningOp<ComplexOp>();
  return complex ? OpFoldResult(complex.getReal()) : OpFoldResult();
}

OpFoldResult ImagOp::fold(FoldAdaptor) {
  auto complex = getX().getDefiningOp<ComplexOp>();
  return complex ? OpFoldResult(complex.getImag()) : OpFoldResult();
}

/// Whether every value of `inner` is a value of `outer`. An infinity or NaN has no integer.
static bool holds(DType outer, DType inner) {
  if (kind_of(inner) == DTypeKind::Complex && kind_of(outer) != DTypeKind::Complex)
    return false;
  outer = real_dtype(outer);
  inner = real_dtype(inner);
  auto precision = [](DType dtype) {
    return visit_dtype(dtype, [](auto x) { return std::numeric_limits<decltype(x)>::digits; });
  };
  auto exponents = [](DType dtype) {
    return visit_dtype(dtype,
                       [](auto x) { return std::numeric_limits<decltype(x)>::max_exponent; });
  };
  const DTypeKind to = kind_of(outer), from = kind_of(inner);
  if (from == DTypeKind::Bool || outer == inner)
    return true;
  if (to == DTypeKind::Float)
    return precision(outer) >= precision(inner) &&
           (from == DTypeKind::Float ? exponents(outer) >= exponents(inner)
                                     : exponents(outer) > precision(inner));
  return (to == from || (to == DTypeKind::Signed && from == DTypeKind::Unsigned)) &&
         precision(outer) >= precision(inner);
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
  auto isFloat = [](DType dtype) { return contains(Domain::Inexact, dtype); };
  bool wrapsInstead = !isFloat(from) && isFloat(by) && !isFloat(to) && !holds(to, from);
  // An integer goes to a small float by way of f32, and so rounds twice where f64 rounds once.
  bool roundsTwice =
      !isFloat(from) && isFloat(to) && size_of(to) == 2 && real_dtype(by) != DType::f32;
  if (!holds(by, from) || wrapsInstead || roundsTwice)
    return {};
  getInputMutable().assign(inner.getInput());
  return getResult();
}
