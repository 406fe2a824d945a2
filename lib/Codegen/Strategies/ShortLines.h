// SPDX-License-Identifier: Apache-2.0
//
// Lines of at most one block, several of which are folded at once: each into a lane.
#pragma once

#include "ReductionLoops.h"

namespace tsum {

class ShortLines {
public:
  /// So many lines, whose lanes are folded together, are worth the code.
  static constexpr int64_t atOnce = 16;

  /// Folds up to `most` lines at once, a power of two.
  ShortLines(ReductionLoops &loops, int64_t most);

  /// The blocks of `count` lines side by side along `dim`, from the position on: a power of two, of
  /// which the first `present` are lines, and the others neutral. Leaves the position as it is.
  llvm::SmallVector<mlir::Value> fold(int64_t dim, int64_t count, int64_t present);

  /// About how many instructions that takes.
  int64_t instructions(int64_t count);

private:
  int64_t elements() const { return loops.nest.extents[loops.line]; }
  int64_t lanes() const { return width / registers; }
  llvm::SmallVector<mlir::Value> lanesOfLine();

  ReductionLoops &loops;
  int64_t width;                          ///< lanes of a line
  int64_t registers = 1;                  ///< that these take
  bool isLoop;                            ///< over the lines
  llvm::SmallVector<mlir::Value> buffers; ///< for each line's lanes, where there is a loop
};

/// The same of lines of few elements that lie side by side: the lines that `tile` holds, in lanes
/// along its rows. Each place of a line is shuffled out of whole loads.
llvm::SmallVector<mlir::Value> foldNarrowLines(ReductionLoops &loops, const LaneTile &tile);

} // namespace tsum
