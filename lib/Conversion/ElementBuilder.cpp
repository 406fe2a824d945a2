// SPDX-License-Identifier: Apache-2.0

#include "ElementBuilder.h"

#include "tsum/Conversion/ElementTypes.h"
#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::arith;

namespace tsum {

Value ElementBuilder::number(double value) const {
  return ConstantOp::create(b, loc, b.getFloatAttr(computed, value));
}

Value ElementBuilder::integer(int64_t value) const {
  return ConstantOp::create(b, loc,
                            b.getIntegerAttr(computed, APInt(width(), value, /*isSigned=*/true,
                                                             /*implicitTrunc=*/true)));
}

Value ElementBuilder::compare(CmpFPredicate floats, CmpIPredicate integers,
                              CmpIPredicate unsignedIntegers, Value x, Value y) const {
  if (isFloat())
    return CmpFOp::create(b, loc, floats, x, y);
  return CmpIOp::create(b, loc, isUnsigned() ? unsignedIntegers : integers, x, y);
}

Value ElementBuilder::compareMagnitude(CmpFPredicate predicate, Value x) const {
  return CmpFOp::create(b, loc, predicate, math::AbsFOp::create(b, loc, x),
                        number(std::numeric_limits<double>::infinity()));
}

Value ElementBuilder::elementary(StringRef function, ValueRange operands) const {
  return ir::ElementaryOp::create(b, loc, operands.front().getType(), function, operands);
}

Value ElementBuilder::negative(Value x) const {
  if (isFloat())
    return NegFOp::create(b, loc, x);
  return SubIOp::create(b, loc, integer(0), x);
}

Value ElementBuilder::absolute(Value x) const {
  if (isFloat())
    return math::AbsFOp::create(b, loc, x);
  return isUnsigned() ? x : MaxSIOp::create(b, loc, x, negative(x));
}

Value ElementBuilder::sign(Value x) const {
  if (isFloat()) {
    // 0 and NaN are their own.
    Value isNumber = CmpFOp::create(b, loc, CmpFPredicate::ONE, x, number(0));
    return select(isNumber, math::CopySignOp::create(b, loc, number(1), x), x);
  }
  if (isUnsigned())
    return MinUIOp::create(b, loc, x, integer(1));
  return MaxSIOp::create(b, loc, MinSIOp::create(b, loc, x, integer(1)), integer(-1));
}

Value ElementBuilder::productError(Value x, Value y) const {
  Value product = MulFOp::create(b, loc, x, y);
  Value error = math::FmaOp::create(b, loc, x, y, NegFOp::create(b, loc, product));
  Value zeroIfFinite = SubFOp::create(b, loc, product, product);
  Value isFinite = CmpFOp::create(b, loc, CmpFPredicate::ORD, zeroIfFinite, zeroIfFinite);
  return select(isFinite, error, number(0));
}

Value ElementBuilder::floorQuotient(Value x, Value y) const {
  if (isFloat())
    return math::FloorOp::create(b, loc, DivFOp::create(b, loc, x, y));
  // Division by 0, and of the smallest number by -1, would trap.
  Value isZero = CmpIOp::create(b, loc, CmpIPredicate::eq, y, integer(0));
  if (isUnsigned()) {
    Value divisor = select(isZero, integer(1), y);
    return select(isZero, integer(0), DivUIOp::create(b, loc, x, divisor));
  }
  Value isMinusOne = CmpIOp::create(b, loc, CmpIPredicate::eq, y, integer(-1));
  Value divisor = select(OrIOp::create(b, loc, isZero, isMinusOne), integer(1), y);
  Value quotient = DivSIOp::create(b, loc, x, divisor);
  Value product = MulIOp::create(b, loc, quotient, divisor);
  Value isInexact = CmpIOp::create(b, loc, CmpIPredicate::ne, product, x);
  Value signs = XOrIOp::create(b, loc, x, divisor);
  Value isNegative = CmpIOp::create(b, loc, CmpIPredicate::slt, signs, integer(0));
  Value below = SubIOp::create(b, loc, quotient, integer(1));
  quotient = select(AndIOp::create(b, loc, isInexact, isNegative), below, quotient);
  quotient = select(isMinusOne, negative(x), quotient);
  return select(isZero, integer(0), quotient);
}

Value ElementBuilder::floorRemainder(Value x, Value y) const {
  if (isFloat()) {
    Value remainder = RemFOp::create(b, loc, x, y);
    Value isRest = CmpFOp::create(b, loc, CmpFPredicate::UNE, remainder, number(0));
    auto isNegative = [&](Value value) -> Value {
      return CmpFOp::create(b, loc, CmpFPredicate::OLT, value, number(0));
    };
    Value differs = XOrIOp::create(b, loc, isNegative(remainder), isNegative(y));
    Value moved = AddFOp::create(b, loc, remainder, y);
    return select(AndIOp::create(b, loc, isRest, differs), moved, remainder);
  }
  Value product = MulIOp::create(b, loc, floorQuotient(x, y), y);
  Value isZero = CmpIOp::create(b, loc, CmpIPredicate::eq, y, integer(0));
  return select(isZero, integer(0), SubIOp::create(b, loc, x, product));
}

Value ElementBuilder::power(Value x, Value y) const {
  if (isFloat())
    return elementary("pow", {x, y});
  // Square and multiply, a bit of the exponent at a time.
  Value base = x;
  Value result = integer(1);
  for (unsigned bit = 0; bit < width(); ++bit) {
    Value isSet = AndIOp::create(b, loc, y, integer(int64_t(uint64_t(1) << bit)));
    isSet = CmpIOp::create(b, loc, CmpIPredicate::ne, isSet, integer(0));
    result = select(isSet, MulIOp::create(b, loc, result, base), result);
    base = MulIOp::create(b, loc, base, base);
  }
  if (isUnsigned())
    return result;
  // A negative exponent leaves a fraction, but of 1 and -1.
  Value isNegative = CmpIOp::create(b, loc, CmpIPredicate::slt, y, integer(0));
  Value one = AddIOp::create(b, loc, x, integer(1));
  Value isUnit = CmpIOp::create(b, loc, CmpIPredicate::ule, one, integer(2));
  Value isZero = CmpIOp::create(b, loc, CmpIPredicate::eq, x, integer(0));
  Value isOdd = AndIOp::create(b, loc, y, integer(1));
  isOdd = CmpIOp::create(b, loc, CmpIPredicate::ne, isOdd, integer(0));
  Value fraction = select(isOdd, x, integer(1));
  fraction = select(isUnit, fraction, integer(0));
  fraction = select(isZero, integer(0), fraction);
  return select(isNegative, fraction, result);
}

Value ElementBuilder::sigmoid(Value x) const {
  // Of -|x|, so that nothing overflows.
  Value magnitude = math::AbsFOp::create(b, loc, x);
  Value power = elementary("exp", {NegFOp::create(b, loc, magnitude)});
  Value isNegative = CmpFOp::create(b, loc, CmpFPredicate::OLT, x, number(0));
  Value numerator = select(isNegative, power, number(1));
  return DivFOp::create(b, loc, numerator, AddFOp::create(b, loc, number(1), power));
}

Value ElementBuilder::softplus(Value x) const {
  Value magnitude = math::AbsFOp::create(b, loc, x);
  Value power = elementary("exp", {NegFOp::create(b, loc, magnitude)});
  Value rest = elementary("log1p", power);
  return AddFOp::create(b, loc, MaximumFOp::create(b, loc, x, number(0)), rest);
}

Value ElementBuilder::rightShift(Value x, Value y) const {
  if (isUnsigned())
    return shift<ShRUIOp>(x, y, integer(0));
  Value last = integer(width() - 1);
  return ShRSIOp::create(b, loc, x, MinUIOp::create(b, loc, y, last));
}

//===-- Casts ---------------------------------------------------------------------------------===//

/// `x`, a float, towards zero in `to`'s range; NaN is 0.
Value ElementBuilder::saturate(Value x, IntegerType to) const {
  const unsigned width = to.getWidth();
  const bool toUnsigned = to.isUnsigned();
  Type result = storageType(to);
  APInt smallest = toUnsigned ? APInt::getMinValue(width) : APInt::getSignedMinValue(width);
  APInt largest = toUnsigned ? APInt::getMaxValue(width) : APInt::getSignedMaxValue(width);
  // The bounds are powers of two or zero, which f32 and f64 hold.
  double below = toUnsigned ? 0.0 : -std::ldexp(1.0, width - 1);
  double above = std::ldexp(1.0, toUnsigned ? width : width - 1);

  // Out of range the conversion gives poison, which the selects then leave aside.
  Value converted = toUnsigned ? FPToUIOp::create(b, loc, result, x).getResult()
                               : FPToSIOp::create(b, loc, result, x).getResult();
  auto replaceWhere = [&](CmpFPredicate predicate, double bound, const APInt &with) {
    Value where = CmpFOp::create(b, loc, predicate, x, number(bound));
    Value value = ConstantOp::create(b, loc, b.getIntegerAttr(result, with));
    converted = select(where, value, converted);
  };
  replaceWhere(CmpFPredicate::OLT, below, smallest);
  replaceWhere(CmpFPredicate::OGE, above, largest);
  replaceWhere(CmpFPredicate::UNO, 0.0, APInt(width, 0));
  return converted;
}

/// To the type in which `to` is computed.
Value ElementBuilder::cast(Value x, Type to) const {
  if (to.isInteger(1))
    return compare(CmpFPredicate::UNE, CmpIPredicate::ne, CmpIPredicate::ne, x, zero());
  if (isFloat()) {
    if (auto integer = dyn_cast<IntegerType>(to))
      return saturate(x, integer);
    // A small float is rounded when it is stored, in one step.
    return isSmallFloat(to) ? x : convertFloat(b, loc, x, to);
  }
  const unsigned from = type.getIntOrFloatBitWidth(), width = to.getIntOrFloatBitWidth();
  if (isa<FloatType>(to)) {
    Type result = width < 32 ? b.getF32Type() : to;
    return isUnsigned() ? UIToFPOp::create(b, loc, result, x).getResult()
                        : SIToFPOp::create(b, loc, result, x).getResult();
  }
  Type result = storageType(to);
  if (width > from)
    return isUnsigned() ? ExtUIOp::create(b, loc, result, x).getResult()
                        : ExtSIOp::create(b, loc, result, x).getResult();
  return width < from ? TruncIOp::create(b, loc, result, x).getResult() : x;
}

} // namespace tsum
