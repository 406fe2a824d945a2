// SPDX-License-Identifier: Apache-2.0

#include "ReductionLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tsum {

ReductionLoops::ReductionLoops(LoopNest &nest, Accumulators accumulators)
    : nest(nest), b(nest.b), loc(nest.loc), accumulators(std::move(accumulators)),
      values(this->accumulators.values()) {
  for (int64_t dim = 0; dim < nest.rank(); ++dim)
    if (nest.isReduced(dim))
      line = dim;
    else
      kept.push_back(dim);
  if (ShapedType::isDynamic(nest.extents[line]))
    piece = nest.generic->getAttrOfType<ir::PieceAttr>(ir::TsumDialect::getPieceAttrName());
}

//===-- The extent ----------------------------------------------------------------------------===//

int64_t ReductionLoops::mostElements() const {
  return piece ? piece.getSize() : nest.extents[line];
}

Value ReductionLoops::countOf(int64_t count) {
  if (!piece)
    return arith::ConstantIndexOp::create(b, loc, nest.extents[line] / count);
  Value extent = nest.extentOf(line);
  if (count == 1)
    return extent;
  return arith::DivUIOp::create(b, loc, extent, arith::ConstantIndexOp::create(b, loc, count));
}

int64_t ReductionLoops::restOf(int64_t count) const {
  return (piece ? piece.getExtent() % piece.getSize() : nest.extents[line]) % count;
}

SmallVector<Value>
ReductionLoops::overRest(int64_t count, ValueRange otherwise,
                         llvm::function_ref<SmallVector<Value>(AffineExpr, int64_t)> body) {
  assert((!piece || piece.getSize() % count == 0) && "whole pieces have no rest");
  const int64_t rest = restOf(count);
  if (rest == 0)
    return otherwise;
  const int64_t extent = piece ? piece.getExtent() % piece.getSize() : nest.extents[line];
  if (!piece)
    return body(nest.constant(extent - rest), rest);
  // All but the last piece are whole.
  Value size = nest.extentOf(line);
  Value whole = arith::ConstantIndexOp::create(b, loc, piece.getSize());
  Value isLast = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, size, whole);
  auto ifOp = scf::IfOp::create(b, loc, otherwise.getTypes(), isLast,
                                /*withElseRegion=*/!otherwise.empty());
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&ifOp.getThenRegion().front());
  SmallVector<Value> results = body(nest.constant(extent - rest), rest);
  if (!otherwise.empty()) {
    scf::YieldOp::create(b, loc, results);
    b.setInsertionPointToStart(&ifOp.getElseRegion().front());
    scf::YieldOp::create(b, loc, otherwise);
  }
  return ifOp.getResults();
}

//===-- Elements ------------------------------------------------------------------------------===//

int64_t ReductionLoops::rowsAtOnce(const LaneTile &tile) {
  // Lanes that are loaded one by one make long code.
  if (!nest.loadsVectors(tile))
    return 1;
  constexpr int64_t instructions = 32, registerBytes = 64;
  const int64_t each = nest.instructions() + accumulators.instructions();
  const int64_t registers =
      llvm::divideCeil(tile.size() * accumulators.blockBytes(), registerBytes);
  // A power of two, like the rows of a block.
  return int64_t(
      llvm::bit_floor(uint64_t(std::max<int64_t>(1, instructions / (registers * each)))));
}

