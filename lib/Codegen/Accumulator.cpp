// SPDX-License-Identifier: Apache-2.0

#include "Accumulator.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tsum {

namespace {

int64_t laneCount(Value lanes) { return cast<VectorType>(lanes.getType()).getDimSize(0); }

Value splat(OpBuilder &b, Location loc, TypedAttr scalar, int64_t lanes) {
  auto type = VectorType::get({lanes}, scalar.getType());
  return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, Attribute(scalar)));
}

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

} // namespace

Accumulator::Accumulator(ir::AccumulateOp op)
    : op(op), attribute(op.getReduction()), nodes(attribute.getNodeTypes()) {
  const OpKind kind = attribute.getKind();
  if (auto floats = dyn_cast<FloatType>(attribute.getBlockType());
      floats && (kind == OpKind::ReduceMax || kind == OpKind::ReduceMin)) {
    key = OrderKey{floats,
                   kind == OpKind::ReduceMax ? OrderKey::Nan::Greatest : OrderKey::Nan::Least};
    nodes = {key->type()};
  }
  blocks = nodes;
  if ((!takesNodes() && isOrdered()) || isExact())
    blocks = {attribute.getBlockType()};
}

/// What combined with any element of `type`, of a block or a node, gives that element.
TypedAttr Accumulator::identityOf(Type type) const {
  if (key && type == key->type()) {
    const auto width = type.getIntOrFloatBitWidth();
    return IntegerAttr::get(type, attribute.getKind() == OpKind::ReduceMax
                                      ? APInt::getSignedMinValue(width)
                                      : APInt::getSignedMaxValue(width));
  }
  Type element = attribute.getElement();
  auto integer = dyn_cast<IntegerType>(element);
  if (!integer)
    return ir::getReductionIdentity(attribute.getKind(), type);
  auto identity = cast<IntegerAttr>(ir::getReductionIdentity(attribute.getKind(), element));
  return IntegerAttr::get(type, identity.getValue().zext(type.getIntOrFloatBitWidth()));
}

bool Accumulator::isNeutral(Value fill, unsigned number) const {
  Attribute given;
  if (!matchPattern(fill, m_Constant(&given)))
    return false;
  if (isExact() && attribute.getToNodes())
    return given == IntegerAttr::get(fill.getType(), 0);
  if (number > 0) // what a node has lost
    return given == FloatAttr::get(fill.getType(), 0.0);
  if (isa<FloatType>(fill.getType()))
    return given == ir::getReductionIdentity(attribute.getKind(), fill.getType());
  return given == identityOf(fill.getType());
}

SmallVector<Value> Accumulator::prepare(OpBuilder &b, Location loc, ValueRange values) const {
  if (!key)
    return values;
  return {key->of(b, loc, values.front())};
}

static SmallVector<Value> neutral(OpBuilder &b, Location loc, ArrayRef<Type> types, TypedAttr first,
                                  int64_t lanes) {
  SmallVector<Value> values = {splat(b, loc, first, lanes)};
  for (Type type : types.drop_front()) // what a node has lost
    values.push_back(splat(b, loc, b.getFloatAttr(type, 0.0), lanes));
  return values;
}

SmallVector<Value> Accumulator::neutralBlocks(OpBuilder &b, Location loc, int64_t lanes) const {
  return neutral(b, loc, blocks, identityOf(blocks.front()), lanes);
}

SmallVector<Value> Accumulator::neutralNodes(OpBuilder &b, Location loc, int64_t lanes) const {
  return neutral(b, loc, nodes, identityOf(nodes.front()), lanes);
}

