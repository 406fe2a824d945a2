// SPDX-License-Identifier: Apache-2.0

#include "ElementwiseToArith.h"

#include "tsum/Conversion/Passes.h"
#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;

namespace tsum {
#define GEN_PASS_DEF_TSUMTOLINALGPASS
#include "tsum/Conversion/Passes.h.inc"

namespace {

using Parallel = SmallVector<utils::IteratorType>;

Parallel parallelLoops(int64_t rank) { return Parallel(rank, utils::IteratorType::parallel); }

Value emptyTensor(OpBuilder &b, Location loc, RankedTensorType type) {
  return tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType());
}

/// Elementwise ops and casts: all loops parallel, the body from createElement.
struct LowerElementwise final : ConversionPattern {
  LowerElementwise(const TypeConverter &converter, MLIRContext *context)
      : ConversionPattern(converter, MatchAnyOpTypeTag(), /*benefit=*/1, context) {}

  LogicalResult matchAndRewrite(Operation *op, ArrayRef<Value> operands,
                                ConversionPatternRewriter &rewriter) const override {
    if (!isa<ir::TsumDialect>(op->getDialect()) || !op->hasTrait<OpTrait::Elementwise>())
      return rewriter.notifyMatchFailure(op, "not an elementwise tsum op");
    auto type = getTypeConverter()->convertType<RankedTensorType>(op->getResult(0).getType());
    SmallVector<AffineMap> maps(operands.size() + 1,
                                rewriter.getMultiDimIdentityMap(type.getRank()));
    bool lowered = true;
    auto generic = linalg::GenericOp::create(
        rewriter, op->getLoc(), type, operands, emptyTensor(rewriter, op->getLoc(), type), maps,
        parallelLoops(type.getRank()), [&](OpBuilder &b, Location loc, ValueRange elements) {
          FailureOr<Value> element = createElement(b, op, elements.drop_back());
          lowered = succeeded(element);
          linalg::YieldOp::create(b, loc, lowered ? *element : elements.back());
        });
    if (!lowered)
      return rewriter.notifyMatchFailure(op, "no lowering of its elements");
    rewriter.replaceOp(op, generic);
    return success();
  }
};

struct LowerReduceSum final : OpConversionPattern<ir::ReduceSumOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(ir::ReduceSumOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    if (op.getKeepdims())
      return rewriter.notifyMatchFailure(op, "keepdims is for the canonicalizer to remove");
    Location loc = op.getLoc();
    auto type = getTypeConverter()->convertType<RankedTensorType>(op.getType());
    const int64_t rank = cast<RankedTensorType>(op.getInput().getType()).getRank();

    Parallel loops = parallelLoops(rank);
    for (int64_t axis : op.getAxes())
      loops[axis] = utils::IteratorType::reduction;
    SmallVector<AffineExpr> kept;
    for (int64_t dim = 0; dim < rank; ++dim)
      if (loops[dim] == utils::IteratorType::parallel)
        kept.push_back(rewriter.getAffineDimExpr(dim));
    SmallVector<AffineMap> maps = {rewriter.getMultiDimIdentityMap(rank),
                                   AffineMap::get(rank, 0, kept, rewriter.getContext())};

    Value zero =
        arith::ConstantOp::create(rewriter, loc, rewriter.getZeroAttr(type.getElementType()));
    Value init =
        linalg::FillOp::create(rewriter, loc, zero, emptyTensor(rewriter, loc, type)).getResult(0);
    rewriter.replaceOpWithNewOp<linalg::GenericOp>(
        op, type, adaptor.getInput(), init, maps, loops,
        [&](OpBuilder &b, Location loc, ValueRange elements) {
          Value element = elements[0];
          if (element.getType() != type.getElementType())
            element = arith::ExtFOp::create(b, loc, type.getElementType(), element);
          // Integer additions carry no flags: they wrap.
          Operation *sum;
          if (isa<FloatType>(type.getElementType()))
            sum = arith::AddFOp::create(b, loc, elements[1], element);
          else
            sum = arith::AddIOp::create(b, loc, elements[1], element);
          // On the addition, since fusion makes another generic around it.
          if (op.getPartial())
            sum->setAttr("tsum.partial", b.getUnitAttr());
          linalg::YieldOp::create(b, loc, sum->getResult(0));
        });
    return success();
  }
};

struct LowerBroadcast final : OpConversionPattern<ir::BroadcastOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(ir::BroadcastOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    auto type = getTypeConverter()->convertType<RankedTensorType>(op.getType());
    SmallVector<AffineExpr> from = llvm::map_to_vector(
        op.getDims(), [&](int64_t dim) { return rewriter.getAffineDimExpr(dim); });
    SmallVector<AffineMap> maps = {AffineMap::get(type.getRank(), 0, from, rewriter.getContext()),
                                   rewriter.getMultiDimIdentityMap(type.getRank())};
    rewriter.replaceOpWithNewOp<linalg::GenericOp>(
        op, type, adaptor.getInput(), emptyTensor(rewriter, op.getLoc(), type), maps,
        parallelLoops(type.getRank()), [](OpBuilder &b, Location loc, ValueRange elements) {
          linalg::YieldOp::create(b, loc, elements[0]);
        });
    return success();
  }
};

struct LowerConstant final : OpConversionPattern<ir::ConstantOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(ir::ConstantOp op, OpAdaptor,
                                ConversionPatternRewriter &rewriter) const override {
    auto type = getTypeConverter()->convertType<RankedTensorType>(op.getType());
    auto values = dyn_cast<DenseElementsAttr>(op.getValue());
    if (!values)
      return rewriter.notifyMatchFailure(op, "elements that are not in the IR");
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, values.bitcast(type.getElementType()));
    return success();
  }
};

struct TsumToLinalgPass final : impl::TsumToLinalgPassBase<TsumToLinalgPass> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    TypeConverter converter;
    converter.addConversion([](Type type) { return type; });
    converter.addConversion([](RankedTensorType type) -> Type {
      return type.clone(signlessType(type.getElementType()));
    });

    ConversionTarget target(*context);
    target.addIllegalDialect<ir::TsumDialect>();
    target.addLegalDialect<arith::ArithDialect, linalg::LinalgDialect, math::MathDialect,
                           tensor::TensorDialect>();
    target.addDynamicallyLegalOp<func::FuncOp>(
        [&](func::FuncOp op) { return converter.isSignatureLegal(op.getFunctionType()); });
    target.addDynamicallyLegalOp<func::ReturnOp>(
        [&](func::ReturnOp op) { return converter.isLegal(op); });

    RewritePatternSet patterns(context);
    patterns.add<LowerElementwise, LowerReduceSum, LowerBroadcast, LowerConstant>(converter,
                                                                                  context);
    populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns, converter);
    populateReturnOpTypeConversionPattern(patterns, converter);
    if (failed(applyFullConversion(getOperation(), target, std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace tsum
