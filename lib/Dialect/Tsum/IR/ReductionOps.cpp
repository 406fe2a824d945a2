// SPDX-License-Identifier: Apache-2.0
#include "Dimensions.h"

#include "tsum/Graph/SummationTree.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace tsum;
using namespace tsum::ir;

/// The type of a reduction of `type` over valid `axes` to elements of type `element`.
static RankedTensorType getReducedType(RankedTensorType type, ArrayRef<int64_t> axes, bool keepdims,
                                       Type element) {
  SmallVector<int64_t> shape;
  for (auto [dim, extent] : llvm::enumerate(type.getShape())) {
    if (!llvm::is_contained(axes, static_cast<int64_t>(dim)))
      shape.push_back(extent);
    else if (keepdims)
      shape.push_back(1);
  }
  return RankedTensorType::get(shape, element);
}

/// Whether the reduction takes more than one element for each result: extents of 1 take no part.
template <class Op> static bool takesSeveral(Op op) {
  RankedTensorType type = op.getInput().getType();
  return llvm::any_of(op.getAxes(), [&](int64_t axis) { return type.getDimSize(axis) != 1; });
}

/// Whether it is known at run time alone how many elements the reduction takes for each result.
template <class Op> static bool takesUnknown(Op op) {
  RankedTensorType type = op.getInput().getType();
  return llvm::any_of(
      op.getAxes(), [&](int64_t axis) { return axis < type.getRank() && type.isDynamicDim(axis); });
}

/// Nodes are of what has an order, and of more than one element: others take no part in it.
template <class Op> static LogicalResult verifyNode(Op op) {
  if (!op.getNode())
    return success();
  RankedTensorType type = op.getInput().getType();
  const std::optional<DType> dtype = getDType(type.getElementType());
  if (!dtype || !tsum::is_ordered(Op::opKind, *dtype, op.getExact()))
    return op.emitOpError("gives a node, which only sums and products of floats have");
  const uint64_t numbers = type.getElementType().isF64() ? 2 : 1;
  if (*op.getNode() >= numbers)
    return op.emitOpError() << "gives number " << *op.getNode() << " of its nodes, which have "
                            << numbers << " (counted from 0)";
  if (takesUnknown(op))
    return op.emitOpError() << "gives a node along dynamic extents of " << type
                            << ", of which some have none (give static ones)";
  if (llvm::is_contained(type.getShape(), 0) || !takesSeveral(op))
    return op.emitOpError() << "gives a node, of which " << type << " has none along ["
                            << op.getAxes() << "]";
  return success();
}

/// What an exact sum may be beside others: divided, and of another type than its elements.
template <class Op> static LogicalResult verifyExact(Op op) {
  RankedTensorType type = op.getInput().getType();
  const auto divisor = static_cast<int64_t>(op.getDivisor());
  const bool isOwnType = op.getType().getElementType() == type.getElementType();
  if (!op.getExact()) {
    if (divisor != 1)
      return op.emitOpError("is divided, which only exact sums are");
    return success();
  }
  if (Op::opKind != OpKind::ReduceSum || !isa<FloatType>(type.getElementType()))
    return op.emitOpError("is exact, which only sums of floats can be");
  if (divisor < 1 || divisor > largest_divisor)
    return op.emitOpError() << "is divided by " << divisor << " (valid: 1.." << largest_divisor
                            << ")";
  if (!isa<FloatType>(op.getType().getElementType()))
    return op.emitOpError() << "is exact and rounded to " << op.getType().getElementType()
                            << " (give a float)";
  if ((divisor != 1 || !isOwnType) && takesUnknown(op))
    return op.emitOpError() << "is divided, or rounded to another type, along dynamic extents of "
                            << type << ", which sums of one element are not (give static ones)";
  if ((divisor != 1 || !isOwnType) && !takesSeveral(op))
    return op.emitOpError() << "is a sum of one element of " << type << " along [" << op.getAxes()
                            << "], which is neither divided nor rounded";
  return success();
}

