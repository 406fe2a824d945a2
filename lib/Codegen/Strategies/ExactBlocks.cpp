// SPDX-License-Identifier: Apache-2.0

#include "ExactLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tsum {

namespace {

/// Elements that each lane takes of a block where vectors side by side are blocks of their own,
/// which should lie in L2 together.
constexpr int64_t blockOfColumns = 32;
/// Of columns side by side so many rows are taken at a time, where there are that many vectors.
constexpr int64_t rowsOfRun = 4, fewestInRun = 4;

/// Along long lines, and across columns.
class Blocks : ExactLoops {
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

public:
  explicit Blocks(ExactLoops loops) : ExactLoops(std::move(loops)) {}

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

private:
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
};

} // namespace

void emitExactLine(ExactLoops loops) { Blocks(std::move(loops)).emitLine(); }
void emitExactColumns(ExactLoops loops) { Blocks(std::move(loops)).emitColumns(); }

} // namespace tsum
