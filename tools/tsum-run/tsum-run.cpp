// SPDX-License-Identifier: Apache-2.0
//
// Evaluates a function of a tsum-dialect file on NumPy files: read, import, evaluate, write.
#include "tsum/Codegen/EmitObject.h"
#include "tsum/Codegen/Pipeline.h"
#include "tsum/Conversion/GraphToTsum.h"
#include "tsum/Conversion/TsumToGraph.h"
#include "tsum/Graph/Resolve.h"
#include "tsum/npy.h"
#include "tsum/tsum.h"

#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/WithColor.h"

#include <algorithm>
#include <chrono>
#include <iostream>

using namespace mlir;
using namespace tsum;
namespace cl = llvm::cl;

namespace {

struct Options {
  cl::OptionCategory category{"tsum-run options"};
  cl::opt<std::string> file{cl::Positional, cl::Required, cl::desc("<file.mlir>"),
                            cl::cat(category)};
  cl::list<std::string> inputs{"input", cl::value_desc("file.npy"), cl::cat(category),
                               cl::desc("The next argument of the function")};
  cl::list<std::string> outputs{"output", cl::value_desc("file.npy"), cl::cat(category),
                                cl::desc("Where the next result goes; without any, results are "
                                         "printed")};
  cl::opt<std::string> function{"function", cl::value_desc("name"), cl::cat(category),
                                cl::desc("The function to evaluate, if the file has several")};
  cl::opt<bool> time{"time", cl::cat(category),
                     cl::desc("Print to stderr how long compiling and a later call take; GB/s "
                              "count each input and output once")};
  cl::opt<std::string> printAfter{
      "print-after", cl::value_desc("stage"), cl::cat(category),
      cl::desc("Print what the stage of that name, as in tsum-opt --tsum-compile='stop-after=...', "
               "makes of the canonical graph")};
};

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
    if (options.printAfter.empty())
      return;
    PipelineOptions pipeline{options.printAfter, hostFeatures()};
    std::string message;
    if (failed(buildPipeline(passes, pipeline, [&](const Twine &text) { message = text.str(); })))
      throw Error(message);
  }

  LogicalResult run(func::FuncOp function) {
    for (const std::string &path : options.inputs)
      arguments.push_back(load_npy(path, path));
    FailureOr<std::vector<Tensor>> results = tsumToGraph(function, arguments);
    if (failed(results))
      return failure();
    if (!options.outputs.empty() && options.outputs.size() != results->size())
      throw Error("--output is given " + std::to_string(options.outputs.size()) +
                  " times, and the number of results is " + std::to_string(results->size()));

    if (!options.printAfter.empty()) {
      auto nodes = llvm::map_range(*results, [](const Tensor &result) { return result.node(); });
      if (failed(printStage(std::vector<Node::Ptr>(nodes.begin(), nodes.end()))))
        return failure();
    }
    eval(*results);
    if (options.outputs.empty())
      for (const Tensor &result : *results)
        std::cout << result << '\n';
    for (auto [path, result] : llvm::zip(options.outputs, *results))
      save_npy(path, result);
    if (options.time)
      printTimes(function, *results);
    return success();
  }

private:
  /// Prints the module of each canonical graph that evaluating `nodes` compiles, which evaluates
  /// those that are needed first.
  LogicalResult printStage(std::vector<Node::Ptr> nodes) {
    for (;;) {
      std::erase_if(nodes, [](const Node::Ptr &node) { return node->values() != nullptr; });
      if (nodes.empty())
        return success();
      Resolved resolved = resolve(nodes);
      std::vector<Node::Ptr> neededFirst = resolved.needed_first;
      if (neededFirst.empty()) {
        Canonicalized bound = canonicalize(resolved.nodes);
        if (bound.needed_first.empty())
          return printStage(bound.graph);
        neededFirst = bound.needed_first;
      }
      if (failed(printStage(neededFirst)))
        return failure();
      eval(std::vector<Tensor>(neededFirst.begin(), neededFirst.end()));
    }
  }

  LogicalResult printStage(const CanonicalGraph &graph) {
    OwningOpRef<ModuleOp> module = graphToTsum(graph, passes.getContext());
    if (failed(passes.run(*module)))
      return failure();
    module->print(llvm::outs());
    llvm::outs().flush();
    return success();
  }

  void printTimes(func::FuncOp function, ArrayRef<Tensor> results) {
    using Clock = std::chrono::steady_clock;
    using Milliseconds = std::chrono::duration<double, std::milli>;
    using Microseconds = std::chrono::duration<double, std::micro>;
    constexpr Milliseconds budget(500);
    std::vector<Microseconds> times;
    for (auto start = Clock::now(); times.size() < 5 || Clock::now() - start < budget;) {
      // A graph of its own, since what has values is not evaluated again.
      std::vector<Tensor> again = *tsumToGraph(function, arguments);
      auto before = Clock::now();
      eval(again);
      times.push_back(Clock::now() - before);
    }
    auto median = times.begin() + times.size() / 2;
    std::nth_element(times.begin(), median, times.end());

    double bytes = 0;
    for (ArrayRef<Tensor> tensors : {ArrayRef<Tensor>(arguments), results})
      for (const Tensor &tensor : tensors)
        bytes += static_cast<double>(tensor.size() * size_of(tensor.dtype()));
    Milliseconds compiling = cache_stats().compile_time;
    llvm::errs() << llvm::format("compile: %.2f ms\n", compiling.count())
                 << llvm::format("call: %.2f us, the median of %zu; %.3g GB/s\n", median->count(),
                                 times.size(), bytes / median->count() / 1e3);
  }

  const Options &options;
  PassManager passes;
  std::vector<Tensor> arguments;
};

LogicalResult runFile(const Options &options) {
  DialectRegistry registry;
  registerTsumDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.printOpOnDiagnostic(false); // the line of the file is enough
  Run run(options, context);

  std::string message;
  auto buffer = openInputFile(options.file, &message);
  if (!buffer)
    throw Error(message);
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(buffer), SMLoc());
  SourceMgrDiagnosticHandler handler(sources, &context);
  auto module = parseSourceFile<ModuleOp>(sources, &context);
  if (!module)
    return failure();
  return run.run(selectFunction(*module, options.function));
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  // LLVM's own --print-after is for its passes.
  if (cl::Option *other = cl::getRegisteredOptions().lookup("print-after"))
    other->removeArgument();
  Options options;
  cl::HideUnrelatedOptions(options.category);
  cl::ParseCommandLineOptions(argc, argv, "evaluates a tsum function on NumPy files\n");
  try {
    return failed(runFile(options));
  } catch (const std::exception &error) {
    llvm::WithColor::error(llvm::errs(), "tsum-run") << error.what() << '\n';
    return 1;
  }
}
