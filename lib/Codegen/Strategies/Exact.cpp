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

#include "ExactSums.h"
#include "ReducedLoops.h"
#include "Strategy.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

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
/// Elements that each lane takes of a block; and where vectors side by side are blocks of their
/// own, which should lie in L2 together.
constexpr int64_t blockElements = ExactWindow::mostOfBlock, blockOfColumns = 32;

/// Of columns side by side so many rows are taken at a time, where there are that many vectors.
constexpr int64_t rowsOfRun = 4, fewestInRun = 4;
/// Rows of up to so many elements are shuffled out of whole loads, each lane a row.
constexpr int64_t mostShuffled = 5;
/// Rows of so few vectors stand side by side in the code, and are added up together.
constexpr int64_t fewVectors = 2, rowsInCode = 8;
/// Rows of up to so many elements go to the library together, if no window holds them.
constexpr int64_t mostCollected = 64;

class Emitter {
public:
  explicit Emitter(ReductionLoops &loops)
      : loops(loops), nest(loops.nest), b(loops.b), loc(loops.loc), kept(loops.kept),
        reduced(loops, isNarrow(loops)), reduction(loops.accumulators.front().reduction()),
        type(reduction.getBlockType()), width(ExactWindow::vectorLanes(type)) {
    // Of a line that fills no vector, a narrower one; and two of half the width are less than one
    // where elements become f64.
    if (loops.isInner() && !isNarrow(loops)) {
      const auto most = uint64_t(std::max<int64_t>(1, loops.mostElements()));
      width = std::min(width, int64_t(llvm::bit_ceil(most)));
      if (width == 16 && most <= 16 && reduced.dims.size() == 1)
        width = 8;
    }
  }

  void emit() {
    const int64_t ahead = prefetchedBytes / (type.getIntOrFloatBitWidth() / 8);
    if (loops.isInner() && !isNarrow(loops) && paddedElements() >= ahead / 4)
      nest.prefetched = {loops.line, ahead};
    if (reduction.getFromNodes())
      mergeNodes();
    else if (!loops.isInner() || isNarrow(loops))
      emitColumns();
    else if (paddedElements() <= blockElements * width && !reduction.getToNodes())
      emitRows();
    else
      emitLine();
  }

private:
  using Lanes = ExactSums::Lanes;

  Value constant(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }
  AffineExpr zero() { return nest.constant(0); }

  /// Whether elements of several short rows are shuffled out of whole loads.
  static bool isNarrow(ReductionLoops &loops) {
    return loops.isInner() && loops.mostElements() <= mostShuffled && !loops.kept.empty();
  }

  /// Those of a row, in whole vectors.
  int64_t paddedElements() {
    auto elements = int64_t(llvm::alignTo(uint64_t(loops.mostElements()), uint64_t(width)));
    for (int64_t dim : ArrayRef(reduced.dims).drop_back())
      elements *= reduced.most(dim);
    return elements;
  }

  /// Stores results, which the reduced dimensions are gone of.
  void store(ValueRange results, const LaneTile &tile) {
    for (int64_t dim : reduced.dims)
      nest.position[dim] = zero();
    nest.store(results, tile);
  }

  //===-- Along memory ------------------------------------------------------------------------===//

