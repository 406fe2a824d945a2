// SPDX-License-Identifier: Apache-2.0

#include "Accumulator.h"

#include "ExactAccumulator.h"
#include "Vectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringSwitch.h"

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

/// The rounded product and its rounding error.
std::pair<Value, Value> twoProduct(OpBuilder &b, Location loc, Value x, Value y) {
  Value product = arith::MulFOp::create(b, loc, x, y);
  Value negated = arith::NegFOp::create(b, loc, product);
  return {product, math::FmaOp::create(b, loc, x, y, negated)};
}

bool isCombiner(Operation *op) {
  return isa_and_nonnull<arith::AddFOp, arith::AddIOp, arith::MulFOp, arith::MulIOp,
                         arith::MaximumFOp, arith::MaxSIOp, arith::MaxUIOp, arith::MinimumFOp,
                         arith::MinSIOp, arith::MinUIOp, arith::OrIOp, arith::AndIOp>(op);
}

/// The last reader of `output`, if it combines that with a value.
Operation *combinerOf(BlockArgument output) {
  return output.hasOneUse() && isCombiner(*output.user_begin()) ? *output.user_begin() : nullptr;
}

} // namespace

FailureOr<Accumulator> Accumulator::match(linalg::GenericOp generic, int64_t number) {
  Accumulator result(OperationName(arith::AddIOp::getOperationName(), generic.getContext()));
  result.resultType = generic.getRegionOutputArgs()[number].getType();
  if (failed(result.findValue(generic, number)))
    return generic.emitOpError("does not end in one combination of its output with a value");
  result.neutralResult = result.identityOf(result.resultType);
  result.compareKeys();
  if (failed(result.chooseKind()))
    return generic.emitOpError("has no accumulator for ") << result.value.getType();
  return result;
}

/// Finds the combiner and its value. Folding may have left other forms of it: of neutral elements,
/// nothing; of products with -1, a subtraction; of an absorbing constant, that.
LogicalResult Accumulator::findValue(linalg::GenericOp generic, int64_t number) {
  auto yield = cast<linalg::YieldOp>(generic.getBody()->getTerminator());
  BlockArgument output = generic.getRegionOutputArgs()[number];
  Value init = generic.getDpsInits()[number];
  OpBuilder b(yield);
  Location loc = yield.getLoc();
  Value result = yield.getOperand(number);
  auto named = [&](StringRef name) { return OperationName(name, b.getContext()); };
  auto zero = [&] { return arith::ConstantOp::create(b, loc, b.getZeroAttr(output.getType())); };
  const bool isFloat = isa<FloatType>(resultType);
  const bool isUsed = !output.use_empty();

  if (result == output) { // nothing changes what the output starts with
    isAbsorbed = true;
    combiner =
        named(isFloat ? arith::MaximumFOp::getOperationName() : arith::MaxSIOp::getOperationName());
    for (Operation *user : init.getUsers())
      if (auto fill = dyn_cast<linalg::FillOp>(user))
        value = fill.getInputs().front();
    if (auto fill = init.getDefiningOp<linalg::FillOp>())
      value = fill.getInputs().front();
    return success(value != nullptr);
  }
  if (!isUsed) {
    isAbsorbed = true;
    combiner =
        named(isFloat ? arith::MaximumFOp::getOperationName() : arith::MaxSIOp::getOperationName());
    value = result;
    return success(matchPattern(result, m_Constant()));
  }
  Operation *last = result.getDefiningOp();
  if (auto difference = dyn_cast<arith::SubIOp>(last);
      difference && difference.getLhs() == output) {
    value = arith::SubIOp::create(b, loc, zero(), difference.getRhs());
    return success(output.hasOneUse());
  }
  if (last != combinerOf(output))
    return failure();
  combiner = last->getName();
  isPartial = last->hasAttr("tsum.partial");
  isOfParts = last->hasAttr("tsum.of_parts");
  exact = last->hasAttr("tsum.exact");
  value = last->getOperand(last->getOperand(0) == output ? 1 : 0);
  return success(value != output);
}

/// Has extrema of floats computed from their keys, of small floats before they are extended.
void Accumulator::compareKeys() {
  const StringRef name = combiner.getStringRef();
  const bool isMaximum = name == arith::MaximumFOp::getOperationName();
  if (isAbsorbed || !(isMaximum || name == arith::MinimumFOp::getOperationName()))
    return;
  if (auto extension = value.getDefiningOp<arith::ExtFOp>())
    value = extension.getIn();
  key = OrderKey{cast<FloatType>(value.getType()),
                 isMaximum ? OrderKey::Nan::Greatest : OrderKey::Nan::Least};
  OpBuilder b(value.getContext());
  b.setInsertionPointAfterValue(value);
  value = key->of(b, value.getLoc(), value);
  combiner = OperationName(isMaximum ? arith::MaxSIOp::getOperationName()
                                     : arith::MinSIOp::getOperationName(),
                           b.getContext());
}

