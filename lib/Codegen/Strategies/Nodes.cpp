// SPDX-License-Identifier: Apache-2.0
//
// Merges nodes: of lines, or of pieces of one. Few of them are a tree in registers; of many, groups
// are, whose nodes wait for each other on a stack:
//
//   for each result, or vector of results
//     for each 16 nodes
//       merge them, neighbour by neighbour; merge the node with those before it

#include "NodeTree.h"
#include "Strategy.h"

using namespace mlir;

namespace tsum {

namespace {

constexpr int64_t nodesPerGroup = 16, nodesPerInnerGroup = 256;
/// As long as they fill a group, nodes side by side are merged in vectors.
constexpr int64_t vectorBytes = 128;

/// Whether nodes of several results are shuffled out of whole loads, as elements of narrow lines
/// are.
bool isNarrow(const ReductionLoops &loops) {
  constexpr int64_t most = 5;
  return loops.isInner() && !loops.isPiece() && !loops.kept.empty() && loops.mostElements() > 0 &&
         loops.mostElements() <= most;
}

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

  void emit(ReductionLoops &loops) const override {
    LoopNest &nest = loops.nest;
    if (loops.isInner() && !isNarrow(loops)) {
      NodeTree tree(loops, nodesPerInnerGroup, nodesPerInnerGroup, /*isPartial=*/false);
      nest.overDims(loops.kept, {}, [&](ValueRange) -> SmallVector<Value> {
        loops.storeResults(tree.line({loops.line, NodeTree::nodesOfVector, 1}), {-1, 1, 1});
        return {};
      });
      return;
    }
    NodeTree tree(loops, nodesPerGroup, 2 * nodesPerGroup, /*isPartial=*/false);
    const int64_t dim = loops.kept.back();
    const LoopNest::Cover vectors = nest.cover(dim, vectorBytes, loops.accumulators.blockBytes());
    const LaneTile tile =
        loops.isInner() ? LaneTile{dim, vectors.width, 1} : LaneTile{-1, 1, vectors.width};
    loops.overOuterKept([&] {
      nest.overVectors(dim, vectors,
                       [&](AffineExpr) { loops.storeResults(tree.line(tile), tile); });
    });
  }
};

} // namespace

const Strategy &nodesStrategy() {
  static const Nodes strategy;
  return strategy;
}

} // namespace tsum
