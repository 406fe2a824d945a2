// SPDX-License-Identifier: Apache-2.0

#include "ShortLines.h"

using namespace mlir;

namespace tsum {

ShortLines::ShortLines(ReductionLoops &loops, int64_t most)
    : loops(loops),
      // No more lanes than elements, up to a power of two.
      width(std::clamp<int64_t>(int64_t(llvm::bit_ceil(uint64_t(elements()))), 2, block_lanes)),
      // Of few vectors each, lines are folded where they are loaded: a loop that ends so soon,
      // which processors do not foresee, takes 1.2 times as long. Of more a loop takes less code.
      isLoop(elements() * loops.nest.instructions() > 6 * width) {
  // Registers of 32 bytes: they are AVX2's, and on some processors wider ones are two of them.
  constexpr int64_t registerBytes = 32;
  if (loops.nest.loadsPartly({loops.line, width, 1}))
    registers = std::max<int64_t>(1, width * loops.accumulators.blockBytes() / registerBytes);
  if (isLoop)
    buffers = loops.allocate(loops.accumulators.blockTypes(), most * lanes());
}

/// The lanes of the line at the position, folded to those of a register: the lanes that are added
/// to each other first come from memory at the same places of several ones.
SmallVector<Value> ShortLines::lanesOfLine() {
  LoopNest &nest = loops.nest;
  if (registers == 1)
    return loops.lanesOf(nest.constant(0), elements(), {loops.line, width, 1});
  const LaneTile tile{loops.line, lanes(), 1};
  const int64_t rounds = elements() / width, left = elements() % width;
  return loops.foldInOrder(
      std::min<int64_t>(registers, llvm::divideCeil(elements(), lanes())), registers,
      [&](int64_t number) {
        const int64_t first = number * lanes(),
                      behind = std::clamp<int64_t>(left - first, 0, lanes());
        SmallVector<Value> sum = loops.combineRows(rounds, tile, [&](AffineExpr round) {
          nest.position[loops.line] = round * width + first;
        });
        if (behind == 0)
          return sum;
        nest.position[loops.line] = nest.constant(rounds * width + first);
        SmallVector<Value> rest =
            behind == lanes() ? loops.elements(tile) : loops.someElements(behind, tile);
        return sum.empty() ? rest : loops.accumulators.combine(loops.b, loops.loc, sum, rest);
      });
}

SmallVector<Value> ShortLines::fold(int64_t dim, int64_t count, int64_t present) {
  LoopNest &nest = loops.nest;
  const AffineExpr first = nest.position[dim];
  auto lanesAt = [&](AffineExpr line) {
    nest.position[dim] = first + line;
    return lanesOfLine();
  };
  if (isLoop)
    nest.loop(present,
              [&](AffineExpr line) { loops.store(lanesAt(line), buffers, line * lanes()); });
  SmallVector<SmallVector<Value>> lines;
  for (int64_t line = 0; line < count; ++line)
    if (line >= present)
      lines.push_back(loops.accumulators.neutralBlocks(loops.b, loops.loc, lanes()));
    else if (isLoop)
      lines.push_back(loops.load(buffers, nest.constant(line * lanes()), lanes()));
    else
      lines.push_back(lanesAt(nest.constant(line)));
  nest.position[dim] = first;
  return loops.accumulators.foldLines(loops.b, loops.loc, lines);
}

int64_t ShortLines::instructions(int64_t count) {
  const int64_t vectors = llvm::divideCeil(elements(), width), folded = 3;
  return (isLoop ? 1 : count) * vectors * (loops.nest.instructions() + 1) + count * folded;
}

SmallVector<Value> foldNarrowLines(ReductionLoops &loops, const LaneTile &tile) {
  LoopNest &nest = loops.nest;
  const int64_t elements = nest.extents[loops.line];
  if (elements == 0)
    return loops.accumulators.neutralBlocks(loops.b, loops.loc, tile.size());
  return loops.foldRows(elements, [&](int64_t element) {
    nest.position[loops.line] = nest.constant(element);
    return loops.elements(tile);
  });
}

} // namespace tsum
