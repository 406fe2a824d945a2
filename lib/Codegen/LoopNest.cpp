// SPDX-License-Identifier: Apache-2.0

#include "LoopNest.h"

#include "Vectors.h"

#include "tsum/Dialect/Tsum/IR/Tsum.h"
#include "tsum/Graph/SummationTree.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"

#include <numeric>

using namespace mlir;

namespace tsum {

LoopNest::LoopNest(OpBuilder &builder, linalg::GenericOp generic)
    : b(builder), loc(generic.getLoc()), generic(generic), extents(generic.getStaticLoopRanges()),
      kinds(generic.getIteratorTypesArray()), position(extents.size(), constant(0)) {}

//===-- Loops ---------------------------------------------------------------------------------===//

SmallVector<Value> LoopNest::loop(int64_t count, ValueRange carried, Body body) {
  if (count <= 0)
    return carried;
  if (count == 1)
    return body(constant(0), carried);
  // LLVM carries vectors of other lengths from one iteration to the next element by element.
  auto split = [&](ValueRange vectors) {
    SmallVector<Value> pieces;
    for (Value vector : vectors)
      llvm::append_range(pieces, splitToPowersOfTwo(b, loc, vector));
    return pieces;
  };
  auto join = [&](ValueRange pieces) {
    return llvm::map_to_vector(carried, [&](Value vector) {
      const auto lanes = cast<VectorType>(vector.getType()).getDimSize(0);
      const unsigned count = llvm::popcount(uint64_t(lanes)); // of its powers of two
      Value joined = concatenate(b, loc, llvm::to_vector(pieces.take_front(count)));
      pieces = pieces.drop_front(count);
      return joined;
    });
  };
  auto forOp = affine::AffineForOp::create(b, loc, 0, count, 1, split(carried));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(forOp.getBody());
    ivs.push_back(forOp.getInductionVar());
    SmallVector<Value> results =
        body(b.getAffineDimExpr(ivs.size() - 1), join(forOp.getRegionIterArgs()));
    ivs.pop_back();
    if (!carried.empty())
      affine::AffineYieldOp::create(b, loc, split(results));
  }
  return join(forOp.getResults());
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

//===-- Memory --------------------------------------------------------------------------------===//

AffineMap LoopNest::indicesOf(OpOperand &operand) {
  AffineMap map = generic.getMatchingIndexingMap(&operand);
  SmallVector<AffineExpr> exprs = llvm::map_to_vector(map.getResults(), [&](AffineExpr dim) {
    return position[cast<AffineDimExpr>(dim).getPosition()];
  });
  return AffineMap::get(ivs.size(), 0, exprs, b.getContext());
}

int64_t LoopNest::stride(OpOperand &operand, int64_t dim) {
  AffineMap map = generic.getMatchingIndexingMap(&operand);
  auto result = dim < 0 ? std::nullopt : map.getResultPosition(b.getAffineDimExpr(dim));
  if (!result)
    return 0;
  SmallVector<int64_t> strides;
  int64_t offset;
  [[maybe_unused]] LogicalResult strided =
      cast<MemRefType>(operand.get().getType()).getStridesAndOffset(strides, offset);
  assert(succeeded(strided) && "buffers are strided");
  return strides[*result];
}

/// Whether along `dim`, with few elements of the innermost dimension in between, `operand` has no
/// gaps, and the code works at a known place of the innermost dimension.
bool LoopNest::isInterleaved(OpOperand &operand, int64_t dim) {
  return dim != rank() - 1 && isa<AffineConstantExpr>(position.back()) &&
         stride(operand, rank() - 1) == 1 && stride(operand, dim) == extents.back() &&
         extents.back() <= narrow_line;
}

bool LoopNest::loadsVectors(const LaneTile &tile) {
  const int64_t dim = tile.columns > 1 ? rank() - 1 : tile.rowDim;
  return llvm::all_of(generic.getDpsInputOperands(), [&](OpOperand *operand) {
    return stride(*operand, dim) <= 1 || isInterleaved(*operand, dim);
  });
}

Value LoopNest::load(OpOperand &operand, const LaneTile &tile) {
  const int64_t rowStride = stride(operand, tile.rowDim);
  if (tile.rows == 1)
    return loadLine(operand, rank() - 1, tile.columns);
  if (tile.columns == 1)
    return loadLine(operand, tile.rowDim, tile.rows);
  const int64_t columnStride = stride(operand, rank() - 1);
  if (columnStride == 1 && rowStride == tile.columns)
    return loadContiguous(operand, tile.size());
  if (columnStride == 0 && rowStride == 0)
    return loadLine(operand, /*dim=*/-1, tile.size());
  SmallVector<Value> rows;
  AffineExpr first = position[tile.rowDim];
  for (int64_t row = 0; row < tile.rows; ++row) {
    position[tile.rowDim] = first + row;
    rows.push_back(loadLine(operand, rank() - 1, tile.columns));
  }
  position[tile.rowDim] = first;
  return concatenate(b, loc, rows);
}

/// The indices as values, where an affine op cannot take them: it knows induction variables, but
/// no minima.
std::optional<SmallVector<Value>> LoopNest::indexValues(AffineMap indices) {
  if (llvm::all_of(ivs, [](Value iv) { return affine::isValidDim(iv); }))
    return std::nullopt;
  return llvm::map_to_vector(indices.getResults(), [&](AffineExpr place) { return index(place); });
}

Value LoopNest::loadVector(Value buffer, AffineMap indices, int64_t count) {
  auto type = VectorType::get({count}, getElementTypeOrSelf(buffer));
  if (auto values = indexValues(indices))
    return vector::LoadOp::create(b, loc, type, buffer, *values);
  return affine::AffineVectorLoadOp::create(b, loc, type, buffer, indices, ivs);
}

void LoopNest::storeVector(Value value, Value buffer, AffineMap indices) {
  if (auto values = indexValues(indices))
    vector::StoreOp::create(b, loc, value, buffer, *values);
  else
    affine::AffineVectorStoreOp::create(b, loc, value, buffer, indices, ivs);
}

/// `count` neighbours along `dim`.
Value LoopNest::loadLine(OpOperand &operand, int64_t dim, int64_t count) {
  auto type = VectorType::get({count}, getElementTypeOrSelf(operand.get()));
  auto loadElement = [&]() -> Value {
    if (auto values = indexValues(indicesOf(operand)))
      return memref::LoadOp::create(b, loc, operand.get(), *values);
    return affine::AffineLoadOp::create(b, loc, operand.get(), indicesOf(operand), ivs);
  };
  const int64_t elements = stride(operand, dim);
  if (elements == 0)
    return vector::BroadcastOp::create(b, loc, type, loadElement());
  if (elements == 1)
    return loadContiguous(operand, count);
  if (isInterleaved(operand, dim))
    return deinterleave(operand, count);
  SmallVector<Value> lanes;
  AffineExpr first = position[dim];
  for (int64_t lane = 0; lane < count; ++lane) {
    position[dim] = first + lane;
    lanes.push_back(loadElement());
  }
  position[dim] = first;
  return vector::FromElementsOp::create(b, loc, type, lanes);
}

Value LoopNest::loadContiguous(OpOperand &operand, int64_t count) {
  return loadVector(operand.get(), indicesOf(operand), count);
}

/// `count` elements that lie `extents.back()` apart, see isInterleaved. Loads whole vectors
/// from the beginning of the first row on, the same for each place in the rows. Of each vector
/// blends keep the elements that are wanted, at their positions, until two meet at one position;
/// then shuffles, which cost more, bring them into the lanes.
Value LoopNest::deinterleave(OpOperand &operand, int64_t count) {
  const int64_t step = extents.back();
  const int64_t place = cast<AffineConstantExpr>(position.back()).getValue();
  position.back() = constant(0);
  AffineMap indices = indicesOf(operand);
  position.back() = constant(place);

  struct Blend {
    Value elements;
    SmallVector<int64_t> lanes; // at each position, or -1
  };
  SmallVector<Blend> blends;
  for (int64_t piece = 0; piece < step; ++piece) {
    SmallVector<AffineExpr> exprs(indices.getResults());
    exprs.back() = exprs.back() + piece * count;
    Value elements =
        loadVector(operand.get(), AffineMap::get(ivs.size(), 0, exprs, b.getContext()), count);

    SmallVector<SmallVector<int64_t>> taken; // by each blend: the positions
    for (int64_t lane = 0; lane < count; ++lane) {
      const int64_t at = lane * step + place - piece * count;
      if (at < 0 || at >= count)
        continue;
      auto *free = llvm::find_if(blends, [&](const Blend &blend) { return blend.lanes[at] < 0; });
      if (free == blends.end()) {
        blends.push_back({Value(), SmallVector<int64_t>(count, -1)});
        free = std::prev(blends.end());
      }
      free->lanes[at] = lane;
      taken.resize(blends.size());
      taken[free - blends.begin()].push_back(at);
    }
    for (auto [blend, positions] : llvm::zip(blends, taken)) {
      auto mask = llvm::to_vector(llvm::seq<int64_t>(0, count));
      for (int64_t at : positions)
        mask[at] += count;
      if (!blend.elements)
        blend.elements = elements;
      else if (!positions.empty())
        blend.elements = vector::ShuffleOp::create(b, loc, blend.elements, elements, mask);
    }
  }

  Value result = blends.front().elements;
  for (auto [index, blend] : llvm::enumerate(blends)) {
    if (index == 0 && blends.size() > 1)
      continue; // together with the next
    // Lanes from the result so far, which is the first blend as it is until the first shuffle.
    auto mask = llvm::to_vector(llvm::seq<int64_t>(0, count));
    if (index <= 1)
      for (auto [at, lane] : llvm::enumerate(blends.front().lanes))
        if (lane >= 0)
          mask[lane] = at;
    for (auto [at, lane] : llvm::enumerate(blend.lanes))
      if (lane >= 0)
        mask[lane] = count + at;
    result = vector::ShuffleOp::create(b, loc, result, blend.elements, mask);
  }
  return result;
}

void LoopNest::store(ValueRange values, const LaneTile &tile) {
  for (auto [number, value] : llvm::enumerate(values))
    store(value, *generic.getDpsInitOperand(number), tile);
}

void LoopNest::store(Value value, OpOperand &operand, const LaneTile &tile) {
  const int64_t dim = tile.columns > 1 ? rank() - 1 : tile.rowDim;
  if (tile.size() > 1 && stride(operand, dim) == 1) {
    if (streams) {
      SmallVector<Value> indices = llvm::map_to_vector(
          indicesOf(operand).getResults(), [&](AffineExpr place) { return index(place); });
      vector::StoreOp::create(b, loc, value, operand.get(), indices, /*nontemporal=*/true,
                              llvm::MaybeAlign(lineBytes));
      return;
    }
    storeVector(value, operand.get(), indicesOf(operand));
    return;
  }
  assert(cast<VectorType>(value.getType()).getNumElements() == 1 && "outputs are contiguous");
  Value scalar = vector::ExtractOp::create(b, loc, value, int64_t(0));
  if (auto values = indexValues(indicesOf(operand)))
    memref::StoreOp::create(b, loc, scalar, operand.get(), *values);
  else
    affine::AffineStoreOp::create(b, loc, scalar, operand.get(), indicesOf(operand), ivs);
}

Value LoopNest::allocate(int64_t size, Type type) {
  // At the function's entry: inside the loop over tiles every iteration would take more stack.
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&generic->getParentOfType<func::FuncOp>().getBody().front());
  return memref::AllocaOp::create(b, loc, MemRefType::get({size}, type), b.getI64IntegerAttr(64));
}

