// SPDX-License-Identifier: Apache-2.0
//
// The part of LoopNest that reads and writes memory: how the elements of a tile get into a vector,
// and out of it.

#include "LoopNest.h"

#include "Streaming.h"
#include "Vectors.h"

#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tsum {

/// Up to this distance elements are loaded in whole vectors, with what lies between them, and
/// shuffled into their lanes.
static constexpr int64_t maxShuffledStride = 8;

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
         extents.back() <= narrowLine;
}

bool LoopNest::loadsVectors(const LaneTile &tile) {
  const int64_t dim = tile.columns > 1 ? rank() - 1 : tile.rowDim;
  return llvm::all_of(generic.getDpsInputOperands(), [&](OpOperand *operand) {
    return std::abs(stride(*operand, dim)) <= maxShuffledStride || isInterleaved(*operand, dim);
  });
}

bool LoopNest::loadsPartly(const LaneTile &tile) {
  constexpr unsigned leastBits = 32; // AVX2 has no masks for less
  return tile.columns == 1 && llvm::all_of(generic.getDpsInputOperands(), [&](OpOperand *operand) {
           const int64_t step = stride(*operand, tile.rowDim);
           auto type = cast<MemRefType>(operand->get().getType());
           return step == 0 || (step == 1 && type.isLastDimUnitStride() &&
                                type.getElementTypeBitWidth() >= leastBits);
         });
}

Value LoopNest::load(OpOperand &operand, const LaneTile &tile) {
  const int64_t rowStride = stride(operand, tile.rowDim);
  if (tile.rows == 1)
    return loadLine(operand, rank() - 1, tile.columns);
  if (tile.columns == 1)
    return loadLine(operand, tile.rowDim, tile.rows, tile.present);
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
  // vector.load knows neighbours along the innermost dimension only.
  if (!cast<MemRefType>(buffer.getType()).isLastDimUnitStride()) {
    SmallVector<Value> values =
        llvm::map_to_vector(indices.getResults(), [&](AffineExpr place) { return index(place); });
    return ir::LoadOp::create(b, loc, type, buffer, values, 0);
  }
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

Value LoopNest::loadLine(OpOperand &operand, int64_t dim, int64_t count, int64_t present) {
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
    return present ? loadPartly(operand, count, present) : loadContiguous(operand, count);
  if (isInterleaved(operand, dim))
    return deinterleave(operand, count);
  if (std::abs(elements) <= maxShuffledStride && count > 1)
    return loadStrided(operand, dim, count);
  SmallVector<Value> lanes;
  AffineExpr first = position[dim];
  for (int64_t lane = 0; lane < count; ++lane) {
    position[dim] = first + lane;
    lanes.push_back(loadElement());
  }
  position[dim] = first;
  return vector::FromElementsOp::create(b, loc, type, lanes);
}

/// Asks memory for `count` elements of `operand` from `place` on.
void LoopNest::prefetch(OpOperand &operand, ArrayRef<AffineExpr> place, int64_t count) {
  const int64_t bytes = getElementTypeOrSelf(operand.get()).getIntOrFloatBitWidth() / 8;
  SmallVector<AffineExpr> exprs(place);
  for (int64_t element = 0; element < count; element += lineBytes / bytes) {
    exprs.back() = place.back() + element;
    SmallVector<Value> indices =
        llvm::map_to_vector(exprs, [&](AffineExpr expr) { return index(expr); });
    memref::PrefetchOp::create(b, loc, operand.get(), indices, /*isWrite=*/false,
                               /*localityHint=*/2, /*isDataCache=*/true);
  }
}

/// Asks for what the next tile will load where this one loads `count` elements: a whole tile
/// further on along the innermost dimension that is tiled, which is the one before the rows, or
/// that of the columns.
void LoopNest::prefetchNextTile(OpOperand &operand, int64_t count) {
  auto kernel = generic->getParentOfType<func::FuncOp>();
  auto rows = kernel->getAttrOfType<IntegerAttr>(ir::TsumDialect::getRowsAttrName());
  auto type = cast<MemRefType>(operand.get().getType());
  const int64_t behind = rows ? rows.getInt() : type.getRank();
  if (behind < 1 || behind > type.getRank() ||
      (!rows && !kernel->hasAttr(ir::TsumDialect::getColumnsAttrName())))
    return;
  const int64_t tiled = behind - 1;
  SmallVector<AffineExpr> place(indicesOf(operand).getResults());
  place[tiled] = place[tiled] + type.getDimSize(tiled);
  prefetch(operand, place, count);
}

void LoopNest::prefetchAhead(OpOperand &operand, int64_t count) {
  if (stride(operand, prefetched.dim) == 0)
    return;
  const AffineExpr here = position[prefetched.dim];
  position[prefetched.dim] = here + prefetched.distance;
  prefetch(operand, indicesOf(operand).getResults(), count);
  position[prefetched.dim] = here;
}

Value LoopNest::loadContiguous(OpOperand &operand, int64_t count) {
  auto prefetched = generic->getAttrOfType<DenseI64ArrayAttr>("tsum.prefetch");
  if (prefetched && llvm::is_contained(prefetched.asArrayRef(), operand.getOperandNumber()))
    prefetchNextTile(operand, count);
  prefetchAhead(operand, count);
  return loadVector(operand.get(), indicesOf(operand), count);
}

Value LoopNest::loadPartly(OpOperand &operand, int64_t count, int64_t present) {
  prefetchAhead(operand, present);
  auto type = VectorType::get({count}, getElementTypeOrSelf(operand.get()));
  SmallVector<bool> isThere(count, false);
  std::fill_n(isThere.begin(), present, true);
  auto maskType = VectorType::get({count}, b.getI1Type());
  Value mask = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(maskType, isThere));
  Value zeros = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  SmallVector<Value> indices = llvm::map_to_vector(indicesOf(operand).getResults(),
                                                   [&](AffineExpr place) { return index(place); });
  return vector::MaskedLoadOp::create(b, loc, type, operand.get(), indices, mask, zeros);
}

