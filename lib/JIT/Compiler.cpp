// SPDX-License-Identifier: Apache-2.0

#include "tsum/JIT/Compiler.h"

#include "Workbench.h"

#include "tsum/Codegen/EmitObject.h"
#include "tsum/Graph/SummationTree.h"
#include "tsum/Support/NoFork.h"

#include "llvm/Config/llvm-config.h"
#include "llvm/Support/thread.h"

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <optional>

namespace tsum {

namespace {

using Outcome = std::variant<Compilation, CompileFailure>;

Outcome compileOn(Workbench &workbench, llvm::TargetMachine &target, CodeEmitter &emitter,
                  const CanonicalGraph &graph) {
  Compilation result;
  CompileFailure failure;
  std::unique_ptr<llvm::Module> module =
      workbench.lower(graph, target, result.image, result.stages, failure);
  if (!failure.stage.empty())
    return failure;
  if (!module)
    return result;
  const auto start = std::chrono::steady_clock::now();
  auto object = emitter.emit(*module);
  if (!object)
    return CompileFailure{"object", llvm::toString(object.takeError())};
  result.image.object = std::move(*object);
  module.reset();
  const auto end = std::chrono::steady_clock::now();
  result.stages.push_back({"object", end - start});
  if (Timeline *timeline = Timeline::get())
    timeline->add("compile", "object", start, end);
  return result;
}

/// What lives as long as the process: contexts and a target machine cost more to make than a
/// kernel.
class Compiler {
public:
  Outcome compile(const CanonicalGraph &graph) {
    std::lock_guard<std::mutex> lock(mutex);
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
    return compileOn(*workbench, *target, *emitter, graph);
  }

private:
  /// A new workbench takes some ms; the contexts grow by some KB with each new shape.
  static constexpr int usesPerWorkbench = 500;

  std::mutex mutex; // a context without threading is for one thread at a time
  std::unique_ptr<llvm::TargetMachine> target;
  std::optional<Workbench> workbench;
  std::optional<CodeEmitter> emitter;
  int uses = 0;
};

/// Never destroyed: the process may still compile while it exits.
Compiler &theCompiler() {
  static Compiler &compiler = *new Compiler();
  return compiler;
}

} // namespace

bool is_compiler_gone() {
  // LLVM's own static objects are destroyed while the process exits, those of the first use just
  // before this handler is called.
  static std::atomic<bool> exiting = false;
  [[maybe_unused]] static const int registered = std::atexit([] { exiting = true; });
  return exiting;
}

/// MLIR and LLVM recurse; this is what a main thread has.
static constexpr unsigned compilerStackBytes = 8 << 20;

std::variant<Compilation, CompileFailure> compile(const CanonicalGraph &graph) {
  NoFork noFork;
  Compiler &compiler = theCompiler();
  // On a thread of its own: a host's thread may have a small stack.
  Outcome outcome;
  llvm::thread(std::optional(compilerStackBytes), [&] {
    outcome = compiler.compile(graph);
  }).join();
  return outcome;
}

std::variant<Compilation, CompileFailure> compile_for(const CanonicalGraph &graph,
                                                      const std::string &features) {
  NoFork noFork;
  auto target = createTargetMachine(features);
  if (!target)
    return CompileFailure{"set-up", llvm::toString(target.takeError())};
  Workbench workbench({.targetFeatures = features});
  CodeEmitter emitter(**target);
  return compileOn(workbench, **target, emitter, graph);
}

const std::string &code_version() {
  static const std::string &version = *new std::string([] {
    static constexpr const char *buildId =
#include "BuildId.inc"
        ;
    const PipelineOptions options = hostOptions();
    std::string text = "tsum ";
    text.append(buildId).append("\nllvm " LLVM_VERSION_STRING "\nfeatures ");
    text += options.targetFeatures;
    text.append("\norder ").append(std::to_string(summation_order_version));
    if (!options.strategy.empty())
      text.append("\nstrategy ").append(options.strategy);
    return text;
  }());
  return version;
}

} // namespace tsum
