// SPDX-License-Identifier: Apache-2.0

#include "Rows.h"
#include "TileLoop.h"

#include "tsum/Codegen/Passes.h"
#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/TilingInterface.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace tsum {
#define GEN_PASS_DEF_TSUMTILEPASS
#include "tsum/Codegen/Passes.h.inc"

namespace {

/// The element of `kernel`'s calling convention that stands for `tensor`: a buffer with the strides
/// that `strides` gives.
MemRefType bufferType(RankedTensorType tensor, DenseI64ArrayAttr strides) {
  MemRefLayoutAttrInterface layout;
  if (strides)
    layout = StridedLayoutAttr::get(tensor.getContext(), /*offset=*/0, strides.asArrayRef());
  else if (tensor.getNumElements() == 0) // whose identity has no strides, which LLVM pointers need
    layout = StridedLayoutAttr::get(tensor.getContext(), /*offset=*/0,
                                    SmallVector<int64_t>(tensor.getRank(), 1));
  return MemRefType::get(tensor.getShape(), tensor.getElementType(), layout);
}

struct TsumTilePass final : impl::TsumTilePassBase<TsumTilePass> {
  using TsumTilePassBase::TsumTilePassBase;

  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    if (kernel.getNumResults() == 0)
      return;
    if (failed(ir::verifyIsTensorKernel(kernel)) || failed(findRoot(kernel)))
      return signalPassFailure();
    auto output = cast<RankedTensorType>(kernel.getResultTypes().front());
    const bool empty = output.getNumElements() == 0;
    if (!empty && failed(verifyExtents(kernel)))
      return signalPassFailure();
    FailureOr<Tiling> chosen = chooseTiling(kernel, strategy);
    if (failed(chosen))
      return signalPassFailure();
    const Tiling &tiling = *chosen;
    markTiling(kernel, tiling, strategy);
    takeBuffers(kernel);
    IRRewriter rewriter(kernel.getContext());
    kernel->setAttr(ir::TsumDialect::getTilesAttrName(),
                    rewriter.getI64IntegerAttr(empty ? 0 : tiling.count()));
    if (empty)
      return eraseBody(kernel);
    if (output.getRank() > 0 && failed(makeTileLoop(rewriter, kernel, tiling)))
      return signalPassFailure();

    RewritePatternSet patterns(&getContext());
    tensor::populateFoldTensorEmptyPatterns(patterns);
    tensor::ExtractSliceOp::getCanonicalizationPatterns(patterns, &getContext());
    if (failed(applyPatternsGreedily(kernel, std::move(patterns))))
      return signalPassFailure();
    // A producer that two ops read, or one op twice, is in the loop twice.
    DominanceInfo dominance(kernel);
    eliminateCommonSubExpressions(rewriter, dominance, kernel);
    unshareFills(rewriter, kernel);
  }

private:
  /// Checks that no op computes elements from nothing: a tile of size 0 is none to MLIR.
  static LogicalResult verifyExtents(func::FuncOp kernel) {
    for (auto op : kernel.getOps<linalg::LinalgOp>())
      if (llvm::is_contained(op.getStaticLoopRanges(), 0))
        return op.emitOpError("has an extent of 0, which the canonicalizer folds away");
    return success();
  }

  /// Checks that one op has all the results but those of rows.
  static LogicalResult findRoot(func::FuncOp kernel) {
    auto returned = cast<func::ReturnOp>(kernel.getBody().front().getTerminator());
    auto others = llvm::make_filter_range(returned.getOperands(),
                                          [&](Value v) { return !isOfRows(v.getType(), kernel); });
    auto rootOf = [](Value result) { return result.getDefiningOp(); };
    if (std::next(others.begin()) == others.end() ||
        (rootOf(*others.begin()) && llvm::all_equal(llvm::map_range(others, rootOf))))
      return success();
    return kernel.emitOpError("returns the results of several ops (tsum-fuse makes one of "
                              "them where their shapes are equal)");
  }

