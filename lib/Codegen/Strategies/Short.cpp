// SPDX-License-Identifier: Apache-2.0
//
// Lines of at most one block: the lanes of several lines are folded at once.
//
//   for each 16 results
//     for each of them
//       lanes += rows of 16 elements
//     fold the lanes of all 16 lines

#include "ShortLines.h"
#include "Strategy.h"

using namespace mlir;

namespace tsum {

namespace {

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
    if (shape.innerKept < 0)
      return "no dimension is kept";
    if (shape.elements() > block_elements)
      return "the innermost dimension has more than " + std::to_string(block_elements) +
             " elements";
    return "";
  }

  /// Few lines fold as well one by one, in less code.
  int64_t cost(const ReductionShape &shape) const override { return shape.lines() < 4 ? 5 : 2; }

  int64_t resultsPerTile(const ReductionShape &, int64_t bytes) const override {
    constexpr int64_t tileBytes = 16 * 1024; // to read
    return std::max(ShortLines::atOnce, tileBytes / std::max<int64_t>(bytes, 1) /
                                            ShortLines::atOnce * ShortLines::atOnce);
  }

  void emit(ReductionLoops &loops) const override {
    LoopNest &nest = loops.nest;
    const int64_t dim = loops.kept.back();
    // A power of two of lines. They lie side by side along one dimension unless data has gaps.
    const int64_t together = std::clamp<int64_t>(
        int64_t(llvm::bit_floor(uint64_t(nest.extents[dim]))), 1, ShortLines::atOnce);
    const LoopNest::Cover groups = {together,
                                    int64_t(llvm::divideCeil(nest.extents[dim], together))};
    ShortLines lines(loops, together);
    loops.overOuterKept([&] {
      nest.overVectors(dim, groups, [&](AffineExpr) {
        SmallVector<Value> blocks = lines.fold(dim, together, together);
        loops.storeResults(loops.accumulators.toNodes(loops.b, loops.loc, blocks),
                           LaneTile{dim, together, 1});
      });
    });
  }
};

} // namespace

const Strategy &shortStrategy() {
  static const Short strategy;
  return strategy;
}

} // namespace tsum
