// SPDX-License-Identifier: Apache-2.0

#include "Accumulator.h"

#include "tsum/Codegen/Passes.h"
#include "tsum/Graph/SummationTree.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"

#include <numeric>

using namespace mlir;

namespace tsum {
#define GEN_PASS_DEF_TSUMVECTORIZEPASS
#include "tsum/Codegen/Passes.h.inc"

namespace {

/// Emits the loops of one linalg.generic.
///
/// The innermost iteration dimension runs along the lanes of vectors. Positions in the iteration space are affine
/// expressions in the induction variables of the loops emitted so far.
class LoopNest {
public:
  LoopNest(OpBuilder &builder, linalg::GenericOp generic)
      : b(builder), loc(generic.getLoc()), generic(generic),
        extents(generic.getStaticLoopRanges()), kinds(generic.getIteratorTypesArray()) {
    position.assign(extents.size(), b.getAffineConstantExpr(0));
  }

  LogicalResult emit() {
    if (llvm::any_of(extents, ShapedType::isDynamic))
      return generic.emitOpError("has a dynamic extent");
    if (!llvm::all_of(generic.getIndexingMapsArray(),
                      [](AffineMap map) { return map.isProjectedPermutation(); }))
      return generic.emitOpError("has an indexing map that is no projected permutation");
    if (generic.getNumReductionLoops() == 0) {
      emitElementwise();
      return success();
    }
    auto matched = Accumulator::match(generic);
    if (failed(matched))
      return failure();
    accumulator = *matched;
    if (failed(removeFill()))
      return failure();
    overParallelDims(0, /*to=*/rank() - 1, [&] {
      if (kinds.back() == utils::IteratorType::reduction)
        emitInner();
      else
        emitOuter();
    });
    return success();
  }

private:
  using Body = function_ref<SmallVector<Value>(AffineExpr, ValueRange)>;

  int64_t rank() const { return extents.size(); }
  /// Lanes of a vector, by the type of the output.
  int64_t lanes() {
    return lane_bytes * 8 / generic.getRegionOutputArgs().front().getType().getIntOrFloatBitWidth();
  }

  // Loops.

  /// Emits `body` for 0 <= iv < count, in a loop if count > 1, carrying values from one iteration to the next.
  SmallVector<Value> loop(int64_t count, ValueRange carried, Body body) {
    if (count <= 0)
      return carried;
    if (count == 1)
      return body(b.getAffineConstantExpr(0), carried);
    auto forOp = affine::AffineForOp::create(b, loc, 0, count, 1, carried);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(forOp.getBody());
    ivs.push_back(forOp.getInductionVar());
    SmallVector<Value> results =
        body(b.getAffineDimExpr(ivs.size() - 1), forOp.getRegionIterArgs());
    ivs.pop_back();
    if (carried.empty())
      b.setInsertionPoint(forOp.getBody()->getTerminator());
    else
      affine::AffineYieldOp::create(b, loc, results);
    return forOp.getResults();
  }

  void loop(int64_t count, function_ref<void(AffineExpr)> body) {
    loop(count, {}, [&](AffineExpr iv, ValueRange) -> SmallVector<Value> {
      body(iv);
      return {};
    });
  }

  /// Loops over the parallel dimensions from `from` up to `to`.
  void overParallelDims(int64_t from, int64_t to, function_ref<void()> body) {
    if (from >= to)
      return body();
    if (kinds[from] != utils::IteratorType::parallel)
      return overParallelDims(from + 1, to, body);
    loop(extents[from], [&](AffineExpr iv) {
      position[from] = iv;
      overParallelDims(from + 1, to, body);
    });
  }

  /// Loops over the given dimensions, outermost first, carrying values.
  SmallVector<Value> overDims(ArrayRef<int64_t> dims, ValueRange carried,
                              function_ref<SmallVector<Value>(ValueRange)> body) {
    if (dims.empty())
      return body(carried);
    return loop(extents[dims.front()], carried, [&](AffineExpr iv, ValueRange values) {
      position[dims.front()] = iv;
      return overDims(dims.drop_front(), values, body);
    });
  }

  /// Covers the innermost dimension with vectors of `width` lanes and a narrower last one.
  void overLanes(int64_t width, function_ref<void(int64_t)> body) {
    int64_t extent = rank() ? extents.back() : 1;
    auto at = [&](AffineExpr expr, int64_t lanes) {
      if (rank())
        position.back() = expr;
      body(lanes);
    };
    loop(extent / width, [&](AffineExpr iv) { at(iv * width, width); });
    if (int64_t tail = extent % width)
      at(b.getAffineConstantExpr(extent - tail), tail);
  }