  /// (tensors) -> tensors  becomes  (buffers, output buffers, begin, end).
  static void takeBuffers(func::FuncOp kernel) {
    Block &entry = kernel.getBody().front();
    OpBuilder b(&entry, entry.begin());
    Location loc = kernel.getLoc();
    for (BlockArgument argument : llvm::to_vector(entry.getArguments())) {
      auto tensor = cast<RankedTensorType>(argument.getType());
      auto strides = kernel.getArgAttrOfType<DenseI64ArrayAttr>(
          argument.getArgNumber(), ir::TsumDialect::getStridesAttrName());
      argument.setType(bufferType(tensor, strides));
      auto value = bufferization::ToTensorOp::create(b, loc, tensor, argument, /*restrict=*/true);
      argument.replaceAllUsesExcept(value, value);
    }
    auto returned = cast<func::ReturnOp>(entry.getTerminator());
    b.setInsertionPoint(returned);
    for (Value result : returned.getOperands()) {
      if (!result.getDefiningOp<ir::PiecesOp>() &&
          (isOfRows(result.getType(), kernel) || !result.getDefiningOp<TilingInterface>()))
        result = copyToOutput(b, result);
      auto output = bufferType(cast<RankedTensorType>(result.getType()), {});
      auto materialize = bufferization::MaterializeInDestinationOp::create(
          b, loc, result, entry.addArgument(output, loc));
      materialize.setRestrict(true);
      materialize.setWritable(true);
    }
    entry.addArgument(b.getIndexType(), loc);
    entry.addArgument(b.getIndexType(), loc);
    func::ReturnOp::create(b, loc);
    returned.erase();
    kernel.setFunctionType(b.getFunctionType(entry.getArgumentTypes(), {}));
    for (unsigned i = 0; i < entry.getNumArguments(); ++i)
      kernel.setArgAttrs(i, DictionaryAttr{});
  }

  /// An elementwise op whose result is `value`, an argument or a constant.
  static Value copyToOutput(OpBuilder &b, Value value) {
    Location loc = value.getLoc();
    auto type = cast<RankedTensorType>(value.getType());
    DenseElementsAttr constant;
    const bool splat = matchPattern(value, m_Constant(&constant)) && constant.isSplat();
    Value scalar;
    if (splat)
      scalar = arith::ConstantOp::create(b, loc, constant.getSplatValue<TypedAttr>());
    auto inputs = splat ? ValueRange() : ValueRange(value);
    Value empty = tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType());
    SmallVector<AffineMap> maps(inputs.size() + 1, b.getMultiDimIdentityMap(type.getRank()));
    SmallVector<utils::IteratorType> loops(type.getRank(), utils::IteratorType::parallel);
    return linalg::GenericOp::create(b, loc, type, inputs, empty, maps, loops,
                                     [&](OpBuilder &b, Location loc, ValueRange elements) {
                                       linalg::YieldOp::create(b, loc,
                                                               splat ? scalar : elements[0]);
                                     })
        .getResult(0);
  }

  /// Gives each reduction an output of its own to fill, in the loop that it is in: bufferization
  /// would copy a shared one, and one outside would be filled once for all tiles.
  static void unshareFills(IRRewriter &rewriter, func::FuncOp kernel) {
    SmallVector<linalg::FillOp> fills;
    kernel.walk([&](linalg::FillOp fill) { fills.push_back(fill); });
    for (linalg::FillOp fill : fills) {
      bool isTaken = false;
      for (OpOperand &use : llvm::make_early_inc_range(fill->getUses())) {
        const bool isBeside = use.getOwner()->getBlock() == fill->getBlock();
        if (isBeside && !isTaken) {
          isTaken = true;
          continue;
        }
        rewriter.setInsertionPoint(isBeside ? fill.getOperation() : use.getOwner());
        auto type = cast<RankedTensorType>(fill->getResult(0).getType());
        Value empty = tensor::EmptyOp::create(rewriter, fill.getLoc(), type.getShape(),
                                              type.getElementType());
        auto own = linalg::FillOp::create(rewriter, fill.getLoc(), fill.getInputs(), empty);
        rewriter.modifyOpInPlace(use.getOwner(), [&] { use.set(own.getResult(0)); });
      }
      if (fill->use_empty())
        rewriter.eraseOp(fill);
    }
  }

  static void eraseBody(func::FuncOp kernel) {
    Block &entry = kernel.getBody().front();
    Operation *terminator = entry.getTerminator();
    terminator->moveBefore(&entry, entry.begin());
    while (&entry.back() != terminator)
      entry.back().erase();
  }
};

} // namespace
} // namespace tsum
