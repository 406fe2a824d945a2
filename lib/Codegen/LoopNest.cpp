// SPDX-License-Identifier: Apache-2.0

#include "LoopNest.h"

#include "Vectors.h"

#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace tsum {

LoopNest::LoopNest(OpBuilder &builder, linalg::GenericOp generic)
    : b(builder), loc(generic.getLoc()), generic(generic), extents(generic.getStaticLoopRanges()),
      kinds(generic.getIteratorTypesArray()), position(extents.size(), constant(0)) {}

//===-- Loops ---------------------------------------------------------------------------------===//

namespace {

/// Carries values from one iteration to the next as LLVM does it well: vectors of lengths that are
/// no powers of two would go element by element.
class CarriedPieces {
public:
  CarriedPieces(OpBuilder &b, Location loc, ValueRange carried)
      : b(b), loc(loc), types(llvm::to_vector(carried.getTypes())) {}

  SmallVector<Value> split(ValueRange values) {
    SmallVector<Value> pieces;
    for (Value value : values)
      if (isa<VectorType>(value.getType()))
        llvm::append_range(pieces, splitToPowersOfTwo(b, loc, value));
      else
        pieces.push_back(value);
    return pieces;
  }

  SmallVector<Value> join(ValueRange pieces) {
    return llvm::map_to_vector(types, [&](Type type) {
      auto vector = dyn_cast<VectorType>(type);
      const unsigned count = vector ? llvm::popcount(uint64_t(vector.getDimSize(0))) : 1;
      Value joined =
          vector ? concatenate(b, loc, llvm::to_vector(pieces.take_front(count))) : pieces.front();
      pieces = pieces.drop_front(count);
      return joined;
    });
  }

private:
  OpBuilder &b;
  Location loc;
  SmallVector<Type> types;
};

/// The dimension of the source of `view` that its dimension `place` is.
unsigned droppedBefore(memref::SubViewOp view, unsigned place) {
  llvm::SmallBitVector dropped = view.getDroppedDims();
  for (unsigned dim = 0;; ++dim)
    if (!dropped.test(dim) && place-- == 0)
      return dim;
}

} // namespace

SmallVector<Value> LoopNest::loop(int64_t count, ValueRange carried, Body body) {
  if (count <= 0)
    return carried;
  if (count == 1)
    return body(constant(0), carried);
  CarriedPieces pieces(b, loc, carried);
  auto forOp = affine::AffineForOp::create(b, loc, 0, count, 1, pieces.split(carried));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(forOp.getBody());
    ivs.push_back(forOp.getInductionVar());
    SmallVector<Value> results =
        body(b.getAffineDimExpr(ivs.size() - 1), pieces.join(forOp.getRegionIterArgs()));
    ivs.pop_back();
    if (!carried.empty())
      affine::AffineYieldOp::create(b, loc, pieces.split(results));
  }
  return pieces.join(forOp.getResults());
}

SmallVector<Value> LoopNest::loop(Value count, ValueRange carried, Body body) {
  if (std::optional<int64_t> known = getConstantIntValue(count))
    return loop(*known, carried, body);
  CarriedPieces pieces(b, loc, carried);
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  auto forOp = scf::ForOp::create(b, loc, zero, count, one, pieces.split(carried));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(forOp.getBody());
    ivs.push_back(forOp.getInductionVar());
    SmallVector<Value> results =
        body(b.getAffineDimExpr(ivs.size() - 1), pieces.join(forOp.getRegionIterArgs()));
    ivs.pop_back();
    if (!carried.empty())
      scf::YieldOp::create(b, loc, pieces.split(results));
  }
  return pieces.join(forOp.getResults());
}

void LoopNest::loop(Value count, llvm::function_ref<void(AffineExpr)> body) {
  loop(count, {}, [&](AffineExpr iv, ValueRange) -> SmallVector<Value> {
    body(iv);
    return {};
  });
}

void LoopNest::withPlace(Value value, llvm::function_ref<void(AffineExpr)> body) {
  if (std::optional<int64_t> known = getConstantIntValue(value))
    return body(constant(*known));
  ivs.push_back(value);
  body(b.getAffineDimExpr(ivs.size() - 1));
  ivs.pop_back();
}

Value LoopNest::extentOf(int64_t dim) {
  for (OpOperand *operand : generic.getDpsInputOperands()) {
    auto place = generic.getMatchingIndexingMap(operand).getResultPosition(b.getAffineDimExpr(dim));
    if (!place)
      continue;
    // Where all is one number, what is there for its shape alone.
    if (auto alloc = operand->get().getDefiningOp<memref::AllocOp>();
        alloc && alloc.getType().isDynamicDim(*place))
      return alloc.getDynamicSizes()[alloc.getType().getDynamicDimIndex(*place)];
    auto view = operand->get().getDefiningOp<memref::SubViewOp>();
    if (!view)
      continue;
    // Of what the view dropped, extents of 1, there is no dimension left.
    OpFoldResult size = view.getMixedSizes()[droppedBefore(view, *place)];
    if (auto value = dyn_cast<Value>(size))
      return value;
  }
  return nullptr;
}