template <class Op> static LogicalResult verifyReduction(Op op) {
  RankedTensorType type = op.getInput().getType();
  if (failed(verifyDimensions([&] { return op.emitOpError(); }, "axis", op.getAxes(), type)))
    return failure();
  if (failed(verifyExact(op)) || failed(verifyNode(op)))
    return failure();
  Type element = op.getExact()  ? op.getType().getElementType()
                 : op.getNode() ? Float64Type::get(op.getContext())
                                : type.getElementType();
  RankedTensorType reduced = getReducedType(type, op.getAxes(), op.getKeepdims(), element);
  if (op.getType() != reduced)
    return op.emitOpError() << "result type " << op.getType() << " does not match the reduced type "
                            << reduced;
  return success();
}

template <class Op>
static LogicalResult reifyReduction(OpBuilder &b, Op op, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<int64_t> from;
  for (int64_t dim : llvm::seq(op.getInput().getType().getRank()))
    if (!llvm::is_contained(op.getAxes(), dim))
      from.push_back(dim);
    else if (op.getKeepdims())
      from.push_back(-1);
  return reifyFrom(b, op.getLoc(), op.getInput(), op.getType(), from, shapes);
}

#define TSUM_REDUCTION(NAME, CLASS, DOMAIN, COMBINER, IDENTITY, SUMMARY)                           \
  LogicalResult CLASS##Op::verify() { return verifyReduction(*this); }                             \
  LogicalResult CLASS##Op::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {  \
    return reifyReduction(b, *this, shapes);                                                       \
  }                                                                                                \
  OpKind CLASS##Op::getOpKind() { return opKind; }
#include "tsum/Reductions.def"

//===----------------------------------------------------------------------===//
// ReducePiecesOp, MergeNodesOp
//===----------------------------------------------------------------------===//

template <class Op> static LogicalResult verifyPart(Op op, RankedTensorType type) {
  const ReductionAttr reduction = op.getReduction();
  if (reduction.getExact() || reduction.getFromNodes() || reduction.getToNodes())
    return op.emitOpError() << "is of " << reduction << " (no part of one, and none that is exact)";
  if (op.getAxes().empty())
    return op.emitOpError("reduces nothing (give its axes)");
  if (!type.hasStaticShape() || llvm::is_contained(type.getShape(), 0))
    return op.emitOpError() << "takes static extents of 1 or more, not those of " << type;
  return verifyDimensions([&] { return op.emitOpError(); }, "axis", op.getAxes(), type);
}

// Parts keep no dimensions, and are of what is neither exact nor divided.
bool ReducePiecesOp::getKeepdims() { return false; }
bool ReducePiecesOp::getExact() { return false; }
uint64_t ReducePiecesOp::getDivisor() { return 1; }
OpKind ReducePiecesOp::getOpKind() { return getReduction().getKind(); }

LogicalResult ReducePiecesOp::verify() {
  RankedTensorType type = getInput().getType();
  const ReductionAttr reduction = getReduction();
  const PieceAttr piece = getPiece();
  if (failed(verifyPart(*this, type)))
    return failure();
  if (reduction.getElement() != type.getElementType())
    return emitOpError() << reduction << " does not reduce elements of " << type;
  const int64_t cut = getAxes().front();
  if (piece.getExtent() != type.getDimSize(cut))
    return emitOpError() << "cuts an extent of " << piece.getExtent() << ", and dimension " << cut
                         << " of " << type << " has " << type.getDimSize(cut);
  if (!keeps_order_if_merged(piece.getSize(), /*is_line=*/getAxes().size() == 1))
    return emitOpError() << "has pieces of " << piece.getSize() << ", which are no nodes of the "
                         << "tree (powers of two are, of blocks of " << block_elements
                         << " where one dimension is reduced)";
  Type number = type.getElementType();
  if (!reduction.isOrdered()) {
    if (getNode())
      return emitOpError("gives a node, which only sums and products of floats have");
    if (number.isF16() || number.isBF16())
      return emitOpError() << "is of " << reduction << ", which is reduced in a wider type and "
                           << "rounded at the end alone";
  } else {
    const uint64_t numbers = reduction.getNodeTypes().size();
    if (!getNode() || *getNode() >= numbers)
      return emitOpError() << "gives one of the numbers of its nodes, which have " << numbers
                           << " (node 0" << (numbers > 1 ? " or 1)" : ")");
    number = Float64Type::get(getContext());
  }
  SmallVector<int64_t> shape = {piece.getCount()};
  llvm::append_range(shape, getReducedType(type, getAxes(), /*keepdims=*/false, number).getShape());
  if (getType() != RankedTensorType::get(shape, number))
    return emitOpError() << "result type " << getType() << " does not match "
                         << RankedTensorType::get(shape, number);
  return success();
}

