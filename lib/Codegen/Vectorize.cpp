// SPDX-License-Identifier: Apache-2.0

#include "Accumulators.h"
#include "Elementwise.h"
#include "ExactReduction.h"
#include "LoopNest.h"

#include "tsum/Codegen/Passes.h"
#include "tsum/Graph/SummationTree.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace tsum {
#define GEN_PASS_DEF_TSUMVECTORIZEPASS
#include "tsum/Codegen/Passes.h.inc"

namespace {

/// Of a sum over rows: how wide its vectors are, and how many rows it walks at once. With 8 rows,
/// sums over 1024x4096 f32 run at the speed of a streaming read; 2 or 4 rows load and store the
/// block's values too often, 16 are too many streams. (In hand-written code, in GB/s where the read
/// got 38: 45 with 8 rows, 38 with 4, 36 with 2; blocks of 16 rows in registers, 33.)
constexpr int64_t outer_vector_bytes = 128;
constexpr int64_t outer_rows_at_once = 8;

int64_t bytesOf(Value scalar) { return scalar.getType().getIntOrFloatBitWidth() / 8; }

/// Emits a reduction along the tree of tsum/Graph/SummationTree.h. All its results have the same
/// loops, lanes and blocks.
class Reduction {
public:
  Reduction(LoopNest &nest, Accumulators accumulators)
      : nest(nest), b(nest.b), loc(nest.loc), accumulators(std::move(accumulators)),
        values(this->accumulators.reducedValues()),
        blockRows(this->accumulators.each().front().blockRows()) {
    for (int64_t dim = 0; dim < nest.rank(); ++dim)
      (nest.isReduced(dim) ? reduced : kept).push_back(dim);
    lineDim = reduced.pop_back_val();
    innerKept = kept.empty() ? -1 : kept.back();
    isInner = lineDim == nest.rank() - 1;
    // A kernel's tiles know their lanes; a reduction that is no tile has those of its own extents.
    auto given = nest.generic->getAttrOfType<IntegerAttr>("tsum.lanes");
    lanes =
        given ? given.getInt() : lanesOfReduction(nest.generic, this->accumulators.each().front());
  }

  LogicalResult emit() {
    for (auto [accumulator, output] :
         llvm::zip_equal(accumulators.each(), nest.generic.getDpsInits()))
      if (failed(removeFill(accumulator, output)))
        return failure();
    if (accumulators.each().front().isExact()) { // JoinReductions.cpp leaves these alone
      emitExactSum(nest, values.front());
      return success();
    }
    const Emitter emitLoops = chooseEmitter();
    if (emitLoops != &Reduction::emitFolded || !isInner)
      kept.pop_back(); // the innermost one, which the loops run over themselves
    nest.overDims(kept, {}, [&](ValueRange) -> SmallVector<Value> {
      (this->*emitLoops)();
      return {};
    });
    return success();
  }

private:
  using Emitter = void (Reduction::*)();

  /// Which of the functions below emits the loops.
  Emitter chooseEmitter() {
    if (lanes == 1 && !isInner)
      return &Reduction::emitOuter;
    if (!isInner || innerKept < 0)
      return &Reduction::emitFolded;
    if (lanes == 1)
      return &Reduction::emitNarrow;
    const int64_t results = nest.extents[innerKept];
    if (!reduced.empty() && reduced.front() < innerKept && results > 1)
      return &Reduction::emitBetween;
    if (results >= lines_at_once && reducedElements() <= short_line &&
        nest.loadsVectors({lineDim, lanes, 1}))
      return &Reduction::emitShort;
    return &Reduction::emitFolded;
  }

  int64_t elementBytes() const { return bytesOf(values.front()); }

  int64_t reducedElements() const {
    int64_t product = nest.extents[lineDim];
    for (int64_t dim : reduced)
      product *= nest.extents[dim];
    return product;
  }