void LoopNest::loop(int64_t count, llvm::function_ref<void(AffineExpr)> body) {
  loop(count, {}, [&](AffineExpr iv, ValueRange) -> SmallVector<Value> {
    body(iv);
    return {};
  });
}

SmallVector<Value> LoopNest::overDims(ArrayRef<int64_t> dims, ValueRange carried,
                                      llvm::function_ref<SmallVector<Value>(ValueRange)> body) {
  if (dims.empty())
    return body(carried);
  return loop(extents[dims.front()], carried, [&](AffineExpr iv, ValueRange values) {
    position[dims.front()] = iv;
    return overDims(dims.drop_front(), values, body);
  });
}

LoopNest::Cover LoopNest::cover(int64_t dim, int64_t mostBytes, int64_t elementBytes) const {
  // Narrower vectors cover more exactly, wider ones take less code for as much: of those that take
  // about as many registers as any, the widest. Registers are AVX2's here; the choice is
  // everyone's.
  constexpr int64_t registerBytes = 32;
  const int64_t extent = extents[dim];
  auto registers = [&](Cover vectors) {
    return vectors.count * std::max<int64_t>(1, vectors.width * elementBytes / registerBytes);
  };
  Cover best{1, extent};
  for (int64_t width = 2; width <= extent && width * elementBytes <= mostBytes; width *= 2) {
    Cover wider{width, int64_t(llvm::divideCeil(extent, width))};
    if (8 * registers(wider) <= 9 * registers(best))
      best = wider;
  }
  return best;
}

void LoopNest::overSteps(int64_t dim, int64_t width, llvm::function_ref<void(int64_t)> body) {
  loop(extents[dim] / width, [&](AffineExpr iv) {
    position[dim] = iv * width;
    body(width);
  });
  if (int64_t rest = extents[dim] % width) {
    position[dim] = constant(extents[dim] - rest);
    body(rest);
  }
}

void LoopNest::overVectors(int64_t dim, Cover vectors, llvm::function_ref<void(AffineExpr)> body) {
  loop(vectors.count, [&](AffineExpr iv) {
    position[dim] = iv * vectors.width;
    if (extents[dim] % vectors.width == 0)
      return body(iv);
    // The last vector begins earlier. It is in the loop as well, where that takes an instruction or
    // two: code of its own took as long to compile as the loop's.
    auto starts = AffineMap::get(
        ivs.size(), 0, {position[dim], constant(extents[dim] - vectors.width)}, b.getContext());
    ivs.push_back(affine::AffineMinOp::create(b, loc, starts, ivs));
    position[dim] = b.getAffineDimExpr(ivs.size() - 1);
    body(iv);
    ivs.pop_back();
  });
}

Value LoopNest::index(AffineExpr place) {
  if (auto dim = dyn_cast<AffineDimExpr>(place))
    return ivs[dim.getPosition()];
  return affine::AffineApplyOp::create(b, loc, AffineMap::get(ivs.size(), 0, place), ivs);
}

//===-- The body ------------------------------------------------------------------------------===//

int64_t LoopNest::widestElement() {
  unsigned bits = 8;
  for (Operation &op : *generic.getBody())
    for (Value operand : op.getOperands())
      if (operand.getType().isIntOrFloat())
        bits = std::max(bits, operand.getType().getIntOrFloatBitWidth());
  return bits / 8;
}

int64_t LoopNest::instructions() {
  constexpr int64_t ofFunction = 20; // what exp takes; others take more
  int64_t count = generic.getNumDpsInputs();
  for (Operation &op : generic.getBody()->without_terminator())
    if (!op.hasTrait<OpTrait::ConstantLike>())
      count += isa<ir::ElementaryOp>(op) ? ofFunction : 1;
  return count;
}

/// Where along `dim` the elements of `tile` are.
Value LoopNest::indexLanes(int64_t dim, const LaneTile &tile) {
  Value first = index(position[dim]);
  auto type = VectorType::get({tile.size()}, b.getIndexType());
  SmallVector<int64_t> steps(tile.size(), 0);
  for (int64_t lane = 0; lane < tile.size(); ++lane) {
    if (dim == tile.rowDim)
      steps[lane] += lane / tile.columns;
    if (dim == rank() - 1 && tile.columns > 1)
      steps[lane] += lane % tile.columns;
  }
  Value lanes = vector::BroadcastOp::create(b, loc, type, first);
  Value offsets = arith::ConstantOp::create(b, loc, DenseIntElementsAttr::get(type, steps));
  return arith::AddIOp::create(b, loc, lanes, offsets);
}

