// SPDX-License-Identifier: Apache-2.0
//
// Evaluates a function of a tsum-dialect file, or an expression, on NumPy files: read, import,
// evaluate, write.
#include "../SourceFile.h"
#include "Inputs.h"
#include "ProgressLine.h"

#include "tsum/Canonical/Resolve.h"
#include "tsum/Codegen/Pipeline.h"
#include "tsum/Expression/Parse.h"
#include "tsum/Graph/Elsewhere.h"
#include "tsum/Interpreter/Interpreter.h"
#include "tsum/Ops/Make.h"
#include "tsum/Translate/GraphToTsum.h"
#include "tsum/Translate/TensorsToTsum.h"
#include "tsum/Translate/TsumToGraph.h"
#include "tsum/explain.h"
#include "tsum/npy.h"
#include "tsum/stream.h"
#include "tsum/tsum.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/WithColor.h"

#include <cerrno>
#include <chrono>
#include <iostream>
#include <system_error>

using namespace mlir;
using namespace tsum;
namespace cl = llvm::cl;

namespace {

/// What --print-after calls the graph before it is canonicalized, and what no compiler makes of it.
constexpr StringRef importStage = "import", genericStage = "generic";

/// The one function there is, or the one named `name`.
func::FuncOp selectFunction(ModuleOp module, StringRef name) {
  SmallVector<func::FuncOp> found;
  std::string names;
  for (auto function : module.getOps<func::FuncOp>()) {
    names += (names.empty() ? "" : ", ") + function.getName().str();
    if (name.empty() ? !function.isExternal() : function.getName() == name)
      found.push_back(function);
  }
  if (found.size() == 1)
    return found.front();
  if (names.empty())
    throw Error("the file has no function");
  if (name.empty())
    throw Error("the file has several functions: choose one with --function (" + names + ")");
  throw Error("there is no function '" + name.str() + "' (the functions: " + names + ")");
}

class Run {
public:
  Run(const Options &options, MLIRContext &context) : options(options), passes(&context) {
    if (!speaks(options))
      progress.silence();
    if (options.printAfter.empty() || options.printAfter == importStage ||
        options.printAfter == genericStage)
      return;
    PipelineOptions pipeline = hostOptions();
    pipeline.stopAfter = options.printAfter;
    std::string message;
    if (failed(buildPipeline(passes, pipeline, [&](const Twine &text) { message = text.str(); }))) {
      constexpr StringRef list = "(the stages: ";
      if (const std::size_t at = message.find(list); at != std::string::npos)
        message.insert(at + list.size(), (importStage + ", " + genericStage + ", ").str());
      throw Error(message);
    }
  }

  LogicalResult run(func::FuncOp function) {
    progress.begin("reading the inputs");
    for (const std::string &path : options.inputs)
      arguments.push_back(loadArray(path, options));
    return run([&] { return tsumToGraph(function, arguments); });
  }

  LogicalResult run(StringRef expression) {
    progress.begin("reading the inputs");
    const NamedTensors named = loadNamed(options);
    return run([&] {
      FailureOr results(parse_expressions(expression, named));
      arguments.clear();
      for (const auto &[name, tensor] : named)
        if (tensor.is_read())
          arguments.push_back(tensor.get());
      return results;
    });
  }

private:
  /// Evaluates the graphs that `build` makes, each time a new one.
  using Build = llvm::function_ref<FailureOr<std::vector<Tensor>>()>;

  LogicalResult run(Build build) {
    FailureOr<std::vector<Tensor>> results = build();
    if (failed(results))
      return failure();
    if (!options.outputs.empty() && options.outputs.size() != results->size())
      throw Error("--output is given " + std::to_string(options.outputs.size()) +
                  " times, and the number of results is " + std::to_string(results->size()));

    const StreamScope files(
        {.memory = parseBytes(options.memory), .checkpoint = options.checkpoint.getValue()});
    if (options.explain != Options::Explain::No) {
      progress.begin("compiling and measuring");
      const auto format = options.explain == Options::Explain::Text   ? ExplainFormat::Text
                          : options.explain == Options::Explain::Json ? ExplainFormat::Json
                                                                      : ExplainFormat::Html;
      std::cout << explain(*results, format);
      return success();
    }
    if (options.printAfter == importStage) {
      tensorsToTsum(*results, passes.getContext())->print(llvm::outs());
      llvm::outs().flush();
    } else if (!options.printAfter.empty()) {
      auto nodes = llvm::map_range(*results, [](const Tensor &result) { return result.node(); });
      if (failed(printStage(std::vector<Node::Ptr>(nodes.begin(), nodes.end()))))
        return failure();
    }
    evaluate(*results);
    progress.begin("writing the results");
    if (!speaks(options))
      return success();
    if (options.outputs.empty())
      for (const Tensor &result : *results)
        std::cout << result << '\n';
    for (auto [path, result] : llvm::zip(options.outputs, *results))
      save_npy(path, result);
    if (options.time)
      printTimes(build, *results);
    return success();
  }

  /// Evaluates all but what reads files and is larger than memory, which is written as it comes.
  void evaluate(ArrayRef<Tensor> results) {
    progress.begin("compiling and evaluating");
#ifdef TSUM_HAS_MPI
    if (options.ranks) {
      // All that is reduced together, and then what each rank has a part of.
      const std::vector<mpi::Part> parts = mpi::local(results);
      for (const auto &[result, part] : llvm::zip(results, parts))
        if (part.axis >= 0)
          (void)mpi::gather(result);
      return;
    }
#endif
    if (elsewhere_behind(results))
      reading.emplace([this](const Progress &done) { progress.show(done); });
    std::vector<Tensor> small;
    for (const Tensor &result : results)
      if (options.outputs.empty() ||
          result.size() * size_of(result.dtype()) <= parseBytes(options.memory) ||
          !elsewhere_behind({&result, 1}))
        small.push_back(result);
    eval(small);
  }

