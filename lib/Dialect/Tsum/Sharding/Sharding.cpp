// SPDX-License-Identifier: Apache-2.0
#include "tsum/Dialect/Tsum/Sharding/Sharding.h"

#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/Dialect/Shard/IR/ShardDialect.h"
#include "mlir/Dialect/Shard/IR/ShardOps.h"
#include "mlir/Dialect/Shard/Interfaces/ShardingInterfaceImpl.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::shard;

namespace tsum::ir {

namespace {

/// The loops that an operation stands for, and which of them each dimension of its operands and
/// results is. Dimensions of one loop are divided alike.
class Loops {
public:
  explicit Loops(Operation *op);

  [[nodiscard]] ArrayRef<utils::IteratorType> types() const { return kinds; }
  [[nodiscard]] SmallVector<AffineMap> maps(MLIRContext *context) const {
    return llvm::map_to_vector(tensors, [&](ArrayRef<unsigned> loops) {
      return AffineMap::getMultiDimMapWithTargets(static_cast<unsigned>(kinds.size()), loops,
                                                  context);
    });
  }

private:
  using Dims = SmallVector<unsigned>;

  unsigned add(utils::IteratorType kind) {
    kinds.push_back(kind);
    return static_cast<unsigned>(kinds.size() - 1);
  }
  Dims addAll(Value tensor) {
    Dims dims;
    for (int64_t dim = 0; dim < cast<RankedTensorType>(tensor.getType()).getRank(); ++dim)
      dims.push_back(add(utils::IteratorType::parallel));
    return dims;
  }
  void ofResult(Operation *op);
  void ofReduction(ReductionOpInterface op);
  void ofReshape(ReshapeOp op);
  void ofSlice(SliceOp op);

  SmallVector<utils::IteratorType> kinds;
  SmallVector<Dims> tensors; ///< operands, then the result
};

} // namespace

Loops::Loops(Operation *op) {
  if (auto reduction = dyn_cast<ReductionOpInterface>(op))
    ofReduction(reduction);
  else if (auto reshape = dyn_cast<ReshapeOp>(op))
    ofReshape(reshape);
  else if (auto slice = dyn_cast<SliceOp>(op))
    ofSlice(slice);
  else
    ofResult(op);
}

/// One for each dimension of the result.
void Loops::ofResult(Operation *op) {
  Dims result = addAll(op->getResult(0));
  if (auto broadcast = dyn_cast<BroadcastOp>(op)) {
    tensors.emplace_back(broadcast.getDims().begin(), broadcast.getDims().end());
  } else if (auto transpose = dyn_cast<TransposeOp>(op)) {
    Dims operand(result.size());
    for (auto [dim, from] : llvm::enumerate(transpose.getPermutation()))
      operand[static_cast<size_t>(from)] = static_cast<unsigned>(dim);
    tensors.push_back(std::move(operand));
  } else { // elementwise, or without operands
    tensors.assign(op->getNumOperands(), result);
  }
  tensors.push_back(std::move(result));
}

void Loops::ofReduction(ReductionOpInterface op) {
  Dims operand, result;
  for (int64_t dim = 0; dim < op.getInput().getType().getRank(); ++dim) {
    const bool isReduced = llvm::is_contained(op.getAxes(), dim);
    operand.push_back(
        add(isReduced ? utils::IteratorType::reduction : utils::IteratorType::parallel));
    if (!isReduced)
      result.push_back(operand.back());
    else if (op.getKeepdims())
      result.push_back(add(utils::IteratorType::parallel));
  }
  tensors = {std::move(operand), std::move(result)};
}

/// The outermost dimensions that stay as they are are divided alike; no other is divided.
void Loops::ofReshape(ReshapeOp op) {
  Dims operand = addAll(op.getInput()), result = addAll(op.getResult());
  const ArrayRef<int64_t> from = op.getInput().getType().getShape(), to = op.getType().getShape();
  for (size_t dim = 0; dim < std::min(from.size(), to.size()) && from[dim] == to[dim]; ++dim)
    result[dim] = operand[dim];
  tensors = {std::move(operand), std::move(result)};
}

/// Dimensions of which all is taken in order are divided alike.
void Loops::ofSlice(SliceOp op) {
  Dims operand = addAll(op.getInput()), result = operand;
  for (auto [dim, start, step] : llvm::enumerate(op.getStarts(), op.getSteps()))
    if (start != 0 || step != 1 ||
        op.getInput().getType().getDimSize(dim) != op.getType().getDimSize(dim))
      result[dim] = add(utils::IteratorType::parallel);
  tensors = {std::move(operand), std::move(result)};
}

namespace {

/// What partitioning an operation is given.
struct Partition {
  Operation *op;
  ArrayRef<Value> operands;
  ArrayRef<Sharding> operandShardings, resultShardings;
  IRMapping &map;
  SymbolTableCollection &symbols;
  OpBuilder &builder;