  /// Erases the fill of an output, whose neutral elements the accumulators start from instead.
  LogicalResult removeFill(const Accumulator &accumulator, Value output) {
    for (Operation *user : llvm::make_early_inc_range(output.getUsers())) {
      auto fill = dyn_cast<linalg::FillOp>(user);
      if (fill && fill->getBlock() == nest.generic->getBlock() &&
          fill->isBeforeInBlock(nest.generic) && accumulator.isNeutral(fill.getInputs().front())) {
        fill.erase();
        return success();
      }
    }
    if (accumulator.ignoresOutput())
      return success();
    return nest.generic.emitOpError(
        "reduces into an output that is not filled with the neutral element");
  }

  /// The rows of `tile` whose code stands side by side in a loop: as many as give about 32 vector
  /// instructions, which hide the loop and are soon compiled.
  int64_t rowsAtOnce(const LaneTile &tile) {
    // Lanes that are loaded one by one make long code.
    if (!nest.loadsVectors(tile))
      return 1;
    constexpr int64_t instructions = 32, registerBytes = 64;
    const int64_t registers = llvm::divideCeil(tile.size() * elementBytes(), registerBytes);
    // A power of two, like the rows of a block.
    return int64_t(llvm::bit_floor(
        uint64_t(std::max<int64_t>(1, instructions / (registers * nest.instructions())))));
  }

  /// The combined values of `count` vectors, and of `block` before them; `place` moves to one of
  /// them.
  SmallVector<Value> combine(int64_t count, const LaneTile &tile,
                             llvm::function_ref<void(AffineExpr)> place,
                             SmallVector<Value> block = {}) {
    auto add = [&](AffineExpr index, ValueRange sums) {
      place(index);
      SmallVector<Value> row = nest.evaluate(values, tile);
      return sums.empty() ? row : accumulators.combine(b, loc, sums, row);
    };
    const int64_t unroll = rowsAtOnce(tile);
    int64_t done = 0;
    auto addRows = [&](int64_t rows) {
      for (; rows > 0; --rows)
        block = add(nest.constant(done++), block);
    };
    if (block.empty())
      addRows(std::min(count, unroll));
    const int64_t rounds = (count - done) / unroll;
    block = nest.loop(rounds, block, [&](AffineExpr round, ValueRange carried) {
      SmallVector<Value> sums = carried;
      for (int64_t row = 0; row < unroll; ++row)
        sums = add(round * unroll + (done + row), sums);
      return sums;
    });
    done += rounds * unroll;
    addRows(count - done);
    return block;
  }

  /// A tile of results that each are few elements side by side: lanes run along the innermost kept
  /// dimension.
  void emitNarrow() {
    const int64_t dim = innerKept;
    const LoopNest::Cover vectors = nest.cover(dim, lane_bytes / 4, elementBytes());
    const LaneTile tile{dim, vectors.width, 1};
    nest.overVectors(dim, vectors, [&](AffineExpr) {
      SmallVector<Value> sums = absorbLines(reduced, accumulators.neutral(b, loc, tile.rows), tile);
      nest.position[lineDim] = nest.constant(0);
      nest.store(accumulators.finish(b, loc, sums), tile);
    });
  }

  /// Lanes run along the reduced dimension, beside them all kept columns if they are few; at the
  /// end they are folded.
  void emitFolded() {
    const int64_t columns = isInner ? 1 : nest.extents.back();
    const LaneTile tile = inAnyOrder({lineDim, lanes, columns});
    storeFolded(absorbLines(reduced, accumulators.neutral(b, loc, tile.size()), tile), tile);
  }

