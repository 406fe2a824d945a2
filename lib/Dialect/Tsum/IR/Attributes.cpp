// SPDX-License-Identifier: Apache-2.0
//
// What stands in `tsum.` attributes of other operations: of a function's arguments and results,
// where users write it, and of functions and operations, where passes leave it for later ones. A
// pass that reads one finds a value of the right type in the right range, or none.
#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tsum;
using namespace tsum::ir;

/// An attribute's name for diagnostics: 'tsum.rows'.
static std::string nameOf(NamedAttribute attribute) {
  return ("'" + attribute.getName().getValue() + "'").str();
}

//===-- Arguments and results -----------------------------------------------------------------===//

namespace {

/// An attribute of an argument or a result, and what it belongs to.
struct Described {
  Operation *op;
  StringRef noun; // "argument" or "result"
  unsigned number;
  Type type;
  NamedAttribute attribute;

  InFlightDiagnostic error() const {
    return op->emitError() << nameOf(attribute) << " of " << noun << " " << number << " ";
  }
};

} // namespace

static LogicalResult verifyStrides(const Described &given) {
  auto tensor = dyn_cast<RankedTensorType>(given.type);
  if (!tensor)
    return given.op->emitError() << nameOf(given.attribute) << " belongs on a ranked tensor, and "
                                 << given.noun << " " << given.number << " is " << given.type;
  auto strides = dyn_cast<DenseI64ArrayAttr>(given.attribute.getValue());
  if (!strides)
    return given.error() << "must be an array<i64>, given " << given.attribute.getValue();
  if (strides.size() != tensor.getRank())
    return given.error() << "has " << strides.size() << " strides for rank " << tensor.getRank();
  if (!tensor.hasStaticShape())
    return given.error() << "is known of static shapes alone, given " << tensor;
  const std::optional<DType> dtype = getDType(tensor.getElementType());
  const int64_t bytes = dtype ? size_of(*dtype) : 1;
  int64_t reach = bytes;
  for (auto [stride, extent] : llvm::zip_equal(strides.asArrayRef(), tensor.getShape())) {
    int64_t distance;
    if (llvm::MulOverflow(stride, bytes, distance) ||
        llvm::MulOverflow(distance, std::max<int64_t>(extent - 1, 1), distance) ||
        distance == std::numeric_limits<int64_t>::min() ||
        llvm::AddOverflow(reach, std::abs(distance), reach))
      return given.error() << "reach over 2^63 bytes or more, given [" << strides.asArrayRef()
                           << "] for " << tensor;
  }
  return success();
}

static LogicalResult verifyDescription(const Described &given) {
  StringRef name = given.attribute.getName();
  Attribute value = given.attribute.getValue();
  if (name == TsumDialect::getStridesAttrName())
    return verifyStrides(given);
  if (name == TsumDialect::getNameAttrName()) {
    if (!isa<StringAttr>(value))
      return given.error() << "must be a string, given " << value;
    return success();
  }
  if (name == TsumDialect::getOffsetAttrName()) {
    auto offset = dyn_cast<IntegerAttr>(value);
    if (!offset || !offset.getType().isSignlessInteger(64))
      return given.error() << "must be an i64, given " << value;
    return success();
  }
  return given.op->emitError() << nameOf(given.attribute) << " is no " << given.noun
                               << " attribute of tsum (valid: '" << TsumDialect::getNameAttrName()
                               << "', '" << TsumDialect::getOffsetAttrName() << "', '"
                               << TsumDialect::getStridesAttrName() << "')";
}

LogicalResult TsumDialect::verifyRegionArgAttribute(Operation *op, unsigned, unsigned number,
                                                    NamedAttribute attribute) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!function)
    return op->emitError() << nameOf(attribute) << " belongs on an argument of a function";
  return verifyDescription(
      {op, "argument", number, function.getArgumentTypes()[number], attribute});
}

LogicalResult TsumDialect::verifyRegionResultAttribute(Operation *op, unsigned, unsigned number,
                                                       NamedAttribute attribute) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!function)
    return op->emitError() << nameOf(attribute) << " belongs on a result of a function";
  return verifyDescription({op, "result", number, function.getResultTypes()[number], attribute});
}

//===-- What passes leave ---------------------------------------------------------------------===//

/// Fails unless `isRight`: `attribute` must be what `wanted` says.
static LogicalResult verifyThat(bool isRight, Operation *op, NamedAttribute attribute,
                                const Twine &wanted) {
  if (isRight)
    return success();
  return op->emitError() << nameOf(attribute) << " must be " << wanted << ", given "
                         << attribute.getValue();
}

static LogicalResult verifyString(Operation *op, NamedAttribute attribute) {
  return verifyThat(isa<StringAttr>(attribute.getValue()), op, attribute, "a string");
}

/// The number that `attribute` is, or -1 if it is something else.
static int64_t numberIn(NamedAttribute attribute) {
  auto integer = dyn_cast<IntegerAttr>(attribute.getValue());
  return integer && integer.getType().isSignlessInteger(64) ? integer.getInt() : -1;
}

