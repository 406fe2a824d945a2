// SPDX-License-Identifier: Apache-2.0

#include "ElementwiseToArith.h"

#include "ElementBuilder.h"

#include "tsum/Conversion/ElementTypes.h"
#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tsum {

/// The op's value for elements in the types in which they are computed.
static FailureOr<Value> compute(const ElementBuilder &e, Operation *op, ArrayRef<Value> elements) {
  OpBuilder &b = e.b;
  Value x = elements[0];
  Value y = elements.size() > 1 ? elements[1] : Value();
  using namespace arith;
  using F = CmpFPredicate;
  using I = CmpIPredicate;
  return llvm::TypeSwitch<Operation *, FailureOr<Value>>(op)
      .Case([&](ir::AbsOp) { return e.absolute(x); })
      .Case([&](ir::AddOp) { return e.create<AddFOp, AddIOp>(x, y); })
      .Case([&](ir::Atan2Op) { return e.elementary("atan2", {x, y}); })
      .Case([&](ir::AcosOp) { return e.elementary("acos", x); })
      .Case([&](ir::AcoshOp) { return e.elementary("acosh", x); })
      .Case([&](ir::AsinOp) { return e.elementary("asin", x); })
      .Case([&](ir::AsinhOp) { return e.elementary("asinh", x); })
      .Case([&](ir::AtanOp) { return e.elementary("atan", x); })
      .Case([&](ir::AtanhOp) { return e.elementary("atanh", x); })
      .Case([&](ir::BitwiseAndOp) -> Value { return AndIOp::create(b, e.loc, x, y); })
      .Case([&](ir::BitwiseOrOp) -> Value { return OrIOp::create(b, e.loc, x, y); })
      .Case([&](ir::BitwiseXorOp) -> Value { return XOrIOp::create(b, e.loc, x, y); })
      .Case([&](ir::CastOp cast) { return e.cast(x, getElementTypeOrSelf(cast.getType())); })
      .Case([&](ir::CbrtOp) { return e.elementary("cbrt", x); })
      .Case([&](ir::CeilOp) -> Value { return math::CeilOp::create(b, e.loc, x); })
      .Case([&](ir::CopysignOp) -> Value { return math::CopySignOp::create(b, e.loc, x, y); })
      .Case([&](ir::CosOp) { return e.elementary("cos", x); })
      .Case([&](ir::CoshOp) { return e.elementary("cosh", x); })
      .Case([&](ir::DivideOp) -> Value { return DivFOp::create(b, e.loc, x, y); })
      .Case([&](ir::EqualOp) { return e.compare(F::OEQ, I::eq, I::eq, x, y); })
      .Case([&](ir::ErfOp) { return e.elementary("erf", x); })
      .Case([&](ir::ErfcOp) { return e.elementary("erfc", x); })
      .Case([&](ir::ExpOp) { return e.elementary("exp", x); })
      .Case([&](ir::Expm1Op) { return e.elementary("expm1", x); })
      .Case([&](ir::FloorOp) -> Value { return math::FloorOp::create(b, e.loc, x); })
      .Case([&](ir::FloordivOp) { return e.floorQuotient(x, y); })
      .Case([&](ir::FloormodOp) { return e.floorRemainder(x, y); })
      .Case([&](ir::GreaterEqualOp) { return e.compare(F::OGE, I::sge, I::uge, x, y); })
      .Case([&](ir::GreaterOp) { return e.compare(F::OGT, I::sgt, I::ugt, x, y); })
      .Case([&](ir::HypotOp) { return e.elementary("hypot", {x, y}); })
      .Case([&](ir::InvertOp) -> Value { return XOrIOp::create(b, e.loc, x, e.integer(-1)); })
      .Case([&](ir::IsFiniteOp) { return e.compareMagnitude(F::OLT, x); })
      .Case([&](ir::IsInfOp) { return e.compareMagnitude(F::OEQ, x); })
      .Case([&](ir::IsNanOp) -> Value { return CmpFOp::create(b, e.loc, F::UNO, x, x); })
      .Case([&](ir::LeftShiftOp) { return e.shift<ShLIOp>(x, y, e.integer(0)); })
      .Case([&](ir::LessEqualOp) { return e.compare(F::OLE, I::sle, I::ule, x, y); })
      .Case([&](ir::LessOp) { return e.compare(F::OLT, I::slt, I::ult, x, y); })
      .Case([&](ir::Log10Op) { return e.elementary("log10", x); })
      .Case([&](ir::Log1pOp) { return e.elementary("log1p", x); })
      .Case([&](ir::Log2Op) { return e.elementary("log2", x); })
      .Case([&](ir::LogOp) { return e.elementary("log", x); })
      .Case([&](ir::LogaddexpOp) { return e.elementary("logaddexp", {x, y}); })
      .Case([&](ir::LogicalAndOp) -> Value { return AndIOp::create(b, e.loc, x, y); })
      .Case([&](ir::LogicalNotOp) -> Value { return XOrIOp::create(b, e.loc, x, e.integer(-1)); })
      .Case([&](ir::LogicalOrOp) -> Value { return OrIOp::create(b, e.loc, x, y); })
      .Case([&](ir::LogicalXorOp) -> Value { return XOrIOp::create(b, e.loc, x, y); })
      .Case([&](ir::MaximumOp) { return e.create<MaximumFOp, MaxSIOp, MaxUIOp>(x, y); })
      .Case([&](ir::MinimumOp) { return e.create<MinimumFOp, MinSIOp, MinUIOp>(x, y); })
      .Case([&](ir::MultiplyOp) { return e.create<MulFOp, MulIOp>(x, y); })
      .Case([&](ir::NegativeOp) { return e.negative(x); })
      .Case([&](ir::NotEqualOp) { return e.compare(F::UNE, I::ne, I::ne, x, y); })
      .Case([&](ir::PowOp) { return e.power(x, y); })
      .Case([&](ir::ProductErrorOp) { return e.productError(x, y); })
      .Case([&](ir::ReciprocalOp) -> Value { return DivFOp::create(b, e.loc, e.number(1), x); })
      .Case([&](ir::ReluOp) { return e.create<MaximumFOp, MaxSIOp, MaxUIOp>(x, e.zero()); })
      .Case([&](ir::RightShiftOp) { return e.rightShift(x, y); })
      .Case([&](ir::RoundOp) -> Value { return math::RoundEvenOp::create(b, e.loc, x); })
      .Case([&](ir::RsqrtOp) -> Value {
        return DivFOp::create(b, e.loc, e.number(1), math::SqrtOp::create(b, e.loc, x));
      })
      .Case([&](ir::SignbitOp) -> Value {
        // By the sign of a number, since a NaN has one and is less than nothing.
        Value one = math::CopySignOp::create(b, e.loc, e.number(1), x);
        return CmpFOp::create(b, e.loc, F::OLT, one, e.number(0));
      })
      .Case([&](ir::SigmoidOp) { return e.sigmoid(x); })
      .Case([&](ir::SignOp) { return e.sign(x); })
      .Case([&](ir::SinOp) { return e.elementary("sin", x); })
      .Case([&](ir::SinhOp) { return e.elementary("sinh", x); })
      .Case([&](ir::SoftplusOp) { return e.softplus(x); })
      .Case([&](ir::SqrtOp) -> Value { return math::SqrtOp::create(b, e.loc, x); })
      .Case([&](ir::SquareOp) { return e.create<MulFOp, MulIOp>(x, x); })
      .Case([&](ir::SubtractOp) { return e.create<SubFOp, SubIOp>(x, y); })
      .Case([&](ir::TanOp) { return e.elementary("tan", x); })
      .Case([&](ir::TanhOp) { return e.elementary("tanh", x); })
      .Case([&](ir::TruncOp) -> Value { return math::TruncOp::create(b, e.loc, x); })
      .Case([&](ir::WhereOp) -> Value { return SelectOp::create(b, e.loc, x, y, elements[2]); })
      .Default([](Operation *) { return failure(); });
}

FailureOr<Value> createElement(OpBuilder &b, Operation *op, ValueRange elements) {
  SmallVector<Value> computed;
  for (auto [element, operand] : llvm::zip_equal(elements, op->getOperands()))
    computed.push_back(
        fromStorage(b, op->getLoc(), element, getElementTypeOrSelf(operand.getType())));
  Type type = getElementTypeOrSelf(op->getOperand(0));
  FailureOr<Value> result = compute({b, op->getLoc(), type, computed[0].getType()}, op, computed);
  if (failed(result))
    return failure();
  return toStorage(b, op->getLoc(), *result, getElementTypeOrSelf(op->getResult(0)));
}

} // namespace tsum