  /// The same for short lines, several at a time, whose lanes are folded together.
  void emitShort() {
    const int64_t dim = innerKept;
    const LaneTile tile{lineDim, lanes, 1};
    const LoopNest::Cover lines = {lines_at_once,
                                   int64_t(llvm::divideCeil(nest.extents[dim], lines_at_once))};
    SmallVector<Value> buffers = allocate(accumulators.types(), lines.width * lanes);
    nest.overVectors(dim, lines, [&](AffineExpr) {
      const AffineExpr first = nest.position[dim];
      nest.loop(lines.width, [&](AffineExpr line) {
        nest.position[dim] = first + line;
        store(absorbLines(reduced, accumulators.neutral(b, loc, lanes), tile), buffers,
              line * lanes);
      });
      SmallVector<SmallVector<Value>> sums;
      for (int64_t line = 0; line < lines.width; ++line)
        sums.push_back(load(buffers, nest.constant(line * lanes), lanes));
      nest.position[dim] = first;
      nest.position[lineDim] = nest.constant(0);
      nest.store(accumulators.finish(b, loc, accumulators.foldLines(b, loc, sums)),
                 LaneTile{dim, lines.width, 1});
    });
  }

  /// The same where a kept dimension lies between reduced ones: lines are read in the order of
  /// memory, and the accumulators of all results along `dim` wait in L1.
  void emitBetween() {
    const int64_t dim = innerKept;
    const LaneTile tile = inAnyOrder({lineDim, lanes, 1});
    SmallVector<int64_t> around, within;
    for (int64_t other : reduced)
      (other < dim ? around : within).push_back(other);
    SmallVector<Value> buffers = allocate(accumulators.types(), nest.extents[dim] * lanes);
    auto overResults = [&](llvm::function_ref<void(AffineExpr)> body) {
      nest.loop(nest.extents[dim], [&](AffineExpr result) {
        nest.position[dim] = result;
        body(result * lanes);
      });
    };
    overResults(
        [&](AffineExpr place) { store(accumulators.neutral(b, loc, lanes), buffers, place); });
    nest.overDims(around, {}, [&](ValueRange) -> SmallVector<Value> {
      overResults([&](AffineExpr place) {
        store(absorbLines(within, load(buffers, place, lanes), tile), buffers, place);
      });
      return {};
    });
    overResults([&](AffineExpr place) { storeFolded(load(buffers, place, lanes), tile); });
  }

  /// Absorbs the lines for all indices of the reduced `dims`.
  SmallVector<Value> absorbLines(ArrayRef<int64_t> dims, ValueRange sums, const LaneTile &tile) {
    const int64_t line = nest.extents[lineDim];
    const int64_t block = lanes * blockRows, rest = line % block;
    auto rowsAt = [&](AffineExpr start) {
      return [this, start](AffineExpr row) { nest.position[lineDim] = start + row * lanes; };
    };
    return nest.overDims(dims, sums, [&](ValueRange sums) {
      SmallVector<Value> total = nest.loop(line / block, sums, [&](AffineExpr iv, ValueRange sums) {
        return accumulators.absorb(b, loc, sums, combine(blockRows, tile, rowsAt(iv * block)));
      });
      if (rest)
        total = accumulators.absorb(b, loc, total, combineRest(line - rest, rest, tile));
      return total;
    });
  }

  void storeFolded(ValueRange sums, const LaneTile &tile) {
    const int64_t columns = tile.columns;
    SmallVector<Value> results =
        accumulators.finish(b, loc, accumulators.foldLanes(b, loc, inOrder(sums, tile), columns));
    nest.position[lineDim] = nest.constant(0);
    if (!isInner)
      nest.position.back() = nest.constant(0);
    nest.store(results, LaneTile{-1, 1, columns});
  }

