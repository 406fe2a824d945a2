// SPDX-License-Identifier: Apache-2.0

#include "Rows.h"

#include "tsum/Codegen/Passes.h"
#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace tsum {
#define GEN_PASS_DEF_TSUMFUSEPASS
#include "tsum/Codegen/Passes.h.inc"

namespace {

bool isReduction(Operation *op) {
  auto generic = dyn_cast<linalg::GenericOp>(op);
  return generic && generic.getNumReductionLoops() > 0;
}

bool hasOneUser(Operation *op) { return llvm::all_equal(op->getUsers()); }

/// Whether an elementwise op takes long for each element of a row, beside a load and a store. The
/// row has the dimensions from `firstDim` on; what does not depend on the place in it is computed
/// once.
bool isExpensive(linalg::GenericOp generic, int64_t firstDim) {
  llvm::SmallPtrSet<Value, 8> varying;
  for (OpOperand *input : generic.getDpsInputOperands())
    for (int64_t dim = firstDim; dim < generic.getNumLoops(); ++dim)
      if (generic.getMatchingIndexingMap(input).isFunctionOfDim(dim))
        varying.insert(generic.getMatchingBlockArgument(input));
  for (Operation &op : *generic.getBody()) {
    if (!isa<linalg::IndexOp>(op) &&
        llvm::none_of(op.getOperands(), [&](Value operand) { return varying.contains(operand); }))
      continue;
    if (isa<arith::DivFOp, arith::RemFOp, arith::DivSIOp, arith::DivUIOp, math::SqrtOp,
            ir::ElementaryOp>(op))
      return true;
    varying.insert_range(op.getResults());
  }
  return false;
}

/// Whether the value of an elementwise op with several users should stay on the stack for a tile of
/// `kernel`: what takes long, where tiles are whole rows, or columns of which it takes little room.
bool staysOnStack(linalg::GenericOp producer, func::FuncOp kernel) {
  if (auto rows = kernel->getAttrOfType<IntegerAttr>(ir::TsumDialect::getRowsAttrName()))
    return isExpensive(producer, rows.getInt() - (pieceOfRows(kernel) ? 1 : 0));
  auto columns = kernel->getAttrOfType<ir::ColumnsAttr>(ir::TsumDialect::getColumnsAttrName());
  if (!columns || !isExpensive(producer, 0))
    return false;
  constexpr int64_t maxBytes = 64 * 1024; // as planning expects
  auto type = cast<RankedTensorType>(producer.getResultTypes().front());
  if (type.getRank() == 0)
    return true;
  // A tile has all of what is repeated along dimensions of which it takes one, at most.
  int64_t lines = type.getShape().back();
  auto isLarger = [&](linalg::GenericOp other) { return other.getNumLoops() > type.getRank(); };
  if (llvm::none_of(kernel.getOps<linalg::GenericOp>(), isLarger)) {
    lines = 1;
    auto results = cast<RankedTensorType>(kernel.getResultTypes().front()).getShape();
    for (auto [dim, extent] : llvm::enumerate(results))
      if (!llvm::is_contained(columns.getWhole(), int64_t(dim)))
        lines *= extent;
  }
  const int64_t lineBytes = llvm::divideCeil(type.getNumElements(), std::max<int64_t>(1, lines)) *
                            type.getElementTypeBitWidth() / 8;
  return lineBytes * columns.getWidth() <= maxBytes;
}

/// Whether `generic` computes from results of reductions, one element for each.
bool followsReduction(linalg::GenericOp generic) {
  llvm::SmallSetVector<Operation *, 8> found;
  found.insert(generic);
  for (size_t next = 0; next < found.size(); ++next) {
    auto reader = cast<linalg::GenericOp>(found[next]);
    for (OpOperand *input : reader.getDpsInputOperands()) {
      auto producer = input->get().getDefiningOp<linalg::GenericOp>();
      if (!producer || !reader.getMatchingIndexingMap(input).isIdentity())
        continue;
      if (isReduction(producer))
        return true;
      found.insert(producer);
    }
  }
  return false;
}

/// Whether fusing what `operand` reads has a kernel on columns compute it for each element of a
/// column rather than once, and that takes long. (That of a row is computed before its loop.)
bool repeatsForColumns(OpOperand *operand) {
  auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
  auto reader = dyn_cast<linalg::GenericOp>(operand->getOwner());
  if (!producer || !reader || producer.getNumLoops() == reader.getNumLoops())
    return false;
  auto kernel = reader->getParentOfType<func::FuncOp>();
  return kernel->hasAttr(ir::TsumDialect::getColumnsAttrName()) && isExpensive(producer, 0) &&
         followsReduction(producer);
}

/// Gives each reduction that reads an elementwise op with other users a copy of its own, unless the
/// value stays on the stack.
/// Consumers come before producers, so that what a copy reads is looked at after it. Returns
/// whether there was any.
bool copyProducersOfReductions(func::FuncOp kernel) {
  bool changed = false;
  auto generics = llvm::to_vector(kernel.getOps<linalg::GenericOp>());
  for (linalg::GenericOp producer : llvm::reverse(generics)) {
    if (isReduction(producer) || hasOneUser(producer) || staysOnStack(producer, kernel))
      continue;
    llvm::SmallSetVector<Operation *, 4> users(producer->user_begin(), producer->user_end());
    for (Operation *user : users) {
      if (!isReduction(user) || hasOneUser(producer))
        continue;
      OpBuilder b(user);
      Operation *copy = b.clone(*producer);
      user->replaceUsesOfWith(producer->getResult(0), copy->getResult(0));
      changed = true;
    }
  }
  return changed;
}

/// A copy of `generic` with one more input, unused, that extends along the reduced dimensions.
linalg::GenericOp addExtents(IRRewriter &rewriter, linalg::GenericOp generic) {
  SmallVector<int64_t> shape;
  SmallVector<AffineExpr> reduced;
  for (auto [dim, extent] : llvm::enumerate(generic.getStaticLoopRanges()))
    if (generic.getIteratorTypesArray()[dim] == utils::IteratorType::reduction) {
      shape.push_back(extent);
      reduced.push_back(rewriter.getAffineDimExpr(dim));
    }
  Location loc = generic.getLoc();
  Type type = getElementTypeOrSelf(generic.getResultTypes().front());
  SmallVector<Value> inputs = generic.getInputs();
  inputs.push_back(tensor::EmptyOp::create(rewriter, loc, shape, type));
  SmallVector<AffineMap> maps = generic.getIndexingMapsArray();
  maps.insert(maps.begin() + generic.getNumDpsInputs(),
              AffineMap::get(generic.getNumLoops(), 0, reduced, rewriter.getContext()));
  auto copy =
      linalg::GenericOp::create(rewriter, loc, generic.getResultTypes(), inputs,
                                generic.getOutputs(), maps, generic.getIteratorTypesArray());
  rewriter.cloneRegionBefore(generic.getRegion(), copy.getRegion(), copy.getRegion().begin());
  copy.getBody()->insertArgument(generic.getNumDpsInputs(), type, loc);
  return copy;
}

/// Fuses producers that repeat their operands along dimensions of a reduction that no other operand
/// has: another operand, which is never read, then says how long these are. Returns whether there
/// was any.
bool fuseRepetitions(IRRewriter &rewriter, func::FuncOp kernel) {
  bool changed = false;
  for (auto generic : llvm::to_vector(kernel.getOps<linalg::GenericOp>())) {
    if (!isReduction(generic))
      continue;
    for (OpOperand *operand : generic.getDpsInputOperands()) {
      auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
      if (!producer || isReduction(producer) || !hasOneUser(producer) ||
          linalg::areElementwiseOpsFusable(operand))
        continue;
      const unsigned number = operand->getOperandNumber();
      rewriter.setInsertionPoint(generic);
      linalg::GenericOp sized = addExtents(rewriter, generic);
      rewriter.replaceOp(generic, sized);
      auto fused = linalg::fuseElementwiseOps(rewriter, &sized->getOpOperand(number));
      assert(succeeded(fused) && "elementwise ops fuse where the extents are known");
      rewriter.replaceOp(sized, fused->fusedOp->getResults());
      changed = true;
      break;
    }
  }
  return changed;
}

/// Fusion leaves a result that nobody reads where its map alone says how long a loop is: the tensor
/// that it would fill becomes an operand, which is never read.
void dropUnusedResults(IRRewriter &rewriter, func::FuncOp kernel) {
  for (auto generic : llvm::to_vector(kernel.getOps<linalg::GenericOp>())) {
    // A reduction has all numbers of its nodes, also where only one is read.
    auto isWanted = [&](OpResult result) {
      Value yielded = generic.getBody()->getTerminator()->getOperand(result.getResultNumber());
      return !result.use_empty() ||
             (isReduction(generic) && yielded.getDefiningOp<ir::AccumulateOp>());
    };
    if (llvm::all_of(generic->getResults(), isWanted))
      continue;
    SmallVector<Value> inputs = generic.getInputs(), outputs;
    SmallVector<AffineMap> maps(generic.getIndexingMapsArray()), outputMaps;
    maps.resize(inputs.size());
    SmallVector<BlockArgument> arguments(generic.getRegionInputArgs()), outputArguments;
    SmallVector<unsigned> kept;
    for (auto [number, result] : llvm::enumerate(generic->getResults())) {
      OpOperand *init = generic.getDpsInitOperand(number);
      const bool isKept = isWanted(result);
      (isKept ? outputs : inputs).push_back(init->get());
      (isKept ? outputMaps : maps).push_back(generic.getMatchingIndexingMap(init));
      (isKept ? outputArguments : arguments).push_back(generic.getMatchingBlockArgument(init));
      if (isKept)
        kept.push_back(number);
    }
    llvm::append_range(maps, outputMaps);
    llvm::append_range(arguments, outputArguments);

    rewriter.setInsertionPoint(generic);
    auto smaller = linalg::GenericOp::create(
        rewriter, generic.getLoc(), TypeRange(ValueRange(outputs)), inputs, outputs, maps,
        generic.getIteratorTypesArray(), [&](OpBuilder &b, Location loc, ValueRange elements) {
          IRMapping mapping;
          for (auto [before, after] : llvm::zip_equal(arguments, elements))
            mapping.map(before, after);
          for (Operation &op : generic.getBody()->without_terminator())
            b.clone(op, mapping);
          Operation *yield = generic.getBody()->getTerminator();
          linalg::YieldOp::create(b, loc, llvm::map_to_vector(kept, [&](unsigned number) {
                                    return mapping.lookupOrDefault(yield->getOperand(number));
                                  }));
        });
    for (auto [number, result] : llvm::enumerate(smaller.getResults()))
      rewriter.replaceAllUsesWith(generic.getResult(kept[number]), result);
    rewriter.eraseOp(generic);
  }
}

/// Has one elementwise op yield all that a kernel with several results returns, so that their
/// epilogues fuse into it: of those of most dimensions, if there are others, which may read them.
void yieldTogether(IRRewriter &rewriter, func::FuncOp kernel) {
  auto returned = cast<func::ReturnOp>(kernel.getBody().front().getTerminator());
  auto shapeOf = [](Value value) { return cast<RankedTensorType>(value.getType()).getShape(); };
  const ArrayRef<int64_t> shape = shapeOf(returned.getOperand(0));
  auto values = llvm::to_vector(llvm::make_filter_range(
      returned.getOperands(), [&](Value value) { return shapeOf(value) == shape; }));
  if (returned.getNumOperands() < 2 ||
      llvm::any_of(returned.getOperands().drop_front(values.size()),
                   [&](Value value) { return !isOfRows(value.getType(), kernel); }))
    return;
  rewriter.setInsertionPoint(returned);
  Location loc = returned.getLoc();
  SmallVector<Value> inits;
  for (Value value : values)
    inits.push_back(tensor::EmptyOp::create(rewriter, loc, shape, getElementTypeOrSelf(value)));
  const auto rank = static_cast<unsigned>(shape.size());
  SmallVector<AffineMap> maps(2 * values.size(), rewriter.getMultiDimIdentityMap(rank));
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
  auto root = linalg::GenericOp::create(
      rewriter, loc, ValueRange(values).getTypes(), values, inits, maps, loops,
      [&](OpBuilder &b, Location loc, ValueRange elements) {
        linalg::YieldOp::create(b, loc, elements.take_front(values.size()));
      });
  rewriter.modifyOpInPlace(returned, [&] {
    for (auto [number, result] : llvm::enumerate(root.getResults()))
      returned->setOperand(number, result);
  });
}

struct TsumFusePass final : impl::TsumFusePassBase<TsumFusePass> {
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    linalg::populateElementwiseOpsFusionPatterns(set, [](OpOperand *operand) {
      Operation *producer = operand->get().getDefiningOp();
      return producer && !isReduction(producer) && hasOneUser(producer) &&
             !repeatsForColumns(operand);
    });
    linalg::populateEraseUnusedOperandsAndResultsPatterns(set);
    patterns = std::move(set);
    return success();
  }

  void runOnOperation() override {
    if (failed(ir::verifyIsTensorKernel(getOperation())))
      return signalPassFailure();
    IRRewriter rewriter(&getContext());
    yieldTogether(rewriter, getOperation());
    // Each fusion leaves an op less, but which ones it makes possible may show in the next
    // iteration only: chains of pairs, as complex numbers are, take one for each link.
    const GreedyRewriteConfig untilDone =
        GreedyRewriteConfig().setMaxIterations(GreedyRewriteConfig::kNoLimit);
    do {
      if (failed(applyPatternsGreedily(getOperation(), patterns, untilDone)))
        return signalPassFailure();
    } while (copyProducersOfReductions(getOperation()) ||
             fuseRepetitions(rewriter, getOperation()));
    dropUnusedResults(rewriter, getOperation());
  }

  FrozenRewritePatternSet patterns;
};

} // namespace
} // namespace tsum
