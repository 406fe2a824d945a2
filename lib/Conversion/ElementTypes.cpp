// SPDX-License-Identifier: Apache-2.0

#include "tsum/Conversion/ElementTypes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace tsum {

namespace {

/// Builds arith ops on values of one shape.
struct Lanes {
  OpBuilder &b;
  Location loc;
  Type like;

  Type withElements(Type element) const {
    if (auto shaped = dyn_cast<ShapedType>(like))
      return shaped.clone(element);
    return element;
  }
  Type integers(unsigned width) const { return withElements(b.getIntegerType(width)); }

  Value constant(unsigned width, uint64_t value) const {
    return createScalarOrSplatConstant(b, loc, integers(width), APInt(width, value));
  }
};

/// The bits of a bf16 as f32.
Value widenBFloat(const Lanes &lanes, Value x) {
  auto &[b, loc, like] = lanes;
  Value wide = arith::ExtUIOp::create(b, loc, lanes.integers(32), x);
  wide = arith::ShLIOp::create(b, loc, wide, lanes.constant(32, 16));
  return arith::BitcastOp::create(b, loc, lanes.withElements(b.getF32Type()), wide);
}

/// f32 to the bits of a bf16: adds half of the last place to the bits, less one where that makes a
/// tie even. A NaN must not carry into an infinity.
Value narrowToBFloat(const Lanes &lanes, Value x) {
  auto &[b, loc, like] = lanes;
  Value bits = arith::BitcastOp::create(b, loc, lanes.integers(32), x);
  Value upper = arith::ShRUIOp::create(b, loc, bits, lanes.constant(32, 16));
  Value odd = arith::AndIOp::create(b, loc, upper, lanes.constant(32, 1));
  Value half = arith::AddIOp::create(b, loc, odd, lanes.constant(32, 0x7fff));
  Value rounded = arith::AddIOp::create(b, loc, bits, half);
  Value quiet = arith::OrIOp::create(b, loc, bits, lanes.constant(32, 0x400000));
  Value isNan = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, x, x);
  rounded = arith::SelectOp::create(b, loc, isNan, quiet, rounded);
  rounded = arith::ShRUIOp::create(b, loc, rounded, lanes.constant(32, 16));
  return arith::TruncIOp::create(b, loc, lanes.integers(16), rounded);
}

/// f64 to f32, rounded to odd: what is inexact gets an odd last bit, by which a second rounding to
/// a shorter format sees on which side of a tie it was (Boldo and Melquiond, 2008).
Value narrowToOdd(const Lanes &lanes, Value x) {
  auto &[b, loc, like] = lanes;
  Value nearest = arith::TruncFOp::create(b, loc, lanes.withElements(b.getF32Type()), x);
  Value back = arith::ExtFOp::create(b, loc, x.getType(), nearest);
  Value bits = arith::BitcastOp::create(b, loc, lanes.integers(32), nearest);
  // Magnitudes, for which one bit less is the next one below.
  auto magnitude = [&](Value value) -> Value {
    Value bits = arith::BitcastOp::create(b, loc, lanes.integers(64), value);
    return arith::AndIOp::create(b, loc, bits, lanes.constant(64, INT64_MAX));
  };
  Value exact = magnitude(x), rounded = magnitude(back);
  using arith::CmpIPredicate;
  Value isAbove = arith::CmpIOp::create(b, loc, CmpIPredicate::ugt, rounded, exact);
  Value below = arith::SubIOp::create(b, loc, bits, lanes.constant(32, 1));
  Value towardsZero = arith::SelectOp::create(b, loc, isAbove, below, bits);
  Value odd = arith::OrIOp::create(b, loc, towardsZero, lanes.constant(32, 1));
  Value isInexact = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ONE, back, x);
  bits = arith::SelectOp::create(b, loc, isInexact, odd, bits);
  return arith::BitcastOp::create(b, loc, nearest.getType(), bits);
}

} // namespace

Type storageType(Type type) {
  if (auto integer = dyn_cast<IntegerType>(type))
    return IntegerType::get(type.getContext(), std::max(integer.getWidth(), 8u));
  return type.isBF16() ? IntegerType::get(type.getContext(), 16) : type;
}

bool isSmallFloat(Type type) { return type.isF16() || type.isBF16(); }

Value convertFloat(OpBuilder &b, Location loc, Value x, Type to) {
  Type from = getElementTypeOrSelf(x);
  if (from == to)
    return x;
  Lanes lanes{b, loc, x.getType()};
  if (to.isF16() && from.isF64())
    x = narrowToOdd(lanes, x);
  Type result = lanes.withElements(to);
  if (from.getIntOrFloatBitWidth() < to.getIntOrFloatBitWidth())
    return arith::ExtFOp::create(b, loc, result, x);
  return arith::TruncFOp::create(b, loc, result, x);
}

Value fromStorage(OpBuilder &b, Location loc, Value x, Type type) {
  Lanes lanes{b, loc, x.getType()};
  if (type.isInteger(1))
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, x, lanes.constant(8, 0));
  if (type.isBF16())
    return widenBFloat(lanes, x);
  return type.isF16() ? convertFloat(b, loc, x, b.getF32Type()) : x;
}

Value toStorage(OpBuilder &b, Location loc, Value x, Type type) {
  Lanes lanes{b, loc, x.getType()};
  if (type.isInteger(1))
    return arith::ExtUIOp::create(b, loc, lanes.integers(8), x);
  if (!isa<FloatType>(type))
    return x;
  if (!type.isBF16())
    return convertFloat(b, loc, x, type);
  return narrowToBFloat(lanes, getElementTypeOrSelf(x).isF64() ? narrowToOdd(lanes, x) : x);
}

} // namespace tsum
