// SPDX-License-Identifier: Apache-2.0
//
// What stands inside of kernels, and the attributes that say how these compute.

#include "tsum/Dialect/Tsum/IR/Tsum.h"
#include "tsum/Exact/Calls.h"
#include "tsum/Exact/Limbs.h"
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

static Domain domainOf(OpKind kind) {
  switch (kind) {
#define TSUM_REDUCTION(NAME, CLASS, DOMAIN, COMBINER, IDENTITY, SUMMARY)                           \
  case OpKind::CLASS:                                                                              \
    return Domain::DOMAIN;
#include "tsum/Reductions.def"
  default:
    llvm_unreachable("no reduction");
  }
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
  int64_t divisor = 1;
  Type rounded = element;
  if (succeeded(parser.parseOptionalKeyword("over")) && parser.parseInteger(divisor))
    return {};
  if (succeeded(parser.parseOptionalKeyword("as")) && parser.parseType(rounded))
    return {};
  if (parser.parseGreater())
    return {};
  return parser.getChecked<ReductionAttr>(location, parser.getContext(), *kind, element, *from, *to,
                                          exact, divisor, rounded);
}

void ReductionAttr::print(AsmPrinter &printer) const {
  printer << '<' << nameOf(getKind()) << ' ' << getElement();
  if (getFromNodes())
    printer << " from nodes";
  if (getToNodes())
    printer << " to nodes";
  if (getExact())
    printer << " exact";
  if (getDivisor() != 1)
    printer << " over " << getDivisor();
  if (getRounded() != getElement())
    printer << " as " << getRounded();
  printer << '>';
}

/// The types of elements that kernels reduce by `kind`: complex numbers are two there.
static SmallVector<Type> elementTypes(MLIRContext *context, OpKind kind) {
  SmallVector<Type> types;
#define TSUM_DTYPE(NAME, CPP, KIND)                                                                \
  if (DTypeKind::KIND != DTypeKind::Complex && contains(domainOf(kind), DTypeKind::KIND))          \
    types.push_back(getElementType(context, DType::NAME));
#include "tsum/DTypes.def"
  return types;
}

LogicalResult ReductionAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, OpKind kind,
                                    Type element, bool fromNodes, bool toNodes, bool exact,
                                    int64_t divisor, Type rounded) {
  SmallVector<Type> types = elementTypes(element.getContext(), kind);
  if (!llvm::is_contained(types, element))
    return emitError() << nameOf(kind) << " takes no elements of type " << element
                       << " in kernels (valid: " << types << ")";
  if (exact && (kind != OpKind::ReduceSum || !isa<FloatType>(element)))
    return emitError() << "only a sum of floats is exact";
  if (!exact && (divisor != 1 || rounded != element))
    return emitError() << "only an exact sum is divided, or rounded to another type";
  if (divisor < 1 || divisor > largest_divisor)
    return emitError() << "an exact sum over " << divisor << " (valid: 1.." << largest_divisor
                       << ")";
  if (exact && (!isa<FloatType>(rounded) || !getDType(rounded)))
    return emitError() << "an exact sum as " << rounded << " (it is rounded to a float)";
  if ((fromNodes || toNodes) && !exact && !is_ordered(kind, *getDType(element), exact))
    return emitError() << "only sums and products of floats have nodes";
  return success();
}

bool ReductionAttr::isOrdered() const {
  return (getKind() == OpKind::ReduceSum || getKind() == OpKind::ReduceProd) && !getExact() &&
         isa<FloatType>(getElement());
}

Type ReductionAttr::getResultType() const {
  const bool isSmall = getRounded().isF16() || getRounded().isBF16();
  if (!isa<FloatType>(getElement()))
    return getBlockType();
  if (isSmall && (isOrdered() || getExact()))
    return Float64Type::get(getContext());
  return isSmall ? Float32Type::get(getContext()) : getRounded();
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
  if (getExact()) {
    const int64_t words = getBlockType().isF64() ? tsum::exact::Limbs<double>::node_words
                                                 : tsum::exact::Limbs<float>::node_words;
    return SmallVector<Type, 2>(static_cast<size_t>(words), IntegerType::get(getContext(), 64));
  }
  if (!isOrdered())
    return {getBlockType()};
  Type wide = Float64Type::get(getContext());
  if (getElement().isF64())
    return {wide, wide};
  return {wide};
}

ReductionAttr ReductionAttr::between(bool fromNodes, bool toNodes) const {
  return get(getContext(), getKind(), getElement(), fromNodes, toNodes, getExact(), getDivisor(),
             getRounded());
}

LogicalResult LimbsOp::verify() {
  const auto *function = llvm::find_if(exact::signatures, [&](const exact::Signature &each) {
    return getFunction() == StringRef(each.name);
  });
  if (function == std::end(exact::signatures))
    return emitOpError("calls \"") << getFunction() << "\", which tsum/Exact/Calls.def has not";
  if (!getElement().isF32() && !getElement().isF64())
    return emitOpError("is for elements of ") << getElement() << " (valid: f32, f64)";
  if (getBuffers().size() != function->buffers || getNumbers().size() != function->numbers)
    return emitOpError("takes ") << function->buffers << " buffers and " << function->numbers
                                 << " numbers";
  return success();
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

LogicalResult ColumnsAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, int64_t width,
                                  llvm::ArrayRef<int64_t> whole) {
  if (width < 1)
    return emitError() << "tiles of " << width << " columns (at least 1)";
  int64_t previous = -1;
  for (int64_t dim : whole) {
    if (dim <= previous)
      return emitError() << "dimension " << dim << " after " << previous
                         << " (dimensions that are whole ascend from 0)";
    previous = dim;
  }
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
  SmallVector<Type, 2> given = {reduction.getResultType()};
  if (reduction.getToNodes())
    given = nodes;
  if (!llvm::equal(getAccumulators().getTypes(), given))
    return emitOpError() << "accumulates into " << given.size() << " values of type "
                         << given.front() << " for " << reduction << ", given ("
                         << getAccumulators().getTypes() << ")";
  auto generic = dyn_cast<linalg::GenericOp>((*this)->getParentOp());
  if (!generic)
    return emitOpError("belongs in the body of a linalg.generic");
  if (generic.getNumReductionLoops() == 0)
    return emitOpError("belongs in a linalg.generic that reduces a dimension");
  // The generic is not verified yet.
  Block &body = *(*this)->getBlock();
  auto yield = body.mightHaveTerminator() ? dyn_cast<linalg::YieldOp>(body.getTerminator())
                                          : linalg::YieldOp();
  std::optional<unsigned> next; // of the outputs
  for (auto [accumulator, result] : llvm::zip_equal(getAccumulators(), getResults())) {
    auto argument = dyn_cast<BlockArgument>(accumulator);
    if (!argument || argument.getOwner() != &body ||
        argument.getArgNumber() < generic.getNumDpsInputs())
      return emitOpError("accumulates into an output of its linalg.generic");
    const unsigned number = argument.getArgNumber() - unsigned(generic.getNumDpsInputs());
    if (number != next.value_or(number))
      return emitOpError("accumulates into outputs that follow each other");
    next = number + 1;
    if (!argument.hasOneUse())
      return emitOpError("alone takes what its outputs have so far");
    if (!yield || !result.hasOneUse() || number >= yield->getNumOperands() ||
        yield.getOperand(number) != result)
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
    auto from = cast<RankedTensorType>(node.getType());
    auto to = cast<RankedTensorType>(result.getType());
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
