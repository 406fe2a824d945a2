// SPDX-License-Identifier: Apache-2.0
//
// Lanes run along the line, beside them all columns if they are few:
//
//   for each result
//     for each 64 blocks of the line
//       for each 16 of them
//         for each of these
//           lanes += rows of 16 elements
//         fold the lanes of all 16 blocks, 16 to 1
//       merge the 64 nodes, neighbour by neighbour
//     merge what is left of these

#include "Strategy.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace tsum {

namespace {

/// Bytes of a row of lanes, columns included, that still fit registers.
constexpr int64_t maxRowBytes = 256;
/// Blocks whose lanes are folded at once, and whose nodes are merged at once: 16 K elements.
constexpr int64_t blocksPerGroup = 16, blocksPerChunk = 64;
/// So few blocks wait for no group.
constexpr int64_t fewBlocks = 4;

/// What has no order takes as many lanes as fit, but no more than the line has, nor than are in 512
/// bytes of data: of f64, any and all have blocks of bytes, and came from beyond L2 at a fifth of
/// the speed in rows of 2 KB, which LLVM loads in an order that no processor foresees.
int64_t lanesOfUnordered(int64_t elements, int64_t columns, int64_t blockBytes, int64_t dataBytes) {
  const int64_t bytes = std::max(blockBytes, dataBytes / 2);
  int64_t lanes = 1;
  while (2 * lanes * columns * bytes <= maxRowBytes && 2 * lanes <= elements)
    lanes *= 2;
  return lanes;
}

class Emitter {
public:
  explicit Emitter(ReductionLoops &loops)
      : loops(loops), nest(loops.nest), accumulators(loops.accumulators), b(loops.b),
        loc(loops.loc), columns(loops.isInner() ? 1 : nest.extents.back()),
        isOrdered(accumulators.isOrdered()),
        lanes(isOrdered ? block_lanes
                        : lanesOfUnordered(loops.mostElements(), columns, accumulators.blockBytes(),
                                           nest.widestElement())),
        tile(loops.inAnyOrder({loops.line, lanes, columns})) {}

  void emit() {
    SmallVector<int64_t> results = loops.kept;
    if (!loops.isInner())
      results.pop_back(); // the columns
    nest.overDims(results, {}, [&](ValueRange) -> SmallVector<Value> {
      SmallVector<Value> node = isOrdered ? lineInBlocks() : wholeLine();
      if (!loops.isInner())
        nest.position.back() = nest.constant(0);
      loops.storeResults(node, LaneTile{-1, 1, columns});
      return {};
    });
  }

private:
  /// One block as long as the line: where nothing has an order.
  SmallVector<Value> wholeLine() {
    SmallVector<Value> block = accumulators.neutralBlocks(b, loc, tile.size());
    auto rowsFrom = [&](AffineExpr start) {
      return [this, start](AffineExpr row) { nest.position[loops.line] = start + row * lanes; };
    };
    const int64_t step = loops.stepOf(std::min<int64_t>(16, loops.rowsAtOnce(tile)) * lanes);
    Value whole = loops.countOf(step);
    block = nest.loop(whole, block, [&](AffineExpr iv, ValueRange sums) {
      return loops.combineRows(step / lanes, tile, rowsFrom(iv * step), sums);
    });
    block = loops.overRest(step, block, [&](AffineExpr start, int64_t count) {
      SmallVector<Value> rest = loops.lanesOf(start, count, tile);
      return accumulators.combine(b, loc, block, rest);
    });
    return accumulators.toNodes(b, loc, fold(block));
  }

  /// The nodes of a block: one for each column.
  SmallVector<Value> fold(ValueRange block) {
    return accumulators.foldLanes(b, loc, loops.inOrder(block, tile), columns);
  }

  SmallVector<Value> nodesOf(ValueRange blocks) { return accumulators.toNodes(b, loc, blocks); }

