// SPDX-License-Identifier: Apache-2.0
//
// Lanes run along the innermost kept dimension; the line goes across memory. Of a tile of columns,
// what a block has so far lies in L1, lane by lane, while memory is walked in long runs:
//
//   for each block of 256 rows
//     for each pair of lanes, l and l + 8          // bit by bit in reverse
//       for each vector of columns
//         sum the 16 rows of each, and both
//         fold with the pairs before it            // a binary counter
//     merge the nodes with those before them       // another one
//
// Few rows and few columns have loops of their own.

#include "ColumnLoops.h"
#include "Strategy.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tsum {

namespace {

constexpr int64_t vectorBytes = 128;
/// Levels of the tree of 8 pairs of lanes.
constexpr int64_t pairLevels = 3;

class Emitter : ColumnLoops {
public:
  explicit Emitter(ReductionLoops &loops) : ColumnLoops(loops, vectorBytes) {}

  void emit() {
    loops.overOuterKept([&] {
      if (accumulators.isOrdered())
        emitBlocks();
      else
        emitUnordered();
    });
  }

private:
  /// Where rows are short and follow each other, the rows of a lane are runs that the processor
  /// does not look ahead in: loads ask for what the next block has at their place.
  void prefetchNextBlock() {
    constexpr int64_t shortBytes = 2048;
    const int64_t count = nest.extents[columns];
    auto follow = [&](OpOperand *operand) {
      return nest.stride(*operand, columns) == 1 && nest.stride(*operand, loops.line) == count;
    };
    if (count * accumulators.blockBytes() <= shortBytes &&
        llvm::any_of(nest.generic.getDpsInputOperands(), follow))
      nest.prefetched = {loops.line, block_elements};
  }

  void emitBlocks() {
    prefetchNextBlock();
    const int64_t most = loops.mostElements();
    const int64_t mostBlocks = std::max<int64_t>(1, llvm::divideCeil(most, block_elements));
    // A whole block takes a buffer a level, a short one a buffer a lane.
    const int64_t rest = loops.restOf(block_elements);
    lanes = loops.allocate(accumulators.blockTypes(),
                           std::max(pairLevels + 3, std::min(rest, block_lanes)) * slots);
    if (most < block_elements && !loops.isPiece()) {
      sumShortBlock(nest.constant(0), most);
      overColumns([&](AffineExpr number) { finish(nodesAt(number, std::min(most, block_lanes))); });
      return;
    }
    if (!stack)
      stack.emplace(loops, mostBlocks, slots);
    Value blocks = loops.countOf(block_elements);
    nest.loop(blocks, [&](AffineExpr block) {
      sumWholeBlock(block * block_elements);
      pushBlock(nest.index(block), [&](AffineExpr number) {
        return accumulators.toNodes(b, loc,
                                    loops.load(lanes, number * width + pairLevels * slots, width));
      });
    });
    Value count = blocks;
    if (!loops.isPiece() && rest) {
      sumShortBlock(nest.constant(most - rest), rest);
      pushShortBlock(blocks, rest);
      count = arith::ConstantIndexOp::create(b, loc, mostBlocks);
    } else if (loops.isPiece()) {
      Value none = arith::ConstantIndexOp::create(b, loc, 0);
      Value more = loops
                       .overRest(block_elements, {none},
                                 [&](AffineExpr start, int64_t rows) -> SmallVector<Value> {
                                   sumShortBlock(start, rows);
                                   pushShortBlock(blocks, rows);
                                   return {arith::ConstantIndexOp::create(b, loc, 1)};
                                 })
                       .front();
      count = b.createOrFold<arith::AddIOp>(loc, blocks, more);
    }
    overColumns([&](AffineExpr number) { finish(stack->total(count, number * width, width)); });
  }

  /// Combines `rounds` rows of each of `count` lanes from `first` on, of the block that begins at
  /// row `start`.
  void sumLanes(AffineExpr start, AffineExpr first, int64_t count, int64_t rounds) {
    nest.loop(count, [&](AffineExpr iv) {
      const AffineExpr lane = first + iv;
      overColumns([&](AffineExpr number) {
        SmallVector<Value> sum = loops.combineRows(
            rounds, tile, [&](AffineExpr round) { moveTo(start + lane + round * block_lanes); });
        loops.store(sum, lanes, lane * slots + number * width);
      });
    });
  }

  /// Folds a whole block into level `pairLevels` of the lanes' buffers. Lanes in the order of their
  /// reversed bits are the leaves of the tree that folding by halves is.
  void sumWholeBlock(AffineExpr start) {
    constexpr int64_t half = block_lanes / 2, rounds = block_elements / block_lanes;
    static_assert(rounds == 2 * rowsAtOnce);
    nest.loop(half, [&](AffineExpr pair) {
      const AffineExpr lane = pair % 2 * 4 + pair.floorDiv(2) % 2 * 2 + pair.floorDiv(4);
      Value level = stack->levelOf(nest.index(pair));
      nest.withPlace(nest.index(lane), [&](AffineExpr lane) {
        const int64_t sums = (pairLevels + 1) * slots; // of both lanes, behind the levels
        nest.loop(2, [&](AffineExpr which) {
          auto addRows = [&](int64_t from, AffineExpr number, SmallVector<Value> soFar) {
            soFar = loops.combineRows(
                rowsAtOnce, tile,
                [&](AffineExpr round) {
                  moveTo(start + lane + which * half + (round + from) * block_lanes);
                },
                std::move(soFar));
            loops.store(soFar, lanes, which * slots + number * width + sums);
          };
          overColumns([&](AffineExpr number) { addRows(0, number, {}); });
          overColumns([&](AffineExpr number) {
            addRows(rowsAtOnce, number,
                    loops.load(lanes, which * slots + number * width + sums, width));
          });
        });
        nest.withPlace(level, [&](AffineExpr top) {
          nest.loop(vectors.count, [&](AffineExpr number) {
            SmallVector<Value> lower = loops.load(lanes, number * width + sums, width),
                               upper = loops.load(lanes, number * width + (sums + slots), width);
            SmallVector<Value> sum = accumulators.combine(b, loc, lower, upper);
            sum = nest.loop(level, sum, [&](AffineExpr below, ValueRange right) {
              SmallVector<Value> left = loops.load(lanes, below * slots + number * width, width);
              return accumulators.combine(b, loc, left, right);
            });
            loops.store(sum, lanes, top * slots + number * width);
          });
        });
      });
    });
  }

