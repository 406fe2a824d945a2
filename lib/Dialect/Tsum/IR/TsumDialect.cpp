// SPDX-License-Identifier: Apache-2.0
#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tsum;
using namespace tsum::ir;

#include "tsum/Dialect/Tsum/IR/TsumDialect.cpp.inc"

void TsumDialect::initialize() {
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "tsum/Dialect/Tsum/IR/TsumOps.cpp.inc"
      >();
}

Operation *TsumDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type,
                                            Location loc) {
  if (auto elements = dyn_cast<ElementsAttr>(value); elements && elements.getType() == type)
    return ConstantOp::create(builder, loc, type, elements);
  return nullptr;
}

Type ir::getElementType(MLIRContext *context, DType dtype) {
  auto bits = static_cast<unsigned>(8 * size_of(dtype));
  switch (kind_of(dtype)) {
  case DTypeKind::Float:
    if (dtype == DType::bf16)
      return BFloat16Type::get(context);
    return bits == 16   ? Type(Float16Type::get(context))
           : bits == 32 ? Type(Float32Type::get(context))
                        : Float64Type::get(context);
  case DTypeKind::Signed:
    return IntegerType::get(context, bits);
  case DTypeKind::Unsigned:
    return IntegerType::get(context, bits, IntegerType::Unsigned);
  case DTypeKind::Bool:
    return IntegerType::get(context, 1);
  case DTypeKind::Complex:
    return ComplexType::get(getElementType(context, real_dtype(dtype)));
  }
  llvm_unreachable("a DTypeKind without MLIR types");
}

std::optional<DType> ir::getDType(Type type) {
#define TSUM_DTYPE(NAME, CPP, KIND)                                                                \
  if (type == getElementType(type.getContext(), DType::NAME))                                      \
    return DType::NAME;
#include "tsum/DTypes.def"
  return std::nullopt;
}

Type ir::getBooleanType(Type type) {
  return cast<RankedTensorType>(type).clone(IntegerType::get(type.getContext(), 1));
}

Type ir::getRealType(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  auto complex = dyn_cast<ComplexType>(tensor.getElementType());
  return complex ? tensor.clone(complex.getElementType()) : tensor;
}

Value ir::beforeReshapes(Value value) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>())
    value = reshape.getInput();
  return value;
}

int64_t ir::getByteSize(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return tensor.getNumElements() * size_of(*getDType(tensor.getElementType()));
}

bool ir::isAddressable(Type type) {
  auto shaped = cast<ShapedType>(type);
  std::optional<DType> dtype = getDType(shaped.getElementType());
  int64_t bytes = dtype ? size_of(*dtype) : 1;
  return llvm::none_of(shaped.getShape(), [&](int64_t extent) {
    return llvm::MulOverflow(bytes, std::max<int64_t>(extent, 1), bytes) != 0;
  });
}

bool ir::areInterleaved(Value a, Value b) {
  auto x = dyn_cast<BlockArgument>(a), y = dyn_cast<BlockArgument>(b);
  if (!x || !y || x.getOwner() != y.getOwner() || x.getType() != y.getType())
    return false;
  auto function = dyn_cast<FunctionOpInterface>(x.getOwner()->getParentOp());
  if (!function)
    return false;
  auto stridesOf = [&](BlockArgument argument) {
    return function.getArgAttrOfType<DenseI64ArrayAttr>(argument.getArgNumber(),
                                                        TsumDialect::getStridesAttrName());
  };
  DenseI64ArrayAttr strides = stridesOf(x);
  return strides && !strides.empty() && strides == stridesOf(y) &&
         llvm::none_of(strides.asArrayRef(), [](int64_t stride) { return std::abs(stride) < 2; });
}
