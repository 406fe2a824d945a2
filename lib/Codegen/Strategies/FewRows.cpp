// SPDX-License-Identifier: Apache-2.0
//
// Lines across memory of few rows: their lanes are folded in registers.
//
//   for each group of lanes                      // all, unless rows are many and lie apart
//     for each vector of columns
//       fold the rows of these lanes, with those of the groups before

#include "ColumnLoops.h"

using namespace mlir;

namespace tsum {

namespace {

class FewRows : ColumnLoops {
public:
  explicit FewRows(ReductionLoops &loops) : ColumnLoops(loops, runBytes) {}

  /// Whether the line is few rows, of vectors that the columns fill well.
  bool applies() {
    if (loops.isPiece())
      return false;
    constexpr int64_t mostInstructions = 256, registerBytes = 32;
    const int64_t rows = loops.mostElements(), count = nest.extents[columns];
    const bool fills = 3 * slots <= 4 * count && width * accumulators.blockBytes() >= registerBytes;
    // Columns with gaps take a load for each that is in between, and shuffles.
    int64_t gaps = 0;
    for (OpOperand *operand : nest.generic.getDpsInputOperands())
      gaps = std::max(gaps, std::abs(nest.stride(*operand, columns)));
    const int64_t instructions = rows * nest.instructions() * (gaps > 1 ? 8 * gaps : 1);
    return rows <= fewRows && instructions <= mostInstructions && (fills || rows <= block_lanes);
  }

  /// The line is one short block, which is folded in registers.
  void emit() {
    const int64_t step = groups();
    if (step > 1)
      lanes = loops.allocate(accumulators.blockTypes(), llvm::Log2_64(uint64_t(step)) * slots);
    else
      prefetchNextLine();
    loops.overOuterKept([&] {
      foldGroups(0, 1, step, [&](AffineExpr, ValueRange block) {
        finish(accumulators.toNodes(b, loc, block));
      });
    });
  }

private:
  /// Lets loads ask for what the next line has at their place, if lines lie one after the other:
  /// the order in which rows are folded is none that the processor foresees.
  void prefetchNextLine() {
    if (loops.kept.size() < 2)
      return;
    const int64_t next = loops.kept[loops.kept.size() - 2];
    auto follow = [&](OpOperand *operand) {
      const int64_t row = nest.stride(*operand, loops.line);
      return nest.stride(*operand, columns) == 1 && row == nest.extents[columns] &&
             nest.stride(*operand, next) == row * nest.extents[loops.line];
    };
    if (llvm::any_of(nest.generic.getDpsInputOperands(), follow))
      nest.prefetched = {next, 1};
  }

  /// In how many groups of lanes a line is folded that fits registers. Memory follows few streams
  /// at once: of many rows that lie apart some are walked along the columns before others are.
  int64_t groups() {
    constexpr int64_t mostStreams = 12, apartBytes = 2048;
    const int64_t rows = loops.mostElements();
    const bool areApart = llvm::any_of(nest.generic.getDpsInputOperands(), [&](OpOperand *operand) {
      const int64_t bytes = getElementTypeOrSelf(operand->get()).getIntOrFloatBitWidth() / 8;
      return std::abs(nest.stride(*operand, loops.line)) * bytes >= apartBytes;
    });
    int64_t count = 1;
    if (rows > mostStreams && areApart)
      while (count < block_lanes && llvm::divideCeil(rows, count) > rowsAtOnce)
        count *= 2;
    return count;
  }

  /// Folds the lanes that are `lane` modulo `step` of each vector of columns, and gives them to
  /// `take` with its number. Of lanes that are so modulo `groups` there is a loop over the vectors;
  /// what comes before the last one waits in L1.
  void foldGroups(int64_t lane, int64_t step, int64_t groups,
                  llvm::function_ref<void(AffineExpr, ValueRange)> take) {
    if (step < groups) {
      const int64_t place = llvm::Log2_64(uint64_t(step)) * slots;
      foldGroups(lane, 2 * step, groups, [&](AffineExpr number, ValueRange lower) {
        loops.store(lower, lanes, number * width + place);
      });
      foldGroups(lane + step, 2 * step, groups, [&](AffineExpr number, ValueRange upper) {
        SmallVector<Value> lower = loops.load(lanes, number * width + place, width);
        take(number, accumulators.combine(b, loc, lower, upper));
      });
      return;
    }
    overColumns([&](AffineExpr number) {
      SmallVector<Value> block;
      if (loops.mostElements() == 0)
        block = accumulators.neutralBlocks(b, loc, width);
      else
        block = loops.foldRows(
            loops.mostElements(),
            [&](int64_t row) {
              moveTo(nest.constant(row));
              return loops.elements(tile);
            },
            lane, step);
      take(number, block);
    });
  }
};

} // namespace

bool emitFewRows(ReductionLoops &loops) { return emitIfItApplies<FewRows>(loops); }

} // namespace tsum