  /// The type of a process's part of a tensor. Fails unless all parts are equal.
  [[nodiscard]] FailureOr<RankedTensorType> partOf(Value tensor, const Sharding &sharding) const;
  LogicalResult reduce(ReductionOpInterface reduction, ArrayRef<GridAxis> gridAxes) const;
  LogicalResult cutOut() const;
  LogicalResult clone() const;
};

} // namespace

FailureOr<RankedTensorType> Partition::partOf(Value tensor, const Sharding &sharding) const {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!sharding) // all processes have all of it
    return type;
  GridOp grid = getGrid(op, sharding.getGridAttr(), symbols);
  for (auto [extent, axes] : llvm::zip(type.getShape(), sharding.getSplitAxes())) {
    const int64_t parts = collectiveProcessGroupSize(axes.asArrayRef(), grid);
    if (ShapedType::isDynamic(parts) || extent % parts != 0)
      return op->emitOpError() << "has a tensor, " << type << ", of which an extent of " << extent
                               << " is not divided into equal parts of static shape";
  }
  return cast<RankedTensorType>(shardType(type, grid, sharding));
}

/// A reduction over a divided dimension: of the own part, and then of all.
LogicalResult Partition::reduce(ReductionOpInterface reduction, ArrayRef<GridAxis> gridAxes) const {
  const ArrayRef<GridAxesAttr> splits = operandShardings[0].getSplitAxes();
  SmallVector<int64_t> divided;
  for (int64_t axis : reduction.getAxes())
    if (axis < static_cast<int64_t>(splits.size()) && !splits[axis].empty())
      divided.push_back(axis);
  if (divided.size() != 1)
    return op->emitOpError() << "reduces " << divided.size()
                             << " divided dimensions (divide one of [" << divided << "] only)";
  if (reduction.getNode())
    return op->emitOpError("gives a node, which is for partial results of one process");
  FailureOr<RankedTensorType> type = partOf(op->getResult(0), resultShardings[0]);
  if (failed(type))
    return failure();
  Type element = reduction.getInput().getType().getElementType();
  const auto what = ReductionAttr::get(
      op->getContext(), reduction.getOpKind(), element, /*fromNodes=*/false, /*toNodes=*/false,
      reduction.getExact(), static_cast<int64_t>(reduction.getDivisor()), type->getElementType());
  map.map(op->getResult(0),
          AllReduceOp::create(builder, op->getLoc(), *type, what, operands[0],
                              builder.getDenseI64ArrayAttr(reduction.getAxes()),
                              reduction.getKeepdims() ? builder.getUnitAttr() : UnitAttr(),
                              builder.getI64IntegerAttr(divided.front()),
                              operandShardings[0].getGridAttr(),
                              builder.getDenseI16ArrayAttr(gridAxes))
              .getResult());
  return success();
}