SmallVector<Value> ReductionLoops::combineRows(int64_t count, const LaneTile &tile,
                                               llvm::function_ref<void(AffineExpr)> moveTo,
                                               SmallVector<Value> soFar) {
  auto add = [&](AffineExpr index, ValueRange sums) {
    moveTo(index);
    SmallVector<Value> row = elements(tile);
    return sums.empty() ? row : accumulators.combine(b, loc, sums, row);
  };
  const int64_t unroll = rowsAtOnce(tile);
  int64_t done = 0;
  auto addRows = [&](int64_t rows) {
    for (; rows > 0; --rows)
      soFar = add(nest.constant(done++), soFar);
  };
  if (soFar.empty())
    addRows(count % unroll ? count % unroll : std::min(count, unroll));
  const int64_t rounds = (count - done) / unroll;
  soFar = nest.loop(rounds, soFar, [&](AffineExpr round, ValueRange carried) {
    SmallVector<Value> sums = carried;
    for (int64_t row = 0; row < unroll; ++row)
      sums = add(round * unroll + (done + row), sums);
    return sums;
  });
  done += rounds * unroll;
  addRows(count - done);
  return soFar;
}

SmallVector<Value> ReductionLoops::lanesOf(AffineExpr start, int64_t count, const LaneTile &tile) {
  const int64_t lanes = tile.rows, rounds = count / lanes, left = count % lanes;
  SmallVector<Value> block;
  if (rounds)
    block = combineRows(rounds, tile,
                        [&](AffineExpr row) { nest.position[line] = start + row * lanes; });
  if (left == 0)
    return block.empty() ? accumulators.neutralBlocks(b, loc, tile.size()) : block;
  if (nest.loadsPartly(tile)) {
    nest.position[line] = start + rounds * lanes;
    SmallVector<Value> tail = someElements(left, tile);
    return rounds ? accumulators.combine(b, loc, block, tail) : tail;
  }

  // The last, short row. Only vectors of a power of two of rows are loaded: where the line has as
  // many before it, the last whole row, of which what was taken already is left out; else two that
  // overlap.
  const int64_t columns = tile.columns;
  auto rowsAt = [&](int64_t first, int64_t rows) {
    LaneTile part = tile;
    part.rows = rows;
    part.evenFirst = tile.evenFirst && rows == lanes;
    nest.position[line] = start + first;
    return std::pair(elements(part), part);
  };
  auto pad = [&](ValueRange x, const LaneTile &of, int64_t from, int64_t to, ValueRange onto) {
    // Rows `from` on of `x` become the rows `to` on of what is in `onto`.
    SmallVector<Value> padded;
    for (auto [value, below] : llvm::zip_equal(x, onto)) {
      SmallVector<int64_t> sources(tile.size());
      const int64_t size = of.size();
      // `below` is as long as `value`, and neutral, or as long as the tile.
      const bool isWhole = cast<VectorType>(below.getType()).getDimSize(0) == tile.size();
      for (int64_t lane = 0; lane < tile.size(); ++lane)
        sources[lane] = isWhole && size == tile.size() ? size + lane : size;
      for (int64_t row = 0; from + row < of.rows && to + row < left; ++row)
        for (int64_t column = 0; column < columns; ++column)
          sources[tile.laneOf((to + row) * columns + column)] =
              of.laneOf((from + row) * columns + column);
      padded.push_back(vector::ShuffleOp::create(b, loc, value, below, sources));
    }
    return padded;
  };
  SmallVector<Value> tail;
  if (rounds) {
    auto [row, part] = rowsAt(count - lanes, lanes);
    tail = pad(row, part, lanes - left, 0, accumulators.neutralBlocks(b, loc, part.size()));
  } else {
    const auto width = int64_t(llvm::bit_floor(uint64_t(left)));
    auto [first, part] = rowsAt(0, width);
    tail = pad(first, part, 0, 0, accumulators.neutralBlocks(b, loc, part.size()));
    if (width < left) {
      auto [second, same] = rowsAt(left - width, width);
      // To as many lanes as the tile has, with the first rows beside.
      SmallVector<Value> behind = pad(second, same, 2 * width - left, width,
                                      accumulators.neutralBlocks(b, loc, same.size()));
      SmallVector<int64_t> sources(tile.size());
      for (int64_t element = 0; element < tile.size(); ++element)
        sources[tile.laneOf(element)] =
            tile.laneOf(element) + (element / columns < width ? 0 : tile.size());
      SmallVector<Value> both;
      for (auto [x, y] : llvm::zip_equal(tail, behind))
        both.push_back(vector::ShuffleOp::create(b, loc, x, y, sources));
      tail = std::move(both);
    }
  }
  return rounds ? accumulators.combine(b, loc, block, tail) : tail;
}