namespace {

/// A vector that was loaded, and where in memory its first element lies, from some place on.
struct Piece {
  Value elements;
  int64_t start;
};

/// The elements at `offsets`, of which each is in one of `pieces`, vectors of as many elements. Of
/// each piece blends keep the elements that are wanted, at their positions, until two meet at one
/// position; then shuffles, which cost more, bring them into the lanes.
Value pickElements(OpBuilder &b, Location loc, ArrayRef<Piece> pieces, ArrayRef<int64_t> offsets) {
  const auto count = int64_t(offsets.size());
  struct Blend {
    Value elements;
    SmallVector<int64_t> lanes; // at each position, or -1
  };
  SmallVector<Blend> blends;
  SmallVector<bool> isTaken(count, false);
  for (const Piece &piece : pieces) {
    SmallVector<SmallVector<int64_t>> taken(blends.size()); // by each blend: the positions
    for (int64_t lane = 0; lane < count; ++lane) {
      const int64_t at = offsets[lane] - piece.start;
      if (at < 0 || at >= count || isTaken[lane])
        continue;
      isTaken[lane] = true;
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
        blend.elements = piece.elements;
      else if (!positions.empty())
        blend.elements = vector::ShuffleOp::create(b, loc, blend.elements, piece.elements, mask);
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

} // namespace

/// `count` elements that lie `extents.back()` apart, see isInterleaved. Loads whole vectors
/// from the beginning of the first row on, the same for each place in the rows.
Value LoopNest::deinterleave(OpOperand &operand, int64_t count) {
  const int64_t step = extents.back();
  const int64_t place = cast<AffineConstantExpr>(position.back()).getValue();
  position.back() = constant(0);
  AffineMap indices = indicesOf(operand);
  position.back() = constant(place);

  SmallVector<Piece> pieces;
  for (int64_t piece = 0; piece < step; ++piece) {
    SmallVector<AffineExpr> exprs(indices.getResults());
    exprs.back() = exprs.back() + piece * count;
    AffineMap at = AffineMap::get(ivs.size(), 0, exprs, b.getContext());
    pieces.push_back({loadVector(operand.get(), at, count), piece * count});
  }
  return pickElements(b, loc, pieces, llvm::map_to_vector(llvm::seq(count), [&](int64_t lane) {
                        return lane * step + place;
                      }));
}

/// `count` elements along `dim` that lie a few others, or backwards, apart. Reads nothing before
/// the first and behind the last of them: the last vector begins earlier.
Value LoopNest::loadStrided(OpOperand &operand, int64_t dim, int64_t count) {
  const int64_t step = stride(operand, dim), distance = std::abs(step);
  const AffineExpr first = position[dim];
  if (step < 0) // begin with what lies first in memory
    position[dim] = first + (count - 1);
  SmallVector<Value> indices = llvm::map_to_vector(indicesOf(operand).getResults(),
                                                   [&](AffineExpr place) { return index(place); });
  position[dim] = first;
  auto type = VectorType::get({count}, getElementTypeOrSelf(operand.get()));
  SmallVector<Piece> pieces;
  for (int64_t piece = 0; piece < distance; ++piece) {
    const int64_t start = std::min(piece * count, (count - 1) * distance + 1 - count);
    pieces.push_back({ir::LoadOp::create(b, loc, type, operand.get(), indices, start), start});
  }
  return pickElements(b, loc, pieces, llvm::map_to_vector(llvm::seq(count), [&](int64_t lane) {
                        return (step < 0 ? count - 1 - lane : lane) * distance;
                      }));
}

void LoopNest::store(ValueRange values, const LaneTile &tile) {
  for (auto [number, value] : llvm::enumerate(values))
    store(value, *generic.getDpsInitOperand(number), tile);
}

void LoopNest::store(Value value, OpOperand &operand, const LaneTile &tile) {
  const int64_t dim = tile.columns > 1 ? rank() - 1 : tile.rowDim;
  if (tile.size() > 1 && stride(operand, dim) == 1) {
    if (streamed.contains(&operand)) {
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

} // namespace tsum
