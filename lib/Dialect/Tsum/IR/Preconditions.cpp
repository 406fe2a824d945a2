// SPDX-License-Identifier: Apache-2.0

#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/CallInterfaces.h"

using namespace mlir;
using namespace tsum;
using namespace tsum::ir;

LogicalResult ir::verifyIsResolved(Operation *root) {
  auto isComplex = [](Type type) { return isa<ComplexType>(getElementTypeOrSelf(type)); };
  WalkResult result = root->walk([&](Operation *op) {
    if (!isa<TransposeOp, SliceOp>(op) && llvm::none_of(op->getOperandTypes(), isComplex) &&
        llvm::none_of(op->getResultTypes(), isComplex))
      return WalkResult::advance();
    op->emitOpError() << (isa<TransposeOp, SliceOp>(op) ? "is a view" : "is of complex numbers")
                      << ", which no kernel computes (tsum-run and tsum-compile resolve it on the "
                         "graph first)";
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

/// Whether kernels compute with numbers of `type`, or address memory by them.
static bool isNumber(Type type) {
  if (isa<Float16Type, Float32Type, Float64Type, IndexType>(type))
    return true;
  return type.isSignlessInteger() && type.getIntOrFloatBitWidth() <= 64;
}

/// Whether numbers of `type` lie in memory as they are: in whole bytes, and not as bf16, which LLVM
/// has no vectors of everywhere.
static bool isStored(Type type) {
  return isNumber(type) && !type.isIndex() &&
         llvm::is_contained({8, 16, 32, 64}, type.getIntOrFloatBitWidth());
}

/// What values of a kernel are that those of `type` are not, or nothing.
static StringRef obstacle(Type type, bool mayBeDynamic = false) {
  auto shaped = dyn_cast<ShapedType>(type);
  if (!shaped)
    return isNumber(type) ? "" : "are numbers of up to 64 bits, or consist of such";
  if (!shaped.hasRank() || !(mayBeDynamic || shaped.hasStaticShape()))
    return "are of static shape";
  if (shaped.hasStaticShape() && !isAddressable(shaped))
    return "have less than 2^63 bytes";
  if (auto vector = dyn_cast<VectorType>(type)) {
    constexpr int64_t mostLanes = 8192; // LLVM takes vectors apart
    if (vector.isScalable())
      return "have vectors of fixed length";
    if (vector.getNumElements() > mostLanes)
      return "have vectors of at most 8192 lanes";
    return isNumber(vector.getElementType()) ? "" : "have vectors of numbers of up to 64 bits";
  }
  if (!isStored(shaped.getElementType()))
    return "have elements of i8, i16, i32, i64, f16, f32 or f64 in memory (tsum-to-linalg makes "
           "them so)";
  if (auto buffer = dyn_cast<MemRefType>(type); buffer && !buffer.isStrided())
    return "have strided buffers";
  if (auto tensor = dyn_cast<RankedTensorType>(type); tensor && tensor.getEncoding())
    return "have tensors without an encoding";
  return "";
}

/// Checks that `function` has one block, which ends in a return.
static LogicalResult verifyBody(FunctionOpInterface function) {
  Region &body = function.getFunctionBody();
  if (body.empty())
    return function.emitOpError("has no body, of which a kernel could be made");
  if (!body.hasOneBlock())
    return function.emitOpError() << "has " << body.getBlocks().size()
                                  << " blocks, and a kernel has one";
  Block &block = body.front();
  if (!block.mightHaveTerminator() || !isa<func::ReturnOp>(block.getTerminator()))
    return function.emitOpError("does not end in 'func.return'");
  return success();
}

/// What all kernels have in common. Inside of loops over tiles the last piece of a dimension may be
/// shorter than others.
static LogicalResult verifyIsKernel(FunctionOpInterface function, bool hasLoops) {
  if (failed(verifyBody(function)))
    return failure();
  for (auto [number, type] : llvm::enumerate(function.getArgumentTypes()))
    if (StringRef why = obstacle(type); !why.empty())
      return function.emitOpError()
             << "takes " << type << " as argument " << number << ", and values of a kernel " << why;
  WalkResult result = function.walk([&](Operation *op) {
    if (!op->isRegistered() || isa<CallOpInterface>(op)) {
      op->emitOpError() << (op->isRegistered() ? "calls another function" : "is not registered")
                        << ", and no kernel has such operations";
      return WalkResult::interrupt();
    }
    for (Type type : op->getResultTypes())
      if (StringRef why = obstacle(type, hasLoops); !why.empty()) {
        op->emitOpError() << "has the result " << type << ", and values of a kernel " << why;
        return WalkResult::interrupt();
      }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

LogicalResult ir::verifyIsTensorKernel(FunctionOpInterface function) {
  if (failed(verifyIsKernel(function, /*hasLoops=*/false)))
    return failure();
  auto areTensors = [](ArrayRef<Type> types) {
    return llvm::all_of(types, llvm::IsaPred<RankedTensorType>);
  };
  if (areTensors(function.getArgumentTypes()) && areTensors(function.getResultTypes()) &&
      !function.getResultTypes().empty())
    return success();
  return function.emitOpError() << "is " << function.getFunctionType()
                                << ", and kernels at this stage take tensors and return some";
}

LogicalResult ir::verifyIsBufferKernel(FunctionOpInterface function) {
  if (failed(verifyIsKernel(function, /*hasLoops=*/true)))
    return failure();
  auto hasTensors = [](TypeRange types) { return llvm::any_of(types, llvm::IsaPred<TensorType>); };
  if (hasTensors(function.getArgumentTypes()) || !function.getResultTypes().empty())
    return function.emitOpError() << "is " << function.getFunctionType()
                                  << ", and kernels at this stage take buffers and return nothing";
  WalkResult result = function.walk([&](Operation *op) {
    if (!hasTensors(op->getResultTypes()))
      return WalkResult::advance();
    op->emitOpError() << "has the result " << op->getResultTypes()
                      << ", and kernels at this stage have no tensors";
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

LogicalResult ir::verifyIsGraphFunction(FunctionOpInterface function) {
  if (failed(verifyBody(function)) || failed(verifyIsResolved(function)))
    return failure();
  auto isTensor = [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.hasStaticShape() && !tensor.getEncoding() &&
           getDType(tensor.getElementType()) && isAddressable(tensor);
  };
  for (auto [number, type] : llvm::enumerate(function.getArgumentTypes()))
    if (!isTensor(type))
      return function.emitOpError()
             << "takes " << type << " as argument " << number
             << " (kernels are made of tensors of static shape, of tsum's element types and less "
                "than 2^63 bytes)";
  for (Operation &op : function.getFunctionBody().front().without_terminator()) {
    if (isa<AllReduceOp>(op))
      return op.emitOpError("is of several processes, and kernels are of one");
    if (!isa_and_nonnull<TsumDialect>(op.getDialect()) ||
        isa<ElementaryOp, AccumulateOp, LoadOp, PiecesOp, LaunchOp>(op))
      return op.emitOpError("is no operation of tsum on tensors, of which kernels are made");
  }
  return success();
}