/// Chooses the accumulators. Blocks have the type of the reduced elements, not of the output, which
/// is wider where the reduction is partial.
LogicalResult Accumulator::chooseKind() {
  const bool isSum = combiner.getStringRef() == arith::AddFOp::getOperationName();
  const bool isProduct = combiner.getStringRef() == arith::MulFOp::getOperationName();
  if (isPartial && (isSum || isProduct))
    if (auto extension = value.getDefiningOp<arith::ExtFOp>()) {
      value = extension.getIn();
      if (value.getType().isF16()) { // two extensions, folded into one
        OpBuilder b(extension);
        value = arith::ExtFOp::create(b, extension.getLoc(), b.getF32Type(), value);
      }
    }
  Type type = value.getType();
  Type f64 = Float64Type::get(type.getContext());
  if (!isSum && !isProduct) {
    accumulatorTypes = {type};
  } else if (type.isF32()) {
    kind = isSum ? Kind::WideSum : Kind::WideProduct;
    accumulatorTypes = {f64};
  } else if (type.isF64()) {
    kind = isSum ? Kind::CompensatedSum : Kind::CompensatedProduct;
    accumulatorTypes = {f64, f64};
  } else {
    return failure();
  }
  if (exact)
    accumulatorTypes.assign(ExactAccumulator::limbCount(type),
                            IntegerType::get(type.getContext(), 64));
  return success();
}

/// What combined with any element gives that element.
TypedAttr Accumulator::identityOf(Type type) const {
  Builder b(type.getContext());
  if (auto floats = dyn_cast<FloatType>(type)) {
    const StringRef name = combiner.getStringRef();
    const llvm::fltSemantics &semantics = floats.getFloatSemantics();
    if (name == arith::MaximumFOp::getOperationName())
      return b.getFloatAttr(type, APFloat::getInf(semantics, /*Negative=*/true));
    if (name == arith::MinimumFOp::getOperationName())
      return b.getFloatAttr(type, APFloat::getInf(semantics));
    return b.getFloatAttr(type, name == arith::MulFOp::getOperationName() ? 1.0 : 0.0);
  }
  const unsigned width = type.getIntOrFloatBitWidth();
  APInt identity =
      llvm::StringSwitch<APInt>(combiner.getStringRef())
          // What is and-ed are booleans in bytes.
          .Cases({arith::MulIOp::getOperationName(), arith::AndIOp::getOperationName()},
                 APInt(width, 1))
          .Case(arith::MaxSIOp::getOperationName(), APInt::getSignedMinValue(width))
          .Case(arith::MinSIOp::getOperationName(), APInt::getSignedMaxValue(width))
          .Case(arith::MinUIOp::getOperationName(), APInt::getAllOnes(width))
          .Default(APInt::getZero(width));
  return b.getIntegerAttr(type, identity);
}

static Value splat(OpBuilder &b, Location loc, TypedAttr scalar, int64_t lanes) {
  auto type = cast<VectorType>(lanesOf(scalar.getType(), lanes));
  return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, Attribute(scalar)));
}

SmallVector<Value> Accumulator::neutral(OpBuilder &b, Location loc, int64_t lanes) const {
  SmallVector<Value> accumulators = {splat(b, loc, identityOf(accumulatorTypes[0]), lanes)};
  if (isCompensated())
    accumulators.push_back(splat(b, loc, b.getF64FloatAttr(0), lanes));
  return accumulators;
}

Value Accumulator::neutralBlock(OpBuilder &b, Location loc, int64_t lanes) const {
  return splat(b, loc, identityOf(value.getType()), lanes);
}

bool Accumulator::isNeutral(Value fill) const {
  Attribute given;
  if (isAbsorbed)
    return true;
  if (!matchPattern(fill, m_Constant(&given)))
    return false;
  return given == neutralResult;
}

Value Accumulator::create(OpBuilder &b, Location loc, Value x, Value y) const {
  return b.create(loc, combiner.getIdentifier(), ValueRange{x, y}, x.getType())->getResult(0);
}

Value Accumulator::combine(OpBuilder &b, Location loc, Value x, Value y) const {
  return create(b, loc, x, y);
}

SmallVector<Value> Accumulator::absorb(OpBuilder &b, Location loc, ValueRange accumulators,
                                       Value block) const {
  Value high = accumulators[0];
  switch (kind) {
  case Kind::Plain:
    return {create(b, loc, high, block)};
  case Kind::WideSum:
  case Kind::WideProduct:
    return {create(b, loc, high, arith::ExtFOp::create(b, loc, high.getType(), block))};
  case Kind::CompensatedSum: {
    auto [sum, error] = twoSum(b, loc, high, block);
    return {sum, arith::AddFOp::create(b, loc, accumulators[1], error)};
  }
  case Kind::CompensatedProduct: {
    auto [product, error] = twoProduct(b, loc, high, block);
    return {product, math::FmaOp::create(b, loc, accumulators[1], block, error)};
  }
  }
  llvm_unreachable("covered above");
}

