// SPDX-License-Identifier: Apache-2.0

#include "tsum/JIT/Inspect.h"

#include "DiagnosticText.h"

#include "tsum/Codegen/EmitObject.h"
#include "tsum/Codegen/Pipeline.h"
#include "tsum/JIT/CompilerUse.h"
#include "tsum/Translate/GraphToTsum.h"
#include "tsum/Translate/TensorsToTsum.h"
#include "tsum/Translate/TsumToGraph.h"

#include "mlir/Parser/Parser.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace tsum {

static constexpr std::string_view llvmIRStage = "llvm-ir";
static constexpr std::string_view assemblyStage = "asm";

std::vector<std::string> stage_names() {
  const NoFork noFork;
  std::vector<std::string> names;
  for (const Stage &stage : pipelineStages())
    names.push_back(stage.name.str());
  names.emplace_back(llvmIRStage);
  names.emplace_back(assemblyStage);
  return names;
}

/// The module of kernels as LLVM IR or as assembly.
static llvm::Expected<std::string> printCode(ModuleOp kernels, bool asAssembly) {
  llvm::LLVMContext context;
  auto target = createTargetMachine(hostFeatures());
  if (!target)
    return target.takeError();
  auto module = toLLVMIR(kernels, context, **target);
  if (!module)
    return module.takeError();
  std::string text;
  if (!asAssembly) {
    llvm::raw_string_ostream stream(text);
    (*module)->print(stream, nullptr);
    return text;
  }
  return CodeEmitter(**target, llvm::CodeGenFileType::AssemblyFile).emit(**module);
}

static std::string printed(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream);
  return text;
}

std::string to_mlir(std::span<const Tensor> outputs) {
  const CompilerUse use;
  if (!use)
    return "";
  MLIRContext context(MLIRContext::Threading::DISABLED);
  return printed(*tensorsToTsum(outputs, &context));
}

std::variant<std::vector<Tensor>, CompileFailure> from_mlir(std::string_view text,
                                                            std::span<const Tensor> arguments) {
  const CompilerUse use;
  if (!use)
    return CompilerUse::failure();
  DialectRegistry registry;
  registerTsumDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  DiagnosticText diagnostics(context);
  const std::string terminated(text); // MLIR's parser looks at what follows
  auto module = parseSourceString<ModuleOp>(terminated, &context);
  if (!module)
    return CompileFailure{"parse", diagnostics.text};
  auto functions = llvm::to_vector(module->getOps<func::FuncOp>());
  if (functions.size() != 1)
    return CompileFailure{"parse", "the module has " + std::to_string(functions.size()) +
                                       " functions (one is evaluated)"};
  FailureOr<std::vector<Tensor>> results = tsumToGraph(functions.front(), arguments);
  if (failed(results))
    return CompileFailure{"graph", diagnostics.text};
  return std::move(*results);
}

std::variant<std::string, CompileFailure> print_stage(const CanonicalGraph &graph,
                                                      std::string_view stage) {
  const CompilerUse use;
  if (!use)
    return CompilerUse::failure();
  const bool isCode = stage == llvmIRStage || stage == assemblyStage;
  DialectRegistry registry;
  registerTsumDialects(registry);
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  DiagnosticText diagnostics(context);

  PipelineOptions options = hostOptions();
  if (!isCode)
    options.stopAfter = stage;
  PassManager passes(&context);
  if (failed(buildPipeline(passes, options,
                           [&](const llvm::Twine &message) { diagnostics.text = message.str(); })))
    return CompileFailure{std::string(stage), diagnostics.text};
  OwningOpRef<ModuleOp> module = graphToTsum(graph, &context);
  if (failed(passes.run(*module)))
    return CompileFailure{std::string(stage), diagnostics.text};
  if (!isCode)
    return printed(*module);
  auto text = printCode(*module->getOps<ModuleOp>().begin(), stage == assemblyStage);
  if (!text)
    return CompileFailure{std::string(stage), llvm::toString(text.takeError())};
  return std::move(*text);
}

std::string llvm_version() { return LLVM_VERSION_STRING; }

std::string target_features() {
  const NoFork noFork;
  return hostFeatures();
}

} // namespace tsum
