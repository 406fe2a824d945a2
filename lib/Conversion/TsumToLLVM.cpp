// SPDX-License-Identifier: Apache-2.0

#include "Accesses.h"

#include "tsum/Conversion/Passes.h"
#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Affine/Transforms/Transforms.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;

namespace tsum {
#define GEN_PASS_DEF_TSUMTOLLVMPASS
#include "tsum/Conversion/Passes.h.inc"

namespace {

/// Checks that `kernel` is (buffers..., begin, end) -> ().
LogicalResult verifyIsTiledKernel(func::FuncOp kernel) {
  if (failed(ir::verifyIsBufferKernel(kernel)))
    return failure();
  ArrayRef<Type> types = kernel.getArgumentTypes();
  const bool endsInTiles = types.size() >= 2 && llvm::all_of(types.take_back(2), [](Type type) {
                             return type.isIndex();
                           });
  if (kernel.getNumResults() == 0 && endsInTiles &&
      llvm::all_of(types.drop_back(2), llvm::IsaPred<MemRefType>))
    return success();
  return kernel.emitOpError() << "is " << kernel.getFunctionType()
                              << ", and kernels take buffers and two indices and return nothing "
                                 "(tsum-tile makes them so)";
}

/// (ptr..., begin, end)  becomes  (ptr to the ptrs, begin, end).
void packArguments(LLVM::LLVMFuncOp kernel) {
  Block &entry = kernel.getBody().front();
  OpBuilder b(&entry, entry.begin());
  Location loc = kernel.getLoc();
  auto pointer = LLVM::LLVMPointerType::get(b.getContext());
  const unsigned buffers = entry.getNumArguments() - 2;
  Value packed = entry.insertArgument(0u, pointer, loc);
  for (int32_t i = 0; i < static_cast<int32_t>(buffers); ++i) {
    Value slot = LLVM::GEPOp::create(b, loc, pointer, pointer, packed, ArrayRef<LLVM::GEPArg>{i});
    Value buffer = LLVM::LoadOp::create(b, loc, pointer, slot);
    entry.getArgument(1).replaceAllUsesWith(buffer);
    entry.eraseArgument(1);
  }
  Type i64 = b.getI64Type();
  kernel.setFunctionType(
      LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()), {pointer, i64, i64}));
}

/// Takes the pointers that lowerAccesses left open, of buffers that more than accesses use, from
/// their descriptors. The conversion itself lets casts be.
void resolvePointers(LLVM::LLVMFuncOp kernel) {
  SmallVector<UnrealizedConversionCastOp> casts;
  kernel.walk([&](UnrealizedConversionCastOp cast) { casts.push_back(cast); });
  for (UnrealizedConversionCastOp cast : casts)
    if (auto buffer = cast.getOperand(0).getDefiningOp<UnrealizedConversionCastOp>()) {
      OpBuilder b(cast);
      MemRefDescriptor descriptor(buffer.getOperand(0));
      cast.getResult(0).replaceAllUsesWith(descriptor.alignedPtr(b, cast.getLoc()));
    }
  for (UnrealizedConversionCastOp cast : llvm::reverse(casts))
    cast.erase();
}

/// Lets other threads see what went past the caches, which stores are not ordered with, before they
/// see that the kernel is done.
void fenceStreamedStores(LLVM::LLVMFuncOp kernel) {
  WalkResult streams = kernel.walk([](LLVM::StoreOp store) {
    return store.getNontemporal() ? WalkResult::interrupt() : WalkResult::advance();
  });
  if (streams.wasInterrupted())
    kernel.walk([](LLVM::ReturnOp end) {
      OpBuilder b(end);
      LLVM::FenceOp::create(b, end.getLoc(), LLVM::AtomicOrdering::seq_cst, /*syncscope=*/"");
    });
}

struct TsumToLLVMPass final : impl::TsumToLLVMPassBase<TsumToLLVMPass> {
  using TsumToLLVMPassBase::TsumToLLVMPassBase;

  LogicalResult initialize(MLIRContext *context) override {
    LowerToLLVMOptions options(context);
    options.useBarePtrCallConv = true;
    // Kernels own no memory: an allocation that got this far is a defect, not a call of malloc.
    options.allocLowering = LowerToLLVMOptions::AllocLowering::None;
    types = std::make_shared<LLVMTypeConverter>(context, options);

    RewritePatternSet set(context);
    affine::populateAffineExpandIndexOpsPatterns(set);
    populateAffineToStdConversionPatterns(set);
    populateSCFToControlFlowConversionPatterns(set);
    cf::populateControlFlowToLLVMConversionPatterns(*types, set);
    arith::populateCeilFloorDivExpandOpsPatterns(set);
    arith::populateArithToLLVMConversionPatterns(*types, set);
    populateMathToLLVMConversionPatterns(*types, set);
    populateVectorToLLVMConversionPatterns(*types, set);
    populateFinalizeMemRefToLLVMConversionPatterns(*types, set);
    ub::populateUBToLLVMConversionPatterns(*types, set);
    populateFuncToLLVMConversionPatterns(*types, set);
    patterns = std::move(set);
    return success();
  }

  void runOnOperation() override {
    SmallVector<StringAttr> kernels;
    for (auto kernel : getOperation().getOps<func::FuncOp>()) {
      if (failed(verifyIsTiledKernel(kernel)))
        return signalPassFailure();
      kernels.push_back(kernel.getSymNameAttr());
    }
    for (auto kernel : getOperation().getOps<func::FuncOp>())
      lowerAccesses(kernel);
    MLIRContext *context = &getContext();
    LLVMConversionTarget target(*context);
    target.addLegalOp<ModuleOp>();
    if (failed(applyFullConversion(getOperation(), target, patterns)))
      return signalPassFailure();
    auto features = LLVM::TargetFeaturesAttr::get(context, targetFeatures);
    SymbolTable symbols(getOperation());
    for (StringAttr name : kernels) {
      auto kernel = symbols.lookup<LLVM::LLVMFuncOp>(name);
      resolvePointers(kernel);
      packArguments(kernel);
      fenceStreamedStores(kernel);
      if (!targetFeatures.empty())
        kernel.setTargetFeaturesAttr(features);
    }
  }

private:
  // Kept for all kernels, since there are some hundred patterns.
  std::shared_ptr<LLVMTypeConverter> types;
  FrozenRewritePatternSet patterns;
};

} // namespace
} // namespace tsum
