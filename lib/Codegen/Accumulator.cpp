// SPDX-License-Identifier: Apache-2.0

#include "Accumulator.h"

#include "tsum/Graph/SummationTree.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tsum {

namespace {

Type lanesOf(Type element, int64_t lanes) { return VectorType::get({lanes}, element); }

int64_t laneCount(Value lanes) { return cast<VectorType>(lanes.getType()).getDimSize(0); }

/// The rounded sum and its rounding error (Knuth, The Art of Computer Programming, volume
/// 2, 4.2.2).
std::pair<Value, Value> twoSum(OpBuilder &b, Location loc, Value x, Value y) {
  Value sum = arith::AddFOp::create(b, loc, x, y);
  Value yPart = arith::SubFOp::create(b, loc, sum, x);
  Value xPart = arith::SubFOp::create(b, loc, sum, yPart);
  Value xError = arith::SubFOp::create(b, loc, x, xPart);
  Value yError = arith::SubFOp::create(b, loc, y, yPart);
  return {sum, arith::AddFOp::create(b, loc, xError, yError)};
}

/// What `yield` adds to `output`, or null if it does something else. Folding may have left other
/// forms of an addition: of zeros, nothing; of products with -1, a subtraction.
Value findReducedValue(linalg::YieldOp yield, Value output) {
  OpBuilder b(yield);
  Location loc = yield.getLoc();
  Value result = yield.getOperand(0);
  auto zero = [&] { return arith::ConstantOp::create(b, loc, b.getZeroAttr(output.getType())); };
  if (result == output)
    return zero();
  Operation *combiner = result.getDefiningOp();
  if (auto difference = dyn_cast_or_null<arith::SubIOp>(combiner);
      difference && difference.getLhs() == output)
    return arith::SubIOp::create(b, loc, zero(), difference.getRhs());
  if (!isa_and_nonnull<arith::AddFOp, arith::AddIOp>(combiner))
    return {};
  if (combiner->getOperand(0) == output)
    return combiner->getOperand(1);
  return combiner->getOperand(1) == output ? combiner->getOperand(0) : Value();
}

} // namespace

FailureOr<Accumulator> Accumulator::match(linalg::GenericOp generic) {
  auto yield = cast<linalg::YieldOp>(generic.getBody()->getTerminator());
  if (generic.getNumDpsInits() != 1)
    return generic.emitOpError("reduces into more than one output");
  BlockArgument output = generic.getRegionOutputArgs().front();
  Accumulator result;
  result.resultType = output.getType();
  result.value = findReducedValue(yield, output);
  if (!result.value || !output.hasOneUse())
    return generic.emitOpError("does not end in one addition to its output");
  // A partial sum extends what it accumulates, which is added up in its own type.
  if (auto extension = result.value.getDefiningOp<arith::ExtFOp>();
      extension && (*output.user_begin())->hasAttr("tsum.partial"))
    result.value = extension.getIn();
  Type elementType = result.value.getType();
  Type f64 = Float64Type::get(generic.getContext());
  if (isa<IntegerType>(elementType)) {
    result.kind = Kind::Plain;
    result.accumulatorTypes = {elementType};
  } else if (elementType.isF32()) {
    result.kind = Kind::Widened;
    result.accumulatorTypes = {f64};
  } else if (elementType.isF64()) {
    result.kind = Kind::Compensated;
    result.accumulatorTypes = {f64, f64};
  } else {
    return generic.emitOpError("has no accumulator for ") << elementType;
  }
  return result;
}

SmallVector<Value> Accumulator::neutral(OpBuilder &b, Location loc, int64_t lanes) const {
  return llvm::map_to_vector(accumulatorTypes, [&](Type type) -> Value {
    return arith::ConstantOp::create(b, loc, b.getZeroAttr(lanesOf(type, lanes)));
  });
}

bool Accumulator::isNeutral(Value fill) const {
  return matchPattern(fill, m_PosZeroFloat()) || matchPattern(fill, m_Zero());
}

