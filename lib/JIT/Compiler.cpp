// SPDX-License-Identifier: Apache-2.0

#include "tsum/JIT/Compiler.h"

#include "Loader.h"

#include "tsum/Codegen/EmitObject.h"
#include "tsum/Codegen/Pipeline.h"
#include "tsum/Conversion/GraphToTsum.h"
#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Support/thread.h"

#include <atomic>
#include <cstdlib>
#include <mutex>

using namespace mlir;

namespace tsum {

namespace {

int64_t bytesOf(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return tensor.getNumElements() * llvm::divideCeil(tensor.getElementTypeBitWidth(), 8);
}

/// What lives as long as the process: contexts and a target machine cost more to make than a
/// kernel.
class Compiler {
public:
  using Outcome = std::variant<Program, CompileFailure>;

  Compiler() : context(MLIRContext::Threading::DISABLED) {
    DialectRegistry registry;
    registerTsumDialects(registry);
    registerBuiltinDialectTranslation(registry);
    registerLLVMDialectTranslation(registry);
    context.appendDialectRegistry(registry);
    // The constructor's argument spares the thread pool, but leaves the uniquers with locks and
    // with caches per thread.
    context.disableMultithreading();
  }

  Outcome compile(const CanonicalGraph &graph) {
    std::lock_guard<std::mutex> lock(mutex);
    failure = {};
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
        failure.diagnostic += (failure.diagnostic.empty() ? "" : "; ") + diagnostic.str();
      return success();
    });
    if (llvm::Error error = setUp())
      return fail("set-up", std::move(error));

    OwningOpRef<ModuleOp> module = graphToTsum(graph, &context);
    if (failed(runPipeline(*module)))
      return failure;
    Program program;
    SmallVector<std::string> names;
    ModuleOp kernels = *module->getOps<ModuleOp>().begin();
    readSchedule(*module->getOps<func::FuncOp>().begin(), program, names);
    if (names.empty())
      return program;

    auto llvmIR = toLLVMIR(kernels, llvmContext, *target);
    if (!llvmIR)
      return fail("llvm-ir", llvmIR.takeError());
    auto object = emitCode(**llvmIR, *target);
    if (!object)
      return fail("object", object.takeError());
    auto loaded = loader->load(std::move(*object), names);
    if (!loaded)
      return fail("load", loaded.takeError());
    for (auto [launch, kernel] : llvm::zip_equal(program.launches, loaded->kernels))
      launch.kernel = kernel;
    program.code = std::move(loaded->code);
    return program;
  }

private:
  CompileFailure fail(std::string stage, llvm::Error error) {
    return {std::move(stage), llvm::toString(std::move(error))};
  }

  llvm::Error setUp() {
    if (loader)
      return llvm::Error::success();
    features = hostFeatures();
    auto machine = createTargetMachine(features);
    if (!machine)
      return machine.takeError();
    target = std::move(*machine);
    auto created = Loader::create();
    if (!created)
      return created.takeError();
    loader = std::move(*created);
    return llvm::Error::success();
  }

  LogicalResult runPipeline(ModuleOp module) {
    PipelineOptions options{/*stopAfter=*/"", features};
    for (const Stage &stage : pipelineStages()) {
      PassManager passes(&context);
      passes.enableVerifier(verifyEachPass);
      stage.addPasses(passes, options);
      if (failed(passes.run(module))) {
        failure.stage = stage.name;
        return mlir::failure();
      }
    }
    return success();
  }

  /// What the pipeline has left of the function: launches in order.
  static void readSchedule(func::FuncOp function, Program &program,
                           SmallVectorImpl<std::string> &names) {
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
        names.push_back(kernel.getName().str());
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

  std::mutex mutex; // a context without threading is for one thread at a time
  MLIRContext context;
  llvm::LLVMContext llvmContext;
  std::string features;
  std::unique_ptr<llvm::TargetMachine> target;
  std::unique_ptr<Loader> loader;
  CompileFailure failure;
};

} // namespace

/// MLIR and LLVM recurse; this is what a main thread has.
static constexpr unsigned compilerStackBytes = 8 << 20;

std::variant<Program, CompileFailure> compile(const CanonicalGraph &graph) {
  // Never destroyed: code may still run, and programs may still be unloaded, while the process
  // exits. But LLVM's own static objects are destroyed then, those of the first compilation just
  // before this handler is called.
  static std::atomic<bool> exiting = false;
  static Compiler &compiler = [&]() -> Compiler & {
    std::atexit([] { exiting = true; });
    return *new Compiler();
  }();
  if (exiting)
    return CompileFailure{"exit",
                          "the process is exiting, and the compiler's parts with it (evaluate "
                          "new graphs before main returns; known ones still run)"};
  // On a thread of its own: a host's thread may have a small stack.
  Compiler::Outcome outcome;
  llvm::thread(std::optional(compilerStackBytes), [&] {
    outcome = compiler.compile(graph);
  }).join();
  return outcome;
}

} // namespace tsum
