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

/// A tensor of `type`, whose dynamic extents, if there are some, are those of `like`.
Value emptyTensor(OpBuilder &b, Location loc, RankedTensorType type, Value like = nullptr) {
  SmallVector<OpFoldResult> extents;
  for (auto [dim, extent] : llvm::enumerate(type.getShape()))
    extents.push_back(ShapedType::isDynamic(extent) ? tensor::getMixedSize(b, loc, like, dim)
                                                    : b.getIndexAttr(extent));
  return tensor::EmptyOp::create(b, loc, extents, type.getElementType());
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
        rewriter, op->getLoc(), type, operands,
        emptyTensor(rewriter, op->getLoc(), type, operands[0]), maps, parallelLoops(type.getRank()),
        [&](OpBuilder &b, Location loc, ValueRange elements) {
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

/// Reduces `dims` of `values`, elements or nodes, to elements of `types`.
SmallVector<Value> reduce(OpBuilder &b, Location loc, ValueRange values, ArrayRef<int64_t> dims,
                          ArrayRef<Type> types, ir::ReductionAttr reduction) {
  auto identityOf = [&](Type element) {
    const bool isOwn = element == storageType(reduction.getElement());
    Type type = isOwn ? reduction.getElement() : element;
    return storedAttr(ir::getReductionIdentity(reduction.getKind(), type));
  };
  /// An element, as it lies in memory, in the type of blocks.
  auto blockElement = [&](OpBuilder &b, Location loc, Value x) {
    Type element = reduction.getElement(), block = reduction.getBlockType();
    if (element.isInteger(1)) // any byte but 0 is true
      return toStorage(b, loc, fromStorage(b, loc, x, element), element);
    if (!isa<FloatType>(element) || x.getType() == block)
      return x;
    return convertFloat(b, loc, fromStorage(b, loc, x, element), block);
  };

  auto type = cast<RankedTensorType>(values[0].getType());
  const int64_t rank = type.getRank();
  Parallel loops = parallelLoops(rank);
  for (int64_t dim : dims)
    loops[dim] = utils::IteratorType::reduction;
  SmallVector<AffineExpr> kept;
  SmallVector<int64_t> shape;
  SmallVector<OpFoldResult> extents;
  for (int64_t dim = 0; dim < rank; ++dim)
    if (loops[dim] == utils::IteratorType::parallel) {
      kept.push_back(b.getAffineDimExpr(dim));
      shape.push_back(type.getDimSize(dim));
      extents.push_back(tensor::getMixedSize(b, loc, values[0], dim));
    }
  SmallVector<AffineMap> maps(values.size(), b.getMultiDimIdentityMap(rank));
  maps.append(types.size(), AffineMap::get(rank, 0, kept, b.getContext()));

  SmallVector<Value> inits;
  SmallVector<Type> results;
  for (auto [part, element] : llvm::enumerate(types)) {
    // What a node of a pair has lost is nothing at first, also in a product.
    TypedAttr identity = part > 0 ? b.getFloatAttr(element, 0.0) : identityOf(element);
    Value neutral = arith::ConstantOp::create(b, loc, identity);
    auto initType = RankedTensorType::get(shape, element);
    Value empty = tensor::EmptyOp::create(b, loc, extents, element);
    inits.push_back(linalg::FillOp::create(b, loc, neutral, empty).getResult(0));
    results.push_back(initType);
  }
  auto generic =
      linalg::GenericOp::create(b, loc, results, values, inits, maps, loops,
                                [&](OpBuilder &b, Location loc, ValueRange elements) {
                                  SmallVector<Value> taken = elements.take_front(values.size());
                                  if (!reduction.getFromNodes())
                                    taken = {blockElement(b, loc, taken.front())};
                                  auto accumulate = ir::AccumulateOp::create(
                                      b, loc, reduction, taken, elements.drop_front(values.size()));
                                  linalg::YieldOp::create(b, loc, accumulate.getResults());
                                });
  return generic.getResults();
}

/// Reduces `axes` of `values` by one `linalg.generic` for each dimension, the innermost of their
/// nest first: that one combines the elements of lines, unless `reduction` is from nodes, and those
/// after it merge the nodes that are left of these. An exact sum, which has no order, is a single
/// one.
SmallVector<Value> reduceInOrder(OpBuilder &b, Location loc, ValueRange values,
                                 ArrayRef<int64_t> axes, ir::ReductionAttr reduction) {
  SmallVector<int64_t> left(axes); // of the operand's dimensions, in the order of the nest
  SmallVector<Value> reduced(values);
  bool areNodes = reduction.getFromNodes();
  while (!left.empty()) {
    SmallVector<int64_t> dims = {left.back()};
    if (reduction.getExact())
      dims = left;
    left.pop_back_n(dims.size());
    const bool toNodes = (!left.empty() && reduction.isOrdered()) || reduction.getToNodes();
    SmallVector<Type, 2> types = {reduction.getResultType()};
    if (toNodes)
      types = reduction.getNodeTypes();
    reduced = reduce(b, loc, reduced, dims, types, reduction.between(areNodes, toNodes));
    areNodes = toNodes;
    for (int64_t &dim : left) // the others move up
      dim -= llvm::count_if(dims, [&](int64_t gone) { return gone < dim; });
  }
  return reduced;
}

/// A result of a reduction, of `type` and in the type that it is computed in: small floats are
/// reduced in a wider one, and rounded by an op of their own.
Value roundResult(OpBuilder &b, Location loc, Value value, RankedTensorType type) {
  Type rounded = type.getElementType();
  if (!isSmallFloat(rounded))
    return value;
  auto stored = type.clone(storageType(rounded));
  SmallVector<AffineMap> identities(2, b.getMultiDimIdentityMap(type.getRank()));
  return linalg::GenericOp::create(b, loc, stored, value, emptyTensor(b, loc, stored, value),
                                   identities, parallelLoops(type.getRank()),
                                   [&](OpBuilder &b, Location loc, ValueRange elements) {
                                     linalg::YieldOp::create(
                                         b, loc, toStorage(b, loc, elements[0], rounded));
                                   })
      .getResult(0);
}

struct LowerReduction final : OpInterfaceConversionPattern<ir::ReductionOpInterface> {
  using OpInterfaceConversionPattern::OpInterfaceConversionPattern;

  LogicalResult matchAndRewrite(ir::ReductionOpInterface op, ArrayRef<Value> operands,
                                ConversionPatternRewriter &rewriter) const override {
    if (isa<ir::ReducePiecesOp, ir::MergeNodesOp>(op))
      return rewriter.notifyMatchFailure(op, "a part of a reduction");
    if (op.getKeepdims())
      return rewriter.notifyMatchFailure(op, "keepdims is for the canonicalizer to remove");
    auto result = cast<RankedTensorType>(op->getResult(0).getType());
    Type element = op.getInput().getType().getElementType();
    const bool toNodes = op.getNode().has_value();
    const auto reduction = ir::ReductionAttr::get(
        op.getContext(), op.getOpKind(), element, /*fromNodes=*/false, toNodes, op.getExact(),
        static_cast<int64_t>(op.getDivisor()), toNodes ? element : result.getElementType());
    SmallVector<Value> values =
        reduceInOrder(rewriter, op.getLoc(), operands, op.getAxes(), reduction);
    rewriter.replaceOp(op, toNodes ? values[*op.getNode()]
                                   : roundResult(rewriter, op.getLoc(), values.front(), result));
    return success();
  }
};

struct LowerReducePieces final : OpConversionPattern<ir::ReducePiecesOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(ir::ReducePiecesOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    const bool isOrdered = op.getReduction().isOrdered();
    const ir::ReductionAttr part =
        op.getReduction().between(/*fromNodes=*/false, /*toNodes=*/isOrdered);
    SmallVector<Value> nodes =
        reduceInOrder(rewriter, op.getLoc(), adaptor.getInput(), op.getAxes(), part);
    SmallVector<Type> types(nodes.size(), getTypeConverter()->convertType(op.getType()));
    auto pieces = ir::PiecesOp::create(rewriter, op.getLoc(), types, op.getPiece(), nodes);
    rewriter.replaceOp(op, pieces.getResult(unsigned(op.getNode().value_or(0))));
    return success();
  }
};

struct LowerMergeNodes final : OpConversionPattern<ir::MergeNodesOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(ir::MergeNodesOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    const ir::ReductionAttr fromNodes =
        op.getReduction().between(/*fromNodes=*/true, /*toNodes=*/false);
    SmallVector<Value> values =
        reduceInOrder(rewriter, op.getLoc(), adaptor.getNodes(), op.getAxes(), fromNodes);
    rewriter.replaceOp(op, roundResult(rewriter, op.getLoc(), values.front(), op.getType()));
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
    SmallVector<OpFoldResult> extents =
        getAsIndexOpFoldResult(rewriter.getContext(), type.getShape());
    for (auto [dim, target] : llvm::enumerate(op.getDims()))
      extents[target] = tensor::getMixedSize(rewriter, op.getLoc(), adaptor.getInput(), dim);
    Value empty = tensor::EmptyOp::create(rewriter, op.getLoc(), extents, type.getElementType());
    rewriter.replaceOpWithNewOp<linalg::GenericOp>(
        op, type, adaptor.getInput(), empty, maps, parallelLoops(type.getRank()),
        [](OpBuilder &b, Location loc, ValueRange elements) {
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

/// Makes the booleans that a kernel copies 0 or 1. In the user's data each other byte is true as
/// well; what computes with booleans asks whether they are 0.
void normalizeCopiedBooleans(func::FuncOp kernel) {
  kernel.walk([](func::ReturnOp op) {
    OpBuilder b(op);
    for (OpOperand &result : op->getOpOperands()) {
      Value source = result.get();
      while (auto broadcast = source.getDefiningOp<ir::BroadcastOp>())
        source = broadcast.getInput();
      auto type = dyn_cast<RankedTensorType>(source.getType());
      if (!isa<BlockArgument>(source) || !type || !type.getElementType().isInteger(1))
        continue;
      type = cast<RankedTensorType>(result.get().getType());
      Value no = type.hasStaticShape()
                     ? ir::ConstantOp::create(b, op.getLoc(), DenseElementsAttr::get(type, false))
                           .getResult()
                     : ir::NotEqualOp::create(b, op.getLoc(), result.get(), result.get());
      result.set(ir::NotEqualOp::create(b, op.getLoc(), result.get(), no));
    }
  });
}

/// A sum or product of floats over an extent of 1 is its element, -0 as well, and of others the
/// extents decide on the order, if there is one: a `linalg.generic` has one form for all.
LogicalResult verifyOrderIsKnown(func::FuncOp function) {
  WalkResult result = function.walk([](ir::ReductionOpInterface op) {
    RankedTensorType type = op.getInput().getType();
    const std::optional<DType> dtype = ir::getDType(type.getElementType());
    if (!dtype || !is_ordered(op.getOpKind(), *dtype, /*is_exact=*/false))
      return WalkResult::advance();
    for (int64_t axis : op.getAxes())
      if (type.isDynamicDim(axis)) {
        op.emitOpError() << "reduces floats along dimension " << axis << " of " << type
                         << ", whose extent is dynamic and decides on "
                         << (op.getExact() ? "whether anything is added" : "the order")
                         << " (tsum-to-linalg takes dynamic extents that are kept; give this one a "
                            "static extent)";
        return WalkResult::interrupt();
      }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

struct TsumToLinalgPass final : impl::TsumToLinalgPassBase<TsumToLinalgPass> {
  void runOnOperation() override {
    if (failed(ir::verifyIsResolved(getOperation())) || failed(verifyOrderIsKnown(getOperation())))
      return signalPassFailure();
    normalizeCopiedBooleans(getOperation());
    MLIRContext *context = &getContext();
    TypeConverter converter;
    converter.addConversion([](Type type) { return type; });
    converter.addConversion([](RankedTensorType type) -> Type {
      return type.clone(storageType(type.getElementType()));
    });

    ConversionTarget target(*context);
    target.addIllegalDialect<ir::TsumDialect>();
    target.addLegalOp<ir::AccumulateOp, ir::ElementaryOp, ir::PiecesOp>();
    target.addLegalDialect<arith::ArithDialect, linalg::LinalgDialect, math::MathDialect,
                           tensor::TensorDialect>();
    target.addDynamicallyLegalOp<func::FuncOp>(
        [&](func::FuncOp op) { return converter.isSignatureLegal(op.getFunctionType()); });
    target.addDynamicallyLegalOp<func::ReturnOp>(
        [&](func::ReturnOp op) { return converter.isLegal(op); });

    RewritePatternSet patterns(context);
    patterns.add<LowerElementwise, LowerReduction, LowerReducePieces, LowerMergeNodes,
                 LowerBroadcast, LowerIota, LowerConstant>(converter, context);
    populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns, converter);
    populateReturnOpTypeConversionPattern(patterns, converter);
    if (failed(applyFullConversion(getOperation(), target, std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace tsum