Value Accumulator::combine(OpBuilder &b, Location loc, Value x, Value y) const {
  if (kind == Kind::Plain)
    return arith::AddIOp::create(b, loc, x, y);
  return arith::AddFOp::create(b, loc, x, y);
}

SmallVector<Value> Accumulator::absorb(OpBuilder &b, Location loc, ValueRange accumulators,
                                       Value block) const {
  switch (kind) {
  case Kind::Plain:
    return {arith::AddIOp::create(b, loc, accumulators[0], block)};
  case Kind::Widened: {
    Value wide = arith::ExtFOp::create(b, loc, accumulators[0].getType(), block);
    return {arith::AddFOp::create(b, loc, accumulators[0], wide)};
  }
  case Kind::Compensated: {
    auto [high, error] = twoSum(b, loc, accumulators[0], block);
    return {high, arith::AddFOp::create(b, loc, accumulators[1], error)};
  }
  }
  llvm_unreachable("covered above");
}

SmallVector<Value> Accumulator::merge(OpBuilder &b, Location loc, ValueRange x,
                                      ValueRange y) const {
  if (kind != Kind::Compensated)
    return {combine(b, loc, x[0], y[0])};
  auto [high, error] = twoSum(b, loc, x[0], y[0]);
  Value low = arith::AddFOp::create(b, loc, x[1], y[1]);
  return {high, arith::AddFOp::create(b, loc, low, error)};
}

SmallVector<Value> Accumulator::foldLanes(OpBuilder &b, Location loc, ValueRange accumulators,
                                          int64_t left) const {
  SmallVector<Value> lanes(accumulators);
  for (int64_t half = laneCount(lanes[0]) / 2; half >= left; half /= 2) {
    auto slice = [&](int64_t from) {
      auto indices = llvm::to_vector(llvm::seq(from, from + half));
      return llvm::map_to_vector(lanes, [&](Value all) -> Value {
        return vector::ShuffleOp::create(b, loc, all, all, indices);
      });
    };
    SmallVector<Value> lower = slice(0), upper = slice(half);
    lanes = merge(b, loc, lower, upper);
  }
  return lanes;
}

Value Accumulator::finish(OpBuilder &b, Location loc, ValueRange accumulators) const {
  switch (kind) {
  case Kind::Plain:
    return accumulators[0];
  case Kind::Widened:
    if (resultType == accumulatorTypes[0])
      return accumulators[0];
    return arith::TruncFOp::create(b, loc, lanesOf(resultType, laneCount(accumulators[0])),
                                   accumulators[0]);
  case Kind::Compensated: {
    // Infinities and NaNs are in the high part; the errors of their additions are NaN and say
    // nothing.
    Value high = accumulators[0];
    Value sum = arith::AddFOp::create(b, loc, high, accumulators[1]);
    Value zeroIfFinite = arith::SubFOp::create(b, loc, high, high);
    Value finite =
        arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ORD, zeroIfFinite, zeroIfFinite);
    return arith::SelectOp::create(b, loc, finite, sum, high);
  }
  }
  llvm_unreachable("covered above");
}

std::optional<int64_t> lanesOfReduction(linalg::GenericOp reduction) {
  FailureOr<Accumulator> accumulator = Accumulator::match(reduction);
  if (failed(accumulator))
    return std::nullopt;
  SmallVector<int64_t> extents = reduction.getStaticLoopRanges();
  auto kinds = reduction.getIteratorTypesArray();
  const int64_t lineDim =
      std::distance(llvm::find(llvm::reverse(kinds), utils::IteratorType::reduction),
                    kinds.rend()) -
      1;
  const bool isInner = kinds.back() == utils::IteratorType::reduction;
  const int64_t bytes = accumulator->reducedValue().getType().getIntOrFloatBitWidth() / 8;
  return line_lanes(bytes, extents[lineDim], isInner ? 1 : extents.back());
}

} // namespace tsum