  // Memory.

  AffineMap indicesOf(AffineMap map) {
    SmallVector<AffineExpr> exprs = llvm::map_to_vector(map.getResults(), [&](AffineExpr dim) {
      return position[cast<AffineDimExpr>(dim).getPosition()];
    });
    return AffineMap::get(ivs.size(), 0, exprs, b.getContext());
  }

  /// Elements between neighbouring lanes: 0 if `operand` does not extend along the lanes.
  int64_t laneStride(OpOperand &operand) {
    if (rank() == 0)
      return 0;
    AffineMap map = generic.getMatchingIndexingMap(&operand);
    auto result = map.getResultPosition(b.getAffineDimExpr(rank() - 1));
    if (!result)
      return 0;
    SmallVector<int64_t> strides;
    int64_t offset;
    [[maybe_unused]] LogicalResult strided =
        cast<MemRefType>(operand.get().getType()).getStridesAndOffset(strides, offset);
    assert(succeeded(strided) && "buffers are strided");
    return strides[*result];
  }

  bool lanesAreContiguous() {
    return llvm::all_of(generic.getDpsInputOperands(),
                        [&](OpOperand *operand) { return laneStride(*operand) <= 1; });
  }

  Value load(OpOperand &operand, int64_t lanes) {
    AffineMap indices = indicesOf(generic.getMatchingIndexingMap(&operand));
    Value memref = operand.get();
    auto type = VectorType::get({lanes}, getElementTypeOrSelf(memref));
    switch (laneStride(operand)) {
    case 0: {
      Value scalar = affine::AffineLoadOp::create(b, loc, memref, indices, ivs);
      return vector::BroadcastOp::create(b, loc, type, scalar);
    }
    case 1:
      return affine::AffineVectorLoadOp::create(b, loc, type, memref, indices, ivs);
    default: {
      SmallVector<Value> elements;
      AffineExpr first = position.back();
      for (int64_t lane = 0; lane < lanes; ++lane) {
        position.back() = first + lane;
        elements.push_back(affine::AffineLoadOp::create(
            b, loc, memref, indicesOf(generic.getMatchingIndexingMap(&operand)), ivs));
      }
      position.back() = first;
      return vector::FromElementsOp::create(b, loc, type, elements);
    }
    }
  }

  void store(Value value, OpOperand &operand) {
    AffineMap indices = indicesOf(generic.getMatchingIndexingMap(&operand));
    if (laneStride(operand) == 1) {
      affine::AffineVectorStoreOp::create(b, loc, value, operand.get(), indices, ivs);
      return;
    }
    assert(cast<VectorType>(value.getType()).getNumElements() == 1 && "outputs are contiguous");
    Value scalar = vector::ExtractOp::create(b, loc, value, int64_t(0));
    affine::AffineStoreOp::create(b, loc, scalar, operand.get(), indices, ivs);
  }

  // The body.

  /// `scalar` of the body, computed for `lanes` lanes at the current position.
  Value evaluate(Value scalar, int64_t lanes) {
    IRMapping mapping;
    for (OpOperand *operand : generic.getDpsInputOperands()) {
      BlockArgument argument = generic.getMatchingBlockArgument(operand);
      if (!argument.use_empty())
        mapping.map(argument, load(*operand, lanes));
    }
    auto vectorOf = [&](Type type) -> Type { return VectorType::get({lanes}, type); };
    auto mapped = [&](Value value) -> Value {
      if (Value vector = mapping.lookupOrNull(value))
        return vector;
      Value splat = vector::BroadcastOp::create(b, loc, vectorOf(value.getType()), value);
      mapping.map(value, splat);
      return splat;
    };
    for (Operation &op : generic.getBody()->without_terminator()) {
      if (llvm::is_contained(op.getOperands(), generic.getRegionOutputArgs().front()))
        continue; // the combiner, which the accumulator replaces
      if (op.hasTrait<OpTrait::ConstantLike>()) {
        Value constant = b.clone(op)->getResult(0);
        mapping.map(op.getResult(0),
                    vector::BroadcastOp::create(b, loc, vectorOf(constant.getType()), constant));
        continue;
      }
      SmallVector<Value> operands = llvm::map_to_vector(op.getOperands(), mapped);
      SmallVector<Type> types = llvm::map_to_vector(op.getResultTypes(), vectorOf);
      Operation *vector =
          b.create(loc, op.getName().getIdentifier(), operands, types, op.getAttrs());
      mapping.map(&op, vector);
      mapping.map(op.getResults(), vector->getResults());
    }
    return mapped(scalar);
  }