/// The most dimensions that results of `function` may have: as many as they do, or once they are
/// buffers, which stand among the arguments, as the largest has. Without either any number.
static int64_t mostDims(FunctionOpInterface function) {
  constexpr int64_t any = std::numeric_limits<int64_t>::max();
  // Attributes are verified before the operation that has them.
  auto signature = dyn_cast_if_present<FunctionType>(function.getFunctionType());
  if (!signature)
    return any;
  int64_t fewest = any, most = -1;
  for (Type type : signature.getResults())
    if (auto shaped = dyn_cast<ShapedType>(type); shaped && shaped.hasRank())
      fewest = std::min(fewest, shaped.getRank());
  for (Type type : signature.getInputs())
    if (auto shaped = dyn_cast<ShapedType>(type); shaped && shaped.hasRank())
      most = std::max(most, shaped.getRank());
  return fewest != any || most < 0 ? fewest : most;
}

static LogicalResult verifyRows(Operation *op, NamedAttribute attribute) {
  const int64_t rows = numberIn(attribute), most = mostDims(cast<FunctionOpInterface>(op));
  return verifyThat(rows >= 0 && rows <= most, op, attribute,
                    "an i64, of how many leading dimensions (0 to " + Twine(most) + ")");
}

static LogicalResult verifyColumns(Operation *op, NamedAttribute attribute) {
  auto columns = dyn_cast<ColumnsAttr>(attribute.getValue());
  const int64_t most = mostDims(cast<FunctionOpInterface>(op));
  if (op->hasAttr(TsumDialect::getRowsAttrName()))
    return op->emitError() << nameOf(attribute) << " stands beside '"
                           << TsumDialect::getRowsAttrName() << "' (a kernel has one of them)";
  // One dimension is not whole.
  const bool isRight = columns && int64_t(columns.getWhole().size()) < most &&
                       (columns.getWhole().empty() || columns.getWhole().back() < most);
  return verifyThat(isRight, op, attribute,
                    "a #tsum.columns, of fewer than " + Twine(most) + " dimensions that are whole");
}

static LogicalResult verifyTiles(Operation *op, NamedAttribute attribute) {
  return verifyThat(numberIn(attribute) >= 0, op, attribute, "an i64 of 0 or more");
}

static LogicalResult verifyMemory(Operation *op, NamedAttribute attribute) {
  return verifyThat(numberIn(attribute) >= 0, op, attribute, "an i64 of 0 or more, in bytes");
}

static LogicalResult verifyStrategy(Operation *op, NamedAttribute attribute) {
  return verifyThat(isa<StrategyAttr>(attribute.getValue()), op, attribute, "a #tsum.strategy");
}

static LogicalResult verifyPiece(Operation *op, NamedAttribute attribute) {
  return verifyThat(isa<PieceAttr>(attribute.getValue()), op, attribute, "a #tsum.piece");
}

static LogicalResult verifyPrefetch(Operation *op, NamedAttribute attribute) {
  auto numbers = dyn_cast<DenseI64ArrayAttr>(attribute.getValue());
  const int64_t count = op->getNumOperands();
  auto isOperand = [&](int64_t number) { return number >= 0 && number < count; };
  return verifyThat(numbers && llvm::all_of(numbers.asArrayRef(), isOperand), op, attribute,
                    "an array<i64> of operands' numbers (0 to " + Twine(count - 1) + ")");
}

namespace {

/// An attribute that passes leave, what it belongs on and what it may be.
struct PassAttribute {
  StringLiteral name;
  bool isOfFunctions;
  LogicalResult (*verify)(Operation *, NamedAttribute);
};

} // namespace

static constexpr PassAttribute passAttributes[] = {
    {TsumDialect::getCutAttrName(), true, verifyString},
    {TsumDialect::getJoinedAttrName(), true, verifyString},
    {TsumDialect::getRowsAttrName(), true, verifyRows},
    {TsumDialect::getColumnsAttrName(), true, verifyColumns},
    {TsumDialect::getTilesAttrName(), true, verifyTiles},
    {TsumDialect::getMemoryAttrName(), true, verifyMemory},
    {TsumDialect::getRecomputedAttrName(), false, verifyString},
    {TsumDialect::getStrategyAttrName(), false, verifyStrategy},
    {TsumDialect::getPieceAttrName(), false, verifyPiece},
    {"tsum.prefetch", false, verifyPrefetch},
};

LogicalResult TsumDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  const auto *known = llvm::find_if(passAttributes, [&](const PassAttribute &other) {
    return attribute.getName() == other.name;
  });
  if (known == std::end(passAttributes))
    return op->emitError() << nameOf(attribute) << " is no attribute of tsum (valid: "
                           << llvm::join(llvm::map_range(passAttributes,
                                                         [](const PassAttribute &other) {
                                                           return ("'" + other.name + "'").str();
                                                         }),
                                         ", ")
                           << ")";
  if (isa<FunctionOpInterface>(op) != known->isOfFunctions)
    return op->emitError() << nameOf(attribute) << " belongs on "
                           << (known->isOfFunctions ? "a function" : "an operation in a function");
  return known->verify(op, attribute);
}
