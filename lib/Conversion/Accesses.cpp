// SPDX-License-Identifier: Apache-2.0

#include "Accesses.h"

#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tsum {

namespace {

/// The place of an access: so many elements behind the beginning of `buffer`.
struct Place {
  Value buffer;
  SmallVector<std::pair<Value, int64_t>> indices; ///< and by how many elements each one counts
  int64_t constant = 0;
};

int depthOf(Value value) {
  int depth = 0;
  for (Operation *op = value.getParentBlock()->getParentOp(); op; op = op->getParentOp())
    ++depth;
  return depth;
}

/// What `memref` has the elements of, at the same places, under other dimensions; else itself.
Value beforeCollapse(Value memref) {
  while (auto collapse = memref.getDefiningOp<memref::CollapseShapeOp>())
    memref = collapse.getSrc();
  return memref;
}

/// Adds up the indices of an access and of the views that lead to it.
class PlaceBuilder {
public:
  explicit PlaceBuilder(OpBuilder &b) : b(b) {}

  void enter(Value memref, AffineMap map, ValueRange operands) {
    for (auto [expr, stride] : llvm::zip_equal(map.getResults(), stridesOf(memref)))
      add(expr, map, operands, stride);
    enterSource(memref);
  }

  void enter(Value memref, ValueRange indices) {
    for (auto [index, stride] : llvm::zip_equal(indices, stridesOf(memref)))
      add(index, stride);
    enterSource(memref);
  }

  /// Indices of outer loops come first, so that what is the same in inner ones is told apart.
  Place take() {
    Place place{buffer, {}, constant};
    for (auto [index, scale] : scales) {
      if (scale == 0)
        continue;
      auto *inner = llvm::find_if(place.indices, [depth = depthOf(index)](const auto &other) {
        return depthOf(other.first) > depth;
      });
      place.indices.insert(inner, {index, scale});
    }
    return place;
  }

private:
  static SmallVector<int64_t> stridesOf(Value memref) {
    return cast<MemRefType>(memref.getType()).getStridesAndOffset().first;
  }

  /// Goes on with the buffer that a view is of.
  void enterSource(Value memref) {
    buffer = beforeCollapse(memref);
    auto subview = buffer.getDefiningOp<memref::SubViewOp>();
    if (!subview)
      return;
    Value source = subview.getSource();
    for (auto [offset, stride] : llvm::zip_equal(subview.getMixedOffsets(), stridesOf(source)))
      if (auto value = dyn_cast<Value>(offset))
        add(value, stride);
      else
        constant += *getConstantIntValue(offset) * stride;
    enterSource(source);
  }

  void add(Value index, int64_t scale) {
    if (std::optional<int64_t> known = getConstantIntValue(index))
      constant += *known * scale;
    else if (auto apply = index.getDefiningOp<affine::AffineApplyOp>())
      add(apply.getMap().getResult(0), apply.getMap(), apply.getMapOperands(), scale);
    else
      scales[index] += scale;
  }

  /// `expr` is of the dimensions and symbols of `map`, which `operands` are the values of.
  void add(AffineExpr expr, AffineMap map, ValueRange operands, int64_t scale) {
    if (auto known = dyn_cast<AffineConstantExpr>(expr)) {
      constant += known.getValue() * scale;
    } else if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
      add(operands[dim.getPosition()], scale);
    } else if (auto symbol = dyn_cast<AffineSymbolExpr>(expr)) {
      add(operands[map.getNumDims() + symbol.getPosition()], scale);
    } else if (expr.getKind() == AffineExprKind::Add) {
      auto sum = cast<AffineBinaryOpExpr>(expr);
      add(sum.getLHS(), map, operands, scale);
      add(sum.getRHS(), map, operands, scale);
    } else if (auto product = cast<AffineBinaryOpExpr>(expr);
               expr.getKind() == AffineExprKind::Mul && isa<AffineConstantExpr>(product.getRHS())) {
      add(product.getLHS(), map, operands,
          scale * cast<AffineConstantExpr>(product.getRHS()).getValue());
    } else {
      Value index = affine::AffineApplyOp::create(
          b, operands.front().getLoc(), AffineMap::get(map.getNumDims(), map.getNumSymbols(), expr),
          operands);
      scales[index] += scale;
    }
  }

  OpBuilder &b;
  Value buffer;
  llvm::MapVector<Value, int64_t> scales;
  int64_t constant = 0;
};

class AccessLowering {
public:
  explicit AccessLowering(func::FuncOp kernel) : kernel(kernel), b(kernel.getContext()) {}

