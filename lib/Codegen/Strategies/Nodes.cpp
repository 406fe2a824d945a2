// SPDX-License-Identifier: Apache-2.0
//
// Merges nodes: of lines, or of pieces of one. Few of them are a tree in registers; of many, groups
// are, whose nodes wait for each other on a stack:
//
//   for each result, or vector of results
//     for each 16 nodes
//       merge them, neighbour by neighbour; merge the node with those before it

#include "Strategy.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace tsum {

namespace {

constexpr int64_t nodesPerGroup = 16, nodesPerInnerGroup = 256;
/// As long as they fill a group, nodes side by side are merged in vectors.
constexpr int64_t vectorBytes = 128;

class Emitter {
public:
  explicit Emitter(ReductionLoops &loops)
      : loops(loops), nest(loops.nest), accumulators(loops.accumulators), b(loops.b),
        loc(loops.loc) {}

  void emit() {
    if (loops.isInner() && !isNarrow()) {
      nest.overDims(loops.kept, {}, [&](ValueRange) -> SmallVector<Value> {
        loops.storeResults(line(LaneTile{loops.line, 1, 1}), LaneTile{-1, 1, 1});
        return {};
      });
      return;
    }
    const int64_t dim = loops.kept.back();
    const LoopNest::Cover vectors = nest.cover(dim, vectorBytes, accumulators.blockBytes());
    const LaneTile tile =
        loops.isInner() ? LaneTile{dim, vectors.width, 1} : LaneTile{-1, 1, vectors.width};
    loops.overOuterKept([&] {
      nest.overVectors(dim, vectors, [&](AffineExpr) { loops.storeResults(line(tile), tile); });
    });
  }

private:
  /// Whether nodes of several results are shuffled out of whole loads, as elements of narrow lines
  /// are.
  bool isNarrow() const {
    constexpr int64_t most = 5;
    return loops.isInner() && !loops.isPiece() && !loops.kept.empty() && loops.mostElements() > 0 &&
           loops.mostElements() <= most;
  }

  SmallVector<Value> nodeAt(AffineExpr place, const LaneTile &tile) {
    nest.position[loops.line] = place;
    return loops.elements(tile);
  }

  /// The nodes from `first` on, `count` of them.
  SmallVector<Value> group(AffineExpr first, int64_t count, const LaneTile &tile) {
    if (tile.rowDim == loops.line && llvm::isPowerOf2_64(uint64_t(count)) && count > 1) {
      const int64_t width = std::min(count, nodesPerGroup);
      SmallVector<SmallVector<Value>> vectors;
      for (int64_t node = 0; node < count; node += width) {
        nest.position[loops.line] = first + node;
        vectors.push_back(loops.elements(LaneTile{loops.line, width, 1}));
      }
      return accumulators.mergeNeighbours(b, loc, std::move(vectors), /*columns=*/1);
    }
    return loops.mergeTree(count, [&](int64_t node) { return nodeAt(first + node, tile); });
  }

  /// The tree of `count` nodes, no power of two: of groups of powers of two, the smallest last.
  SmallVector<Value> rest(AffineExpr first, int64_t count, const LaneTile &tile) {
    if (!loops.isInner() || count < nodesPerGroup)
      return group(first, count, tile);
    const auto size = int64_t(llvm::bit_floor(uint64_t(count)));
    SmallVector<Value> left = group(first, size, tile);
    if (size == count)
      return left;
    return accumulators.merge(b, loc, left, rest(first + size, count - size, tile));
  }

  SmallVector<Value> line(const LaneTile &tile) {
    const int64_t most = loops.mostElements();
    if (!loops.isPiece() && most == 0)
      return accumulators.neutralNodes(b, loc, tile.size());
    if (!loops.isPiece() && most <= (loops.isInner() ? nodesPerInnerGroup : 2 * nodesPerGroup))
      return rest(nest.constant(0), most, tile);

    // Large groups first; what is left of them in smaller ones, each a node of its level.
    const int64_t large = loops.isInner() ? nodesPerInnerGroup : nodesPerGroup;
    const int64_t size = std::min(int64_t(llvm::bit_floor(uint64_t(most))), large);
    const int64_t groups = llvm::divideCeil(most, size);
    if (!stack)
      stack.emplace(loops, groups + 1, tile.size());
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
    return stack->total(count, nest.constant(0), tile.size());
  }

  ReductionLoops &loops;
  LoopNest &nest;
  const Accumulators &accumulators;
  OpBuilder &b;
  Location loc;
  std::optional<NodeStack> stack;
};

class Nodes final : public Strategy {
public:
  ir::Strategy kind() const override { return ir::Strategy::Nodes; }

  std::string obstacle(const ReductionShape &shape) const override {
    return shape.takesNodes ? "" : "it merges no nodes";
  }

  int64_t cost(const ReductionShape &) const override { return 1; }

  int64_t resultsPerTile(const ReductionShape &shape, int64_t bytes) const override {
    constexpr int64_t tileBytes = 64 * 1024;
    if (!shape.isInner()) { // long runs of columns, as what gives the nodes likes them
      constexpr int64_t leastBytes = 4 * 1024, mostBytes = 16 * 1024;
      const int64_t each = std::max<int64_t>(1, shape.elements()) * shape.nodeBytes;
      return std::clamp(tileBytes / each, leastBytes / shape.nodeBytes,
                        mostBytes / shape.nodeBytes);
    }
    // Several results' lines are folded together; many take memory's time while nodes are merged.
    constexpr int64_t nodesPerTile = 192;
    return std::max<int64_t>(1, std::min(nodesPerTile / std::max<int64_t>(1, shape.elements()),
                                         tileBytes / std::max<int64_t>(1, bytes)));
  }

  void emit(ReductionLoops &loops) const override { Emitter(loops).emit(); }
};

} // namespace

const Strategy &nodesStrategy() {
  static const Nodes strategy;
  return strategy;
}

} // namespace tsum
