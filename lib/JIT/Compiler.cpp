// SPDX-License-Identifier: Apache-2.0

#include "tsum/JIT/Compiler.h"

#include "tsum/Codegen/EmitObject.h"
#include "tsum/Codegen/Pipeline.h"
#include "tsum/Conversion/GraphToTsum.h"
#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/thread.h"

#include <atomic>
#include <cstdlib>
#include <mutex>

using namespace mlir;

namespace tsum {

namespace {

int64_t bytesOf(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return tensor.getNumElements() * (tensor.getElementTypeBitWidth() / 8);
}

/// Compiles until it has grown too large: types, attributes and constants stay in the contexts that
/// they were made in.
class Workbench {
public:
  using Outcome = std::variant<Compilation, CompileFailure>;

  Workbench() : context(MLIRContext::Threading::DISABLED) {
    DialectRegistry registry;
    registerTsumDialects(registry);
    registerBuiltinDialectTranslation(registry);
    registerLLVMDialectTranslation(registry);
    context.appendDialectRegistry(registry);
    // The constructor's argument spares the thread pool, but leaves the uniquers with locks and
    // with caches per thread.
    context.disableMultithreading();
    PipelineOptions options{/*stopAfter=*/"", hostFeatures()};
    for (const Stage &stage : pipelineStages()) {
      // Kept, since what passes prepare once, such as their patterns, takes longer than to run them.
      auto &passes = stages.emplace_back(std::make_unique<PassManager>(&context));
      passes->enableVerifier(verifyEachPass);
      stage.addPasses(*passes, options);
    }
  }

  Outcome compile(const CanonicalGraph &graph, llvm::TargetMachine &target) {
    CompileFailure failure;
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
        failure.diagnostic += (failure.diagnostic.empty() ? "" : "; ") + diagnostic.str();
      return success();
    });
    auto fail = [&](llvm::StringRef stage, llvm::Error error) -> Outcome {
      return CompileFailure{stage.str(), llvm::toString(std::move(error))};
    };
    Compilation result;
    StopWatch watch(result.stages);

    OwningOpRef<ModuleOp> module = graphToTsum(graph, &context);
    watch.stop("import");
    for (auto [stage, passes] : llvm::zip_equal(pipelineStages(), stages)) {
      if (failed(passes->run(*module))) {
        failure.stage = stage.name;
        return failure;
      }
      watch.stop(stage.name);
    }
    ModuleOp kernels = *module->getOps<ModuleOp>().begin();
    readSchedule(*module->getOps<func::FuncOp>().begin(), result.image);
    if (result.image.kernels.empty())
      return result;

    auto llvmIR = toLLVMIR(kernels, llvmContext, target);
    if (!llvmIR)
      return fail("llvm-ir", llvmIR.takeError());
    watch.stop("llvm-ir");
    auto object = emitCode(**llvmIR, target);
    if (!object)
      return fail("object", object.takeError());
    result.image.object = (*object)->getBuffer().str();
    llvmIR->reset();
    watch.stop("object");
    return result;
  }

private:
  /// Times one stage after another.
  class StopWatch {
  public:
    explicit StopWatch(std::vector<StageTime> &stages) : stages(stages) {}
    void stop(llvm::StringRef stage) {
      auto now = std::chrono::steady_clock::now();
      stages.push_back({{stage.data(), stage.size()}, now - start});
      start = now;
    }

  private:
    std::vector<StageTime> &stages;
    std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  };

  /// What the pipeline has left of the function: launches in order.
  static void readSchedule(func::FuncOp function, Image &image) {
    Program &program = image.program;
    llvm::DenseMap<Value, std::int32_t> numbers;
    for (Value argument : function.getArguments())
      numbers[argument] = program.arguments++;
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
        numbers[launch.getResult()] =
            program.arguments + static_cast<std::int32_t>(program.launches.size());
        std::int64_t bytes = bytesOf(launch.getType());
        std::int64_t traffic = bytes;
        for (Type input : launch.getInputs().getTypes())
          traffic += bytesOf(input);
        program.launches.push_back({nullptr, tiles, numbersOf(launch.getInputs()), bytes, traffic});
        image.kernels.push_back(kernel.getName().str());
      } else {
        program.outputs = numbersOf(cast<func::ReturnOp>(op).getOperands());
      }
    }
  }

#ifdef NDEBUG
  static constexpr bool verifyEachPass = false;
#else
  static constexpr bool verifyEachPass = true;
#endif

  MLIRContext context;
  llvm::LLVMContext llvmContext;
  std::vector<std::unique_ptr<PassManager>> stages;
};

/// What lives as long as the process: contexts and a target machine cost more to make than a
/// kernel.
class Compiler {
public:
  Workbench::Outcome compile(const CanonicalGraph &graph) {
    std::lock_guard<std::mutex> lock(mutex);
    if (!target) {
      auto machine = createTargetMachine(hostFeatures());
      if (!machine)
        return CompileFailure{"set-up", llvm::toString(machine.takeError())};
      target = std::move(*machine);
    }
    if (!workbench || ++uses > usesPerWorkbench) {
      workbench.reset();
      workbench.emplace();
      uses = 0;
    }
    return workbench->compile(graph, *target);
  }

  std::mutex mutex; // a context without threading is for one thread at a time

private:
  /// A new workbench takes some ms; the contexts grow by some KB with each new shape.
  static constexpr int usesPerWorkbench = 500;

  std::unique_ptr<llvm::TargetMachine> target;
  std::optional<Workbench> workbench;
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
  Compiler &compiler = theCompiler();
  // On a thread of its own: a host's thread may have a small stack.
  Workbench::Outcome outcome;
  llvm::thread(std::optional(compilerStackBytes), [&] {
    outcome = compiler.compile(graph);
  }).join();
  return outcome;
}

const std::string &code_version() {
  static const std::string &version = *new std::string([] {
    static constexpr const char *buildId =
#include "BuildId.inc"
        ;
    return std::string("tsum ") + buildId + "\nllvm " LLVM_VERSION_STRING "\nfeatures " +
           hostFeatures();
  }());
  return version;
}

void lock_compiler() { theCompiler().mutex.lock(); }
void unlock_compiler() { theCompiler().mutex.unlock(); }

} // namespace tsum
