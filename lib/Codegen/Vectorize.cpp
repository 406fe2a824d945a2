// SPDX-License-Identifier: Apache-2.0

#include "Accumulator.h"
#include "ExactReduction.h"
#include "LoopNest.h"

#include "tsum/Codegen/Passes.h"
#include "tsum/Graph/SummationTree.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

#include <numeric>

using namespace mlir;

namespace tsum {
#define GEN_PASS_DEF_TSUMVECTORIZEPASS
#include "tsum/Codegen/Passes.h.inc"

namespace {

int64_t bytesOf(Value scalar) { return scalar.getType().getIntOrFloatBitWidth() / 8; }

/// Vectors along the innermost dimension.
void emitElementwise(LoopNest &nest) {
  Value yielded = nest.generic.getBody()->getTerminator()->getOperand(0);
  OpOperand &output = *nest.generic.getDpsInitOperand(0);
  auto emit = [&](int64_t columns) {
    LaneTile tile{/*rowDim=*/-1, 1, columns};
    nest.store(nest.evaluate(yielded, tile), output, tile);
  };
  if (nest.rank() == 0)
    return emit(1);
  auto outer = llvm::to_vector(llvm::seq<int64_t>(0, nest.rank() - 1));
  nest.overDims(outer, {}, [&](ValueRange) -> SmallVector<Value> {
    nest.overSteps(nest.rank() - 1, lane_bytes / nest.widestElement(), emit);
    return {};
  });
}

/// Emits one reduction along the tree of tsum/Graph/SummationTree.h.
class Reduction {
public:
  Reduction(LoopNest &nest, Accumulator accumulator)
      : nest(nest), b(nest.b), loc(nest.loc), accumulator(std::move(accumulator)),
        output(*nest.generic.getDpsInitOperand(0)) {
    for (int64_t dim = 0; dim < nest.rank(); ++dim)
      (nest.isReduced(dim) ? reduced : kept).push_back(dim);
    lineDim = reduced.pop_back_val();
    isInner = lineDim == nest.rank() - 1;
    // A kernel's tiles know their lanes; a reduction that is no tile has those of its own extents.
    auto given = nest.generic->getAttrOfType<IntegerAttr>("tsum.lanes");
    lanes = given ? given.getInt() : lanesOfReduction(nest.generic, this->accumulator);
  }

  LogicalResult emit() {
    if (failed(removeFill()))
      return failure();
    if (accumulator.isExact()) {
      emitExactSum(nest, accumulator.reducedValue());
      return success();
    }
    const bool isNarrow = isInner && lanes == 1 && !kept.empty();
    const bool isOuter = !isInner && lanes == 1;
    const int64_t laneDim = kept.empty() ? -1 : kept.back();
    if (isNarrow || !isInner)
      kept.pop_back();
    nest.overDims(kept, {}, [&](ValueRange) -> SmallVector<Value> {
      if (isNarrow)
        emitNarrow(laneDim);
      else if (isOuter)
        emitOuter();
      else
        emitFolded();
      return {};
    });
    return success();
  }

private:
  int64_t elementBytes() const { return bytesOf(accumulator.reducedValue()); }

