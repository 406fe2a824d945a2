// SPDX-License-Identifier: Apache-2.0
//
// Exact sums; the order of the additions is free. Blocks of elements are added in fixed point, a
// few elements as f64, and what no window holds by the library:
//
//   for each block
//     add its elements to integers, by the window of the last block
//     if they were not within the window
//       hand the sums on to limbs; move the window, and add the block again
//       if no window holds it
//         collect its elements, and have them added to limbs; or, if it is all, to a result
//
// Short rows are one block, several of them together; lines of any length are many; and of columns
// each lane of a vector has one.

#include "ExactLoops.h"
#include "Strategy.h"

#include <algorithm>

using namespace mlir;

namespace tsum {

namespace {

/// Bytes of limbs that results side by side may have; few are touched.
constexpr int64_t maxLimbBytes = 112 * 1024;
/// Bytes of columns side by side that a tile has: enough for memory; more, where so many tiles are
/// left for threads.
constexpr int64_t minRunBytes = 512, wantedTiles = 64;
/// So far ahead, in bytes, the elements of a line are asked for: the instructions that wait for one
/// vector leave no room for many more, on which processors with far memory depend.
constexpr int64_t prefetchedBytes = 4096;

/// One result after the other: there are few.
void mergeNodes(ExactLoops &exact) {
  ExactSums sums(exact.loops, 1, 1, /*isCommon=*/true, 1);
  const ExactSums::Lanes lanes{exact.zero(), 1, 1};
  exact.nest.overDims(exact.kept, {}, [&](ValueRange) -> SmallVector<Value> {
    sums.clearLimbs(lanes);
    exact.nest.overDims(exact.reduced.dims, {}, [&](ValueRange) -> SmallVector<Value> {
      sums.addNodes(exact.loops.elements(LaneTile{}));
      return {};
    });
    exact.store(sums.roundLimbs(lanes), LaneTile{});
    return {};
  });
}

class Exact final : public Strategy {
public:
  ir::Strategy kind() const override { return ir::Strategy::Exact; }

  std::string obstacle(const ReductionShape &shape) const override {
    return shape.isExact ? "" : "it is not exact";
  }

  int64_t cost(const ReductionShape &) const override { return 1; }

  int64_t resultsPerTile(const ReductionShape &shape, int64_t bytes) const override {
    constexpr int64_t rowBytes = 64 * 1024;
    if (shape.isInner() && (shape.elements() > ExactLoops::mostShuffled || shape.innerKept < 0))
      return std::max<int64_t>(1, rowBytes / std::max<int64_t>(bytes, 1));
    if (shape.takesExactNodes)
      return 1;
    return std::min(maxLimbBytes / ExactSums::limbBytes(shape.blockBytes),
                    std::max(minRunBytes / shape.blockBytes, shape.results / wantedTiles));
  }

  void emit(ReductionLoops &loops) const override {
    ExactLoops exact(loops);
    const bool isAlong = loops.isInner() && !ExactLoops::isNarrow(loops);
    const int64_t ahead = prefetchedBytes / (exact.type.getIntOrFloatBitWidth() / 8);
    if (isAlong && exact.paddedElements() >= ahead / 4)
      loops.nest.prefetched = {loops.line, ahead};
    if (exact.reduction.getFromNodes())
      mergeNodes(exact);
    else if (!isAlong)
      emitExactColumns(std::move(exact));
    else if (exact.paddedElements() <= ExactLoops::blockElements * exact.width &&
             !exact.reduction.getToNodes())
      emitExactRows(std::move(exact));
    else
      emitExactLine(std::move(exact));
  }
};

} // namespace

const Strategy &exactStrategy() {
  static const Exact strategy;
  return strategy;
}

} // namespace tsum
