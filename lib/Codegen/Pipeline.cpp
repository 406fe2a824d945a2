// SPDX-License-Identifier: Apache-2.0

#include "tsum/Codegen/Pipeline.h"

#include "tsum/Codegen/EmitObject.h"
#include "tsum/Codegen/Passes.h"
#include "tsum/Conversion/Passes.h"
#include "tsum/Dialect/Tsum/IR/Tsum.h"
#include "tsum/Dialect/Tsum/Transforms/Passes.h"
#include "tsum/Translate/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Linalg/Transforms/SubsetInsertionOpInterfaceImpl.h"
#include "mlir/Dialect/Linalg/Transforms/TilingInterfaceImpl.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/AllocationOpInterfaceImpl.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/Transforms/SubsetInsertionOpInterfaceImpl.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

#include <cstdlib>

using namespace mlir;

namespace tsum {

namespace {

/// The kernels' module, where all stages after the kernels work.
OpPassManager &kernels(OpPassManager &pm) { return pm.nest<ModuleOp>(); }

OpPassManager &eachKernel(OpPassManager &pm) { return kernels(pm).nest<func::FuncOp>(); }

void addCanonicalizer(OpPassManager &pm) {
  // Kernels have no blocks to merge, and their loops no arguments to drop.
  pm.addPass(createCanonicalizerPass(
      GreedyRewriteConfig().setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled)));
}

void addCleanup(OpPassManager &pm) {
  addCanonicalizer(pm);
  pm.addPass(createCSEPass());
}

void simplify(OpPassManager &pm, const PipelineOptions &) { addCleanup(pm); }

void formKernels(OpPassManager &pm, const PipelineOptions &options) {
  pm.addPass(createTsumFormKernelsPass(TsumFormKernelsPassOptions{options.smallKernels}));
}

void toLinalg(OpPassManager &pm, const PipelineOptions &) {
  OpPassManager &kernel = eachKernel(pm);
  kernel.addPass(createTsumToLinalgPass());
  kernel.addPass(createCSEPass()); // two numbers of a node are given by one reduction
}

void fuse(OpPassManager &pm, const PipelineOptions &) {
  OpPassManager &kernel = eachKernel(pm);
  kernel.addPass(createTsumFusePass());
  kernel.addPass(createTsumJoinReductionsPass());
  kernel.addPass(createCSEPass());
}

void cut(OpPassManager &pm, const PipelineOptions &options) {
  pm.addPass(createTsumCutReductionsPass(TsumCutReductionsPassOptions{options.strategy}));
  // The schedule is complete.
  pm.addNestedPass<func::FuncOp>(createTsumBoundMemoryPass());
}

void tile(OpPassManager &pm, const PipelineOptions &options) {
  eachKernel(pm).addPass(createTsumTilePass(TsumTilePassOptions{options.strategy}));
}

void bufferize(OpPassManager &pm, const PipelineOptions &) {
  OpPassManager &module = kernels(pm);
  module.addPass(bufferization::createEmptyTensorEliminationPass());
  module.addPass(bufferization::createOneShotBufferizePass());
  addCleanup(module);
  // What a tile keeps for itself, at most some KB, goes to the stack, once for all tiles.
  OpPassManager &kernel = module.nest<func::FuncOp>();
  kernel.addPass(bufferization::createBufferLoopHoistingPass());
  bufferization::PromoteBuffersToStackPassOptions promote;
  promote.maxAllocSizeInBytes = 64 * 1024;
  promote.maxRankOfAllocatedMemRef = 64;
  kernel.addPass(bufferization::createPromoteBuffersToStackPass(promote));
  // Leaves copies of buffers onto themselves behind until here.
  addCanonicalizer(kernel);
  kernel.addPass(createTsumOverlapStoresPass());
}

void vectorize(OpPassManager &pm, const PipelineOptions &options) {
  OpPassManager &kernel = eachKernel(pm);
  kernel.addPass(createTsumVectorizePass());
  kernel.addPass(createTsumExpandMathPass(TsumExpandMathPassOptions{options.targetFeatures}));
  kernel.addPass(createCSEPass());
}

void toLLVM(OpPassManager &pm, const PipelineOptions &options) {
  // Cleaned up as LLVM IR, where that costs a third.
  kernels(pm).addPass(createTsumToLLVMPass(TsumToLLVMPassOptions{options.targetFeatures}));
}

constexpr Stage stages[] = {
    {"simplify", "tsum ops folded and deduplicated", simplify},
    {"kernels", "a schedule of launches and a function per kernel", formKernels},
    {"linalg", "kernels as linalg on tensors", toLinalg},
    {"fuse", "elementwise producers and epilogues fused, reductions of the same data joined", fuse},
    {"cut",
     "long reductions with few results cut into pieces, whose nodes another kernel merges; "
     "launches repeated where memory is bounded",
     cut},
    {"tile", "one loop over tiles of the output, everything fused into it", tile},
    {"bufferize", "linalg on buffers, intermediates on the stack", bufferize},
    {"vector", "affine loops over vectors", vectorize},
    {"llvm", "the LLVM dialect, with tsum's calling convention", toLLVM},
};

} // namespace