Value LoopNest::loadFrom(Value buffer, AffineExpr index, int64_t lanes) {
  return loadVector(buffer, AffineMap::get(ivs.size(), 0, index), lanes);
}

void LoopNest::storeTo(Value buffer, AffineExpr index, Value value) {
  storeVector(value, buffer, AffineMap::get(ivs.size(), 0, index));
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

SmallVector<Value> LoopNest::evaluate(ValueRange scalars, const LaneTile &tile) {
  IRMapping mapping;
  for (OpOperand *operand : generic.getDpsInputOperands()) {
    BlockArgument argument = generic.getMatchingBlockArgument(operand);
    if (!argument.use_empty())
      mapping.map(argument, load(*operand, tile));
  }
  auto vectorOf = [&](Type type) -> Type { return VectorType::get({tile.size()}, type); };
  auto mapped = [&](Value value) -> Value {
    if (Value vector = mapping.lookupOrNull(value))
      return vector;
    Value splat = vector::BroadcastOp::create(b, loc, vectorOf(value.getType()), value);
    mapping.map(value, splat);
    return splat;
  };
  auto isOutput = [&](Value value) {
    return llvm::is_contained(generic.getRegionOutputArgs(), value);
  };
  for (Operation &op : generic.getBody()->without_terminator()) {
    if (llvm::any_of(op.getOperands(), isOutput))
      continue; // a combiner, which the accumulator replaces
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