  /// Short rows, as many as a vector has lanes at once: they are one block.
  void emitRows() {
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

  /// What whole vectors leave of the line, at all places of the other reduced dimensions.
  SmallVector<Value>
  overRests(ValueRange carried,
            llvm::function_ref<SmallVector<Value>(AffineExpr, int64_t, ValueRange)> visit) {
    if (loops.restOf(width) == 0)
      return carried;
    return nest.overDims(ArrayRef(reduced.dims).drop_back(), carried, [&](ValueRange inside) {
      return loops.overRest(width, inside,
                            [&](AffineExpr at, int64_t count) { return visit(at, count, inside); });
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

  /// Sums whose blocks are chunks of the reduced dimensions, with one vector at each place.
  struct Chunked {
    ExactSums &sums;
    LaneTile tile;
    ReducedLoops::Chunks chunks;
    int64_t step;               ///< of places, along the innermost dimension
    bool isOnly = false;        ///< whether one chunk is all
    SmallVector<Value> added{}; ///< what was added already, of all lanes, or nothing
  };

  /// Adds the elements at the position to a block.
  auto addAt(const Chunked &blocks, const Lanes &lanes) {
    return [this, &blocks, magic = blocks.sums.magic(lanes.first, lanes.count)](ValueRange block) {
      return blocks.sums.add(block, loops.elements(blocks.tile), magic);
    };
  }

  void withBlock(const Chunked &blocks, const Lanes &lanes, const ReducedLoops::Chunk &chunk,
                 llvm::function_ref<void(const ExactSums::Block &)> body) {
    ExactSums &sums = blocks.sums;
    auto add = [&] {
      auto visit = addAt(blocks, lanes);
      return reduced.overChunk(blocks.chunks, chunk, blocks.step, sums.emptyBlock(lanes.count),
                               visit);
    };
    auto take = [&](ValueRange block) {
      sums.take(block, chunk.places, lanes.first, blocks.isOnly);
    };
    auto collect = [&] {
      return reduced
          .overChunk(blocks.chunks, chunk, blocks.step, constant(0),
                     [&](ValueRange place) {
                       return SmallVector<Value>{
                           sums.collect(loops.elements(blocks.tile), place.front())};
                     })
          .front();
    };
    auto addToLimbs = [&] { sums.addCollected(collect(), lanes); };
    auto sum = [&] {
      collect();
      sums.sumCollected(lanes.count, reduced.elements(), lanes.count, 1, zero());
      return sums.collectedSums(lanes.count);
    };
    auto load = [&] { return loops.load(blocks.added, lanes.first, lanes.count); };
    ExactSums::Block block{add, take, addToLimbs, sum};
    if (!blocks.added.empty())
      block.added = load;
    body(block);
  }

  /// One result of many blocks, whose lanes go together in the end.
  void emitLine() {
    ExactSums sums(loops, width, 1, /*isCommon=*/true, blockElements * width);
    Value count = allocateCount(paddedElements());
    const LaneTile tile = loops.inAnyOrder({loops.line, width, 1});
    const Lanes lanes{zero(), width, 1};
    const Chunked blocks{sums, tile, reduced.chunksOf(blockElements, width), width};
    nest.overDims(kept, {}, [&](ValueRange) -> SmallVector<Value> {
      sums.clear(lanes);
      clearCount(count);
      reduced.overChunks(blocks.chunks, width, [&](const ReducedLoops::Chunk &chunk) {
        countOrFlush(count, chunk.places, [&] { sums.flush(lanes); });
        withBlock(blocks, lanes, chunk,
                  [&](const ExactSums::Block &block) { sums.addBlock(lanes, block); });
      });
      // What vectors leave is little.
      if (loops.restOf(width) > 0)
        sums.openLimbs(lanes);
      overRests({}, [&](AffineExpr at, int64_t left, ValueRange) {
        sums.addCollected(sums.collect(loops.lanesOf(at, left, tile), constant(0)), lanes);
        return SmallVector<Value>();
      });
      finish(sums, lanes, LaneTile{}, -1, paddedElements());
      return {};
    });
  }

  // How many elements each lane took since sums were handed on: counted, in memory, where they may
  // be too many.

  Value allocateCount(int64_t elements) {
    return elements > ExactWindow::mostOfSum(type) ? nest.allocate(1, b.getI64Type()) : Value();
  }

  void clearCount(Value count) {
    if (!count)
      return;
    Value none = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(0));
    memref::StoreOp::create(b, loc, none, count, constant(0));
  }

  /// Hands sums on, by `flush`, before `additions` more could make them overflow.
  void countOrFlush(Value count, Value additions, llvm::function_ref<void()> flush) {
    if (!count)
      return;
    Value place = constant(0);
    Value more = arith::IndexCastOp::create(b, loc, b.getI64Type(), additions);
    Value before = memref::LoadOp::create(b, loc, count, place);
    Value after = arith::AddIOp::create(b, loc, before, more);
    Value most =
        arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(ExactWindow::mostOfSum(type)));
    Value isFull = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ugt, after, most);
    auto branch = scf::IfOp::create(b, loc, isFull, /*withElseRegion=*/false);
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(branch.thenBlock());
      flush();
    }
    Value next = arith::SelectOp::create(b, loc, isFull, more, after);
    memref::StoreOp::create(b, loc, next, count, place);
  }

  //===-- Across memory -----------------------------------------------------------------------===//

