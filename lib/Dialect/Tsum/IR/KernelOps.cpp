// SPDX-License-Identifier: Apache-2.0
//
// What stands inside of kernels, and the attributes that say how these compute.

#include "tsum/Dialect/Tsum/IR/Tsum.h"
#include "tsum/Graph/SummationTree.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/TypeUtilities.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tsum::ir {

//===-- Attributes ----------------------------------------------------------------------------===//

static std::optional<OpKind> reductionNamed(StringRef name) {
#define TSUM_REDUCTION(NAME, CLASS, DOMAIN, COMBINER, IDENTITY, SUMMARY)                           \
  if (name == #NAME)                                                                               \
    return OpKind::CLASS;
#include "tsum/Reductions.def"
  return std::nullopt;
}

static StringRef nameOf(OpKind kind) {
  switch (kind) {
#define TSUM_REDUCTION(NAME, CLASS, DOMAIN, COMBINER, IDENTITY, SUMMARY)                           \
  case OpKind::CLASS:                                                                              \
    return #NAME;
#include "tsum/Reductions.def"
  default:
    llvm_unreachable("no reduction");
  }
}

Attribute ReductionAttr::parse(AsmParser &parser, Type) {
  SMLoc location = parser.getCurrentLocation();
  StringRef name;
  Type element;
  if (parser.parseLess() || parser.parseKeyword(&name))
    return {};
  std::optional<OpKind> kind = reductionNamed(name);
  if (!kind) {
    parser.emitError(location, "there is no reduction '") << name << "'";
    return {};
  }
  if (parser.parseType(element))
    return {};
  auto parseNodes = [&](StringRef keyword) -> FailureOr<bool> {
    if (failed(parser.parseOptionalKeyword(keyword)))
      return false;
    return failed(parser.parseKeyword("nodes")) ? FailureOr<bool>(failure()) : true;
  };
  FailureOr<bool> from = parseNodes("from");
  if (failed(from))
    return {};
  FailureOr<bool> to = parseNodes("to");
  if (failed(to))
    return {};
  const bool exact = succeeded(parser.parseOptionalKeyword("exact"));
  if (parser.parseGreater())
    return {};
  return parser.getChecked<ReductionAttr>(location, parser.getContext(), *kind, element, *from, *to,
                                          exact);
}

void ReductionAttr::print(AsmPrinter &printer) const {
  printer << '<' << nameOf(getKind()) << ' ' << getElement();
  if (getFromNodes())
    printer << " from nodes";
  if (getToNodes())
    printer << " to nodes";
  if (getExact())
    printer << " exact";
  printer << '>';
}

LogicalResult ReductionAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, OpKind kind,
                                    Type element, bool fromNodes, bool toNodes, bool exact) {
  std::optional<DType> dtype = getDType(element);
  if (!dtype || isa<ComplexType>(element))
    return emitError() << "elements of type " << element
                       << " are not reduced in kernels (floats, integers and booleans are)";
  if (exact && (kind != OpKind::ReduceSum || !isa<FloatType>(element) || fromNodes || toNodes))
    return emitError() << "only a whole sum of floats is exact";
  return success();
}

bool ReductionAttr::isOrdered() const {
  return (getKind() == OpKind::ReduceSum || getKind() == OpKind::ReduceProd) && !getExact() &&
         isa<FloatType>(getElement());
}

Type ReductionAttr::getBlockType() const {
  MLIRContext *context = getContext();
  if (auto integer = dyn_cast<IntegerType>(getElement()))
    return IntegerType::get(context, std::max(integer.getWidth(), 8u));
  if (getKind() == OpKind::ReduceProd)
    return Float64Type::get(context);
  if (getElement().isBF16() || (getElement().isF16() && getKind() == OpKind::ReduceSum))
    return Float32Type::get(context);
  return getElement();
}

SmallVector<Type, 2> ReductionAttr::getNodeTypes() const {
  if (!isOrdered())
    return {getBlockType()};
  Type wide = Float64Type::get(getContext());
  if (getElement().isF64())
    return {wide, wide};
  return {wide};
}

