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

#include "Strategy.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tsum {

namespace {

/// Bytes of a vector of columns where rows follow each other, so that memory is read in runs as
/// long; and where a row's vectors do.
constexpr int64_t runBytes = 256, vectorBytes = 128;
/// Bytes of one lane of a tile of columns: runs of memory as long as this.
constexpr int64_t laneBytes = 4 * 1024;
/// Lines of so many rows are folded in registers.
constexpr int64_t fewRows = 64;
/// Levels of the tree of 8 pairs of lanes.
constexpr int64_t pairLevels = 3;
/// Rows that are combined at once. With 8, sums over 1024x4096 f32 run at the
/// speed of a streaming read; 2 or 4 load and store the sums too often, 16 are too many streams.
constexpr int64_t rowsAtOnce = 8;

class Emitter {
public:
  Emitter(ReductionLoops &loops, int64_t vectorBytes)
      : loops(loops), nest(loops.nest), accumulators(loops.accumulators), b(loops.b),
        loc(loops.loc), columns(loops.kept.back()),
        vectors(nest.cover(columns, vectorBytes, accumulators.blockBytes())), width(vectors.width),
        slots(vectors.count * width), tile(loops.inAnyOrder({loops.line, 1, width})) {}

  /// Whether the line is few rows, of vectors that the columns fill well. Not of rows that lie a
  /// multiple of a page apart: more than the ways of L1 drive each other out of it.
  bool fitsRegisters() {
    if (loops.isPiece())
      return false;
    constexpr int64_t mostInstructions = 256, registerBytes = 32;
    const int64_t rows = loops.mostElements(), count = nest.extents[columns];
    const bool fills = 3 * slots <= 4 * count && width * accumulators.blockBytes() >= registerBytes;
    return rows <= fewRows && rows * nest.instructions() <= mostInstructions &&
           (fills || rows <= block_lanes);
  }

  /// The line is one short block, which is folded in registers.
  void emitInRegisters() {
    const int64_t step = groups();
    if (step > 1)
      lanes = loops.allocate(accumulators.blockTypes(), llvm::Log2_64(uint64_t(step)) * slots);
    else
      prefetchNextLine();
    overKept([&] {
      foldGroups(0, 1, step, [&](AffineExpr, ValueRange block) {
        finish(accumulators.toNodes(b, loc, block));
      });
    });
  }

  void emit() {
    overKept([&] {
      if (!accumulators.isOrdered())
        emitUnordered();
      else if (isDense())
        emitDense();
      else
        emitBlocks();
    });
  }

private:
  void overKept(llvm::function_ref<void()> body) {
    nest.overDims(ArrayRef(loops.kept).drop_back(), {}, [&](ValueRange) -> SmallVector<Value> {
      body();
      return {};
    });
  }

  void overColumns(llvm::function_ref<void(AffineExpr)> body) {
    nest.overVectors(columns, vectors, body);
  }

  /// Lets loads ask for what the next line has at their place, if lines lie one after the other: the
  /// order in which rows are folded is none that the processor foresees.
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

