// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"

namespace tsum {

/// Builds the arith and math ops of one elementwise tsum op, by the kind of its operands' elements.
/// Operands are in the types in which they are computed: signless, f32 for f16 and bf16.
struct ElementBuilder {
  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Type type;     ///< of the tsum op's first operand, which knows signs
  mlir::Type computed; ///< the type in which that is computed

  bool isFloat() const { return mlir::isa<mlir::FloatType>(type); }
  bool isUnsigned() const { return type.isUnsignedInteger() || type.isInteger(1); }
  unsigned width() const { return computed.getIntOrFloatBitWidth(); }

  template <class FloatOp, class SignedOp, class UnsignedOp = SignedOp>
  mlir::Value create(mlir::Value x, mlir::Value y) const {
    if (isFloat())
      return FloatOp::create(b, loc, x, y);
    if (isUnsigned())
      return UnsignedOp::create(b, loc, x, y);
    return SignedOp::create(b, loc, x, y);
  }

  mlir::Value compare(mlir::arith::CmpFPredicate floats, mlir::arith::CmpIPredicate integers,
                      mlir::arith::CmpIPredicate unsignedIntegers, mlir::Value x,
                      mlir::Value y) const;
  /// |x| compared with infinity.
  mlir::Value compareMagnitude(mlir::arith::CmpFPredicate predicate, mlir::Value x) const;

  // Constants of the computed type.
  mlir::Value number(double value) const;
  mlir::Value integer(int64_t value) const;
  mlir::Value zero() const { return isFloat() ? number(0) : integer(0); }

  /// A function of include/tsum/Math.
  mlir::Value elementary(llvm::StringRef function, mlir::ValueRange operands) const;

  mlir::Value negative(mlir::Value x) const;
  mlir::Value absolute(mlir::Value x) const;
  mlir::Value sign(mlir::Value x) const;
  /// What rounding x y loses.
  mlir::Value productError(mlir::Value x, mlir::Value y) const;
  mlir::Value floorQuotient(mlir::Value x, mlir::Value y) const;
  mlir::Value floorRemainder(mlir::Value x, mlir::Value y) const;
  mlir::Value power(mlir::Value x, mlir::Value y) const;
  mlir::Value sigmoid(mlir::Value x) const;
  mlir::Value softplus(mlir::Value x) const;
  mlir::Value rightShift(mlir::Value x, mlir::Value y) const;

  /// `x` shifted by `y` places, or `beyond` where there are not so many.
  template <class ShiftOp>
  mlir::Value shift(mlir::Value x, mlir::Value y, mlir::Value beyond) const {
    using namespace mlir::arith;
    mlir::Value isWithin = CmpIOp::create(b, loc, CmpIPredicate::ult, y, integer(width()));
    // What is not taken must not be poison either.
    mlir::Value count = SelectOp::create(b, loc, isWithin, y, integer(0));
    return SelectOp::create(b, loc, isWithin, ShiftOp::create(b, loc, x, count), beyond);
  }

  mlir::Value cast(mlir::Value x, mlir::Type to) const;

private:
  mlir::Value saturate(mlir::Value x, mlir::IntegerType to) const;
  mlir::Value select(mlir::Value condition, mlir::Value x, mlir::Value y) const {
    return mlir::arith::SelectOp::create(b, loc, condition, x, y);
  }
};

} // namespace tsum