ReductionAttr ReductionAttr::between(bool fromNodes, bool toNodes) const {
  return get(getContext(), getKind(), getElement(), fromNodes, toNodes, getExact());
}

LogicalResult PieceAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, int64_t size,
                                int64_t extent) {
  if (size < 1 || !llvm::isPowerOf2_64(uint64_t(size)))
    return emitError() << "pieces of " << size << " elements (a power of two is needed)";
  if (extent <= size)
    return emitError() << "pieces of " << size << " elements leave an extent of " << extent
                       << " whole";
  return success();
}

//===-- AccumulateOp --------------------------------------------------------------------------===//

LogicalResult AccumulateOp::inferReturnTypes(MLIRContext *, std::optional<Location>,
                                             ValueRange operands, DictionaryAttr attributes,
                                             OpaqueProperties properties, RegionRange regions,
                                             SmallVectorImpl<Type> &types) {
  Adaptor adaptor(operands, attributes, properties, regions);
  llvm::append_range(types, adaptor.getAccumulators().getTypes());
  return success();
}

LogicalResult AccumulateOp::verify() {
  ReductionAttr reduction = getReduction();
  SmallVector<Type, 2> nodes = reduction.getNodeTypes(), taken = {reduction.getBlockType()};
  if (reduction.getFromNodes())
    taken = nodes;
  if (!llvm::equal(getValues().getTypes(), taken))
    return emitOpError() << "takes " << taken.size() << " values of type " << taken.front()
                         << " for " << reduction << ", given (" << getValues().getTypes() << ")";
  if (reduction.getToNodes() && !llvm::equal(getAccumulators().getTypes(), nodes))
    return emitOpError() << "gives " << nodes.size() << " nodes of type " << nodes.front()
                         << " for " << reduction << ", given (" << getAccumulators().getTypes()
                         << ")";
  if (!reduction.getToNodes() && getAccumulators().size() != 1)
    return emitOpError() << "gives one result, given " << getAccumulators().size()
                         << " accumulators";
  auto generic = dyn_cast<linalg::GenericOp>((*this)->getParentOp());
  if (!generic)
    return emitOpError("belongs in the body of a linalg.generic");
  auto yield = cast<linalg::YieldOp>(generic.getBody()->getTerminator());
  for (auto [accumulator, result] : llvm::zip_equal(getAccumulators(), getResults())) {
    auto argument = dyn_cast<BlockArgument>(accumulator);
    if (!argument || argument.getOwner() != generic.getBody() ||
        argument.getArgNumber() < generic.getNumDpsInputs())
      return emitOpError("accumulates into an output of its linalg.generic");
    const unsigned number = argument.getArgNumber() - unsigned(generic.getNumDpsInputs());
    if (!result.hasOneUse() || yield.getOperand(number) != result)
      return emitOpError("gives what its linalg.generic yields for that output");
  }
  return success();
}

//===-- PiecesOp ------------------------------------------------------------------------------===//

LogicalResult PiecesOp::verify() {
  if (getNodes().empty() || getNodes().size() != getResults().size())
    return emitOpError() << "gives a result for each of its nodes, given " << getNodes().size()
                         << " nodes and " << getResults().size() << " results";
  for (auto [node, result] : llvm::zip_equal(getNodes(), getResults())) {
    auto from = cast<RankedTensorType>(node.getType()), to = cast<RankedTensorType>(result.getType());
    SmallVector<int64_t> shape = {getPiece().getCount()};
    llvm::append_range(shape, from.getShape());
    if (to != from.clone(shape))
      return emitOpError() << "gives " << from.clone(shape) << " for " << from << ", given " << to;
  }
  return success();
}

} // namespace tsum::ir

#include "tsum/Dialect/Tsum/IR/TsumEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "tsum/Dialect/Tsum/IR/TsumAttributes.cpp.inc"

void tsum::ir::TsumDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "tsum/Dialect/Tsum/IR/TsumAttributes.cpp.inc"
      >();
}