  void run() {
    SmallVector<Operation *> steps;
    kernel.walk([&](Operation *op) {
      if (isa<memref::SubViewOp, memref::CollapseShapeOp, affine::AffineApplyOp>(op))
        steps.push_back(op);
      else
        lower(op);
    });
    for (Operation *step : llvm::reverse(steps))
      if (step->use_empty())
        step->erase();
    for (auto [buffer, pointer] : pointers)
      replaceBuffer(buffer, pointer);
    kernel.setFunctionType(FunctionType::get(
        kernel.getContext(), kernel.getBody().getArgumentTypes(), kernel.getResultTypes()));
  }

private:
  void lower(Operation *op) {
    if (!llvm::all_of(op->getOperands(), hasKnownPlace))
      return;
    b.setInsertionPoint(op);
    loc = op->getLoc();
    llvm::TypeSwitch<Operation *>(op)
        .Case<affine::AffineLoadOp, affine::AffineVectorLoadOp>([&](auto load) {
          lowerLoad(load, placeOf(load.getMemRef(), load.getAffineMap(), load.getMapOperands()));
        })
        .Case([&](memref::LoadOp load) {
          lowerLoad(load, placeOf(load.getMemRef(), load.getIndices()));
        })
        .Case([&](vector::LoadOp load) {
          lowerLoad(load, placeOf(load.getBase(), load.getIndices()));
        })
        .Case([&](vector::MaskedLoadOp load) {
          Place place = placeOf(load.getBase(), load.getIndices());
          Type type = load.getType();
          replace(op, LLVM::MaskedLoadOp::create(b, loc, type, addressOf(place), load.getMask(),
                                                 load.getPassThru(), alignmentOf(place, type))
                          ->getResults());
        })
        .Case([&](ir::LoadOp load) {
          Place place = placeOf(load.getBase(), load.getIndices());
          place.constant += int64_t(load.getOffset());
          lowerLoad(load, place);
        })
        .Case<affine::AffineStoreOp, affine::AffineVectorStoreOp>([&](auto store) {
          lowerStore(store, store.getValue(),
                     placeOf(store.getMemRef(), store.getAffineMap(), store.getMapOperands()));
        })
        .Case([&](memref::StoreOp store) {
          lowerStore(store, store.getValue(), placeOf(store.getMemRef(), store.getIndices()));
        })
        .Case([&](vector::StoreOp store) {
          lowerStore(store, store.getValueToStore(), placeOf(store.getBase(), store.getIndices()),
                     store.getNontemporal(), store.getAlignment());
        })
        .Case([&](ir::LimbsOp limbs) { lowerCall(limbs); })
        .Case([&](memref::PrefetchOp prefetch) {
          LLVM::Prefetch::create(
              b, loc, addressOf(placeOf(prefetch.getMemref(), prefetch.getIndices())),
              prefetch.getIsWrite(), prefetch.getLocalityHint(), prefetch.getIsDataCache());
          prefetch.erase();
        });
  }

  /// True of all that is no buffer, too.
  static bool hasKnownPlace(Value value) {
    auto type = dyn_cast<MemRefType>(value.getType());
    if (!type)
      return true;
    SmallVector<int64_t> strides;
    int64_t offset;
    if (failed(type.getStridesAndOffset(strides, offset)) ||
        llvm::any_of(strides, ShapedType::isDynamic))
      return false;
    if (Value source = beforeCollapse(value); source != value)
      return hasKnownPlace(source);
    if (auto subview = value.getDefiningOp<memref::SubViewOp>())
      return hasKnownPlace(subview.getSource());
    return offset == 0;
  }

  Place placeOf(Value memref, AffineMap map, ValueRange operands) {
    PlaceBuilder place(b);
    place.enter(memref, map, operands);
    return place.take();
  }
  Place placeOf(Value memref, ValueRange indices) {
    PlaceBuilder place(b);
    place.enter(memref, indices);
    return place.take();
  }

  void replace(Operation *op, ValueRange results) {
    op->replaceAllUsesWith(results);
    op->erase();
  }

  void lowerLoad(Operation *op, const Place &place) {
    Type type = op->getResult(0).getType();
    replace(op, LLVM::LoadOp::create(b, loc, type, addressOf(place), alignmentOf(place, type))
                    ->getResults());
  }

  void lowerStore(Operation *op, Value value, const Place &place, bool isNontemporal = false,
                  std::optional<uint64_t> alignment = {}) {
    LLVM::StoreOp::create(b, loc, value, addressOf(place),
                          alignment ? unsigned(*alignment) : alignmentOf(value.getType()),
                          /*isVolatile=*/false, isNontemporal);
    replace(op, {});
  }