Value Accumulator::create(OpBuilder &b, Location loc, Value x, Value y) const {
  using namespace arith;
  const bool isFloat = isa<FloatType>(getElementTypeOrSelf(x));
  auto element = dyn_cast<IntegerType>(attribute.getElement());
  const bool isUnsigned = element && (element.isUnsigned() || element.getWidth() == 1);
  switch (attribute.getKind()) {
  case OpKind::ReduceSum: // integer additions carry no flags: they wrap
    return isFloat ? AddFOp::create(b, loc, x, y).getResult() : AddIOp::create(b, loc, x, y);
  case OpKind::ReduceProd:
    return isFloat ? MulFOp::create(b, loc, x, y).getResult() : MulIOp::create(b, loc, x, y);
  case OpKind::ReduceMax:
    return isUnsigned ? MaxUIOp::create(b, loc, x, y).getResult() : MaxSIOp::create(b, loc, x, y);
  case OpKind::ReduceMin:
    return isUnsigned ? MinUIOp::create(b, loc, x, y).getResult() : MinSIOp::create(b, loc, x, y);
  case OpKind::ReduceAny:
    return OrIOp::create(b, loc, x, y);
  case OpKind::ReduceAll: // booleans in bytes
    return AndIOp::create(b, loc, x, y);
  default:
    llvm_unreachable("no reduction");
  }
}

SmallVector<Value> Accumulator::combine(OpBuilder &b, Location loc, ValueRange x,
                                        ValueRange y) const {
  if (takesNodes())
    return merge(b, loc, x, y);
  return {create(b, loc, x.front(), y.front())};
}

SmallVector<Value> Accumulator::toNodes(OpBuilder &b, Location loc, ValueRange blocks) const {
  if (takesNodes() || !isOrdered())
    return blocks;
  Value block = blocks.front();
  auto type = VectorType::get({laneCount(block)}, nodes.front());
  if (block.getType() != type)
    block = arith::ExtFOp::create(b, loc, type, block);
  SmallVector<Value> node = {block};
  if (isPair())
    node.push_back(splat(b, loc, b.getF64FloatAttr(0), laneCount(block)));
  return node;
}

SmallVector<Value> Accumulator::merge(OpBuilder &b, Location loc, ValueRange x,
                                      ValueRange y) const {
  if (!isPair())
    return {create(b, loc, x.front(), y.front())};
  if (isProduct()) {
    auto [high, error] = twoProduct(b, loc, x[0], y[0]);
    Value low = math::FmaOp::create(b, loc, x[1], y[0], error);
    return {high, math::FmaOp::create(b, loc, x[0], y[1], low)};
  }
  auto [high, error] = twoSum(b, loc, x[0], y[0]);
  Value low = arith::AddFOp::create(b, loc, x[1], y[1]);
  return {high, arith::AddFOp::create(b, loc, low, error)};
}

SmallVector<Value> Accumulator::finish(OpBuilder &b, Location loc, ValueRange node) const {
  if (attribute.getToNodes() && isOrdered())
    return node;
  Value value = node.front();
  const int64_t lanes = laneCount(value);
  auto type = VectorType::get({lanes}, op.getResult(0).getType());
  if (key) {
    value = key->toFloat(b, loc, value);
    return {value.getType() == type ? value
                                    : arith::ExtFOp::create(b, loc, type, value).getResult()};
  }
  if (!isOrdered())
    return {value};
  if (isPair()) {
    // Infinities and NaNs are in the high part; the errors of their additions are NaN and say
    // nothing. Where nothing was lost, a product keeps its -0.
    Value sum = arith::AddFOp::create(b, loc, value, node[1]);
    Value zeroIfFinite = arith::SubFOp::create(b, loc, value, value);
    Value finite =
        arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ORD, zeroIfFinite, zeroIfFinite);
    Value zero = splat(b, loc, b.getF64FloatAttr(0), lanes);
    Value lost = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE, node[1], zero);
    Value isBetter = arith::AndIOp::create(b, loc, finite, lost);
    value = arith::SelectOp::create(b, loc, isBetter, sum, value);
  }
  if (!isProduct()) // a sum of -0 is +0
    value = arith::AddFOp::create(b, loc, value, splat(b, loc, b.getF64FloatAttr(0), lanes));
  return {value.getType() == type ? value
                                  : arith::TruncFOp::create(b, loc, type, value).getResult()};
}

} // namespace tsum
