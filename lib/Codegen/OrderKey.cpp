// SPDX-License-Identifier: Apache-2.0

#include "OrderKey.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace tsum {

namespace {

Type withElement(Type type, Type element) {
  auto vector = dyn_cast<VectorType>(type);
  return vector ? Type(VectorType::get(vector.getShape(), element)) : element;
}

/// Of sign and magnitude the two's complement but for one, and back.
Value flipNegative(OpBuilder &b, Location loc, Value bits) {
  Type type = bits.getType();
  const unsigned width = getElementTypeOrSelf(type).getIntOrFloatBitWidth();
  Value signs =
      arith::ShRSIOp::create(b, loc, bits, createScalarOrSplatConstant(b, loc, type, width - 1));
  Value magnitude = createScalarOrSplatConstant(b, loc, type, APInt::getSignedMaxValue(width));
  return arith::XOrIOp::create(b, loc, bits, arith::AndIOp::create(b, loc, signs, magnitude));
}

/// What moves -inf to the least integer, and with it all NaNs below to the other end; or +inf to
/// the greatest: in both cases by as many as there are NaNs of a sign.
APInt rotation(const OrderKey &key) {
  FloatType floats = key.floats;
  APInt nans = APInt::getLowBitsSet(floats.getWidth(), floats.getFPMantissaWidth() - 1);
  return key.nan == OrderKey::Nan::Greatest ? -nans : nans;
}

} // namespace

IntegerType OrderKey::type() const {
  return IntegerType::get(floats.getContext(), floats.getIntOrFloatBitWidth());
}

Value OrderKey::of(OpBuilder &b, Location loc, Value values) const {
  Type keys = withElement(values.getType(), type());
  Value ordered = flipNegative(b, loc, arith::BitcastOp::create(b, loc, keys, values));
  return arith::AddIOp::create(b, loc, ordered,
                               createScalarOrSplatConstant(b, loc, keys, rotation(*this)));
}

Value OrderKey::toFloat(OpBuilder &b, Location loc, Value keys) const {
  Value ordered = arith::SubIOp::create(
      b, loc, keys, createScalarOrSplatConstant(b, loc, keys.getType(), rotation(*this)));
  return arith::BitcastOp::create(b, loc, withElement(keys.getType(), floats),
                                  flipNegative(b, loc, ordered));
}

} // namespace tsum
