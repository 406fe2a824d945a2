// SPDX-License-Identifier: Apache-2.0
//
// The canonical form of a reduction: over extents that are not 1, without keepdims. Whatever would
// change the order in which floats are added or multiplied is left to reductions that need none.
#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/SmallVectorExtras.h"

using namespace mlir;
using namespace tsum;
using namespace tsum::ir;

/// The dimensions whose extent is not 1.
static SmallVector<int64_t> getNonUnitDims(RankedTensorType type) {
  return llvm::filter_to_vector(llvm::seq(type.getRank()),
                                [&](int64_t dim) { return type.getDimSize(dim) != 1; });
}

/// The dimensions of a tensor of `rank` that are not in `axes`: where those of the reduced tensor
/// come from.
static SmallVector<int64_t> getKeptDims(int64_t rank, ArrayRef<int64_t> axes) {
  return llvm::filter_to_vector(llvm::seq(rank),
                                [&](int64_t dim) { return !llvm::is_contained(axes, dim); });
}

template <class Op> static LogicalResult matchUnorderedReduction(Op op, PatternRewriter &rewriter) {
  const bool rounds = Op::opKind == OpKind::ReduceSum || Op::opKind == OpKind::ReduceProd;
  if (rounds && isa<FloatType, ComplexType>(op.getType().getElementType()))
    return rewriter.notifyMatchFailure(op, "would change the order in which floats are reduced");
  if (op.getKeepdims())
    return rewriter.notifyMatchFailure(op, "keepdims goes first");
  return success();
}

/// The reduction of `input` over `axes` without keepdims: over no axes `input`.
template <class Op>
static Value reduceOver(PatternRewriter &rewriter, Op op, Value input, ArrayRef<int64_t> axes) {
  if (axes.empty())
    return input;
  auto type = cast<RankedTensorType>(input.getType());
  auto shape = llvm::map_to_vector(getKeptDims(type.getRank(), axes),
                                   [&](int64_t dim) { return type.getDimSize(dim); });
  type = RankedTensorType::get(shape, op.getType().getElementType());
  return rewriter.createOrFold<Op>(op.getLoc(), type, input, axes, /*keepdims=*/false,
                                   op.getExact(), op.getDivisor(), op.getNodeAttr());
}

namespace {

/// keepdims, and axes of extent 1, are matters of shape: reduce without them, then reshape.
template <class Op> struct ReductionOfNonUnitDims final : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    RankedTensorType type = op.getInput().getType();
    auto axes = llvm::filter_to_vector(op.getAxes(),
                                       [&](int64_t axis) { return type.getDimSize(axis) != 1; });
    if (!op.getKeepdims() && axes.size() == op.getAxes().size() && !axes.empty())
      return rewriter.notifyMatchFailure(op, "neither keepdims nor an axis of extent 1");
    Value reduced = reduceOver(rewriter, op, op.getInput(), axes);
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), reduced);
    return success();
  }
};

/// reduce(reshape(x)) -> reshape(reduce(x)) where the reshape only adds or drops extents of 1.
template <class Op> struct ReductionBeforeUnitReshape final : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    auto reshape = op.getInput().template getDefiningOp<ReshapeOp>();
    if (!reshape)
      return rewriter.notifyMatchFailure(op, "no reshape before it");
    RankedTensorType from = reshape.getInput().getType(), to = reshape.getType();
    SmallVector<int64_t> fromDims = getNonUnitDims(from), toDims = getNonUnitDims(to);
    auto fromExtents = llvm::map_range(fromDims, [&](int64_t dim) { return from.getDimSize(dim); });
    auto toExtents = llvm::map_range(toDims, [&](int64_t dim) { return to.getDimSize(dim); });
    if (!llvm::equal(fromExtents, toExtents))
      return rewriter.notifyMatchFailure(op, "the reshape changes more than extents of 1");

    SmallVector<int64_t> axes; // in their order, which is that of additions
    for (int64_t axis : op.getAxes())
      if (const auto *dim = llvm::find(toDims, axis); dim != toDims.end())
        axes.push_back(fromDims[dim - toDims.begin()]);
    Value reduced = reduceOver(rewriter, op, reshape.getInput(), axes);
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), reduced);
    return success();
  }
};

