// SPDX-License-Identifier: Apache-2.0

#include "tsum/Codegen/EmitObject.h"

#include "AdvancePointers.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Analysis/AliasAnalysis.h"
#include "llvm/Analysis/AssumptionCache.h"
#include "llvm/Analysis/BasicAliasAnalysis.h"
#include "llvm/Analysis/BlockFrequencyInfo.h"
#include "llvm/Analysis/BranchProbabilityInfo.h"
#include "llvm/Analysis/LastRunTrackingAnalysis.h"
#include "llvm/Analysis/LoopAnalysisManager.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/MemorySSA.h"
#include "llvm/Analysis/OptimizationRemarkEmitter.h"
#include "llvm/Analysis/PostDominators.h"
#include "llvm/Analysis/ProfileSummaryInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/Analysis/TargetTransformInfo.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/PassManager.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/PassInfo.h"
#include "llvm/PassRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/Transforms/InstCombine/InstCombine.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/LICM.h"
#include "llvm/Transforms/Scalar/LoopPassManager.h"
#include "llvm/Transforms/Scalar/SROA.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"

using namespace llvm;

namespace tsum {

std::string hostFeatures() {
  StringMap<bool> features = sys::getHostCPUFeatures();
  // The map has no order of its own, and equal machines must give equal strings.
  SmallVector<StringRef> names;
  for (const auto &feature : features)
    if (feature.getValue())
      names.push_back(feature.getKey());
  sort(names);
  return join(map_range(names, [](StringRef name) { return ("+" + name).str(); }), ",");
}

static void initializeTarget() {
  [[maybe_unused]] static const bool initialized = [] {
    InitializeNativeTarget();
    InitializeNativeTargetAsmPrinter();
    return true;
  }();
}

std::string unknownFeature(StringRef features) {
  auto machine = createTargetMachine("");
  if (!machine) {
    consumeError(machine.takeError());
    return "";
  }
  const MCSubtargetInfo &target = *(*machine)->getMCSubtargetInfo();
  SmallVector<StringRef> given;
  features.split(given, ',', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (StringRef feature : given) {
    StringRef name = feature;
    const bool isSigned = name.consume_front("+") || name.consume_front("-");
    if (!isSigned || none_of(target.getAllProcessorFeatures(),
                             [&](const auto &known) { return name == known.Key; }))
      return feature.str();
  }
  return "";
}

Expected<std::unique_ptr<TargetMachine>> createTargetMachine(StringRef features) {
  initializeTarget();
  Triple triple(sys::getProcessTriple());
  std::string error;
  const Target *target = TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return createStringError(error);
  TargetOptions options;
  // Additions keep the order they are written in, and none is fused with a multiplication.
  options.AllowFPOpFusion = FPOpFusion::Strict;
  std::unique_ptr<TargetMachine> machine(
      target->createTargetMachine(triple, /*CPU=*/"", features, options, Reloc::PIC_,
                                  CodeModel::Small, CodeGenOptLevel::Default, /*JIT=*/true));
  if (!machine)
    return createStringError("no target machine for " + triple.str());
  return machine;
}

/// Registers the analyses that the passes of `optimize` ask for. LLVM's PassBuilder would register
/// them all, and link every pass there is.
static void registerAnalyses(const Module &module, TargetMachine &target,
                             LoopAnalysisManager &loops, FunctionAnalysisManager &functions,
                             ModuleAnalysisManager &modules) {
  loops.registerPass([] { return PassInstrumentationAnalysis(); });
  modules.registerPass([] { return PassInstrumentationAnalysis(); });
  modules.registerPass([] { return ProfileSummaryAnalysis(); });

  functions.registerPass([] { return PassInstrumentationAnalysis(); });
  functions.registerPass([] { return AssumptionAnalysis(); });
  functions.registerPass([] { return BasicAA(); });
  functions.registerPass([] {
    AAManager aliases;
    aliases.registerFunctionAnalysis<BasicAA>();
    return aliases;
  });
  functions.registerPass([] { return BlockFrequencyAnalysis(); });
  functions.registerPass([] { return BranchProbabilityAnalysis(); });
  functions.registerPass([] { return DominatorTreeAnalysis(); });
  functions.registerPass([] { return LastRunTrackingAnalysis(); });
  functions.registerPass([] { return LoopAnalysis(); });
  functions.registerPass([] { return MemorySSAAnalysis(); });
  functions.registerPass([] { return OptimizationRemarkEmitterAnalysis(); });
  functions.registerPass([] { return PostDominatorTreeAnalysis(); });
  functions.registerPass([] { return ScalarEvolutionAnalysis(); });
  functions.registerPass([&] { return target.getTargetIRAnalysis(); });
  functions.registerPass(
      [&] { return TargetLibraryAnalysis(TargetLibraryInfoImpl(module.getTargetTriple())); });

  modules.registerPass([&] { return FunctionAnalysisManagerModuleProxy(functions); });
  functions.registerPass([&] { return ModuleAnalysisManagerFunctionProxy(modules); });
  functions.registerPass([&] { return LoopAnalysisManagerFunctionProxy(loops); });
  loops.registerPass([&] { return FunctionAnalysisManagerLoopProxy(functions); });
}

/// The vectorizer has scheduled and unrolled the loops already: what is left is to clean up. LLVM's
/// own -O2 would unroll them again and take three times as long.
static void optimize(Module &module, TargetMachine &target) {
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  ModuleAnalysisManager modules;
  registerAnalyses(module, target, loops, functions, modules);

  FunctionPassManager passes;
  passes.addPass(SROAPass(SROAOptions::ModifyCFG));
  passes.addPass(EarlyCSEPass(/*UseMemorySSA=*/false));
  passes.addPass(InstCombinePass());
  passes.addPass(createFunctionToLoopPassAdaptor(LICMPass(LICMOptions()), /*UseMemorySSA=*/true));
  passes.addPass(SimplifyCFGPass());
  passes.addPass(AdvancePointersPass());
  createModuleToFunctionPassAdaptor(std::move(passes)).run(module, modules);
}

Expected<std::unique_ptr<Module>> toLLVMIR(mlir::ModuleOp kernels, LLVMContext &context,
                                           TargetMachine &target) {
#ifdef NDEBUG
  constexpr bool disableVerification = true;
#else
  constexpr bool disableVerification = false;
#endif
  std::unique_ptr<Module> module =
      mlir::translateModuleToLLVMIR(kernels, context, "tsum", disableVerification);
  if (!module)
    return createStringError("the LLVM dialect could not be translated to LLVM IR");
  module->setTargetTriple(target.getTargetTriple());
  module->setDataLayout(target.createDataLayout());
  optimize(*module, target);
  return module;
}

void CodeEmitter::Passes::add(Pass *pass) {
  const PassInfo *info = PassRegistry::getPassRegistry()->getPassInfo(pass->getPassID());
  // AdvancePointersPass has done what these would take long for.
  if (info && is_contained({"canon-freeze", "loop-reduce"}, info->getPassArgument()))
    delete pass;
  else
    PassManager::add(pass);
}

CodeEmitter::CodeEmitter(TargetMachine &target, CodeGenFileType type)
    : isSupported(
          !target.addPassesToEmitFile(passes, stream, nullptr, type, /*DisableVerify=*/true)) {}

Expected<std::string> CodeEmitter::emit(Module &module) {
  if (!isSupported)
    return createStringError("the target emits no such file");
  code.clear();
  passes.run(module);
  return std::string(code.begin(), code.end());
}

} // namespace tsum
