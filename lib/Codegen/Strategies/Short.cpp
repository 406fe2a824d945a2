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
    return std::max(linesAtOnce,
                    tileBytes / std::max<int64_t>(bytes, 1) / linesAtOnce * linesAtOnce);
  }

  void emit(ReductionLoops &loops) const override {
    LoopNest &nest = loops.nest;
    OpBuilder &b = loops.b;
    const Accumulators &accumulators = loops.accumulators;
    const int64_t dim = loops.kept.back();
    // No more lanes than elements, up to a power of two.
    const int64_t width = std::clamp<int64_t>(
        int64_t(llvm::bit_ceil(uint64_t(nest.extents[loops.line]))), 2, block_lanes);
    const LaneTile tile{loops.line, width, 1};
    // A power of two of lines. They lie side by side along one dimension unless data has gaps.
    const int64_t together =
        std::clamp<int64_t>(int64_t(llvm::bit_floor(uint64_t(nest.extents[dim]))), 1, linesAtOnce);
    const LoopNest::Cover lines = {together,
                                   int64_t(llvm::divideCeil(nest.extents[dim], together))};
    // Of a vector or two each, lines are folded where they are loaded; else a loop takes less code.
    const bool isLoop = nest.extents[loops.line] * nest.instructions() > 2 * width;
    SmallVector<Value> buffers;
    if (isLoop)
      buffers = loops.allocate(accumulators.blockTypes(), together * width);
    auto lanesOf = [&](AffineExpr line) {
      nest.position[dim] = line;
      return loops.lanesOf(nest.constant(0), nest.extents[loops.line], tile);
    };
    loops.overOuterKept([&] {
      nest.overVectors(dim, lines, [&](AffineExpr) {
        const AffineExpr first = nest.position[dim];
        if (isLoop)
          nest.loop(together, [&](AffineExpr line) {
            loops.store(lanesOf(first + line), buffers, line * width);
          });
        SmallVector<SmallVector<Value>> lanes;
        for (int64_t line = 0; line < together; ++line)
          lanes.push_back(isLoop ? loops.load(buffers, nest.constant(line * width), width)
                                 : lanesOf(first + line));
        nest.position[dim] = first;
        SmallVector<Value> folded = accumulators.foldLines(b, loops.loc, lanes);
        loops.storeResults(accumulators.toNodes(b, loops.loc, folded), LaneTile{dim, together, 1});
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