  void emitElementwise() {
    Value yielded = generic.getBody()->getTerminator()->getOperand(0);
    overParallelDims(0, rank() - 1, [&] {
      overLanes(lanes(), [&](int64_t width) {
        store(evaluate(yielded, width), *generic.getDpsInitOperand(0));
      });
    });
  }

  // Reductions.

  /// Erases the fill of the output, whose neutral elements the accumulators start from instead.
  LogicalResult removeFill() {
    Value output = generic.getDpsInits().front();
    for (Operation *user : llvm::make_early_inc_range(output.getUsers())) {
      auto fill = dyn_cast<linalg::FillOp>(user);
      if (fill && fill->getBlock() == generic->getBlock() && fill->isBeforeInBlock(generic) &&
          accumulator.isNeutral(fill.getInputs().front())) {
        fill.erase();
        return success();
      }
    }
    return generic.emitOpError("reduces into an output that is not filled with zero");
  }

  /// The combined value of `rows` consecutive rows of `lanes` lanes; `place` moves to a row.
  Value combineRows(int64_t rows, int64_t lanes, function_ref<void(AffineExpr)> place) {
    place(b.getAffineConstantExpr(0));
    Value block = evaluate(accumulator.reducedValue(), lanes);
    auto addRow = [&](AffineExpr row, Value sum) {
      place(row);
      return accumulator.combine(b, loc, sum, evaluate(accumulator.reducedValue(), lanes));
    };
    // Gathered lanes make long code: loop over their rows rather than unroll.
    if (!lanesAreContiguous())
      return loop(rows - 1, block, [&](AffineExpr row, ValueRange sum) -> SmallVector<Value> {
               return {addRow(row + 1, sum.front())};
             }).front();
    for (int64_t row = 1; row < rows; ++row)
      block = addRow(b.getAffineConstantExpr(row), block);
    return block;
  }

  /// The reduced dimensions but `except`, outermost first.
  SmallVector<int64_t> reducedDimsExcept(int64_t except) {
    return llvm::filter_to_vector(llvm::seq<int64_t>(0, rank()), [&](int64_t dim) {
      return dim != except && kinds[dim] == utils::IteratorType::reduction;
    });
  }

  /// Lanes run along the reduced innermost dimension and are folded at the end.
  void emitInner() {
    const int64_t extent = extents.back();
    // Lanes that no element falls into hold zeros to the end: leave them out.
    const int64_t width = std::min<int64_t>(lanes(), llvm::PowerOf2Ceil(std::max<int64_t>(extent, 1)));
    const int64_t block = width * block_rows;
    const int64_t rest = extent % block;
    auto combineAt = [&](AffineExpr start, int64_t rows) {
      return combineRows(rows, width, [&](AffineExpr row) { position.back() = start + row * width; });
    };

    SmallVector<Value> sums = overDims(
        reducedDimsExcept(rank() - 1), accumulator.neutral(b, loc, width), [&](ValueRange sums) {
          SmallVector<Value> total =
              loop(extent / block, sums, [&](AffineExpr iv, ValueRange sums) {
                return accumulator.absorb(b, loc, sums, combineAt(iv * block, block_rows));
              });
          if (rest)
            total = accumulator.absorb(b, loc, total, combineRest(extent - rest, rest, width));
          return total;
        });
    Value result = accumulator.finish(b, loc, accumulator.foldLanes(b, loc, sums));
    store(result, *generic.getDpsInitOperand(0));
  }

  /// The last, short block of the innermost dimension: whole rows, and a row that fills only some lanes.
  Value combineRest(int64_t start, int64_t count, int64_t width) {
    const int64_t rows = count / width, tail = count % width;
    Value block;
    if (rows)
      block = combineRows(rows, width, [&](AffineExpr row) {
        position.back() = row * width + start;
      });
    if (!tail)
      return block;
    position.back() = b.getAffineConstantExpr(start + rows * width);
    Value narrow = evaluate(accumulator.reducedValue(), tail);
    // The lanes beyond take element 0 of the zeros.
    Value zeros = arith::ConstantOp::create(b, loc, b.getZeroAttr(narrow.getType()));
    SmallVector<int64_t> sources(width, tail);
    std::iota(sources.begin(), sources.begin() + tail, 0);
    Value padded = vector::ShuffleOp::create(b, loc, narrow, zeros, sources);
    return block ? accumulator.combine(b, loc, block, padded) : padded;
  }