ArrayRef<Stage> pipelineStages() { return stages; }

PipelineOptions hostOptions() {
  static const std::string &strategy = *new std::string([] {
    const char *given = std::getenv("TSUM_STRATEGY");
    return given ? given : "";
  }());
  return {/*stopAfter=*/"", hostFeatures(), strategy, /*smallKernels=*/false};
}

LogicalResult buildPipeline(OpPassManager &pm, const PipelineOptions &options,
                            llvm::function_ref<void(const Twine &)> error) {
  auto isLast = [&](const Stage &stage) { return stage.name == options.stopAfter; };
  if (!options.stopAfter.empty() && llvm::none_of(stages, isLast)) {
    std::string names =
        llvm::join(llvm::map_range(stages, [](const Stage &s) { return s.name; }), ", ");
    error(
        "tsum-compile: there is no stage '" + options.stopAfter + "' (the stages: " + names +
        "; LLVM IR and assembly are no MLIR: tsum-compile --emit=llvm and --emit=asm write them)");
    return failure();
  }
  for (const Stage &stage : stages) {
    stage.addPasses(pm, options);
    if (isLast(stage))
      break;
  }
  return success();
}

namespace {

struct TsumCompileOptions : PassPipelineOptions<TsumCompileOptions> {
  Option<std::string> stopAfter{*this, "stop-after", llvm::cl::desc("The last stage to run")};
  Option<std::string> targetFeatures{
      *this, "target-features",
      llvm::cl::desc("Instruction set extensions to compile for, such as +avx2,+fma")};
  Option<std::string> strategy{
      *this, "strategy",
      llvm::cl::desc("Run all reductions that can by this strategy, such as inner or outer")};
  Option<bool> smallKernels{*this, "small-kernels", llvm::cl::init(false),
                            llvm::cl::desc("Give each operation a kernel of its own")};
};

} // namespace

void registerTsumPasses() {
  registerTsumTransformsPasses();
  registerTsumTranslatePasses();
  registerTsumConversionPasses();
  registerTsumCodegenPasses();

  std::string description = "Compile tsum functions to the LLVM dialect, in stages:";
  for (const Stage &stage : stages)
    description += ("\n  " + stage.name + ": " + stage.summary).str();
  // The registry keeps the description by reference.
  static const std::string kept = description;
  // Not by PassPipelineRegistration, whose builders cannot fail.
  registerPassPipeline(
      "tsum-compile", kept,
      [](OpPassManager &pm, StringRef text,
         function_ref<LogicalResult(const Twine &)> errorHandler) -> LogicalResult {
        TsumCompileOptions options;
        if (failed(options.parseFromString(text)))
          return failure();
        return buildPipeline(
            pm, {options.stopAfter, options.targetFeatures, options.strategy, options.smallKernels},
            [&](const Twine &message) { (void)errorHandler(message); });
      },
      [](function_ref<void(const mlir::detail::PassOptions &)> handleOptions) {
        handleOptions(TsumCompileOptions());
      });
}

void registerTsumDialects(DialectRegistry &registry) {
  registry.insert<ir::TsumDialect, affine::AffineDialect, arith::ArithDialect,
                  bufferization::BufferizationDialect, func::FuncDialect, linalg::LinalgDialect,
                  LLVM::LLVMDialect, mlir::math::MathDialect, memref::MemRefDialect,
                  scf::SCFDialect, tensor::TensorDialect, vector::VectorDialect>();
  arith::registerBufferizableOpInterfaceExternalModels(registry);
  linalg::registerBufferizableOpInterfaceExternalModels(registry);
  linalg::registerSubsetOpInterfaceExternalModels(registry);
  linalg::registerTilingInterfaceExternalModels(registry);
  memref::registerAllocationOpInterfaceExternalModels(registry);
  scf::registerBufferizableOpInterfaceExternalModels(registry);
  tensor::registerBufferizableOpInterfaceExternalModels(registry);
  tensor::registerSubsetOpInterfaceExternalModels(registry);
}

} // namespace tsum