  /// In how many groups of lanes a line is folded that fits registers. Memory follows few streams at
  /// once: of many rows that lie apart some are walked along the columns before others are.
  int64_t groups() {
    constexpr int64_t mostStreams = 12, apartBytes = 2048;
    const int64_t rows = loops.mostElements();
    const bool areApart =
        llvm::any_of(nest.generic.getDpsInputOperands(), [&](OpOperand *operand) {
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

  void moveTo(AffineExpr row) { nest.position[loops.line] = row; }

  void finish(ValueRange nodes) { loops.storeResults(loops.inOrder(nodes, tile), tile); }

  // Few columns without gaps: the 16 lanes of all columns lie side by side, a row of them for each
  // round of a block.

  /// Whether the elements of a line's columns follow each other, in all that is read.
  bool isDense() {
    const int64_t count = nest.extents[columns];
    return count * block_lanes * accumulators.blockBytes() <= laneBytes &&
           nest.generic.getBody()->getOps<linalg::IndexOp>().empty() &&
           llvm::all_of(nest.generic.getDpsInputOperands(), [&](OpOperand *operand) {
             const int64_t column = nest.stride(*operand, columns),
                           row = nest.stride(*operand, loops.line);
             return (column == 0 && row == 0) || (column == 1 && row == count);
           });
  }

  void emitDense() {
    const int64_t count = nest.extents[columns], most = loops.mostElements();
    const int64_t mostBlocks = std::max<int64_t>(1, llvm::divideCeil(most, block_elements));
    lanes = loops.allocate(accumulators.blockTypes(), block_lanes * count);
    const bool isOneBlock = mostBlocks == 1 && !loops.isPiece();
    if (!isOneBlock && !stack)
      stack.emplace(loops, mostBlocks, count);
    auto store = [&](ValueRange node, AffineExpr number, int64_t width) {
      nest.position[columns] = number;
      loops.storeResults(node, LaneTile{-1, 1, width});
    };
    if (isOneBlock) {
      sumDenseBlock(nest.constant(0), most);
      foldDense(
          [&](ValueRange node, AffineExpr first, int64_t width) { store(node, first, width); });
      return;
    }
    auto push = [&](Value index) {
      Value level = stack->levelOf(index);
      nest.withPlace(level, [&](AffineExpr top) {
        foldDense([&](ValueRange node, AffineExpr first, int64_t width) {
          SmallVector<Value> sum = nest.loop(level, node, [&](AffineExpr below, ValueRange right) {
            SmallVector<Value> left = loops.load(stack->buffers, stack->at(below, first), width);
            return accumulators.merge(b, loc, left, right);
          });
          loops.store(sum, stack->buffers, stack->at(top, first));
        });
      });
    };
    Value blocks = loops.countOf(block_elements);
    nest.loop(blocks, [&](AffineExpr block) {
      sumDenseBlock(block * block_elements, block_elements);
      push(nest.index(block));
    });
    Value none = arith::ConstantIndexOp::create(b, loc, 0);
    Value more = loops
                     .overRest(block_elements, {none},
                               [&](AffineExpr start, int64_t rows) -> SmallVector<Value> {
                                 sumDenseBlock(start, rows);
                                 push(blocks);
                                 return {arith::ConstantIndexOp::create(b, loc, 1)};
                               })
                     .front();
    Value all = b.createOrFold<arith::AddIOp>(loc, blocks, more);
    overDense(0, count, [&](AffineExpr first, int64_t width) {
      store(stack->total(all, first, width), first, width);
    });
  }

  /// Calls `body` for vectors that cover `count` places from `first` on.
  void overDense(int64_t first, int64_t count, llvm::function_ref<void(AffineExpr, int64_t)> body) {
    if (count <= 0)
      return;
    // A power of two, of at most a vector; the last one begins earlier.
    const int64_t most = runBytes / accumulators.blockBytes();
    const auto width = int64_t(llvm::bit_floor(uint64_t(std::min(count, most))));
    nest.loop(count / width, [&](AffineExpr iv) { body(iv * width + first, width); });
    if (count % width)
      body(nest.constant(first + count - width), width);
  }

  /// Sums the rounds of a block of `rows` rows into the lanes.
  void sumDenseBlock(AffineExpr start, int64_t rows) {
    const int64_t count = nest.extents[columns], rounds = rows / block_lanes,
                  longer = rows % block_lanes * count;
    auto sum = [&](int64_t first, int64_t places, int64_t rounds) {
      overDense(first, places, [&](AffineExpr place, int64_t width) {
        const LaneTile vector{-1, 1, width};
        nest.position[columns] = place;
        loops.store(
            loops.combineRows(rounds, vector,
                              [&](AffineExpr round) { moveTo(start + round * block_lanes); }),
            lanes, place);
      });
    };
    if (longer)
      sum(0, longer, rounds + 1);
    if (rounds)
      sum(longer, block_lanes * count - longer, rounds);
    else
      overDense(longer, block_lanes * count - longer, [&](AffineExpr place, int64_t width) {
        loops.store(accumulators.neutralBlocks(b, loc, width), lanes, place);
      });
  }

  /// Folds the lanes, and gives the nodes of vectors of columns to `take`.
  void foldDense(llvm::function_ref<void(ValueRange, AffineExpr, int64_t)> take) {
    const int64_t count = nest.extents[columns];
    overDense(0, count, [&](AffineExpr first, int64_t width) {
      SmallVector<Value> block = loops.foldRows(block_lanes, [&](int64_t lane) {
        return loops.load(lanes, first + lane * count, width);
      });
      take(accumulators.toNodes(b, loc, block), first, width);
    });
  }

  // In blocks.

  void emitBlocks() {
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
    nest.loop(loops.countOf(rowsAtOnce),
              [&](AffineExpr iv) { addRows(iv * rowsAtOnce, rowsAtOnce); });
    (void)loops.overRest(rowsAtOnce, {}, [&](AffineExpr start, int64_t count) {
      addRows(start, count);
      return SmallVector<Value>();
    });
    overColumns([&](AffineExpr number) {
      finish(accumulators.toNodes(b, loc, loops.load(lanes, number * width, width)));
    });
  }

  ReductionLoops &loops;
  LoopNest &nest;
  const Accumulators &accumulators;
  OpBuilder &b;
  Location loc;
  const int64_t columns; // the dimension
  const LoopNest::Cover vectors;
  const int64_t width; // of a vector
  const int64_t slots; // of a row of vectors, which overlap in the columns but not here
  const LaneTile tile;
  SmallVector<Value> lanes;
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
    const int64_t bytes = std::max(shape.nodeBytes, shape.allBlockBytes);
    if (shape.elements() > fewRows)
      return laneBytes / shape.allBlockBytes;
    // Memory likes long runs; but there should be tiles for all threads.
    constexpr int64_t mostBytes = 32 * 1024, leastBytes = 4 * 1024, tiles = 64;
    return std::clamp(shape.results() / tiles, leastBytes / bytes, mostBytes / bytes);
  }

  void emit(ReductionLoops &loops) const override {
    if (Emitter few(loops, runBytes); few.fitsRegisters())
      few.emitInRegisters();
    else
      Emitter(loops, vectorBytes).emit();
  }
};

} // namespace

const Strategy &outerStrategy() {
  static const Outer strategy;
  return strategy;
}

} // namespace tsum