  /// A call of the function of tsum/Exact/Calls.def, which is declared beside the kernels.
  void lowerCall(ir::LimbsOp limbs) {
    SmallVector<Value> arguments;
    for (auto [buffer, index] : llvm::zip_equal(limbs.getBuffers(), limbs.getPlaces()))
      arguments.push_back(addressOf(placeOf(buffer, index)));
    for (int64_t number : limbs.getNumbers())
      arguments.push_back(LLVM::ConstantOp::create(b, loc, b.getI64IntegerAttr(number)));
    const StringRef type = limbs.getElement().isF32() ? "f32" : "f64";
    const std::string name = ("tsum_exact_" + limbs.getFunction() + "_" + type).str();
    auto module = kernel->getParentOfType<ModuleOp>();
    if (!SymbolTable::lookupSymbolIn(module, name)) {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(module.getBody());
      auto signature =
          LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()),
                                      llvm::to_vector(ValueRange(arguments).getTypes()));
      LLVM::LLVMFuncOp::create(b, loc, name, signature);
    }
    LLVM::CallOp::create(b, loc, TypeRange(), name, arguments);
    replace(limbs, {});
  }

  /// Vectors are aligned as their elements are.
  static unsigned alignmentOf(Type type) {
    return getElementTypeOrSelf(type).getIntOrFloatBitWidth() / 8;
  }

  /// Data that a kernel is given may lie anywhere, as that of packed files does. The instructions
  /// are the same.
  static unsigned alignmentOf(const Place &place, Type type) {
    return isa<BlockArgument>(place.buffer) ? 1 : alignmentOf(type);
  }

  Value addressOf(const Place &place) {
    Type element = cast<MemRefType>(place.buffer.getType()).getElementType();
    Value address = pointerTo(place.buffer);
    for (auto [index, scale] : place.indices)
      address = advance(address, index, scale, element);
    return place.constant == 0 ? address : advance(address, constant(place.constant), element);
  }

  /// Places of a block with the same indices have the same address but for their constants.
  Value advance(Value address, Value index, int64_t scale, Type element) {
    Value &next = advanced[{b.getInsertionBlock(), address, index, scale}];
    if (!next) {
      Value distance = arith::IndexCastOp::create(b, loc, b.getI64Type(), index);
      if (scale != 1)
        distance = LLVM::MulOp::create(b, loc, distance, constant(scale));
      next = advance(address, distance, element);
    }
    return next;
  }

  Value advance(Value address, Value distance, Type element) {
    return LLVM::GEPOp::create(b, loc, address.getType(), element, address, distance);
  }

  Value constant(int64_t number) {
    return LLVM::ConstantOp::create(b, loc, b.getI64IntegerAttr(number));
  }

  Value pointerTo(Value buffer) {
    Value &pointer = pointers[buffer];
    if (!pointer) {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointAfterValue(buffer);
      pointer = UnrealizedConversionCastOp::create(
                    b, loc, LLVM::LLVMPointerType::get(b.getContext()), buffer)
                    .getResult(0);
    }
    return pointer;
  }

  /// Arguments and memory on the stack become pointers themselves, if nothing else uses them.
  void replaceBuffer(Value buffer, Value pointer) {
    if (!buffer.hasOneUse())
      return;
    Operation *cast = pointer.getDefiningOp();
    if (isa<BlockArgument>(buffer)) {
      buffer.setType(pointer.getType());
      pointer.replaceAllUsesWith(buffer);
      cast->erase();
    } else if (auto alloca = buffer.getDefiningOp<memref::AllocaOp>()) {
      b.setInsertionPoint(alloca);
      loc = alloca.getLoc();
      auto type = alloca.getType();
      Value stack = LLVM::AllocaOp::create(b, loc, pointer.getType(), type.getElementType(),
                                           constant(type.getNumElements()),
                                           unsigned(alloca.getAlignment().value_or(0)));
      pointer.replaceAllUsesWith(stack);
      cast->erase();
      alloca.erase();
    }
  }

  func::FuncOp kernel;
  OpBuilder b;
  Location loc = b.getUnknownLoc();
  llvm::MapVector<Value, Value> pointers;
  llvm::DenseMap<std::tuple<Block *, Value, Value, int64_t>, Value> advanced;
};

} // namespace

void lowerAccesses(func::FuncOp kernel) { AccessLowering(kernel).run(); }

} // namespace tsum
