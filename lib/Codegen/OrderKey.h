// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"

namespace tsum {

/// Integers that compare as floats do, -0 before +0, with NaN beyond all numbers at one end: a
/// maximum of floats, which propagates NaN and knows the sign of zero, takes six instructions on
/// x86, one of their keys takes one. Keys take three instructions, which do not wait for each
/// other.
struct OrderKey {
  enum class Nan { Least, Greatest };
  mlir::FloatType floats;
  Nan nan;

  mlir::IntegerType type() const;

  /// The keys of scalars or vectors of floats, and back. NaNs keep their bits.
  mlir::Value of(mlir::OpBuilder &b, mlir::Location loc, mlir::Value values) const;
  mlir::Value toFloat(mlir::OpBuilder &b, mlir::Location loc, mlir::Value keys) const;
};

} // namespace tsum