  SmallVector<Value> lineInBlocks() {
    const int64_t most = loops.mostElements();
    if (most <= block_elements && !loops.isPiece())
      return nodesOf(fold(loops.lanesOf(nest.constant(0), most, tile)));

    const int64_t mostBlocks = int64_t(llvm::divideCeil(most, block_elements));
    if (mostBlocks <= fewBlocks && columns == 1 && !loops.isPiece())
      return lineOfFewBlocks();
    const int64_t chunk = std::min(
        int64_t(llvm::bit_ceil(uint64_t(mostBlocks))),
        int64_t(llvm::bit_floor(uint64_t(std::max<int64_t>(1, blocksPerChunk / columns)))));
    // A group that turns out to be empty is stored behind the chunk.
    if (buffers.empty())
      buffers = loops.allocate(accumulators.nodeTypes(),
                               (chunk + (loops.isPiece() ? blocksPerGroup : 0)) * columns);
    Value blocks = loops.countOf(block_elements);
    if (mostBlocks <= chunk) {
      clear(chunk);
      fillChunk(nest.constant(0), blocks, chunk);
      addRest([&](ValueRange node) { put(node, blocks); });
      return mergeChunk(chunk);
    }

    // A chunk that holds the short block is always begun: where the whole blocks fill chunks it
    // holds that alone.
    if (!stack)
      stack.emplace(loops, llvm::divideCeil(mostBlocks, chunk), columns);
    Value chunkSize = arith::ConstantIndexOp::create(b, loc, chunk);
    Value whole = arith::DivUIOp::create(b, loc, blocks, chunkSize);
    nest.loop(whole, [&](AffineExpr number) {
      fillChunk(number * chunk, chunkSize, chunk);
      stack->push(nest.index(number), mergeChunk(chunk));
    });
    Value left = arith::RemUIOp::create(b, loc, blocks, chunkSize);
    const bool knowsLeft = getConstantIntValue(blocks).has_value();
    const bool hasRest =
        !knowsLeft || *getConstantIntValue(blocks) % chunk != 0 || most % block_elements != 0;
    Value count = whole;
    if (hasRest) {
      // Where nothing is left, the last leaf is neutral.
      clear(chunk);
      nest.withPlace(whole, [&](AffineExpr number) { fillChunk(number * chunk, left, chunk); });
      addRest([&](ValueRange node) { put(node, left); });
      stack->push(whole, mergeChunk(chunk));
      count = arith::AddIOp::create(b, loc, whole, arith::ConstantIndexOp::create(b, loc, 1));
    }
    return stack->total(count, nest.constant(0), columns);
  }

  /// Folds all blocks at once, and merges them in registers.
  SmallVector<Value> lineOfFewBlocks() {
    const int64_t whole = loops.mostElements() / block_elements;
    auto lanesAt = [&](AffineExpr start, int64_t count) {
      return loops.inOrder(loops.lanesOf(start, count, tile), tile);
    };
    if (whole > 1 && lanesOfGroup.empty())
      lanesOfGroup = loops.allocate(accumulators.blockTypes(), whole * lanes);
    if (whole > 1)
      nest.loop(whole, [&](AffineExpr block) {
        loops.store(lanesAt(block * block_elements, block_elements), lanesOfGroup, block * lanes);
      });
    SmallVector<SmallVector<Value>> blocks;
    for (int64_t block = 0; block < whole; ++block)
      blocks.push_back(whole > 1 ? loops.load(lanesOfGroup, nest.constant(block * lanes), lanes)
                                 : lanesAt(nest.constant(0), block_elements));
    (void)loops.overRest(block_elements, {}, [&](AffineExpr start, int64_t count) {
      blocks.push_back(lanesAt(start, count));
      return SmallVector<Value>();
    });
    while (!llvm::isPowerOf2_64(blocks.size()))
      blocks.push_back(accumulators.neutralBlocks(b, loc, lanes));
    return accumulators.mergeNeighbours(b, loc, {nodesOf(accumulators.foldLines(b, loc, blocks))},
                                        columns);
  }

  void clear(int64_t chunk) {
    const int64_t width = std::min<int64_t>(chunk, 16) * columns;
    nest.loop(chunk * columns / width, [&](AffineExpr place) {
      loops.store(accumulators.neutralNodes(b, loc, width), buffers, place * width);
    });
  }

  void put(ValueRange node, Value place) {
    nest.withPlace(place, [&](AffineExpr at) { loops.store(node, buffers, at * columns); });
  }

  void addRest(llvm::function_ref<void(ValueRange)> take) {
    (void)loops.overRest(block_elements, {}, [&](AffineExpr start, int64_t count) {
      take(nodesOf(fold(loops.lanesOf(start, count, tile))));
      return SmallVector<Value>();
    });
  }

