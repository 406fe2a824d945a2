// SPDX-License-Identifier: Apache-2.0
//
// Lines across memory of few columns without gaps: the 16 lanes of all columns lie side by side, a
// row of them for each round of a block.
//
//   for each block of 256 rows
//     for each vector of lanes of columns
//       sum 16 of them
//     for each vector of columns
//       fold their lanes, and merge the nodes with those before them

#include "ColumnLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace tsum {

namespace {

class DenseColumns : ColumnLoops {
public:
  explicit DenseColumns(ReductionLoops &loops) : ColumnLoops(loops, runBytes) {}

  /// Whether the elements of a line's columns follow each other, in all that is read.
  bool applies() {
    const int64_t count = nest.extents[columns];
    return accumulators.isOrdered() &&
           count * block_lanes * accumulators.blockBytes() <= laneBytes &&
           nest.generic.getBody()->getOps<linalg::IndexOp>().empty() &&
           llvm::all_of(nest.generic.getDpsInputOperands(), [&](OpOperand *operand) {
             const int64_t column = nest.stride(*operand, columns),
                           row = nest.stride(*operand, loops.line);
             return (column == 0 && row == 0) || (column == 1 && row == count);
           });
  }

  void emit() {
    loops.overOuterKept([&] { emitLine(); });
  }

private:
  void emitLine() {
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

  std::optional<NodeStack> stack;
};

} // namespace

bool emitDenseColumns(ReductionLoops &loops) { return emitIfItApplies<DenseColumns>(loops); }

} // namespace tsum