  /// The last block: some lanes have a row more than the others.
  void sumShortBlock(AffineExpr start, int64_t rows) {
    const int64_t rounds = rows / block_lanes, longer = rows % block_lanes;
    if (longer)
      sumLanes(start, nest.constant(0), longer, rounds + 1);
    if (rounds)
      sumLanes(start, nest.constant(longer), block_lanes - longer, rounds);
  }

  /// The nodes of a block for one vector of columns, from its `count` lanes.
  SmallVector<Value> nodesAt(AffineExpr number, int64_t count) {
    if (count == 0)
      return accumulators.toNodes(b, loc, accumulators.neutralBlocks(b, loc, width));
    SmallVector<Value> block = loops.foldRows(count, [&](int64_t lane) {
      return loops.load(lanes, number * width + lane * slots, width);
    });
    return accumulators.toNodes(b, loc, block);
  }

  void pushShortBlock(Value index, int64_t rows) {
    pushBlock(index,
              [&](AffineExpr number) { return nodesAt(number, std::min(rows, block_lanes)); });
  }

  /// Merges a block's nodes with those that wait for them.
  void pushBlock(Value index, llvm::function_ref<SmallVector<Value>(AffineExpr)> nodesAt) {
    Value level = stack->levelOf(index);
    nest.withPlace(level, [&](AffineExpr top) {
      overColumns([&](AffineExpr number) {
        loops.store(nodesAt(number), stack->buffers, stack->at(top, number * width));
      });
      nest.loop(level, [&](AffineExpr below) {
        nest.loop(vectors.count, [&](AffineExpr number) {
          SmallVector<Value> left =
              loops.load(stack->buffers, stack->at(below, number * width), width);
          SmallVector<Value> right =
              loops.load(stack->buffers, stack->at(top, number * width), width);
          loops.store(accumulators.merge(b, loc, left, right), stack->buffers,
                      stack->at(top, number * width));
        });
      });
    });
  }

  // Without an order.

  void emitUnordered() {
    lanes = loops.allocate(accumulators.blockTypes(), slots);
    overColumns([&](AffineExpr number) {
      loops.store(accumulators.neutralBlocks(b, loc, width), lanes, number * width);
    });
    auto addRows = [&](AffineExpr start, int64_t count) {
      overColumns([&](AffineExpr number) {
        SmallVector<Value> sum = loops.load(lanes, number * width, width);
        sum = loops.combineRows(
            count, tile, [&](AffineExpr row) { moveTo(start + row); }, std::move(sum));
        loops.store(sum, lanes, number * width);
      });
    };
    const int64_t step = loops.stepOf(rowsAtOnce);
    nest.loop(loops.countOf(step), [&](AffineExpr iv) { addRows(iv * step, step); });
    (void)loops.overRest(step, {}, [&](AffineExpr start, int64_t count) {
      addRows(start, count);
      return SmallVector<Value>();
    });
    overColumns([&](AffineExpr number) {
      finish(accumulators.toNodes(b, loc, loops.load(lanes, number * width, width)));
    });
  }

  std::optional<NodeStack> stack;
};

class Outer final : public Strategy {
public:
  ir::Strategy kind() const override { return ir::Strategy::Outer; }

  std::string obstacle(const ReductionShape &shape) const override {
    if (std::string reason = shape.notOfElements(); !reason.empty())
      return reason;
    if (shape.isInner())
      return "the innermost dimension is reduced";
    return "";
  }

  int64_t cost(const ReductionShape &) const override { return 4; }

  int64_t resultsPerTile(const ReductionShape &shape, int64_t) const override {
    // Memory likes long runs; but there should be tiles for all threads, of a whole block each. (8
    // rows at once, in L3 on one thread: runs of 512 bytes are as fast as longer ones, of 256 take
    // 1.5 times as long.)
    constexpr int64_t tiles = 64;
    if (shape.elements() > fewRows) {
      constexpr int64_t leastBytes = 512;
      const int64_t blocks = llvm::divideCeil(shape.elements(), block_elements);
      return std::clamp(shape.results * blocks / tiles, leastBytes / shape.allBlockBytes,
                        laneBytes / shape.allBlockBytes);
    }
    constexpr int64_t mostBytes = 32 * 1024, leastBytes = 4 * 1024;
    const int64_t bytes = std::max(shape.nodeBytes, shape.allBlockBytes);
    return std::clamp(shape.results / tiles, leastBytes / bytes, mostBytes / bytes);
  }

  void emit(ReductionLoops &loops) const override {
    if (!emitFewRows(loops) && !emitDenseColumns(loops))
      Emitter(loops).emit();
  }
};

} // namespace

const Strategy &outerStrategy() {
  static const Outer strategy;
  return strategy;
}

} // namespace tsum