SmallVector<Value> Accumulator::merge(OpBuilder &b, Location loc, ValueRange x,
                                      ValueRange y) const {
  if (kind == Kind::CompensatedSum) {
    auto [high, error] = twoSum(b, loc, x[0], y[0]);
    Value low = arith::AddFOp::create(b, loc, x[1], y[1]);
    return {high, arith::AddFOp::create(b, loc, low, error)};
  }
  if (kind == Kind::CompensatedProduct) {
    auto [high, error] = twoProduct(b, loc, x[0], y[0]);
    Value low = math::FmaOp::create(b, loc, x[1], y[0], error);
    return {high, math::FmaOp::create(b, loc, x[0], y[1], low)};
  }
  return {create(b, loc, x[0], y[0])};
}

SmallVector<Value> Accumulator::foldLanes(OpBuilder &b, Location loc, ValueRange accumulators,
                                          int64_t left) const {
  SmallVector<Value> lanes(accumulators);
  for (int64_t half = laneCount(lanes[0]) / 2; half >= left; half /= 2) {
    auto slice = [&](int64_t from) {
      return llvm::map_to_vector(lanes,
                                 [&](Value all) { return takeLanes(b, loc, all, from, half); });
    };
    SmallVector<Value> lower = slice(0), upper = slice(half);
    lanes = merge(b, loc, lower, upper);
  }
  return lanes;
}

SmallVector<Value> Accumulator::foldLines(OpBuilder &b, Location loc,
                                          ArrayRef<SmallVector<Value>> lines) const {
  // Each line alone, until it fills a register.
  constexpr int64_t registerBytes = 64;
  const int64_t elementBytes = accumulatorTypes.front().getIntOrFloatBitWidth() / 8;
  int64_t lanes = std::min(laneCount(lines[0][0]), registerBytes / elementBytes);
  SmallVector<SmallVector<Value>> vectors =
      llvm::map_to_vector(lines, [&](ValueRange line) { return foldLanes(b, loc, line, lanes); });

  // Then two vectors become one, in which the lines of the first precede those of the second, of
  // half as many lanes each; of the last vector, the halves.
  while (lanes > 1) {
    const bool isLast = vectors.size() == 1;
    SmallVector<SmallVector<Value>> folded;
    for (size_t first = 0; first < vectors.size(); first += 2) {
      const auto &x = vectors[first], &y = vectors[isLast ? first : first + 1];
      const int64_t size = laneCount(x[0]) * (isLast ? 1 : 2);
      auto halves = [&](int64_t offset) {
        SmallVector<int64_t> sources;
        for (int64_t line = 0; line < size; line += lanes)
          for (int64_t lane = 0; lane < lanes / 2; ++lane)
            sources.push_back(line + offset + lane);
        return llvm::map_to_vector(llvm::zip_equal(x, y), [&](auto pair) -> Value {
          auto [a, c] = pair;
          return vector::ShuffleOp::create(b, loc, a, c, sources);
        });
      };
      SmallVector<Value> lower = halves(0), upper = halves(lanes / 2);
      folded.push_back(merge(b, loc, lower, upper));
    }
    vectors = std::move(folded);
    lanes /= 2;
  }
  SmallVector<Value> results;
  for (size_t part = 0; part < accumulatorTypes.size(); ++part)
    results.push_back(concatenate(
        b, loc, llvm::map_to_vector(vectors, [&](const auto &vector) { return vector[part]; })));
  return results;
}

Value Accumulator::finish(OpBuilder &b, Location loc, ValueRange accumulators) const {
  Value high = accumulators[0];
  Type type = lanesOf(resultType, laneCount(high));
  if (isCompensated()) {
    // Infinities and NaNs are in the high part; the errors of their additions are NaN and say
    // nothing.
    Value sum = arith::AddFOp::create(b, loc, high, accumulators[1]);
    Value zeroIfFinite = arith::SubFOp::create(b, loc, high, high);
    Value finite =
        arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ORD, zeroIfFinite, zeroIfFinite);
    return arith::SelectOp::create(b, loc, finite, sum, high);
  }
  if (key) {
    Value extremum = key->toFloat(b, loc, high);
    return extremum.getType() == type ? extremum
                                      : arith::ExtFOp::create(b, loc, type, extremum).getResult();
  }
  return high.getType() == type ? high : arith::TruncFOp::create(b, loc, type, high).getResult();
}

int64_t lanesOfReduction(linalg::GenericOp reduction, const Accumulator &accumulator) {
  SmallVector<int64_t> extents = reduction.getStaticLoopRanges();
  auto kinds = reduction.getIteratorTypesArray();
  const int64_t lineDim =
      std::distance(llvm::find(llvm::reverse(kinds), utils::IteratorType::reduction),
                    kinds.rend()) -
      1;
  const bool isInner = kinds.back() == utils::IteratorType::reduction;
  const int64_t bytes = accumulator.reducedValue().getType().getIntOrFloatBitWidth() / 8;
  return line_lanes(bytes, extents[lineDim], isInner ? 1 : extents.back());
}

} // namespace tsum
