// SPDX-License-Identifier: Apache-2.0

#include "ValueLane.h"

#include "tsum/Codegen/Passes.h"
#include "tsum/Dialect/Tsum/IR/Tsum.h"
#include "tsum/Math/Elementary.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace tsum {
#define GEN_PASS_DEF_TSUMEXPANDMATHPASS
#include "tsum/Codegen/Passes.h.inc"

namespace {

/// Calls `f(lanes)` with `operands` as lanes of their type, f32 or f64. Null if it takes another
/// number of them.
template <class Function>
Value expandLanes(LaneBuilder &lanes, ValueRange operands, Function function) {
  auto as = [&]<class T>(T) {
    auto lane = [&](Value value) { return ValueLane<T>(&lanes, value); };
    if constexpr (std::is_invocable_v<Function, ValueLane<T>>)
      return operands.size() == 1 ? function(lane(operands[0])).value : Value();
    else
      return operands.size() == 2 ? function(lane(operands[0]), lane(operands[1])).value : Value();
  };
  return getElementTypeOrSelf(operands[0]).isF32() ? as(float()) : as(double());
}

/// `function` of the operands of `op`: scalars, or vectors of one type, which LLVM cuts to
/// registers. (Cutting them here, to 64 bytes, was no faster and took LLVM twice as long.)
template <class Function> Value expand(Operation *op, bool hasAVX512, Function function) {
  OpBuilder b(op);
  Location loc = op->getLoc();
  auto vector = dyn_cast<VectorType>(op->getResult(0).getType());
  if (!vector) {
    LaneBuilder lanes{b, loc, {}};
    return expandLanes(lanes, op->getOperands(), function);
  }
  // Reductions, which ask whether any lane is rare, are of one dimension.
  auto flat = VectorType::get(vector.getNumElements(), vector.getElementType());
  LaneBuilder lanes{b, loc, llvm::to_vector<1>(flat.getShape()), hasAVX512};
  if (flat == vector)
    return expandLanes(lanes, op->getOperands(), function);
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(vector::ShapeCastOp::create(b, loc, flat, operand));
  Value result = expandLanes(lanes, operands, function);
  return result ? vector::ShapeCastOp::create(b, loc, vector, result).getResult() : Value();
}

/// What builds a function's value before its op; null for a wrong number of operands.
using Expansion = Value (*)(Operation *op, bool hasAVX512);

/// Null for an op that is no function of tsum/Math.
Expansion expansionOf(Operation *op) {
  if (isa<arith::RemFOp>(op))
    return [](Operation *op, bool hasAVX512) {
      return expand(op, hasAVX512, [](auto x, auto y) { return math::fmod(x, y); });
    };
  auto elementary = dyn_cast<ir::ElementaryOp>(op);
  StringRef function = elementary ? elementary.getFunction() : "";
#define TSUM_EXPAND(OP, NAME, PARAMETERS, CALL)                                                    \
  if (isa<mlir::math::OP>(op) || function == #NAME)                                                \
    return [](Operation *op, bool hasAVX512) {                                                     \
      return expand(op, hasAVX512, [] PARAMETERS { return math::CALL; });                          \
    };
  TSUM_EXPAND(AcosOp, acos, (auto x), acos(x))
  TSUM_EXPAND(AcoshOp, acosh, (auto x), acosh(x))
  TSUM_EXPAND(AsinOp, asin, (auto x), asin(x))
  TSUM_EXPAND(AsinhOp, asinh, (auto x), asinh(x))
  TSUM_EXPAND(Atan2Op, atan2, (auto y, auto x), atan2(y, x))
  TSUM_EXPAND(AtanOp, atan, (auto x), atan(x))
  TSUM_EXPAND(AtanhOp, atanh, (auto x), atanh(x))
  TSUM_EXPAND(CbrtOp, cbrt, (auto x), cbrt(x))
  TSUM_EXPAND(CosOp, cos, (auto x), cos(x))
  TSUM_EXPAND(CoshOp, cosh, (auto x), cosh(x))
  TSUM_EXPAND(ErfOp, erf, (auto x), erf(x))
  TSUM_EXPAND(ErfcOp, erfc, (auto x), erfc(x))
  TSUM_EXPAND(ExpM1Op, expm1, (auto x), expm1(x))
  TSUM_EXPAND(ExpOp, exp, (auto x), exp(x))
  TSUM_EXPAND(Log10Op, log10, (auto x), log10(x))
  TSUM_EXPAND(Log1pOp, log1p, (auto x), log1p(x))
  TSUM_EXPAND(Log2Op, log2, (auto x), log2(x))
  TSUM_EXPAND(LogOp, log, (auto x), log(x))
  TSUM_EXPAND(PowFOp, pow, (auto x, auto y), pow(x, y))
  TSUM_EXPAND(SinOp, sin, (auto x), sin(x))
  TSUM_EXPAND(SinhOp, sinh, (auto x), sinh(x))
  TSUM_EXPAND(TanOp, tan, (auto x), tan(x))
  TSUM_EXPAND(TanhOp, tanh, (auto x), tanh(x))
#undef TSUM_EXPAND
  // Those that MLIR has no op for.
#define TSUM_EXPAND(NAME, PARAMETERS, CALL)                                                        \
  if (function == #NAME)                                                                           \
    return [](Operation *op, bool hasAVX512) {                                                     \
      return expand(op, hasAVX512, [] PARAMETERS { return math::CALL; });                          \
    };
  TSUM_EXPAND(hypot, (auto x, auto y), hypot(x, y))
  TSUM_EXPAND(logaddexp, (auto x, auto y), logaddexp(x, y))
#undef TSUM_EXPAND
  return nullptr;
}

/// What LLVM lowers to instructions and not to calls.
bool isInstruction(Operation *op) {
  using namespace mlir::math;
  return isa<AbsFOp, AbsIOp, CeilOp, CopySignOp, CountLeadingZerosOp, CountTrailingZerosOp, CtPopOp,
             FloorOp, FmaOp, RoundEvenOp, RsqrtOp, SqrtOp, TruncOp>(op);
}

LogicalResult expandOp(Operation *op, bool hasAVX512) {
  Expansion expansion = expansionOf(op);
  if (!expansion) {
    if (auto elementary = dyn_cast<ir::ElementaryOp>(op))
      return op->emitOpError("there is no function ") << elementary.getFunctionAttr();
    return isInstruction(op) ? success() : op->emitOpError("would become a call of libm");
  }
  Type type = op->getResult(0).getType();
  Type element = getElementTypeOrSelf(type);
  auto vector = dyn_cast<VectorType>(type);
  if (!element.isF32() && !element.isF64())
    return op->emitOpError("has no expansion for ") << element << " (valid: f32, f64)";
  if (isa<ShapedType>(type) && (!vector || vector.isScalable()))
    return op->emitOpError("has no expansion for ")
           << type << " (valid: scalars and vectors of fixed length)";
  Value value = expansion(op, hasAVX512);
  if (!value)
    return op->emitOpError() << "has " << op->getNumOperands()
                             << " operands, which is not what the function takes";
  op->getResult(0).replaceAllUsesWith(value);
  op->erase();
  return success();
}

struct TsumExpandMathPass final : impl::TsumExpandMathPassBase<TsumExpandMathPass> {
  using TsumExpandMathPassBase::TsumExpandMathPassBase;

  void runOnOperation() override {
    const bool hasAVX512 =
        llvm::is_contained(llvm::split(targetFeatures, ','), StringRef("+avx512f"));
    // What expansions build stands before their op, where the walk has been.
    WalkResult result = getOperation().walk([&](Operation *op) {
      if (!isa_and_nonnull<mlir::math::MathDialect>(op->getDialect()) &&
          !isa<arith::RemFOp, ir::ElementaryOp>(op))
        return WalkResult::advance();
      return WalkResult(expandOp(op, hasAVX512));
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};

} // namespace
} // namespace tsum
