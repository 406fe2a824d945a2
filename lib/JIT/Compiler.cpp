// SPDX-License-Identifier: Apache-2.0

#include "tsum/JIT/Compiler.h"

#include "Workbench.h"

#include "tsum/Codegen/EmitObject.h"
#include "tsum/Dialect/Tsum/IR/Tsum.h"
#include "tsum/Graph/SummationTree.h"
#include "tsum/JIT/CompilerUse.h"

#include "llvm/Config/llvm-config.h"
#include "llvm/Support/thread.h"

#include <cstdlib>
#include <mutex>
#include <optional>

namespace tsum {

namespace {

using Outcome = std::variant<Compilation, CompileFailure>;

Outcome compileOn(Workbench &workbench, llvm::TargetMachine &target, CodeEmitter &emitter,
                  const CanonicalGraph &graph, bool inSmallKernels) {
  Compilation result;
  CompileFailure failure;
  StageWatch watch(result.stages, graph, inSmallKernels);
  std::unique_ptr<llvm::Module> module =
      workbench.lower(graph, inSmallKernels, target, result.image, watch, failure);
  if (!failure.stage.empty())
    return failure;
  if (!module)
    return result;
  if (std::optional<CompileFailure> obstacle = watch.obstacle("object"))
    return *obstacle;
  auto object = emitter.emit(*module);
  if (!object)
    return CompileFailure{"object", llvm::toString(object.takeError())};
  result.image.object = std::move(*object);
  module.reset();
  watch.stop("object");
  return result;
}

/// What is wrong with TSUM_STRATEGY, or nothing.
std::string unknownStrategy() {
  const std::string strategy = hostOptions().strategy;
  if (strategy.empty() || ir::symbolizeStrategy(strategy))
    return "";
  std::string names;
  for (unsigned value = 0; value <= ir::getMaxEnumValForStrategy(); ++value)
    if (auto known = ir::symbolizeStrategy(value))
      names += (names.empty() ? "" : ", ") + ir::stringifyStrategy(*known).str();
  return "there is no strategy '" + strategy + "' (the strategies: " + names + ")";
}

/// What lives as long as the process: contexts and a target machine cost more to make than a
/// kernel.
class Compiler {
public:
  Outcome compile(const CanonicalGraph &graph, bool inSmallKernels) {
    std::lock_guard lock(mutex);
    if (std::optional<CompileFailure> failure = injectedFailure("set-up", inSmallKernels))
      return *failure;
    if (const std::string unknown = unknownStrategy(); !unknown.empty())
      return CompileFailure{"tile", unknown, /*isUsersError=*/true};
    if (!target) {
      auto machine = createTargetMachine(hostFeatures());
      if (!machine)
        return CompileFailure{"set-up", llvm::toString(machine.takeError())};
      target = std::move(*machine);
    }
    if (!workbench || ++uses > usesPerWorkbench) {
      emitter.reset(); // knows the workbench's context
      workbench.reset();
      workbench.emplace(hostOptions());
      emitter.emplace(*target);
      uses = 0;
    }
    return compileOn(*workbench, *target, *emitter, graph, inSmallKernels);
  }

private:
  /// A new workbench takes some ms; the contexts grow by some KB with each new shape.
  static constexpr int usesPerWorkbench = 500;

  ForkSafeMutex mutex{
      LockRank::Compiler}; // a context without threading is for one thread at a time
  std::unique_ptr<llvm::TargetMachine> target;
  std::optional<Workbench> workbench;
  std::optional<CodeEmitter> emitter;
  int uses = 0;
};

ProcessWide<Compiler> theCompiler;

} // namespace

/// MLIR and LLVM recurse; this is what a main thread has.
static constexpr unsigned compilerStackBytes = 8 << 20;

std::variant<Compilation, CompileFailure> compile(const CanonicalGraph &graph,
                                                  bool inSmallKernels) {
  const CompilerUse use;
  if (!use)
    return CompilerUse::failure();
  Compiler &compiler = theCompiler.get();
  // On a thread of its own: a host's thread may have a small stack.
  Outcome outcome;
  llvm::thread(std::optional(compilerStackBytes), [&] {
    const CompilerUse inherited{CompilerUse::Inherited()};
    outcome = compiler.compile(graph, inSmallKernels);
  }).join();
  return outcome;
}

std::variant<Compilation, CompileFailure> compile_for(const CanonicalGraph &graph,
                                                      const std::string &features) {
  const CompilerUse use;
  if (!use)
    return CompilerUse::failure();
  auto target = createTargetMachine(features);
  if (!target)
    return CompileFailure{"set-up", llvm::toString(target.takeError())};
  Workbench workbench({.targetFeatures = features});
  CodeEmitter emitter(**target);
  return compileOn(workbench, **target, emitter, graph, /*inSmallKernels=*/false);
}

static ProcessWide<const std::string> codeVersion;

const std::string &code_version() {
  return codeVersion.get([] {
    static constexpr const char *buildId =
#include "BuildId.inc"
        ;
    const CompilerUse use; // of what finds the features
    const PipelineOptions options = hostOptions();
    std::string text = "tsum ";
    text.append(buildId).append("\nllvm " LLVM_VERSION_STRING "\nfeatures ");
    text += options.targetFeatures;
    text.append("\norder ").append(std::to_string(summation_order_version));
    if (!options.strategy.empty())
      text.append("\nstrategy ").append(options.strategy);
    return new const std::string(std::move(text));
  });
}

} // namespace tsum