/// `expr`, of sums and multiples, with vectors of indices for its dimensions and symbols.
static Value expandIndex(OpBuilder &b, Location loc, AffineExpr expr, VectorType type,
                         ArrayRef<Value> dims, ArrayRef<Value> symbols) {
  auto expand = [&](AffineExpr part) { return expandIndex(b, loc, part, type, dims, symbols); };
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dims[dim.getPosition()];
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return symbols[symbol.getPosition()];
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(type, b.getIndexAttr(constant.getValue())));
  auto binary = cast<AffineBinaryOpExpr>(expr);
  Value lhs = expand(binary.getLHS()), rhs = expand(binary.getRHS());
  if (binary.getKind() == AffineExprKind::Add)
    return arith::AddIOp::create(b, loc, lhs, rhs);
  assert(binary.getKind() == AffineExprKind::Mul && "tiling adds and scales");
  return arith::MulIOp::create(b, loc, lhs, rhs);
}

/// Whether `op` extends a bit pattern of 16 bits, as an input has it, to one of 32.
static bool isExtensionOfHalf(Operation *op) {
  return isa<arith::ExtUIOp>(op) && isa<BlockArgument>(op->getOperand(0)) &&
         op->getOperand(0).getType().isInteger(16) && op->getResult(0).getType().isInteger(32);
}

bool LoopNest::extendsHalves(const LaneTile &tile) {
  const int64_t dim = tile.columns > 1 ? rank() - 1 : tile.rowDim;
  bool extends = false;
  for (OpOperand *operand : generic.getDpsInputOperands()) {
    const int64_t step = stride(*operand, dim);
    if (step == 0)
      continue;
    BlockArgument element = generic.getMatchingBlockArgument(operand);
    if (step != 1 || !llvm::all_of(element.getUsers(), isExtensionOfHalf))
      return false;
    extends = true;
  }
  return extends && tile.size() % 2 == 0 && (tile.rows == 1 || tile.columns == 1) &&
         generic.getBody()->getOps<linalg::IndexOp>().empty();
}

Value LoopNest::extendEvenFirst(Value halves) {
  const int64_t pairs = cast<VectorType>(halves.getType()).getDimSize(0) / 2;
  auto type = VectorType::get({pairs}, b.getI32Type());
  Value words = vector::BitCastOp::create(b, loc, type, halves);
  Value even =
      arith::AndIOp::create(b, loc, words, createScalarOrSplatConstant(b, loc, type, 0xffff));
  Value odd = arith::ShRUIOp::create(b, loc, words, createScalarOrSplatConstant(b, loc, type, 16));
  return concatenate(b, loc, {even, odd});
}

SmallVector<Value> LoopNest::evaluate(ValueRange scalars, const LaneTile &tile) {
  IRMapping mapping;
  const SmallVector<Value> given = source ? source(tile) : SmallVector<Value>();
  for (auto [number, operand] : llvm::enumerate(generic.getDpsInputOperands())) {
    BlockArgument argument = generic.getMatchingBlockArgument(operand);
    if (!argument.use_empty())
      mapping.map(argument, source ? given[number] : load(*operand, tile));
  }
  auto vectorOf = [&](Type type) -> Type { return VectorType::get({tile.size()}, type); };
  auto mapped = [&](Value value) -> Value {
    if (Value vector = mapping.lookupOrNull(value))
      return vector;
    Value splat = vector::BroadcastOp::create(b, loc, vectorOf(value.getType()), value);
    mapping.map(value, splat);
    return splat;
  };
  for (Operation &op : generic.getBody()->without_terminator()) {
    if (isa<ir::AccumulateOp>(op))
      continue; // the strategies do that
    if (op.hasTrait<OpTrait::ConstantLike>()) {
      Value clone = b.clone(op)->getResult(0);
      mapping.map(op.getResult(0),
                  vector::BroadcastOp::create(b, loc, vectorOf(clone.getType()), clone));
      continue;
    }
    if (auto index = dyn_cast<linalg::IndexOp>(op)) {
      mapping.map(index.getResult(), indexLanes(index.getDim(), tile));
      continue;
    }
    SmallVector<Value> operands = llvm::map_to_vector(op.getOperands(), mapped);
    if (tile.evenFirst && isExtensionOfHalf(&op)) {
      mapping.map(op.getResult(0), extendEvenFirst(operands.front()));
      continue;
    }
    if (auto apply = dyn_cast<affine::AffineApplyOp>(op)) {
      auto type = cast<VectorType>(vectorOf(b.getIndexType()));
      ArrayRef<Value> all = operands;
      const unsigned dims = apply.getMap().getNumDims();
      mapping.map(apply.getResult(), expandIndex(b, loc, apply.getMap().getResult(0), type,
                                                 all.take_front(dims), all.drop_front(dims)));
      continue;
    }
    SmallVector<Type> types = llvm::map_to_vector(op.getResultTypes(), vectorOf);
    Operation *vector = b.create(loc, op.getName().getIdentifier(), operands, types, op.getAttrs());
    mapping.map(op.getResults(), vector->getResults());
  }
  return llvm::map_to_vector(scalars, mapped);
}

} // namespace tsum
