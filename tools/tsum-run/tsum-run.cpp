// SPDX-License-Identifier: Apache-2.0
//
// Evaluates a function of a tsum-dialect file, or an expression, on NumPy files: read, import,
// evaluate, write.
#include "../SourceFile.h"
#include "ProgressLine.h"
#ifdef TSUM_HAS_MPI
#include "Ranks.h"
#else
namespace tsum {
class Ranks; // there are none
}
#endif

#include "tsum/Canonical/Resolve.h"
#include "tsum/Codegen/Pipeline.h"
#include "tsum/Expression/Parse.h"
#include "tsum/Graph/Elsewhere.h"
#include "tsum/Ops/Make.h"
#include "tsum/Translate/GraphToTsum.h"
#include "tsum/Translate/TensorsToTsum.h"
#include "tsum/Translate/TsumToGraph.h"
#include "tsum/explain.h"
#include "tsum/npy.h"
#include "tsum/stream.h"
#include "tsum/tsum.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/WithColor.h"

#include <cerrno>
#include <chrono>
#include <glob.h>
#include <iostream>
#include <system_error>

using namespace mlir;
using namespace tsum;
namespace cl = llvm::cl;

namespace {

struct Options {
  cl::OptionCategory category{"tsum-run options"};
  cl::list<std::string> operands{cl::Positional, cl::cat(category),
                                 cl::desc("<file.mlir> | <name=file.npy>...")};
  cl::opt<std::string> expression{
      "expr", cl::value_desc("expression"), cl::cat(category),
      cl::desc("What to evaluate in place of a function: 'reduce_sum(square(x - y), axis=1)' of "
               "x=a.npy y=b.npy, or of the arrays of an archive, as they are named there. Several "
               "results have commas between them")};
  cl::list<std::string> inputs{
      "input", cl::value_desc("file.npy"), cl::cat(category),
      cl::desc("The next argument of the function; of an archive, file.npz:name")};
  cl::list<std::string> outputs{"output", cl::value_desc("file.npy"), cl::cat(category),
                                cl::desc("Where the next result goes; without any, results are "
                                         "printed")};
  cl::opt<std::string> function{"function", cl::value_desc("name"), cl::cat(category),
                                cl::desc("The function to evaluate, if the file has several")};
  cl::opt<bool> time{"time", cl::cat(category),
                     cl::desc("Print to stderr how long compiling and a later call take; GB/s "
                              "count each input and output once")};
  cl::opt<unsigned> repetitions{
      "repetitions", cl::value_desc("n"), cl::cat(category),
      cl::desc("How many calls --time makes (as many as take half a second, at least 5)")};
  enum class Explain { No, Text, Json, Html };
  cl::opt<Explain> explain{
      "explain", cl::init(Explain::No), cl::cat(category),
      cl::desc("Print what is compiled, how it runs and how fast, in place of the results:"),
      cl::values(clEnumValN(Explain::Text, "text", "for a terminal"),
                 clEnumValN(Explain::Json, "json", "for programs"),
                 clEnumValN(Explain::Html, "html", "a page with the kernels drawn"))};
  cl::opt<std::string> accuracy{
      "accuracy", cl::value_desc("name"), cl::cat(category),
      cl::desc("How accurate sums of an expression are, and what is made of sums: standard or "
               "exact. A function of a file says it itself")};
  cl::opt<std::string> memory{
      "memory", cl::value_desc("bytes"), cl::init("256M"), cl::cat(category),
      cl::desc("Files of more than this are not loaded but read piece by piece, in so much memory: "
               "a number of bytes, or with k, M or G (256M)")};
  cl::opt<std::string> checkpoint{
      "checkpoint", cl::value_desc("file"), cl::cat(category),
      cl::desc("Where partial sums are kept while such files are read, from which the same "
               "command goes on if it was ended")};
  cl::opt<int> axis{"join-axis", cl::value_desc("axis"), cl::init(0), cl::cat(category),
                    cl::desc("The axis along which the files of a pattern lie behind one another "
                             "(0)")};
  cl::opt<bool> mpi{"mpi", cl::cat(category),
                    cl::desc("One of several ranks, started by mpirun: each loads its share of the "
                             "files, along --join-axis, and rank 0 prints or writes the results. "
                             "Needs a tsum that was built with TSUM_MPI")};
  const Ranks *ranks = nullptr; ///< of --mpi
  cl::opt<bool> functions{"functions", cl::cat(category),
                          cl::desc("List the functions that expressions may call")};
  cl::opt<std::string> printAfter{
      "print-after", cl::value_desc("stage"), cl::cat(category),
      cl::desc("Print what the stage of that name, as in tsum-opt --tsum-compile='stop-after=...', "
               "makes of the canonical graph; import: the graph as it was built, as a file that "
               "tsum-run reads")};
};

constexpr StringRef archiveSuffix = ".npz";

/// What --print-after calls the graph before it is canonicalized.
constexpr StringRef importStage = "import";

/// Whether this process prints and writes what it has found out.
bool speaks(const Options &options) {
#ifdef TSUM_HAS_MPI
  return !options.ranks || options.ranks->isFirst();
#else
  return !options.ranks;
#endif
}

/// "64M" as a number of bytes.
std::int64_t parseBytes(StringRef text) {
  StringRef digits = text;
  int shift = 0;
  for (auto [suffix, bits] : {std::pair('k', 10), {'M', 20}, {'G', 30}})
    if (digits.consume_back(StringRef(&suffix, 1)))
      shift = bits;
  std::int64_t number = 0;
  if (digits.getAsInteger(10, number) || number <= 0 ||
      number > (std::numeric_limits<std::int64_t>::max() >> shift))
    throw Error("--memory: '" + text.str() + "' is no number of bytes (as 100000, 64k, 256M, 4G)");
  return number << shift;
}

/// The files that a pattern of the shell names, in the order of their names.
std::vector<std::filesystem::path> filesOf(StringRef pattern) {
  glob_t found{};
  const int status = ::glob(pattern.str().c_str(), 0, nullptr, &found);
  std::vector<std::filesystem::path> paths(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  if (status == GLOB_NOMATCH)
    throw Error("no file is called like '" + pattern.str() + "'");
  if (status != 0)
    throw Error("'" + pattern.str() + "': the folders cannot be read");
  return paths;
}

/// The array of a file; of an archive the one behind a colon, or the only one; of a pattern those
/// of all files, joined. What is larger than memory is opened, not loaded.
Tensor loadArray(StringRef path, const Options &options) {
  std::error_code error;
  const bool isPattern =
      path.find_first_of("*?[") != StringRef::npos && !std::filesystem::exists(path.str(), error);
#ifdef TSUM_HAS_MPI
  if (options.ranks) {
    if (path.contains(archiveSuffix))
      throw Error("--mpi reads .npy files, not '" + path.str() + "'");
    return options.ranks->shard(isPattern ? filesOf(path)
                                          : std::vector<std::filesystem::path>{path.str()},
                                options.axis, parseBytes(options.memory));
  }
#endif
  auto [stem, name] = path.rsplit((archiveSuffix + ":").str());
  const auto isLarge = [&](const std::string &file) {
    return std::filesystem::file_size(file, error) >
               static_cast<std::uintmax_t>(parseBytes(options.memory)) &&
           !error;
  };
  if (stem.size() < path.size()) {
    const std::string file = (stem + archiveSuffix).str();
    if (!isLarge(file))
      return NpzFile(file).load(name);
    try {
      return open_npz(file, name, path.str());
    } catch (const FileError &) { // a compressed one is loaded, or says what is wrong
      return NpzFile(file).load(name);
    }
  }
  if (isPattern)
    return open_npy(filesOf(path), options.axis, path.str());
  if (!path.ends_with(archiveSuffix))
    return isLarge(path.str()) ? open_npy(path.str(), path.str())
                               : load_npy(path.str(), path.str());
  const NpzFile archive(path.str());
  const std::vector<std::string> names = archive.names();
  if (names.size() != 1)
    throw Error("'" + path.str() + "' has " + std::to_string(names.size()) +
                " arrays: choose one with " + path.str() + ":name");
  return loadArray((path + ":" + names.front()).str(), options);
}

/// What `operands` (name=file, or an archive for all it has) name.
NamedTensors loadNamed(const Options &options) {
  NamedTensors named;
  auto add = [&](const std::string &name, NamedTensor tensor) {
    if (!named.emplace(name, std::move(tensor)).second)
      throw Error("'" + name + "' is given twice");
  };
  for (StringRef operand : options.operands) {
    auto [name, path] = operand.split('=');
    if (!path.empty()) {
      add(name.str(), loadArray(path, options));
    } else if (operand.ends_with(archiveSuffix)) {
      const NpzFile archive(operand.str());
      for (const std::string &name : archive.names())
        add(name, NamedTensor([&options, path = (operand + ":" + name).str()] {
              return loadArray(path, options);
            }));
    } else {
      throw Error("'" + operand.str() + "' names nothing (an expression reads name=file.npy)");
    }
  }
  return named;
}

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
    if (options.printAfter.empty() || options.printAfter == importStage)
      return;
    PipelineOptions pipeline = hostOptions();
    pipeline.stopAfter = options.printAfter;
    std::string message;
    if (failed(buildPipeline(passes, pipeline, [&](const Twine &text) { message = text.str(); }))) {
      constexpr StringRef list = "(the stages: ";
      if (const std::size_t at = message.find(list); at != std::string::npos)
        message.insert(at + list.size(), (importStage + ", ").str());
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
