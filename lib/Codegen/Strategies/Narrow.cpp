// SPDX-License-Identifier: Apache-2.0
//
// Lines of few elements side by side: lanes run along the innermost kept dimension.
//
//   for each vector of results
//     fold the elements of the line    // each a vector, shuffled out of whole loads

#include "ShortLines.h"
#include "Strategy.h"

using namespace mlir;

namespace tsum {

namespace {

class Narrow final : public Strategy {
public:
  ir::Strategy kind() const override { return ir::Strategy::Narrow; }

  std::string obstacle(const ReductionShape &shape) const override {
    if (std::string reason = shape.notOfElements(); !reason.empty())
      return reason;
    if (!shape.isInner())
      return "the innermost dimension is kept";
    if (shape.isPiece)
      return "the line is cut into pieces";
    if (shape.innerKept < 0)
      return "no dimension is kept";
    if (shape.elements() > narrowLine)
      return "the innermost dimension has more than " + std::to_string(narrowLine) + " elements";
    return "";
  }

  /// Shuffling a place out of loads takes as many blends as a line has elements, for each of them:
  /// from some on, folding line by line takes less. (One thread, Zen 4, cycles a line of f32: 5
  /// elements 1.2 beside 1.7, 6 1.1 beside 1.7, 7 2.5 beside 1.7, 8 5.5 beside 1.6; of f64: 5 2.4
  /// beside 2.6, 6 3.1 beside 2.6; of f16: 7 3.2 beside 6.5, 8 5.8 beside 3.7.)
  int64_t cost(const ReductionShape &shape) const override {
    const int64_t few = shape.inputBytes < 4 ? 7 : shape.blockBytes < 8 ? 6 : 5;
    return shape.elements() <= few ? 1 : 3;
  }

  int64_t resultsPerTile(const ReductionShape &shape, int64_t) const override {
    constexpr int64_t bytes = 16 * 1024; // of results
    return bytes / std::max(shape.nodeBytes, shape.blockBytes);
  }

  void emit(ReductionLoops &loops) const override {
    LoopNest &nest = loops.nest;
    constexpr int64_t vectorBytes = 64;
    const int64_t dim = loops.kept.back();
    const LoopNest::Cover vectors = nest.cover(dim, vectorBytes, loops.accumulators.blockBytes());
    const LaneTile tile{dim, vectors.width, 1};
    loops.overOuterKept([&] {
      nest.overVectors(dim, vectors, [&](AffineExpr) {
        SmallVector<Value> block = foldNarrowLines(loops, tile);
        loops.storeResults(loops.accumulators.toNodes(loops.b, loops.loc, block), tile);
      });
    });
  }
};

} // namespace

const Strategy &narrowStrategy() {
  static const Narrow strategy;
  return strategy;
}

} // namespace tsum