/// reduce(reduce(x)) -> reduce(x) over the axes of both.
template <class Op> struct ReductionOfReduction final : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    auto inner = op.getInput().template getDefiningOp<Op>();
    if (!inner || inner.getKeepdims())
      return rewriter.notifyMatchFailure(op, "no reduction of its kind without keepdims before it");
    if (failed(matchUnorderedReduction(op, rewriter)))
      return failure();

    SmallVector<int64_t> kept = getKeptDims(inner.getInput().getType().getRank(), inner.getAxes());
    SmallVector<int64_t> axes(inner.getAxes());
    for (int64_t axis : op.getAxes())
      axes.push_back(kept[axis]);
    llvm::sort(axes);
    rewriter.replaceOp(op, reduceOver(rewriter, op, inner.getInput(), axes));
    return success();
  }
};

/// sum(broadcast(x)) -> broadcast(sum(x) * n), where n counts the repetitions that are summed. Not
/// for floats even where n is 1: the operand of the sum then has another shape, which the order
/// depends on; and n equal floats added up differ from n * x, which rounds once.
struct IntegerSumOfBroadcast final : OpRewritePattern<ReduceSumOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ReduceSumOp op, PatternRewriter &rewriter) const override {
    auto broadcast = op.getInput().getDefiningOp<BroadcastOp>();
    if (!broadcast)
      return rewriter.notifyMatchFailure(op, "no broadcast before it");
    if (failed(matchUnorderedReduction(op, rewriter)))
      return failure();
    if (!op.getType().hasStaticShape())
      return rewriter.notifyMatchFailure(op, "a count for dynamic extents is no constant");

    RankedTensorType repeated = broadcast.getType();
    SmallVector<int64_t> axes, dims;
    int64_t repetitions = 1;
    SmallVector<int64_t> kept = getKeptDims(repeated.getRank(), op.getAxes());
    for (auto [dim, target] : llvm::enumerate(broadcast.getDims())) {
      if (const auto *it = llvm::find(kept, target); it != kept.end())
        dims.push_back(it - kept.begin());
      else
        axes.push_back(dim);
    }
    for (int64_t axis : op.getAxes())
      if (!llvm::is_contained(broadcast.getDims(), axis))
        repetitions *= repeated.getDimSize(axis);

    Location loc = op.getLoc();
    Value sum = reduceOver(rewriter, op, broadcast.getInput(), axes);
    if (repetitions != 1) {
      auto type = cast<RankedTensorType>(sum.getType());
      auto element = cast<IntegerType>(type.getElementType());
      APInt count = APInt(64, repetitions).trunc(element.getWidth());
      auto factor = ConstantOp::create(rewriter, loc, DenseElementsAttr::get(type, count));
      sum = MultiplyOp::create(rewriter, loc, sum, factor);
    }
    rewriter.replaceOpWithNewOp<BroadcastOp>(op, op.getType(), sum, dims);
    return success();
  }
};

} // namespace

template <class Op> static void addPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns
      .add<ReductionOfNonUnitDims<Op>, ReductionBeforeUnitReshape<Op>, ReductionOfReduction<Op>>(
          context);
  if (Op::opKind == OpKind::ReduceSum)
    patterns.add<IntegerSumOfBroadcast>(context);
}

#define TSUM_REDUCTION(NAME, CLASS, DOMAIN, COMBINER, IDENTITY, SUMMARY)                           \
  void CLASS##Op::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) { \
    addPatterns<CLASS##Op>(patterns, context);                                                     \
  }
#include "tsum/Reductions.def"