/// What has no operands is made as a whole, and the own part is cut out.
LogicalResult Partition::cutOut() const {
  Value part = builder.clone(*op)->getResult(0);
  map.map(op->getResult(0), part);
  const Sharding &sharding = resultShardings[0];
  if (!sharding)
    return success();
  if (failed(partOf(op->getResult(0), sharding)))
    return failure();
  GridOp grid = getGrid(op, sharding.getGridAttr(), symbols);
  for (auto [dim, axes] : llvm::enumerate(sharding.getSplitAxes()))
    if (!axes.empty())
      part = AllSliceOp::create(builder, op->getLoc(), part, grid, axes.asArrayRef(),
                                static_cast<int64_t>(dim));
  map.map(op->getResult(0), part);
  return success();
}

/// The same operation on the parts.
LogicalResult Partition::clone() const {
  FailureOr<RankedTensorType> type = partOf(op->getResult(0), resultShardings[0]);
  if (failed(type))
    return failure();
  for (auto [operand, sharding] : llvm::zip_equal(op->getOperands(), operandShardings))
    if (failed(partOf(operand, sharding)))
      return failure();
  IRMapping parts;
  parts.map(op->getOperands(), operands);
  Operation *part = builder.clone(*op, parts);
  part->getResult(0).setType(*type);
  map.map(op->getResult(0), part->getResult(0));
  return success();
}

namespace {

template <class Op> struct Model : ShardingInterface::ExternalModel<Model<Op>, Op> {
  SmallVector<utils::IteratorType> getLoopIteratorTypes(Operation *op) const {
    return SmallVector<utils::IteratorType>(Loops(op).types());
  }
  SmallVector<AffineMap> getIndexingMaps(Operation *op) const {
    return Loops(op).maps(op->getContext());
  }
  /// Only `tsum.all_reduce` knows how.
  SmallVector<ReductionKind> getReductionLoopIteratorKinds(Operation *op) const {
    const Loops loops(op);
    return SmallVector<ReductionKind>(
        static_cast<size_t>(llvm::count(loops.types(), utils::IteratorType::reduction)),
        ReductionKind::Generic);
  }
  LogicalResult partition(Operation *op, ArrayRef<Value> operands,
                          ArrayRef<Sharding> operandShardings, ArrayRef<Sharding> resultShardings,
                          IRMapping &map, SymbolTableCollection &symbols,
                          OpBuilder &builder) const {
    const Partition partition{op,  operands, operandShardings, resultShardings,
                              map, symbols,  builder};
    if (op->getNumOperands() == 0)
      return partition.cutOut();
    const Loops loops(op);
    const SmallVector<GridAxis> reduced = getReductionGridAxes(
        loops.types(),
        getGridAxisAssignmentForLoopIterators(operandShardings, resultShardings, loops.types(),
                                              loops.maps(op->getContext())));
    if (!reduced.empty())
      return partition.reduce(cast<ReductionOpInterface>(op), reduced);
    return partition.clone();
  }
};

template <class... Ops> void attach(MLIRContext *context) {
  (Ops::template attachInterface<Model<Ops>>(*context), ...);
}

} // namespace

void registerShardingInterfaces(DialectRegistry &registry) {
  registry.insert<ShardDialect>();
  registry.addExtension(+[](MLIRContext *context, TsumDialect *) {
    attach<CastOp, WhereOp, ComplexOp, RealOp, ImagOp, BroadcastOp, ReshapeOp, TransposeOp, SliceOp,
           IotaOp, ConstantOp>(context);
#define TSUM_UNARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY) attach<CLASS##Op>(context);
#define TSUM_BINARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY) attach<CLASS##Op>(context);
#include "tsum/Elementwise.def"
#define TSUM_REDUCTION(NAME, CLASS, DOMAIN, COMBINER, IDENTITY, SUMMARY) attach<CLASS##Op>(context);
#include "tsum/Reductions.def"
  });
}

} // namespace tsum::ir
