// SPDX-License-Identifier: Apache-2.0
//
// Lines of at most one block: the lanes of several lines are folded at once.
//
//   for each 16 results
//     for each of them
//       lanes += rows of 16 elements
//     fold the lanes of all 16 lines

#include "Strategy.h"

using namespace mlir;

namespace tsum {

namespace {

constexpr int64_t linesAtOnce = 16;

class Short final : public Strategy {
public:
  ir::Strategy kind() const override { return ir::Strategy::Short; }

  std::string obstacle(const ReductionShape &shape) const override {
    if (std::string reason = shape.notOfElements(); !reason.empty())
      return reason;
    if (!shape.isInner())
      return "the innermost dimension is kept";
    if (shape.isPiece)
      return "the line is cut into pieces";
    if (shape.innerKept < 0 || shape.extents[shape.innerKept] < linesAtOnce)
      return "there are less than " + std::to_string(linesAtOnce) + " lines side by side";
    if (shape.elements() > block_elements)
      return "the innermost dimension has more than " + std::to_string(block_elements) +
             " elements";
    return "";
  }

  int64_t resultsPerTile(const ReductionShape &, int64_t bytes) const override {
    constexpr int64_t tileBytes = 16 * 1024; // to read
    return std::max(linesAtOnce,
                    tileBytes / std::max<int64_t>(bytes, 1) / linesAtOnce * linesAtOnce);
  }

  void emit(ReductionLoops &loops) const override {
    LoopNest &nest = loops.nest;
    OpBuilder &b = loops.b;
    const Accumulators &accumulators = loops.accumulators;
    const int64_t dim = loops.kept.back();
    const LaneTile tile{loops.line, block_lanes, 1};
    const LoopNest::Cover lines = {linesAtOnce,
                                   int64_t(llvm::divideCeil(nest.extents[dim], linesAtOnce))};
    SmallVector<Value> buffers =
        loops.allocate(accumulators.blockTypes(), linesAtOnce * block_lanes);
    nest.overDims(ArrayRef(loops.kept).drop_back(), {}, [&](ValueRange) -> SmallVector<Value> {
      nest.overVectors(dim, lines, [&](AffineExpr) {
        const AffineExpr first = nest.position[dim];
        nest.loop(linesAtOnce, [&](AffineExpr line) {
          nest.position[dim] = first + line;
          loops.store(loops.lanesOf(nest.constant(0), nest.extents[loops.line], tile), buffers,
                      line * block_lanes);
        });
        SmallVector<SmallVector<Value>> lanes;
        for (int64_t line = 0; line < linesAtOnce; ++line)
          lanes.push_back(loops.load(buffers, nest.constant(line * block_lanes), block_lanes));
        nest.position[dim] = first;
        SmallVector<Value> folded = accumulators.foldLines(b, loops.loc, lanes);
        loops.storeResults(accumulators.toNodes(b, loops.loc, folded),
                           LaneTile{dim, linesAtOnce, 1});
      });
      return {};
    });
  }
};

} // namespace

const Strategy &shortStrategy() {
  static const Short strategy;
  return strategy;
}

} // namespace tsum