SmallVector<Value> ReductionLoops::someElements(int64_t count, LaneTile tile) {
  tile.present = count;
  SmallVector<Value> lanes = elements(tile);
  SmallVector<int64_t> sources(tile.size());
  for (int64_t element = 0; element < tile.size(); ++element) {
    const int64_t lane = tile.laneOf(element);
    sources[lane] = element < count ? lane : tile.size() + lane;
  }
  return llvm::map_to_vector(
      llvm::zip_equal(lanes, accumulators.neutralBlocks(b, loc, tile.size())),
      [&](auto pair) -> Value {
        auto [value, neutral] = pair;
        // Zeros were loaded for the others.
        const bool isSo = value.template getDefiningOp<vector::MaskedLoadOp>() &&
                          matchPattern(neutral, m_AnyZeroFloat());
        return isSo ? value
                    : vector::ShuffleOp::create(b, loc, value, neutral, sources).getResult();
      });
}

SmallVector<Value>
ReductionLoops::foldInOrder(int64_t count, int64_t size,
                            llvm::function_ref<SmallVector<Value>(int64_t)> vectorAt, int64_t first,
                            int64_t step) {
  // Depth first, so that few values wait.
  if (step >= size)
    return vectorAt(first);
  SmallVector<Value> lower = foldInOrder(count, size, vectorAt, first, 2 * step);
  if (first + step >= count)
    return lower;
  return accumulators.combine(b, loc, lower,
                              foldInOrder(count, size, vectorAt, first + step, 2 * step));
}

SmallVector<Value>
ReductionLoops::foldRows(int64_t count, llvm::function_ref<SmallVector<Value>(int64_t)> elementsAt,
                         int64_t lane, int64_t step) {
  auto sumOf = [&](int64_t lane) {
    SmallVector<Value> sum = elementsAt(lane);
    for (int64_t row = lane + block_lanes; row < count; row += block_lanes)
      sum = accumulators.combine(b, loc, sum, elementsAt(row));
    return sum;
  };
  return foldInOrder(std::min(count, block_lanes), block_lanes, sumOf, lane, step);
}

SmallVector<Value>
ReductionLoops::mergeTree(int64_t count, llvm::function_ref<SmallVector<Value>(int64_t)> nodeAt) {
  std::function<SmallVector<Value>(int64_t, int64_t)> tree = [&](int64_t first, int64_t size) {
    if (size == 1)
      return nodeAt(first);
    SmallVector<Value> left = tree(first, size / 2);
    return first + size / 2 < count
               ? accumulators.merge(b, loc, left, tree(first + size / 2, size / 2))
               : left;
  };
  return tree(0, int64_t(llvm::bit_ceil(uint64_t(count))));
}

LaneTile ReductionLoops::inAnyOrder(LaneTile tile) {
  tile.evenFirst = nest.extendsHalves(tile);
  return tile;
}

SmallVector<Value> ReductionLoops::inOrder(ValueRange lanes, const LaneTile &tile) {
  if (!tile.evenFirst)
    return lanes;
  SmallVector<int64_t> sources = llvm::map_to_vector(
      llvm::seq<int64_t>(0, tile.size()), [&](int64_t element) { return tile.laneOf(element); });
  return llvm::map_to_vector(lanes, [&](Value vector) -> Value {
    return vector::ShuffleOp::create(b, loc, vector, vector, sources);
  });
}

void ReductionLoops::storeResults(ValueRange nodes, const LaneTile &tile) {
  nest.position[line] = nest.constant(0);
  nest.store(accumulators.finish(b, loc, nodes), tile);
}

