// SPDX-License-Identifier: Apache-2.0

#include "ElementwiseToArith.h"

#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tsum {

Type signlessType(Type type) {
  if (auto integer = dyn_cast<IntegerType>(type))
    return IntegerType::get(type.getContext(), integer.getWidth());
  return type;
}

namespace {

/// Builds arith ops by the kind of the tsum element type.
struct ElementBuilder {
  OpBuilder &b;
  Location loc;
  Type type; // of the tsum op, which knows signs

  template <class FloatOp, class SignedOp, class UnsignedOp = SignedOp>
  Value create(Value x, Value y) const {
    if (isa<FloatType>(type))
      return FloatOp::create(b, loc, x, y);
    if (type.isUnsignedInteger())
      return UnsignedOp::create(b, loc, x, y);
    return SignedOp::create(b, loc, x, y);
  }

  Value constant(Type of, double value) const {
    return arith::ConstantOp::create(b, loc, b.getFloatAttr(of, value));
  }
  Value constant(Type of, const APInt &value) const {
    return arith::ConstantOp::create(b, loc, b.getIntegerAttr(of, value));
  }

  Value negative(Value x) const {
    if (isa<FloatType>(type))
      return arith::NegFOp::create(b, loc, x);
    return arith::SubIOp::create(b, loc,
                                 constant(x.getType(), APInt(type.getIntOrFloatBitWidth(), 0)), x);
  }

  Value absolute(Value x) const {
    if (isa<FloatType>(type))
      return math::AbsFOp::create(b, loc, x);
    return type.isUnsignedInteger() ? x : arith::MaxSIOp::create(b, loc, x, negative(x));
  }

  Value cast(Value x, Type to) const;
  Value saturate(Value x, IntegerType to) const;
};

/// `x`, a float, towards zero in `to`'s range; NaN is 0.
Value ElementBuilder::saturate(Value x, IntegerType to) const {
  const unsigned width = to.getWidth();
  const bool isUnsigned = to.isUnsigned();
  Type result = signlessType(to);
  APInt smallest = isUnsigned ? APInt::getMinValue(width) : APInt::getSignedMinValue(width);
  APInt largest = isUnsigned ? APInt::getMaxValue(width) : APInt::getSignedMaxValue(width);
  // The bounds are powers of two or zero, which every float type holds.
  double below = isUnsigned ? 0.0 : -std::ldexp(1.0, width - 1);
  double above = std::ldexp(1.0, isUnsigned ? width : width - 1);

  // Out of range the conversion gives poison, which the selects then leave aside.
  Value converted = isUnsigned ? arith::FPToUIOp::create(b, loc, result, x).getResult()
                               : arith::FPToSIOp::create(b, loc, result, x).getResult();
  auto replaceWhere = [&](arith::CmpFPredicate predicate, double bound, const APInt &with) {
    Value where = arith::CmpFOp::create(b, loc, predicate, x, constant(x.getType(), bound));
    converted = arith::SelectOp::create(b, loc, where, constant(result, with), converted);
  };
  replaceWhere(arith::CmpFPredicate::OLT, below, smallest);
  replaceWhere(arith::CmpFPredicate::OGE, above, largest);
  replaceWhere(arith::CmpFPredicate::UNO, 0.0, APInt(width, 0));
  return converted;
}

Value ElementBuilder::cast(Value x, Type to) const {
  Type result = signlessType(to);
  const bool fromUnsigned = type.isUnsignedInteger();
  const unsigned from = type.getIntOrFloatBitWidth(), width = to.getIntOrFloatBitWidth();
  if (isa<FloatType>(type)) {
    if (auto integer = dyn_cast<IntegerType>(to))
      return saturate(x, integer);
    if (width > from)
      return arith::ExtFOp::create(b, loc, result, x);
    return width < from ? arith::TruncFOp::create(b, loc, result, x).getResult() : x;
  }
  if (isa<FloatType>(to))
    return fromUnsigned ? arith::UIToFPOp::create(b, loc, result, x).getResult()
                        : arith::SIToFPOp::create(b, loc, result, x).getResult();
  if (width > from)
    return fromUnsigned ? arith::ExtUIOp::create(b, loc, result, x).getResult()
                        : arith::ExtSIOp::create(b, loc, result, x).getResult();
  return width < from ? arith::TruncIOp::create(b, loc, result, x).getResult() : x;
}

} // namespace

FailureOr<Value> createElement(OpBuilder &b, Operation *op, ValueRange elements) {
  ElementBuilder e{b, op->getLoc(), getElementTypeOrSelf(op->getOperand(0))};
  Value x = elements[0];
  Value y = elements.size() > 1 ? elements[1] : Value();
  using namespace arith;
  return llvm::TypeSwitch<Operation *, FailureOr<Value>>(op)
      .Case([&](ir::AbsOp) { return e.absolute(x); })
      .Case([&](ir::AddOp) { return e.create<AddFOp, AddIOp>(x, y); })
      .Case([&](ir::CastOp cast) { return e.cast(x, getElementTypeOrSelf(cast.getType())); })
      .Case([&](ir::DivideOp) -> Value { return DivFOp::create(b, e.loc, x, y); })
      .Case([&](ir::MaximumOp) { return e.create<MaximumFOp, MaxSIOp, MaxUIOp>(x, y); })
      .Case([&](ir::MinimumOp) { return e.create<MinimumFOp, MinSIOp, MinUIOp>(x, y); })
      .Case([&](ir::MultiplyOp) { return e.create<MulFOp, MulIOp>(x, y); })
      .Case([&](ir::NegativeOp) { return e.negative(x); })
      .Case([&](ir::SqrtOp) -> Value { return math::SqrtOp::create(b, e.loc, x); })
      .Case([&](ir::SquareOp) { return e.create<MulFOp, MulIOp>(x, x); })
      .Case([&](ir::SubtractOp) { return e.create<SubFOp, SubIOp>(x, y); })
      .Default([](Operation *) { return failure(); });
}

} // namespace tsum
