// SPDX-License-Identifier: Apache-2.0

#include "Workbench.h"

#include "DiagnosticText.h"
#include "StageDump.h"

#include "tsum/Codegen/EmitObject.h"
#include "tsum/Dialect/Tsum/IR/Tsum.h"
#include "tsum/Translate/GraphToTsum.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"

#include <numeric>

using namespace mlir;

namespace tsum {

namespace {

// What no verifier stops may end the process further on, by a fatal error of LLVM.
constexpr bool verifyEachPass = true;

/// What the pipeline has left of the function: launches in order.
void readSchedule(func::FuncOp function, Image &image) {
  Program &program = image.program;
  llvm::DenseMap<Value, std::int32_t> numbers;
  auto number = [&](ValueRange values) {
    for (Value value : values)
      numbers[value] = static_cast<std::int32_t>(numbers.size());
  };
  number(function.getArguments());
  program.arguments = static_cast<std::int32_t>(numbers.size());
  auto numbersOf = [&](ValueRange values) {
    std::vector<std::int32_t> result;
    for (Value value : values)
      result.push_back(numbers.at(value));
    return result;
  };
  SymbolTableCollection symbols;
  for (Operation &op : function.getBody().front()) {
    if (auto launch = dyn_cast<ir::LaunchOp>(op)) {
      auto kernel =
          symbols.lookupNearestSymbolFrom<LLVM::LLVMFuncOp>(launch, launch.getKernelAttr());
      auto tiles = kernel->getAttrOfType<IntegerAttr>("tsum.tiles").getInt();
      number(launch.getResults());
      std::vector<std::int64_t> results;
      for (Type result : launch.getResultTypes())
        results.push_back(ir::getByteSize(result));
      std::int64_t traffic = std::accumulate(results.begin(), results.end(), std::int64_t{0});
      for (Type input : launch.getInputs().getTypes())
        traffic += ir::getByteSize(input);
      program.launches.push_back({nullptr, tiles, numbersOf(launch.getInputs()), std::move(results),
                                  traffic, /*name=*/{}});
      image.kernels.push_back(kernel.getName().str());
    } else {
      program.outputs = numbersOf(cast<func::ReturnOp>(op).getOperands());
    }
  }
}

} // namespace

Workbench::Workbench(const PipelineOptions &options)
    : context(MLIRContext::Threading::DISABLED), options(options) {
  DialectRegistry registry;
  registerTsumDialects(registry);
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  context.appendDialectRegistry(registry);
  // The constructor's argument spares the thread pool, but leaves the uniquers with locks and with
  // caches per thread.
  context.disableMultithreading();
  (void)stagesFor(/*smallKernels=*/false);
}

/// Kept, since what passes prepare once, such as their patterns, takes longer than to run them.
Workbench::Stages &Workbench::stagesFor(bool smallKernels) {
  Stages &result = smallKernels ? stagesOfSmallKernels : stages;
  options.smallKernels = smallKernels;
  if (result.empty())
    for (const Stage &stage : pipelineStages()) {
      auto &passes = result.emplace_back(std::make_unique<PassManager>(&context));
      passes->enableVerifier(verifyEachPass);
      stage.addPasses(*passes, options);
    }
  return result;
}

std::unique_ptr<llvm::Module> Workbench::lower(const CanonicalGraph &graph, bool inSmallKernels,
                                               llvm::TargetMachine &target, Image &image,
                                               StageWatch &watch, CompileFailure &failure) {
  DiagnosticText diagnostics(context);
  StageDump dump(nameOf(graph), graph);
  auto mayBegin = [&](std::string_view stage) {
    std::optional<CompileFailure> obstacle = watch.obstacle(stage);
    if (obstacle)
      failure = std::move(*obstacle);
    return !obstacle;
  };
  if (!mayBegin("import"))
    return nullptr;
  OwningOpRef<ModuleOp> module = graphToTsum(graph, &context);
  watch.stop("import");
  auto print = [&](llvm::raw_ostream &os) { module->print(os); };
  dump.write("import", "mlir", print);
  for (auto [stage, passes] : llvm::zip_equal(pipelineStages(), stagesFor(inSmallKernels))) {
    if (!mayBegin(stage.name))
      return nullptr;
    if (failed(passes->run(*module))) {
      failure = {stage.name.str(), diagnostics.text};
      return nullptr;
    }
    watch.stop(stage.name);
    dump.write(stage.name, "mlir", print);
  }
  ModuleOp kernels = *module->getOps<ModuleOp>().begin();
  readSchedule(*module->getOps<func::FuncOp>().begin(), image);
  if (image.kernels.empty() || !mayBegin("llvm-ir"))
    return nullptr;
  auto llvmIR = toLLVMIR(kernels, llvmContext, target);
  if (!llvmIR) {
    std::string reason = llvm::toString(llvmIR.takeError());
    failure = {"llvm-ir", diagnostics.text.empty() ? reason : reason + ": " + diagnostics.text};
    return nullptr;
  }
  watch.stop("llvm-ir");
  dump.write("llvm-ir", "ll", [&](llvm::raw_ostream &os) { (*llvmIR)->print(os, nullptr); });
  return std::move(*llvmIR);
}

} // namespace tsum