SmallVector<Value> ReductionLoops::allocate(ArrayRef<Type> types, int64_t size) {
  return llvm::map_to_vector(types, [&](Type type) { return nest.allocate(size, type); });
}

SmallVector<Value> ReductionLoops::load(ValueRange buffers, AffineExpr place, int64_t count) {
  return llvm::map_to_vector(buffers,
                             [&](Value buffer) { return nest.loadFrom(buffer, place, count); });
}

void ReductionLoops::store(ValueRange values, ValueRange buffers, AffineExpr place) {
  for (auto [buffer, value] : llvm::zip_equal(buffers, values))
    nest.storeTo(buffer, place, value);
}

//===-- NodeStack -----------------------------------------------------------------------------===//

NodeStack::NodeStack(ReductionLoops &loops, int64_t leaves, int64_t width)
    : loops(loops), levels(llvm::Log2_64_Ceil(uint64_t(leaves) + 1)), width(width) {
  buffers = loops.allocate(loops.accumulators.nodeTypes(), levels * width);
}

Value NodeStack::levelOf(Value index) {
  OpBuilder &b = loops.b;
  Value one = arith::ConstantIndexOp::create(b, loops.loc, 1);
  Value next = arith::AddIOp::create(b, loops.loc, index, one);
  Value bits = arith::IndexCastOp::create(b, loops.loc, b.getI64Type(), next);
  Value level = math::CountTrailingZerosOp::create(b, loops.loc, bits);
  return arith::IndexCastOp::create(b, loops.loc, b.getIndexType(), level);
}

void NodeStack::push(Value index, ValueRange leaf) {
  Value level = levelOf(index);
  LoopNest &nest = loops.nest;
  SmallVector<Value> node = nest.loop(level, leaf, [&](AffineExpr below, ValueRange node) {
    SmallVector<Value> left = loops.load(buffers, at(below, nest.constant(0)), width);
    return loops.accumulators.merge(loops.b, loops.loc, left, node);
  });
  nest.withPlace(
      level, [&](AffineExpr place) { loops.store(node, buffers, at(place, nest.constant(0))); });
}

SmallVector<Value> NodeStack::total(Value count, AffineExpr first, int64_t lanes) {
  OpBuilder &b = loops.b;
  Location loc = loops.loc;
  LoopNest &nest = loops.nest;
  SmallVector<Value> nothing = loops.accumulators.neutralNodes(b, loc, lanes);
  if (std::optional<int64_t> known = getConstantIntValue(count)) {
    SmallVector<Value> node;
    for (int64_t level = 0; level < levels; ++level) {
      if (!(*known >> level & 1))
        continue;
      SmallVector<Value> left = loops.load(buffers, at(nest.constant(level), first), lanes);
      node = node.empty() ? left : loops.accumulators.merge(b, loc, left, node);
    }
    return node.empty() ? nothing : node;
  }
  // From the right on: what is not there is neutral.
  return nest.loop(levels, nothing, [&](AffineExpr level, ValueRange node) {
    Value shift = nest.index(level);
    Value one = arith::ConstantIndexOp::create(b, loc, 1);
    Value bit = arith::AndIOp::create(b, loc, arith::ShRUIOp::create(b, loc, count, shift), one);
    Value isThere = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, bit, one);
    auto ifOp = scf::IfOp::create(b, loc, node.getTypes(), isThere, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&ifOp.getThenRegion().front());
    SmallVector<Value> left = loops.load(buffers, at(level, first), lanes);
    scf::YieldOp::create(b, loc, loops.accumulators.merge(b, loc, left, node));
    b.setInsertionPointToStart(&ifOp.getElseRegion().front());
    scf::YieldOp::create(b, loc, node);
    return SmallVector<Value>(ifOp.getResults());
  });
}

} // namespace tsum