  /// Lanes run along a kept dimension; the accumulators of a tile of columns lie in a buffer that stays in L1 while
  /// blocks of rows go by.
  void emitOuter() {
    const int64_t columns = extents.back();
    const int64_t width = std::min(lanes(), columns);
    const int64_t rowDim = reducedDimsExcept(-1).back();
    const int64_t rest = extents[rowDim] % block_rows;
    OpOperand &output = *generic.getDpsInitOperand(0);
    auto combineAt = [&](AffineExpr start, int64_t rows, int64_t lanes) {
      return combineRows(rows, lanes, [&](AffineExpr row) { position[rowDim] = start + row; });
    };

    SmallVector<int64_t> outerDims = reducedDimsExcept(rowDim);
    bool oneBlock = extents[rowDim] > 0 && extents[rowDim] <= block_rows &&
                    llvm::all_of(outerDims, [&](int64_t dim) { return extents[dim] == 1; });
    if (oneBlock) {
      overLanes(width, [&](int64_t lanes) {
        Value block = combineAt(b.getAffineConstantExpr(0), extents[rowDim], lanes);
        SmallVector<Value> sums =
            accumulator.absorb(b, loc, accumulator.neutral(b, loc, lanes), block);
        store(accumulator.finish(b, loc, sums), output);
      });
      return;
    }

    SmallVector<Value> buffers = allocateAccumulators(columns);
    overLanes(width, [&](int64_t lanes) {
      storeAccumulators(accumulator.neutral(b, loc, lanes), buffers);
    });
    overDims(outerDims, {}, [&](ValueRange) -> SmallVector<Value> {
      auto absorbBlock = [&](AffineExpr start, int64_t rows) {
        overLanes(width, [&](int64_t lanes) {
          Value block = combineAt(start, rows, lanes);
          storeAccumulators(
              accumulator.absorb(b, loc, loadAccumulators(buffers, lanes), block), buffers);
        });
      };
      loop(extents[rowDim] / block_rows,
           [&](AffineExpr iv) { absorbBlock(iv * block_rows, block_rows); });
      if (rest)
        absorbBlock(b.getAffineConstantExpr(extents[rowDim] - rest), rest);
      return {};
    });
    overLanes(width, [&](int64_t lanes) {
      store(accumulator.finish(b, loc, loadAccumulators(buffers, lanes)), output);
    });
  }

  SmallVector<Value> allocateAccumulators(int64_t columns) {
    // At the function's entry: inside the loop over tiles every iteration would take more stack.
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&generic->getParentOfType<func::FuncOp>().getBody().front());
    return llvm::map_to_vector(accumulator.types(), [&](Type type) -> Value {
      return memref::AllocaOp::create(b, loc, MemRefType::get({columns}, type), b.getI64IntegerAttr(64));
    });
  }

  AffineMap columnIndex() { return AffineMap::get(ivs.size(), 0, position.back()); }

  SmallVector<Value> loadAccumulators(ValueRange buffers, int64_t lanes) {
    return llvm::map_to_vector(buffers, [&](Value buffer) -> Value {
      auto type = VectorType::get({lanes}, getElementTypeOrSelf(buffer));
      return affine::AffineVectorLoadOp::create(b, loc, type, buffer, columnIndex(), ivs);
    });
  }

  void storeAccumulators(ValueRange accumulators, ValueRange buffers) {
    for (auto [value, buffer] : llvm::zip_equal(accumulators, buffers))
      affine::AffineVectorStoreOp::create(b, loc, value, buffer, columnIndex(), ivs);
  }

  OpBuilder &b;
  Location loc;
  linalg::GenericOp generic;
  SmallVector<int64_t> extents;
  SmallVector<utils::IteratorType> kinds;
  Accumulator accumulator;
  SmallVector<Value> ivs;           // of the loops around the insertion point
  SmallVector<AffineExpr> position; // of each iteration dimension, in terms of `ivs`
};

struct TsumVectorizePass final : impl::TsumVectorizePassBase<TsumVectorizePass> {
  void runOnOperation() override {
    SmallVector<linalg::GenericOp> generics;
    getOperation().walk([&](linalg::GenericOp generic) { generics.push_back(generic); });
    for (linalg::GenericOp generic : generics) {
      OpBuilder builder(generic);
      if (failed(LoopNest(builder, generic).emit()))
        return signalPassFailure();
      generic.erase();
    }
  }
};

} // namespace
} // namespace tsum