  /// The last, short block of a line: whole rows of lanes, and one that fills only some.
  SmallVector<Value> combineRest(int64_t start, int64_t count, const LaneTile &tile) {
    const int64_t rows = count / lanes;
    SmallVector<Value> block;
    if (rows)
      block = combine(rows, tile,
                      [&](AffineExpr row) { nest.position[lineDim] = row * lanes + start; });
    LaneTile tail = tile;
    tail.rows = count % lanes;
    tail.evenFirst = false;
    if (!tail.rows)
      return block;
    // Where the line has a whole row, its last one is loaded, and what lies before the tail left
    // out: loads of other sizes are several instructions.
    const bool isWhole = start + count >= lanes;
    const LaneTile &loaded = isWhole ? tile : tail;
    nest.position[lineDim] = nest.constant(start + count - loaded.rows);
    // The lanes beyond take element 0 of the neutral ones.
    SmallVector<int64_t> sources(tile.size(), loaded.size());
    for (int64_t element = 0; element < tail.size(); ++element)
      sources[tile.laneOf(element)] = loaded.laneOf(loaded.size() - tail.size() + element);
    SmallVector<Value> padded;
    for (auto [row, neutral] : llvm::zip_equal(nest.evaluate(values, loaded),
                                               accumulators.neutralBlocks(b, loc, loaded.size())))
      padded.push_back(vector::ShuffleOp::create(b, loc, row, neutral, sources));
    return rows ? accumulators.combine(b, loc, block, padded) : padded;
  }

  /// Lanes run along a kept dimension; the accumulators of a tile of columns lie in a buffer that
  /// stays in L1 while blocks of rows go by.
  ///
  /// A few rows at a time are combined over all columns: memory is walked in as many long runs,
  /// which reaches its full speed where a whole block in registers, and so a run of each of its
  /// rows for a few columns, gets two thirds of it. The values of an unfinished block are in L1,
  /// too.
  void emitOuter() {
    const int64_t columnDim = nest.rank() - 1, rows = nest.extents[lineDim];
    const LoopNest::Cover vectors = nest.cover(columnDim, outer_vector_bytes, elementBytes());
    const LaneTile tile = inAnyOrder({lineDim, 1, vectors.width});
    auto combineAt = [&](AffineExpr start, int64_t count, SmallVector<Value> block = {}) {
      return combine(
          count, tile, [&](AffineExpr row) { nest.position[lineDim] = start + row; },
          std::move(block));
    };
    auto finish = [&](ValueRange sums) {
      nest.position[lineDim] = nest.constant(0);
      nest.store(accumulators.finish(b, loc, inOrder(sums, tile)), tile);
    };

    const bool oneBlock = rows > 0 && rows <= blockRows && llvm::all_of(reduced, [&](int64_t dim) {
                            return nest.extents[dim] == 1;
                          });
    if (oneBlock)
      return nest.overVectors(columnDim, vectors, [&](AffineExpr) {
        finish(accumulators.absorb(b, loc, accumulators.neutral(b, loc, tile.size()),
                                   combineAt(nest.constant(0), rows)));
      });

    const int64_t width = vectors.width, slots = vectors.count * width;
    SmallVector<Value> buffers = allocate(accumulators.types(), slots);
    const bool isPlain =
        llvm::all_of(accumulators.each(), [](const Accumulator &each) { return each.isPlain(); });
    const int64_t absorbedRows = isPlain ? outer_rows_at_once : blockRows;
    const int64_t rowsAtOnce = std::min(outer_rows_at_once, absorbedRows);
    SmallVector<Value> unfinished;
    if (absorbedRows > rowsAtOnce)
      unfinished = allocate(llvm::to_vector(ValueRange(values).getTypes()), slots);

    auto absorbAt = [&](AffineExpr place, ValueRange block) {
      store(accumulators.absorb(b, loc, load(buffers, place, width), block), buffers, place);
    };
    auto absorbBlock = [&](AffineExpr start) {
      for (int64_t first = 0; first < absorbedRows; first += rowsAtOnce)
        nest.overVectors(columnDim, vectors, [&](AffineExpr number) {
          SmallVector<Value> block;
          if (first > 0)
            block = load(unfinished, number * width, width);
          block = combineAt(start + first, rowsAtOnce, std::move(block));
          if (first + rowsAtOnce < absorbedRows)
            store(block, unfinished, number * width);
          else
            absorbAt(number * width, block);
        });
    };
    // The last, short block: row by row, in little code.
    auto absorbRest = [&](int64_t start, int64_t count) {
      nest.overVectors(columnDim, vectors, [&](AffineExpr number) {
        absorbAt(number * width,
                 nest.loop(count, accumulators.neutralBlocks(b, loc, tile.size()),
                           [&](AffineExpr row, ValueRange sums) {
                             nest.position[lineDim] = row + start;
                             return accumulators.combine(b, loc, sums, nest.evaluate(values, tile));
                           }));
      });
    };
    nest.overVectors(columnDim, vectors, [&](AffineExpr number) {
      store(accumulators.neutral(b, loc, tile.size()), buffers, number * width);
    });
    nest.overDims(reduced, {}, [&](ValueRange) -> SmallVector<Value> {
      nest.loop(rows / absorbedRows, [&](AffineExpr iv) { absorbBlock(iv * absorbedRows); });
      if (const int64_t rest = rows % absorbedRows)
        absorbRest(rows - rest, rest);
      return {};
    });
    nest.overVectors(columnDim, vectors,
                     [&](AffineExpr number) { finish(load(buffers, number * width, width)); });
  }