  /// Each lane has a result of its own: neighbours along the last dimension that is kept.
  void emitColumns() {
    const int64_t laneDim = kept.pop_back_val();
    const int64_t elementBytes = type.getIntOrFloatBitWidth() / 8;
    const LoopNest::Cover groups = nest.cover(laneDim, width * elementBytes, elementBytes);
    const LaneTile tile =
        loops.isInner() ? LaneTile{laneDim, groups.width, 1} : LaneTile{-1, 1, groups.width};
    const int64_t elements = reduced.elements();
    const int64_t placesOfChunk = groups.count > 1 ? blockOfColumns : blockElements;
    const ReducedLoops::Chunks chunks = reduced.chunksOf(placesOfChunk, 1);
    // Vectors side by side take a few rows at a time, so that memory is walked in runs; else it is
    // asked for what the next block has.
    const bool inRuns = !chunks.isOne && !loops.isInner() && groups.count >= fewestInRun &&
                        chunks.level + 1 == reduced.dims.size();
    if (!chunks.isOne && !loops.isInner())
      nest.prefetched = {reduced.dims[chunks.level], inRuns ? 2 * rowsOfRun : chunks.length};
    // A vector that is one block is done before the next.
    const bool isOnly = chunks.isOne && !reduction.getToNodes();
    const int64_t lanes = groups.width * (isOnly ? 1 : groups.count);
    ExactSums sums(loops, lanes, lanes, /*isCommon=*/false, placesOfChunk * groups.width,
                   isOnly && elements <= ExactWindow::mostOfFew(type) ? elements : 0);
    Value count = allocateCount(elements);

    Chunked blocks{sums, tile, chunks, 1, isOnly};
    if (inRuns)
      for (Value each : sums.emptyBlock(1))
        blocks.added.push_back(nest.allocate(lanes, getElementTypeOrSelf(each)));
    auto overGroups = [&](llvm::function_ref<void(const Lanes &)> body) {
      nest.overVectors(laneDim, groups, [&](AffineExpr group) {
        body({isOnly ? zero() : group * groups.width, groups.width, groups.width});
      });
    };

    nest.overDims(kept, {}, [&](ValueRange) -> SmallVector<Value> {
      if (isOnly) {
        overGroups([&](const Lanes &lanes) {
          reduced.overChunks(chunks, 1, [&](const ReducedLoops::Chunk &chunk) {
            withBlock(blocks, lanes, chunk, [&](const ExactSums::Block &block) {
              store(sums.resultsOf(block, lanes, elements), tile);
            });
          });
        });
        return {};
      }
      overGroups([&](const Lanes &lanes) { sums.clear(lanes); });
      clearCount(count);
      reduced.overChunks(chunks, 1, [&](const ReducedLoops::Chunk &chunk) {
        countOrFlush(count, chunk.places,
                     [&] { overGroups([&](const Lanes &lanes) { sums.flush(lanes); }); });
        if (inRuns) {
          overGroups([&](const Lanes &lanes) {
            loops.store(sums.emptyBlock(groups.width), blocks.added, lanes.first);
          });
          reduced.overParts(chunk.length, rowsOfRun, [&](AffineExpr from, Value rows) {
            overGroups([&](const Lanes &lanes) {
              auto add = addAt(blocks, lanes);
              SmallVector<Value> block = loops.load(blocks.added, lanes.first, groups.width);
              block = reduced.overSteps(chunks, chunk.start + from, rows, 1, block, add);
              loops.store(block, blocks.added, lanes.first);
            });
          });
        }
        overGroups([&](const Lanes &lanes) {
          withBlock(blocks, lanes, chunk,
                    [&](const ExactSums::Block &block) { sums.addBlock(lanes, block); });
        });
      });
      overGroups([&](const Lanes &lanes) { finish(sums, lanes, tile, laneDim, elements); });
      return {};
    });
  }

  /// Stores what several blocks gave: nodes, or results of up to `elements`.
  void finish(ExactSums &sums, const Lanes &lanes, const LaneTile &tile, int64_t laneDim,
              int64_t elements) {
    for (int64_t dim : reduced.dims)
      nest.position[dim] = zero();
    if (reduction.getToNodes())
      sums.storeNodes(lanes, laneDim);
    else
      store(sums.results(lanes, elements), tile);
  }

  /// One result after the other: there are few.
  void mergeNodes() {
    ExactSums sums(loops, 1, 1, /*isCommon=*/true, 1);
    const Lanes lanes{zero(), 1, 1};
    nest.overDims(kept, {}, [&](ValueRange) -> SmallVector<Value> {
      sums.clearLimbs(lanes);
      nest.overDims(reduced.dims, {}, [&](ValueRange) -> SmallVector<Value> {
        sums.addNodes(loops.elements(LaneTile{}));
        return {};
      });
      store(sums.roundLimbs(lanes), LaneTile{});
      return {};
    });
  }

  ReductionLoops &loops;
  LoopNest &nest;
  OpBuilder &b;
  Location loc;
  SmallVector<int64_t> kept;
  ReducedLoops reduced;
  ir::ReductionAttr reduction;
  Type type;
  int64_t width; // of vectors
};

class Exact final : public Strategy {
public:
  ir::Strategy kind() const override { return ir::Strategy::Exact; }

  std::string obstacle(const ReductionShape &shape) const override {
    return shape.isExact ? "" : "it is not exact";
  }

  int64_t cost(const ReductionShape &) const override { return 1; }

  int64_t resultsPerTile(const ReductionShape &shape, int64_t bytes) const override {
    constexpr int64_t rowBytes = 64 * 1024;
    if (shape.isInner() && (shape.elements() > mostShuffled || shape.innerKept < 0))
      return std::max<int64_t>(1, rowBytes / std::max<int64_t>(bytes, 1));
    if (shape.takesExactNodes)
      return 1;
    return std::min(maxLimbBytes / ExactSums::limbBytes(shape.blockBytes),
                    std::max(minRunBytes / shape.blockBytes, shape.results / wantedTiles));
  }

  void emit(ReductionLoops &loops) const override { Emitter(loops).emit(); }
};

} // namespace

const Strategy &exactStrategy() {
  static const Exact strategy;
  return strategy;
}

} // namespace tsum
