// SPDX-License-Identifier: Apache-2.0

#include "ElementwiseToArith.h"

#include "tsum/Conversion/ElementTypes.h"
#include "tsum/Conversion/Passes.h"
#include "tsum/Dialect/Tsum/IR/Tsum.h"
#include "tsum/Graph/SummationTree.h"

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

/// A scalar as it lies in memory.
TypedAttr storedAttr(TypedAttr scalar) {
  auto integer = dyn_cast<IntegerAttr>(scalar);
  if (!integer)
    return scalar;
  Type type = storageType(integer.getType());
  return IntegerAttr::get(type, integer.getValue().zext(type.getIntOrFloatBitWidth()));
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

/// Combines two elements as they lie in memory.
Value combine(OpBuilder &b, Location loc, OpKind kind, bool isUnsigned, Value x, Value y) {
  const bool isFloat = isa<FloatType>(x.getType());
  using namespace arith;
  auto create = [&]<class FloatOp, class SignedOp, class UnsignedOp>() -> Value {
    if (isFloat)
      return FloatOp::create(b, loc, x, y);
    if (isUnsigned)
      return UnsignedOp::create(b, loc, x, y);
    return SignedOp::create(b, loc, x, y);
  };
  switch (kind) {
  case OpKind::ReduceSum: // integer additions carry no flags: they wrap
    return create.operator()<AddFOp, AddIOp, AddIOp>();
  case OpKind::ReduceProd:
    return create.operator()<MulFOp, MulIOp, MulIOp>();
  case OpKind::ReduceMax:
    return create.operator()<MaximumFOp, MaxSIOp, MaxUIOp>();
  case OpKind::ReduceMin:
    return create.operator()<MinimumFOp, MinSIOp, MinUIOp>();
  case OpKind::ReduceAny:
    return OrIOp::create(b, loc, x, y);
  case OpKind::ReduceAll:
    return AndIOp::create(b, loc, x, y);
  default:
    llvm_unreachable("no reduction");
  }
}

struct LowerReduction final : OpInterfaceConversionPattern<ir::ReductionOpInterface> {
  using OpInterfaceConversionPattern::OpInterfaceConversionPattern;

  LogicalResult matchAndRewrite(ir::ReductionOpInterface op, ArrayRef<Value> operands,
                                ConversionPatternRewriter &rewriter) const override {
    if (op.getKeepdims())
      return rewriter.notifyMatchFailure(op, "keepdims is for the canonicalizer to remove");
    Location loc = op.getLoc();
    auto result = cast<RankedTensorType>(op->getResult(0).getType());
    Type inputType = op.getInput().getType().getElementType();
    const int64_t rank = op.getInput().getType().getRank();
    // Small floats are reduced in a wider type, and rounded by an op of its own.
    const bool isSmall = isSmallFloat(result.getElementType());
    auto dtype = partial_dtype(op.getOpKind(), DType::f32);
    auto type = result.clone(isSmall ? ir::getElementType(op.getContext(), dtype)
                                     : storageType(result.getElementType()));
    Type element = type.getElementType();

    Parallel loops = parallelLoops(rank);
    for (int64_t axis : op.getAxes())
      loops[axis] = utils::IteratorType::reduction;
    SmallVector<AffineExpr> kept;
    for (int64_t dim = 0; dim < rank; ++dim)
      if (loops[dim] == utils::IteratorType::parallel)
        kept.push_back(rewriter.getAffineDimExpr(dim));
    SmallVector<AffineMap> maps = {rewriter.getMultiDimIdentityMap(rank),
                                   AffineMap::get(rank, 0, kept, rewriter.getContext())};

    TypedAttr identity =
        ir::getReductionIdentity(op.getOpKind(), isSmall ? element : result.getElementType());
    Value neutral = arith::ConstantOp::create(rewriter, loc, storedAttr(identity));
    Value init = linalg::FillOp::create(rewriter, loc, neutral, emptyTensor(rewriter, loc, type))
                     .getResult(0);
    auto generic = linalg::GenericOp::create(
        rewriter, loc, type, operands[0], init, maps, loops,
        [&](OpBuilder &b, Location loc, ValueRange elements) {
          Value x = elements[0];
          if (inputType.isInteger(1)) // any byte but 0 is true
            x = toStorage(b, loc, fromStorage(b, loc, x, inputType), inputType);
          else if (isa<FloatType>(inputType))
            x = convertFloat(b, loc, fromStorage(b, loc, x, inputType), element);
          Value total =
              combine(b, loc, op.getOpKind(), inputType.isUnsignedInteger(), elements[1], x);
          // On the combiner, since fusion makes another generic around it.
          if (op.getPartial() || isSmall)
            total.getDefiningOp()->setAttr("tsum.partial", b.getUnitAttr());
          if (op.getOfParts())
            total.getDefiningOp()->setAttr("tsum.of_parts", b.getUnitAttr());
          if (op.getExact())
            total.getDefiningOp()->setAttr("tsum.exact", b.getUnitAttr());
          linalg::YieldOp::create(b, loc, total);
        });
    if (!isSmall) {
      rewriter.replaceOp(op, generic);
      return success();
    }
    auto stored = result.clone(storageType(result.getElementType()));
    SmallVector<AffineMap> identities(2, rewriter.getMultiDimIdentityMap(type.getRank()));
    rewriter.replaceOpWithNewOp<linalg::GenericOp>(
        op, stored, generic.getResults(), emptyTensor(rewriter, loc, stored), identities,
        parallelLoops(type.getRank()), [&](OpBuilder &b, Location loc, ValueRange elements) {
          linalg::YieldOp::create(b, loc, toStorage(b, loc, elements[0], result.getElementType()));
        });
    return success();
  }
};

struct LowerIota final : OpConversionPattern<ir::IotaOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(ir::IotaOp op, OpAdaptor,
                                ConversionPatternRewriter &rewriter) const override {
    auto type = getTypeConverter()->convertType<RankedTensorType>(op.getType());
    const int64_t rank = type.getRank();
    rewriter.replaceOpWithNewOp<linalg::GenericOp>(
        op, type, ValueRange(), emptyTensor(rewriter, op.getLoc(), type),
        rewriter.getMultiDimIdentityMap(rank), parallelLoops(rank),
        [&](OpBuilder &b, Location loc, ValueRange) {
          // In the element type, where it wraps as it should.
          auto constant = [&](int64_t value) -> Value {
            APInt bits(64, value, /*isSigned=*/true);
            return arith::ConstantOp::create(
                b, loc,
                b.getIntegerAttr(type.getElementType(), bits.trunc(type.getElementTypeBitWidth())));
          };
          Value total = constant(op.getOffset());
          for (auto [dim, step] : llvm::enumerate(op.getSteps())) {
            Value index = linalg::IndexOp::create(b, loc, dim);
            index = arith::IndexCastOp::create(b, loc, type.getElementType(), index);
            Value distance = arith::MulIOp::create(b, loc, index, constant(step));
            total = arith::AddIOp::create(b, loc, total, distance);
          }
          linalg::YieldOp::create(b, loc, total);
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
    auto values = dyn_cast<DenseElementsAttr>(op.getValue());
    if (!values)
      return rewriter.notifyMatchFailure(op, "elements that are not in the IR");
    Type element = values.getElementType();
    if (element.isInteger(1))
      values = cast<DenseIntElementsAttr>(values).mapValues(
          storageType(element), [](const APInt &value) { return value.zext(8); });
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, values.bitcast(storageType(element)));
    return success();
  }
};

struct TsumToLinalgPass final : impl::TsumToLinalgPassBase<TsumToLinalgPass> {
  void runOnOperation() override {
    if (failed(ir::verifyIsResolved(getOperation())))
      return signalPassFailure();
    MLIRContext *context = &getContext();
    TypeConverter converter;
    converter.addConversion([](Type type) { return type; });
    converter.addConversion([](RankedTensorType type) -> Type {
      return type.clone(storageType(type.getElementType()));
    });

    ConversionTarget target(*context);
    target.addIllegalDialect<ir::TsumDialect>();
    target.addLegalOp<ir::ElementaryOp>();
    target.addLegalDialect<arith::ArithDialect, linalg::LinalgDialect, math::MathDialect,
                           tensor::TensorDialect>();
    target.addDynamicallyLegalOp<func::FuncOp>(
        [&](func::FuncOp op) { return converter.isSignatureLegal(op.getFunctionType()); });
    target.addDynamicallyLegalOp<func::ReturnOp>(
        [&](func::ReturnOp op) { return converter.isLegal(op); });

    RewritePatternSet patterns(context);
    patterns.add<LowerElementwise, LowerReduction, LowerBroadcast, LowerIota, LowerConstant>(
        converter, context);
    populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns, converter);
    populateReturnOpTypeConversionPattern(patterns, converter);
    if (failed(applyFullConversion(getOperation(), target, std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace tsum
