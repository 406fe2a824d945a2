// SPDX-License-Identifier: Apache-2.0

#include "NodeTree.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace tsum {

/// The nodes from `first` on, `count` of them.
SmallVector<Value> NodeTree::group(AffineExpr first, int64_t count, const LaneTile &tile) {
  LoopNest &nest = loops.nest;
  const bool isWhole = llvm::isPowerOf2_64(uint64_t(count));
  if (tile.rowDim == loops.line && count > 1 && (isWhole || isPartial)) {
    const int64_t width = std::min(int64_t(llvm::bit_ceil(uint64_t(count))), nodesOfVector);
    SmallVector<SmallVector<Value>> vectors;
    for (int64_t node = 0; node < count; node += width) {
      nest.position[loops.line] = first + node;
      const int64_t present = std::min(width, count - node);
      vectors.push_back(
          loops.elements({loops.line, width, 1, false, present < width ? present : 0}));
    }
    return loops.accumulators.mergeNeighbours(loops.b, loops.loc, std::move(vectors),
                                              /*columns=*/1);
  }
  return loops.mergeTree(count, [&](int64_t node) {
    nest.position[loops.line] = first + node;
    return loops.elements(tile.rowDim == loops.line ? LaneTile{loops.line, 1, 1} : tile);
  });
}

/// The tree of `count` nodes, no power of two: of groups of powers of two, the smallest last.
SmallVector<Value> NodeTree::rest(AffineExpr first, int64_t count, const LaneTile &tile) {
  if (tile.rowDim != loops.line || count < nodesOfVector)
    return group(first, count, tile);
  const auto size = int64_t(llvm::bit_floor(uint64_t(count)));
  SmallVector<Value> left = group(first, size, tile);
  if (size == count)
    return left;
  return loops.accumulators.merge(loops.b, loops.loc, left, rest(first + size, count - size, tile));
}

SmallVector<Value> NodeTree::line(const LaneTile &tile) {
  OpBuilder &b = loops.b;
  Location loc = loops.loc;
  LoopNest &nest = loops.nest;
  const int64_t lanes = tile.rowDim == loops.line ? 1 : tile.size();
  const int64_t most = loops.mostElements();
  if (!loops.isPiece() && most == 0)
    return loops.accumulators.neutralNodes(b, loc, lanes);
  if (!loops.isPiece() && most <= mostAtOnce)
    return rest(nest.constant(0), most, tile);

  // Large groups first; what is left of them in smaller ones, each a node of its level.
  const int64_t size = std::min(int64_t(llvm::bit_floor(uint64_t(most))), perGroup);
  const int64_t groups = llvm::divideCeil(most, size);
  if (!stack)
    stack.emplace(loops, groups + 1, lanes);
  Value whole = loops.countOf(size);
  nest.loop(whole, [&](AffineExpr number) {
    stack->push(nest.index(number), group(number * size, size, tile));
  });
  Value none = arith::ConstantIndexOp::create(b, loc, 0);
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  Value more = loops
                   .overRest(size, {none},
                             [&](AffineExpr start, int64_t count) -> SmallVector<Value> {
                               stack->push(whole, rest(start, count, tile));
                               return {one};
                             })
                   .front();
  Value count = b.createOrFold<arith::AddIOp>(loc, whole, more);
  return stack->total(count, nest.constant(0), lanes);
}

} // namespace tsum