  // The order of lanes while their elements are reduced.

  LaneTile inAnyOrder(LaneTile tile) {
    tile.evenFirst = nest.extendsHalves(tile);
    return tile;
  }

  SmallVector<Value> inOrder(ValueRange lanes, const LaneTile &tile) {
    if (!tile.evenFirst)
      return lanes;
    SmallVector<int64_t> sources = llvm::map_to_vector(
        llvm::seq<int64_t>(0, tile.size()), [&](int64_t element) { return tile.laneOf(element); });
    return llvm::map_to_vector(lanes, [&](Value vector) -> Value {
      return vector::ShuffleOp::create(b, loc, vector, vector, sources);
    });
  }

  // Accumulators in memory: a buffer for each type, vectors of them at a place.

  SmallVector<Value> allocate(ArrayRef<Type> types, int64_t size) {
    return llvm::map_to_vector(types, [&](Type type) { return nest.allocate(size, type); });
  }
  SmallVector<Value> load(ValueRange buffers, AffineExpr place, int64_t count) {
    return llvm::map_to_vector(buffers,
                               [&](Value buffer) { return nest.loadFrom(buffer, place, count); });
  }
  void store(ValueRange values, ValueRange buffers, AffineExpr place) {
    for (auto [buffer, value] : llvm::zip_equal(buffers, values))
      nest.storeTo(buffer, place, value);
  }

  LoopNest &nest;
  OpBuilder &b;
  Location loc;
  Accumulators accumulators;
  SmallVector<Value> values;          // of the body: what each result accumulates
  SmallVector<int64_t> kept, reduced; // dimensions to loop over, without `lineDim`
  int64_t lineDim;                    // the innermost reduced one
  int64_t innerKept;                  // the innermost kept one, or -1
  int64_t lanes;                      // of a line
  int64_t blockRows;
  bool isInner;
};

LogicalResult vectorize(linalg::GenericOp generic) {
  OpBuilder builder(generic);
  LoopNest nest(builder, generic);
  if (llvm::any_of(nest.extents, ShapedType::isDynamic))
    return generic.emitOpError("has a dynamic extent");
  if (!llvm::all_of(generic.getIndexingMapsArray(),
                    [](AffineMap map) { return map.isProjectedPermutation(); }))
    return generic.emitOpError("has an indexing map that is no projected permutation");
  if (generic.getNumReductionLoops() == 0) {
    emitElementwise(nest);
    return success();
  }
  FailureOr<Accumulators> accumulators = Accumulators::match(generic);
  if (failed(accumulators))
    return failure();
  return Reduction(nest, *accumulators).emit();
}

struct TsumVectorizePass final : impl::TsumVectorizePassBase<TsumVectorizePass> {
  void runOnOperation() override {
    SmallVector<linalg::GenericOp> generics;
    getOperation().walk([&](linalg::GenericOp generic) { generics.push_back(generic); });
    for (linalg::GenericOp generic : generics) {
      if (failed(vectorize(generic)))
        return signalPassFailure();
      generic.erase();
    }
  }
};

} // namespace
} // namespace tsum