TypedValue<RankedTensorType> MergeNodesOp::getInput() {
  return cast<TypedValue<RankedTensorType>>(getNodes().front());
}

bool MergeNodesOp::getKeepdims() { return false; }
bool MergeNodesOp::getExact() { return false; }
uint64_t MergeNodesOp::getDivisor() { return 1; }
std::optional<uint64_t> MergeNodesOp::getNode() { return std::nullopt; }
OpKind MergeNodesOp::getOpKind() { return getReduction().getKind(); }

LogicalResult MergeNodesOp::verify() {
  const ReductionAttr reduction = getReduction();
  if (getNodes().empty() || !llvm::all_equal(getNodes().getTypes()))
    return emitOpError("takes the numbers of nodes, as tensors of one shape");
  if (failed(verifyPart(*this, getInput().getType())))
    return failure();
  if (!reduction.isOrdered())
    return emitOpError() << "is of " << reduction << ", which has no nodes: it reduces results";
  if (const size_t numbers = reduction.getNodeTypes().size(); getNodes().size() != numbers)
    return emitOpError() << "takes nodes of " << numbers << " numbers each, given "
                         << getNodes().size();
  RankedTensorType reduced =
      getReducedType(getInput().getType(), getAxes(), /*keepdims=*/false, reduction.getElement());
  if (getType() != reduced)
    return emitOpError() << "result type " << getType() << " does not match the reduced type "
                         << reduced;
  return success();
}

//===----------------------------------------------------------------------===//
// AllReduceOp
//===----------------------------------------------------------------------===//

LogicalResult AllReduceOp::verify() {
  RankedTensorType type = getInput().getType();
  const ReductionAttr reduction = getReduction();
  if (failed(verifyDimensions([&] { return emitOpError(); }, "axis", getAxes(), type)))
    return failure();
  if (reduction.getFromNodes() || reduction.getToNodes())
    return emitOpError() << "is of elements and gives results, not " << reduction;
  if (reduction.getElement() != type.getElementType())
    return emitOpError() << reduction << " does not reduce elements of " << type;
  if (!llvm::is_contained(getAxes(), static_cast<int64_t>(getDivided())))
    return emitOpError() << "dimension " << getDivided() << " is divided, which is none of ["
                         << getAxes() << "]";
  if (getGridAxes().empty())
    return emitOpError("is across no axis of its grid (give those along which there are parts)");
  RankedTensorType reduced =
      getReducedType(type, getAxes(), getKeepdims(), getType().getElementType());
  Type rounded = reduction.getExact() ? reduction.getRounded() : type.getElementType();
  if (getType() != reduced.clone(rounded))
    return emitOpError() << "result type " << getType() << " does not match the reduced type "
                         << reduced.clone(rounded);
  return success();
}

LogicalResult AllReduceOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // The grid's op is of another dialect, which this one does not need.
  Operation *grid = symbols.lookupNearestSymbolFrom(*this, getGridAttr());
  auto shape = grid ? grid->getAttrOfType<DenseI64ArrayAttr>("shape") : DenseI64ArrayAttr();
  if (!shape)
    return emitOpError() << "there is no grid " << getGridAttr() << " (declare a shard.grid)";
  for (auto [place, axis] : llvm::enumerate(getGridAxes()))
    if (axis < 0 || axis >= shape.size() ||
        llvm::is_contained(getGridAxes().take_front(place), axis))
      return emitOpError() << "axis " << axis << " of grid " << getGridAttr()
                           << " is out of range or named twice (the grid has " << shape.size()
                           << " axes)";
  return success();
}
