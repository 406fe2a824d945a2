// SPDX-License-Identifier: Apache-2.0

#include "ExactLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace tsum {

namespace {

/// Rows of so few vectors stand side by side in the code, and are added up together.
constexpr int64_t fewVectors = 2, rowsInCode = 8;
/// Rows of up to so many elements go to the library together, if no window holds them.
constexpr int64_t mostCollected = 64;

class Rows : ExactLoops {
public:
  explicit Rows(ExactLoops loops) : ExactLoops(std::move(loops)) {}

  void emit() {
    const int64_t rowDim = kept.empty() ? -1 : kept.pop_back_val();
    const int64_t elementBytes = type.getIntOrFloatBitWidth() / 8;
    const bool isUnrolled = paddedElements() <= fewVectors * width && reduced.dims.size() == 1;
    const int64_t mostRows = isUnrolled ? rowsInCode : ExactWindow::vectorLanes(type);
    const LoopNest::Cover rows = rowDim < 0
                                     ? LoopNest::Cover{1, 1}
                                     : nest.cover(rowDim, mostRows * elementBytes, elementBytes);
    const bool areCollectedTogether = paddedElements() <= mostCollected;
    ExactSums sums(loops, rows.width, rows.width, /*isCommon=*/true,
                   (areCollectedTogether ? rows.width : 1) * paddedElements(),
                   isUnrolled ? loops.mostElements() : 0);
    const LaneTile tile = loops.inAnyOrder({loops.line, width, 1});
    const Lanes lanes{zero(), rows.width, rows.width};

    AffineExpr start = zero();
    auto toRow = [&](AffineExpr row) {
      if (rowDim >= 0)
        nest.position[rowDim] = start + row;
    };
    auto overRows = [&](ValueRange carried, LoopNest::Body body) {
      return nest.loop(rows.width, carried, [&](AffineExpr row, ValueRange values) {
        toRow(row);
        return body(row, values);
      });
    };
    auto add = [&] {
      SmallVector<SmallVector<Value>> magic = sums.magic(zero(), width);
      Value additions = vectorsOfRow();
      auto addRow = [&](ValueRange extrema) {
        return overVectorsOfRow(tile, sums.emptyBlockWith(extrema, width),
                                [&](ValueRange elements, ValueRange block) {
                                  return sums.add(block, elements, magic);
                                });
      };
      SmallVector<Value> extrema = sums.extremaOf(sums.emptyBlock(width));
      if (!isUnrolled)
        return overRows(extrema, [&](AffineExpr row, ValueRange extrema) {
          SmallVector<Value> block = addRow(extrema);
          sums.takeTogether(block, additions, paddedElements(), row);
          return sums.extremaOf(block);
        });
      SmallVector<SmallVector<Value>> blocks;
      for (int64_t row = 0; row < rows.width; ++row) {
        toRow(nest.constant(row));
        blocks.push_back(addRow(extrema));
        extrema = sums.extremaOf(blocks.back());
      }
      sums.takeLines(blocks, additions, zero());
      return extrema;
    };
    auto take = [](ValueRange) {}; // row by row, above
    auto collectRow = [&](AffineExpr row, ValueRange place) {
      toRow(row);
      return overVectorsOfRow(tile, place, [&](ValueRange elements, ValueRange place) {
        return SmallVector<Value>{sums.collect(elements, place.front())};
      });
    };
    auto sum = [&] {
      const int64_t elements = paddedElements();
      if (areCollectedTogether) {
        nest.loop(rows.width, constant(0), collectRow);
        const bool isInOrder = reduced.dims.size() == 1 && !tile.evenFirst;
        sums.sumCollected(rows.width, isInOrder ? loops.mostElements() : elements, 1, elements,
                          zero());
      } else {
        nest.loop(rows.width, [&](AffineExpr row) {
          collectRow(row, constant(0));
          sums.sumCollected(1, elements, 1, elements, row);
        });
      }
      return sums.collectedSums(rows.width);
    };
    auto emitBlock = [&] {
      if (rowDim >= 0)
        start = nest.position[rowDim];
      SmallVector<Value> results =
          sums.resultsOf({.add = add, .take = take, .sum = sum}, lanes, paddedElements());
      if (rowDim >= 0)
        nest.position[rowDim] = start;
      store(results, LaneTile{rowDim, rows.width, 1});
    };
    nest.overDims(kept, {}, [&](ValueRange) -> SmallVector<Value> {
      if (rowDim < 0)
        emitBlock();
      else
        nest.overVectors(rowDim, rows, [&](AffineExpr) { emitBlock(); });
      return {};
    });
  }

private:
  /// All vectors of a row: whole ones, and one with zeros behind what is left.
  SmallVector<Value>
  overVectorsOfRow(const LaneTile &tile, ValueRange carried,
                   llvm::function_ref<SmallVector<Value>(ValueRange, ValueRange)> visit) {
    SmallVector<Value> values(carried);
    if (loops.mostElements() >= width)
      values = reduced.overAll(
          0, width, values, [&](ValueRange inside) { return visit(loops.elements(tile), inside); });
    return overRests(values, [&](AffineExpr at, int64_t count, ValueRange inside) {
      return visit(loops.lanesOf(at, count, tile), inside);
    });
  }

  /// How many vectors a row has.
  Value vectorsOfRow() {
    Value vectors = loops.countOf(width);
    if (loops.restOf(width) > 0) {
      SmallVector<Value> more =
          loops.overRest(width, constant(0),
                         [&](AffineExpr, int64_t) -> SmallVector<Value> { return {constant(1)}; });
      vectors = arith::AddIOp::create(b, loc, vectors, more.front());
    }
    int64_t others = 1;
    for (int64_t dim : ArrayRef(reduced.dims).drop_back())
      others *= reduced.most(dim);
    return arith::MulIOp::create(b, loc, vectors, constant(others));
  }
};

} // namespace

void emitExactRows(ExactLoops loops) { Rows(std::move(loops)).emit(); }

} // namespace tsum
