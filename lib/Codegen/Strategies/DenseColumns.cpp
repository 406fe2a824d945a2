// SPDX-License-Identifier: Apache-2.0
//
// Lines across memory of few columns without gaps: the 16 lanes of all columns lie side by side, a
// row of them for each round of a block.
//
//   for each block of 256 rows
//     for each round
//       lanes of all columns += its 16 rows
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
      sumWholeBlock(block * block_elements);
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

  /// Sums the rounds of a whole block into the lanes: round after round, as memory has them, with
  /// all lanes in registers. (One thread, Zen 4, 20 columns of f32 from DRAM: 30 GB/s; where a
  /// vector took all rounds before the next one, or two at once, 12, since no processor looks ahead
  /// where streams share a page.) Lanes of 50 columns that do not fit them go to the stack, and are
  /// as fast.
  void sumWholeBlock(AffineExpr start) {
    constexpr int64_t registerBytes = 64, mostInstructions = 192;
    // Vectors that have no places in common, of powers of two.
    struct Vector {
      int64_t first, width;
    };
    SmallVector<Vector> row;
    const int64_t places = block_lanes * nest.extents[columns];
    if (places * accumulators.allBlockBytes() / registerBytes * nest.instructions() >
        mostInstructions)
      return sumDenseBlock(start, block_elements);
    for (int64_t first = 0, width = runBytes / accumulators.blockBytes(); first < places;)
      if (width <= places - first) {
        row.push_back({first, width});
        first += width;
      } else {
        width /= 2;
      }
    auto add = [&](AffineExpr round, ValueRange sums) {
      SmallVector<Value> all;
      for (Vector vector : row) {
        moveTo(start + round * block_lanes);
        nest.position[columns] = nest.constant(vector.first);
        SmallVector<Value> sum = loops.elements({-1, 1, vector.width});
        if (!sums.empty()) {
          sum = accumulators.combine(b, loc, sums.take_front(sum.size()), sum);
          sums = sums.drop_front(sum.size());
        }
        llvm::append_range(all, sum);
      }
      return all;
    };
    SmallVector<Value> sums = add(nest.constant(0), {});
    sums = nest.loop(block_elements / block_lanes - 1, sums,
                     [&](AffineExpr round, ValueRange soFar) { return add(round + 1, soFar); });
    const size_t parts = sums.size() / row.size();
    for (auto [number, vector] : llvm::enumerate(row))
      loops.store(ArrayRef(sums).slice(number * parts, parts), lanes, nest.constant(vector.first));
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