  /// Prints the module of each canonical graph that evaluating `nodes` compiles, which evaluates
  /// those that are needed first.
  LogicalResult printStage(std::vector<Node::Ptr> nodes) {
    for (;;) {
      std::erase_if(nodes, [](const Node::Ptr &node) { return node->values() != nullptr; });
      if (nodes.empty())
        return success();
      Resolved resolved = resolve(nodes);
      std::vector<std::vector<Node::Ptr>> neededFirst = resolved.needed_first;
      if (neededFirst.empty()) {
        Canonicalized bound = canonicalize(resolved.nodes);
        if (bound.needed_first.empty())
          return printStage(bound.graph);
        neededFirst = bound.needed_first;
      }
      for (const std::vector<Node::Ptr> &group : neededFirst) {
        if (failed(printStage(group)))
          return failure();
        eval(std::vector<Tensor>(group.begin(), group.end()));
      }
    }
  }

  LogicalResult printStage(const CanonicalGraph &graph) {
    if (options.printAfter == genericStage) {
      llvm::outs() << graph.to_string() << generic_code_to_string(graph);
      llvm::outs().flush();
      return success();
    }
    OwningOpRef<ModuleOp> module = graphToTsum(graph, passes.getContext());
    if (failed(passes.run(*module)))
      return failure();
    module->print(llvm::outs());
    llvm::outs().flush();
    return success();
  }

  void printTimes(Build build, ArrayRef<Tensor> results) {
    using Clock = std::chrono::steady_clock;
    using Milliseconds = std::chrono::duration<double, std::milli>;
    using Microseconds = std::chrono::duration<double, std::micro>;
    constexpr Milliseconds budget(500);
    progress.begin("timing");
    const auto start = Clock::now();
    std::vector<Microseconds> times;
    auto isEnough = [&] {
      return options.repetitions > 0 ? times.size() == options.repetitions
                                     : times.size() >= 5 && Clock::now() - start >= budget;
    };
    while (!isEnough()) {
      // A graph of its own, since what has values is not evaluated again.
      std::vector<Tensor> again = *build();
      const auto before = Clock::now();
      eval(again);
      times.push_back(Clock::now() - before);
    }
    llvm::sort(times);
    const Microseconds median = times[times.size() / 2];

    double bytes = 0;
    for (ArrayRef<Tensor> tensors : {ArrayRef<Tensor>(arguments), results})
      for (const Tensor &tensor : tensors)
        bytes += static_cast<double>(tensor.size() * size_of(tensor.dtype()));
    Milliseconds compiling = cache_stats().compile_time;
    llvm::errs() << llvm::format("compile: %.2f ms\n", compiling.count())
                 << llvm::format("call: %.2f us, the median of %zu; %.3g GB/s\n", median.count(),
                                 times.size(), bytes / median.count() / 1e3)
                 << llvm::format("calls took from %.2f to %.2f us\n", times.front().count(),
                                 times.back().count());
  }

  const Options &options;
  ProgressLine progress;
  std::optional<ProgressScope> reading; ///< of files
  PassManager passes;
  std::vector<Tensor> arguments;
};

LogicalResult runFile(const Options &options) {
  DialectRegistry registry;
  registerTsumDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  Run run(options, context);

  std::optional<AccuracyScope> scope;
  if (!options.accuracy.empty())
    scope.emplace(accuracy_named("--accuracy", options.accuracy));
  if (!options.expression.empty())
    return run.run(options.expression);
  if (scope)
    throw Error("--accuracy is of expressions (in a file each tsum.reduce_sum is 'exact' or not)");

  if (options.operands.size() != 1)
    throw Error(options.operands.empty()
                    ? "there is nothing to evaluate (give a file.mlir, or --expr)"
                    : "a file.mlir is the only operand of its kind (its function's arguments are "
                      "given by --input)");
  SourceFile source(options.operands.front(), context);
  if (!source.module())
    return failure();
  return run.run(selectFunction(source.module(), options.function));
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  // LLVM's own --print-after is for its passes.
  if (cl::Option *other = cl::getRegisteredOptions().lookup("print-after"))
    other->removeArgument();
  Options options;
  cl::HideUnrelatedOptions(options.category);
  cl::ParseCommandLineOptions(argc, argv,
                              "evaluates a tsum function, or an expression, on NumPy files\n");
  if (options.functions) {
    for (const std::string &function : expression_functions())
      llvm::outs() << function << '\n';
    return 0;
  }
#ifdef TSUM_HAS_MPI
  std::optional<Ranks> ranks;
  if (options.mpi)
    options.ranks = &ranks.emplace(&argc, &argv);
#endif
  try {
    if (options.mpi && !options.ranks)
      throw Error("--mpi: this tsum-run was built without MPI (build it with TSUM_MPI=ON)");
    const bool hasFailed = failed(runFile(options));
    if (!std::cout.flush()) // llvm::outs() ends the program by itself
      throw Error("the output cannot be written: " + std::generic_category().message(errno));
    return hasFailed;
  } catch (const std::bad_alloc &) {
    if (speaks(options))
      llvm::WithColor::error(llvm::errs(), "tsum-run") << "out of memory\n";
    return 1;
  } catch (const std::exception &error) {
    if (speaks(options))
      llvm::WithColor::error(llvm::errs(), "tsum-run") << error.what() << '\n';
    return 1;
  }
}
