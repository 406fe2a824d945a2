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

/// Whether kernels compute with values of `type`, or address memory by them.
static bool isNumber(Type type) {
  if (isa<Float16Type, BFloat16Type, Float32Type, Float64Type, IndexType>(type))
    return true;
  auto integer = dyn_cast<IntegerType>(type);
  return integer && integer.getWidth() <= 64;
}

/// Why no kernel has values of `type`, or nothing.
static StringRef obstacle(Type type) {
  if (isNumber(type))
    return "";
  auto shaped = dyn_cast<ShapedType>(type);
  if (!shaped || !isNumber(shaped.getElementType()))
    return "are of numbers of up to 64 bits";
  if (!shaped.hasStaticShape())
    return "are of static shape";
  if (!isAddressable(shaped))
    return "have less than 2^63 bytes";
  if (auto vector = dyn_cast<VectorType>(type); vector && vector.isScalable())
    return "have vectors of fixed length";
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

LogicalResult ir::verifyIsKernelFunction(FunctionOpInterface function) {
  if (failed(verifyBody(function)))
    return failure();
  for (auto [number, type] : llvm::enumerate(function.getArgumentTypes()))
    if (StringRef why = obstacle(type); !why.empty())
      return function.emitOpError()
             << "takes " << type << " as argument " << number << ", and values of a kernel " << why;
  WalkResult result = function.walk([&](Operation *op) {
    if (isa<CallOpInterface>(op)) {
      op->emitOpError("calls another function, which no kernel does");
      return WalkResult::interrupt();
    }
    for (Type type : op->getResultTypes())
      if (StringRef why = obstacle(type); !why.empty()) {
        op->emitOpError() << "has the result " << type << ", and values of a kernel " << why;
        return WalkResult::interrupt();
      }
    return WalkResult::advance();
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
  for (Operation &op : function.getFunctionBody().front().without_terminator())
    if (!isa_and_nonnull<TsumDialect>(op.getDialect()) || isa<ElementaryOp>(op))
      return op.emitOpError("is no operation of tsum on tensors, of which kernels are made");
  return success();
}