  /// Erases the fill of the output, whose neutral elements the accumulators start from instead.
  LogicalResult removeFill() {
    for (Operation *user : llvm::make_early_inc_range(output.get().getUsers())) {
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

  /// The combined value of `count` vectors; `place` moves to one of them.
  Value combine(int64_t count, const LaneTile &tile, llvm::function_ref<void(AffineExpr)> place) {
    place(nest.constant(0));
    Value block = nest.evaluate(accumulator.reducedValue(), tile);
    auto add = [&](AffineExpr index, Value sum) {
      place(index);
      return accumulator.combine(b, loc, sum, nest.evaluate(accumulator.reducedValue(), tile));
    };
    // Lanes that are loaded one by one make long code: loop rather than unroll.
    if (!nest.loadsVectors(tile))
      return nest
          .loop(count - 1, block,
                [&](AffineExpr index, ValueRange sum) -> SmallVector<Value> {
                  return {add(index + 1, sum.front())};
                })
          .front();
    for (int64_t index = 1; index < count; ++index)
      block = add(nest.constant(index), block);
    return block;
  }

  /// A tile of results that each are few elements side by side: lanes run along the innermost kept
  /// dimension.
  void emitNarrow(int64_t dim) {
    const int64_t width = lane_bytes / 4 / elementBytes();
    nest.overSteps(dim, width, [&](int64_t rows) {
      LaneTile tile{dim, rows, 1};
      SmallVector<Value> sums =
          nest.overDims(reduced, accumulator.neutral(b, loc, rows), [&](ValueRange sums) {
            if (nest.extents[lineDim] == 0)
              return SmallVector<Value>(sums);
            Value line = combine(nest.extents[lineDim], tile,
                                 [&](AffineExpr element) { nest.position[lineDim] = element; });
            return accumulator.absorb(b, loc, sums, line);
          });
      nest.position[lineDim] = nest.constant(0);
      nest.store(accumulator.finish(b, loc, sums), output, tile);
    });
  }

  /// Lanes run along the reduced dimension, beside them all kept columns if they are few; at the
  /// end they are folded.
  void emitFolded() {
    const int64_t columns = isInner ? 1 : nest.extents.back();
    const int64_t line = nest.extents[lineDim];
    const int64_t block = lanes * block_rows, rest = line % block;
    const LaneTile tile{lineDim, lanes, columns};
    auto rowsAt = [&](AffineExpr start) {
      return [this, start](AffineExpr row) { nest.position[lineDim] = start + row * lanes; };
    };
    SmallVector<Value> sums =
        nest.overDims(reduced, accumulator.neutral(b, loc, tile.size()), [&](ValueRange sums) {
          SmallVector<Value> total =
              nest.loop(line / block, sums, [&](AffineExpr iv, ValueRange sums) {
                return accumulator.absorb(b, loc, sums,
                                          combine(block_rows, tile, rowsAt(iv * block)));
              });
          if (rest)
            total = accumulator.absorb(b, loc, total, combineRest(line - rest, rest, tile));
          return total;
        });
    Value result = accumulator.finish(b, loc, accumulator.foldLanes(b, loc, sums, columns));
    nest.position[lineDim] = nest.constant(0);
    if (!isInner)
      nest.position.back() = nest.constant(0);
    nest.store(result, output, LaneTile{-1, 1, columns});
  }

  /// The last, short block of a line: whole rows of lanes, and one that fills only some.
  Value combineRest(int64_t start, int64_t count, const LaneTile &tile) {
    const int64_t rows = count / lanes;
    Value block;
    if (rows)
      block = combine(rows, tile,
                      [&](AffineExpr row) { nest.position[lineDim] = row * lanes + start; });
    LaneTile tail = tile;
    tail.rows = count % lanes;
    if (!tail.rows)
      return block;
    nest.position[lineDim] = nest.constant(start + rows * lanes);
    Value narrow = nest.evaluate(accumulator.reducedValue(), tail);
    // The lanes beyond take element 0 of the neutral ones.
    Value neutral = accumulator.neutralBlock(b, loc, tail.size());
    SmallVector<int64_t> sources(tile.size(), tail.size());
    std::iota(sources.begin(), sources.begin() + tail.size(), 0);
    Value padded = vector::ShuffleOp::create(b, loc, narrow, neutral, sources);
    return block ? accumulator.combine(b, loc, block, padded) : padded;
  }

  /// Lanes run along a kept dimension; the accumulators of a tile of columns lie in a buffer that
  /// stays in L1 while blocks of rows go by.
  void emitOuter() {
    const int64_t columnDim = nest.rank() - 1, rows = nest.extents[lineDim];
    // Two rows of lanes side by side: the longer runs of each row are worth 10% (57 against 50
    // GB/s).
    const int64_t width = 2 * lane_bytes / elementBytes();
    const int64_t rest = rows % block_rows;
    auto combineAt = [&](AffineExpr start, int64_t count, const LaneTile &tile) {
      return combine(count, tile, [&](AffineExpr row) { nest.position[lineDim] = start + row; });
    };
    auto overColumns = [&](llvm::function_ref<void(const LaneTile &)> body) {
      nest.overSteps(columnDim, width,
                     [&](int64_t columns) { body(LaneTile{lineDim, 1, columns}); });
    };
    auto finish = [&](ValueRange sums, const LaneTile &tile) {
      nest.position[lineDim] = nest.constant(0);
      nest.store(accumulator.finish(b, loc, sums), output, tile);
    };

    const bool oneBlock = rows > 0 && rows <= block_rows && llvm::all_of(reduced, [&](int64_t dim) {
                            return nest.extents[dim] == 1;
                          });
    if (oneBlock) {
      overColumns([&](const LaneTile &tile) {
        Value block = combineAt(nest.constant(0), rows, tile);
        finish(accumulator.absorb(b, loc, accumulator.neutral(b, loc, tile.size()), block), tile);
      });
      return;
    }

    SmallVector<Value> buffers = llvm::map_to_vector(accumulator.types(), [&](Type type) {
      return nest.allocate(nest.extents[columnDim], type);
    });
    auto load = [&](const LaneTile &tile) {
      return llvm::map_to_vector(buffers, [&](Value buffer) {
        return nest.loadFrom(buffer, nest.position[columnDim], tile.size());
      });
    };
    auto store = [&](ValueRange sums) {
      for (auto [buffer, sum] : llvm::zip_equal(buffers, sums))
        nest.storeTo(buffer, nest.position[columnDim], sum);
    };
    auto absorbBlock = [&](AffineExpr start, int64_t count) {
      overColumns([&](const LaneTile &tile) {
        Value block = combineAt(start, count, tile);
        store(accumulator.absorb(b, loc, load(tile), block));
      });
    };
    overColumns([&](const LaneTile &tile) { store(accumulator.neutral(b, loc, tile.size())); });
    nest.overDims(reduced, {}, [&](ValueRange) -> SmallVector<Value> {
      nest.loop(rows / block_rows,
                [&](AffineExpr iv) { absorbBlock(iv * block_rows, block_rows); });
      if (rest)
        absorbBlock(nest.constant(rows - rest), rest);
      return {};
    });
    overColumns([&](const LaneTile &tile) { finish(load(tile), tile); });
  }

  LoopNest &nest;
  OpBuilder &b;
  Location loc;
  Accumulator accumulator;
  OpOperand &output;
  SmallVector<int64_t> kept, reduced; // dimensions to loop over, without `lineDim`
  int64_t lineDim;                    // the innermost reduced one
  int64_t lanes;                      // of a line
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
  FailureOr<Accumulator> accumulator = Accumulator::match(generic);
  if (failed(accumulator))
    return failure();
  return Reduction(nest, *accumulator).emit();
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