  /// Computes the nodes of `count` whole blocks from the `first`th on, at most a chunk. Block after
  /// block, as memory has them: the processor overlaps the additions of one with those of the next.
  void fillChunk(AffineExpr first, Value count, int64_t chunk) {
    auto lanesAt = [&](AffineExpr block) {
      return loops.inOrder(loops.lanesOf((first + block) * block_elements, block_elements, tile),
                           tile);
    };
    if (columns > 1) {
      nest.loop(count, [&](AffineExpr block) {
        loops.store(nodesOf(accumulators.foldLanes(b, loc, lanesAt(block), columns)), buffers,
                    block * columns);
      });
      return;
    }
    // The lanes of a group wait in L1 until they are folded together.
    const int64_t group = std::min(chunk, blocksPerGroup);
    if (lanesOfGroup.empty())
      lanesOfGroup = loops.allocate(accumulators.blockTypes(), group * lanes);
    auto foldGroup = [&](AffineExpr start, Value blocks) {
      nest.loop(blocks, [&](AffineExpr block) {
        loops.store(lanesAt(start + block), lanesOfGroup, block * lanes);
      });
      SmallVector<SmallVector<Value>> sums;
      for (int64_t block = 0; block < group; ++block)
        sums.push_back(loops.load(lanesOfGroup, nest.constant(block * lanes), lanes));
      loops.store(nodesOf(accumulators.foldLines(b, loc, sums)), buffers, start);
    };
    auto clearFrom = [&](Value from) { // what is left of a group
      Value end = arith::ConstantIndexOp::create(b, loc, group);
      Value left = b.createOrFold<arith::SubIOp>(loc, end, from);
      nest.withPlace(from, [&](AffineExpr start) {
        nest.loop(left, [&](AffineExpr block) {
          loops.store(accumulators.neutralBlocks(b, loc, lanes), lanesOfGroup,
                      (start + block) * lanes);
        });
      });
    };
    Value size = arith::ConstantIndexOp::create(b, loc, group);
    Value groups = b.createOrFold<arith::DivUIOp>(loc, count, size);
    nest.loop(groups, [&](AffineExpr iv) { foldGroup(iv * group, size); });
    std::optional<int64_t> known = getConstantIntValue(count);
    if (known && *known % group == 0)
      return;
    Value left = b.createOrFold<arith::RemUIOp>(loc, count, size);
    Value done = b.createOrFold<arith::MulIOp>(loc, groups, size);
    clearFrom(left);
    nest.withPlace(done, [&](AffineExpr start) { foldGroup(start, left); });
  }

  SmallVector<Value> mergeChunk(int64_t chunk) {
    const int64_t width =
        std::min(chunk, int64_t(llvm::bit_floor(uint64_t(std::max<int64_t>(1, 16 / columns)))));
    SmallVector<SmallVector<Value>> vectors;
    for (int64_t node = 0; node < chunk; node += width)
      vectors.push_back(loops.load(buffers, nest.constant(node * columns), width * columns));
    return accumulators.mergeNeighbours(b, loc, std::move(vectors), columns);
  }

  ReductionLoops &loops;
  LoopNest &nest;
  const Accumulators &accumulators;
  OpBuilder &b;
  Location loc;
  const int64_t columns;
  const bool isOrdered;
  const int64_t lanes;
  const LaneTile tile;
  SmallVector<Value> buffers, lanesOfGroup;
  std::optional<NodeStack> stack;
};

class Inner final : public Strategy {
public:
  ir::Strategy kind() const override { return ir::Strategy::Inner; }

  std::string obstacle(const ReductionShape &shape) const override {
    if (std::string reason = shape.notOfElements(); !reason.empty())
      return reason;
    if (shape.isInner())
      return "";
    if (shape.innerKept != shape.rank() - 1 || shape.line != shape.rank() - 2)
      return "the innermost dimension is kept";
    const int64_t bytes = shape.columns() * shape.blockBytes;
    if (bytes * (shape.isOrdered ? block_lanes : 1) > maxRowBytes)
      return "the innermost dimension is kept, and has too many columns for a row of lanes";
    return "";
  }

  int64_t cost(const ReductionShape &) const override { return 4; }

  int64_t resultsPerTile(const ReductionShape &shape, int64_t) const override {
    return shape.columns(); // all of them, or one
  }

  void emit(ReductionLoops &loops) const override { Emitter(loops).emit(); }
};

} // namespace

const Strategy &innerStrategy() {
  static const Inner strategy;
  return strategy;
}

} // namespace tsum
