// SPDX-License-Identifier: Apache-2.0
//
// Compiles functions of a tsum-dialect file ahead of time: to an object file and a C header, for
// programs that have neither tsum nor LLVM nor MLIR in them.
#include "../SourceFile.h"

#include "tsum/Codegen/EmitObject.h"
#include "tsum/Codegen/Pipeline.h"
#include "tsum/Dialect/Tsum/IR/Tsum.h"
#include "tsum/JIT/Library.h"
#include "tsum/Runtime/Trace.h"
#include "tsum/Runtime/ValueOrThrow.h"
#include "tsum/Translate/GraphToTsum.h"
#include "tsum/Translate/TsumToGraph.h"
#include "tsum/tsum.h"

#include "mlir/Support/FileUtilities.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/ToolOutputFile.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;
using namespace tsum;
namespace cl = llvm::cl;

namespace {

enum class Emit { Object, Assembly, Llvm, Mlir };

struct Options {
  cl::OptionCategory category{"tsum-compile options"};
  cl::opt<std::string> file{cl::Positional, cl::Required, cl::desc("<file.mlir>"),
                            cl::cat(category)};
  cl::opt<std::string> output{"o", cl::value_desc("file"), cl::init("-"), cl::cat(category),
                              cl::desc("Where the code goes (standard output without)")};
  cl::opt<std::string> header{"header", cl::value_desc("file.h"), cl::cat(category),
                              cl::desc("Where to declare the functions in C")};
  cl::opt<std::string> features{
      "target-features", cl::value_desc("+avx2,+fma,..."), cl::cat(category),
      cl::desc("Extensions of x86-64 that the code may use, as LLVM spells them, or `host` for "
               "this machine's; without it, the code runs everywhere")};
  cl::opt<Emit> emit{
      "emit", cl::init(Emit::Object), cl::cat(category), cl::desc("What to write:"),
      cl::values(clEnumValN(Emit::Object, "obj", "an object file (the default)"),
                 clEnumValN(Emit::Assembly, "asm", "assembly"),
                 clEnumValN(Emit::Llvm, "llvm", "LLVM IR"),
                 clEnumValN(Emit::Mlir, "mlir", "the kernels in MLIR's LLVM dialect"))};
};

void writeFile(const std::string &path, StringRef text) {
  std::string message;
  auto file = openOutputFile(path, &message);
  if (!file)
    throw Error(message);
  file->os() << text;
  file->keep();
}

/// C's name of the element type; for one that C has none for, bytes.
StringRef cTypeOf(DType dtype) {
  return llvm::StringSwitch<StringRef>(name_of(dtype))
      .Case("f32", "float")
      .Case("f64", "double")
      .Case("i8", "int8_t")
      .Case("i16", "int16_t")
      .Case("i32", "int32_t")
      .Case("i64", "int64_t")
      .Case("u8", "uint8_t")
      .Case("u16", "uint16_t")
      .Case("u32", "uint32_t")
      .Case("u64", "uint64_t")
      // Their bits; a byte that is 0 or not.
      .Cases({"f16", "bf16"}, "uint16_t")
      .Case("boolean", "uint8_t")
      .Default("void");
}

bool isIdentifier(StringRef name) {
  return !name.empty() && !llvm::isDigit(name.front()) &&
         llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

std::string describe(const Tensor &tensor) {
  return std::string(name_of(tensor.dtype())) + (tensor.rank() ? to_string(tensor.shape()) : "");
}

class Compile {
public:
  Compile(const Options &options, MLIRContext &context)
      : options(options), context(context),
        features(options.features == "host" ? hostFeatures() : options.features.getValue()),
        library(features) {}

  LogicalResult add(func::FuncOp function) {
    const std::string name = function.getName().str();
    if (!isIdentifier(name))
      return function.emitError("'") << name << "' is no name for a function in C";
    std::vector<Tensor> inputs;
    for (auto [index, type] : llvm::enumerate(function.getArgumentTypes())) {
      auto tensor = dyn_cast<RankedTensorType>(type);
      auto dtype = tensor ? ir::getDType(tensor.getElementType()) : std::nullopt;
      if (!dtype || !tensor.hasStaticShape())
        return function.emitError("argument ")
               << index << " is " << type << " (tensors of static shape can be compiled)";
      inputs.push_back(tsum::input(*dtype, tensor.getShape(), {}, "arg" + std::to_string(index)));
    }
    FailureOr<std::vector<Tensor>> results = tsumToGraph(function, inputs);
    if (failed(results))
      return failure();

    std::vector<std::vector<std::string>> names; // of the kernels, by program
    Schedule schedule = trace(inputs, *results, [&](const CanonicalGraph &graph) {
      if (options.emit == Emit::Mlir)
        printLowered(graph);
      Image image;
      if (std::optional<CompileFailure> failure = library.addKernels(graph, image))
        throw CompileError(failure->stage, failure->diagnostic);
      names.push_back(std::move(image.kernels));
      return std::make_shared<const Program>(std::move(image.program));
    });
    library.addEntry(entryOf(name, schedule, inputs, *results, names));
    declare(name, schedule, inputs, *results);
    return success();
  }

  void write() {
    for (const CompileFailure &note : library.notes())
      llvm::WithColor::warning(llvm::errs(), "tsum-compile")
          << note.stage << ": " << note.diagnostic << "; a kernel is made for each operation\n";
    if (options.emit == Emit::Mlir) {
      writeFile(options.output, lowered);
    } else {
      Library::Format format = options.emit == Emit::Object     ? Library::Format::Object
                               : options.emit == Emit::Assembly ? Library::Format::Assembly
                                                                : Library::Format::LlvmIr;
      writeFile(options.output, value_or_throw(library.emit(format)));
    }
    if (!options.header.empty())
      writeFile(options.header,
                "/* Made by tsum-compile. Tensors are row-major and overlap no output. */\n"
                "#ifndef " +
                    guard() + "\n#define " + guard() +
                    "\n\n#include <stdint.h>\n\n"
                    "#ifdef __cplusplus\nextern \"C\" {\n#endif\n" +
                    declarations + "\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
  }

private:
  /// From the name of the header: "KERNELS_H".
  std::string guard() const {
    std::string name = llvm::sys::path::filename(options.header).upper();
    for (char &c : name)
      if (!llvm::isAlnum(c))
        c = '_';
    return "TSUM_" + name;
  }

  void printLowered(const CanonicalGraph &graph) {
    PassManager passes(&context);
    PipelineOptions pipeline{"", features};
    if (failed(buildPipeline(passes, pipeline, [](const Twine &) {})))
      throw Error("the pipeline cannot be built");
    OwningOpRef<ModuleOp> module = graphToTsum(graph, &context);
    if (failed(passes.run(*module)))
      throw Error("the pipeline failed");
    llvm::raw_string_ostream stream(lowered);
    module->print(stream);
  }

  /// The schedule in the numbering of a library's entry.
  Library::Entry entryOf(const std::string &name, const Schedule &schedule, ArrayRef<Tensor> inputs,
                         ArrayRef<Tensor> outputs, ArrayRef<std::vector<std::string>> names) {
    Library::Entry entry;
    entry.name = name;
    entry.inputs = static_cast<std::int32_t>(inputs.size());
    entry.outputs = static_cast<std::int32_t>(outputs.size());
    entry.hasScratch = schedule.scratch_bytes > 0;
    for (const Schedule::Constant &constant : schedule.constants)
      entry.constants.push_back(
          {constant.values->data + constant.low, constant.high - constant.low, -constant.low});
    const auto firstResult = static_cast<std::int32_t>(schedule.first_result());
    auto output = [&](std::size_t number) {
      return Library::Entry::Place{firstResult + static_cast<std::int32_t>(number), 0};
    };
    const std::int32_t scratch = firstResult + entry.outputs;
    auto place = [&](Schedule::Place from) -> Library::Entry::Place {
      if (from.value < firstResult)
        return {from.value, from.offset};
      const Schedule::Result &result =
          schedule.results[static_cast<std::size_t>(from.value - firstResult)];
      if (result.output >= 0)
        return {firstResult + result.output, from.offset};
      return {scratch, result.scratch + from.offset};
    };
    std::int32_t nextResult = firstResult;
    for (const Schedule::Launch &launch : schedule.launches) {
      Library::Entry::Launch &added = entry.launches.emplace_back();
      added.kernel =
          names[static_cast<std::size_t>(launch.program)][static_cast<std::size_t>(launch.number)];
      added.tiles = schedule.code_of(launch).tiles;
      for (Schedule::Place input : launch.inputs)
        added.buffers.push_back(place(input));
      for (std::size_t count = schedule.code_of(launch).results.size(); count > 0; --count)
        added.buffers.push_back(place({nextResult++, 0}));
    }
    for (auto [number, result] : llvm::enumerate(schedule.outputs))
      if (!result.is_direct)
        entry.copies.push_back({place(result.first),
                                output(number),
                                {outputs[number].shape().begin(), outputs[number].shape().end()},
                                result.strides,
                                size_of(outputs[number].dtype())});
    return entry;
  }

  void declare(const std::string &name, const Schedule &schedule, ArrayRef<Tensor> inputs,
               ArrayRef<Tensor> outputs) {
    llvm::raw_string_ostream os(declarations);
    os << "\n/* " << name << ":";
    std::string parameters;
    auto add = [&](StringRef type, const std::string &parameter) {
      parameters += (parameters.empty() ? "" : ", ") + type.str() + " *" + parameter;
    };
    for (auto [index, input] : llvm::enumerate(inputs)) {
      const std::string parameter = "arg" + std::to_string(index);
      os << ' ' << parameter << " is " << describe(input) << ',';
      add(("const " + cTypeOf(input.dtype())).str(), parameter);
    }
    for (auto [index, output] : llvm::enumerate(outputs)) {
      const std::string parameter = "result" + std::to_string(index);
      os << ' ' << parameter << " is " << describe(output)
         << (index + 1 < outputs.size() ? "," : "");
      add(cTypeOf(output.dtype()), parameter);
    }
    if (schedule.scratch_bytes > 0) {
      const std::string macro = StringRef(name).upper() + "_SCRATCH_BYTES";
      os << ",\n   scratch is " << macro << " bytes at a multiple of 64. */\n#define " << macro
         << ' ' << schedule.scratch_bytes << '\n';
      add("void", "scratch");
    } else {
      os << ". */\n";
    }
    os << "void " << name << '(' << (parameters.empty() ? "void" : parameters) << ");\n";
  }

  const Options &options;
  MLIRContext &context;
  std::string features;
  Library library;
  std::string lowered, declarations;
};

LogicalResult runFile(const Options &options) {
  if (options.features != "host")
    if (std::string unknown = unknownFeature(options.features); !unknown.empty())
      throw Error("there is no extension '" + unknown +
                  "' of this machine's kind of code (--target-features=+avx2,+fma, or host)");
  DialectRegistry registry;
  registerTsumDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  SourceFile source(options.file, context);
  if (!source.module())
    return failure();
  Compile compile(options, context);
  bool isEmpty = true;
  for (auto function : source.module().getOps<func::FuncOp>()) {
    if (function.isExternal())
      continue;
    isEmpty = false;
    if (failed(compile.add(function)))
      return failure();
  }
  if (isEmpty)
    throw Error("the file has no function");
  compile.write();
  return success();
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  Options options;
  cl::HideUnrelatedOptions(options.category);
  cl::ParseCommandLineOptions(argc, argv, "compiles tsum functions to an object file\n");
  try {
    return failed(runFile(options));
  } catch (const std::bad_alloc &) {
    llvm::WithColor::error(llvm::errs(), "tsum-compile") << "out of memory\n";
    return 1;
  } catch (const std::exception &error) {
    llvm::WithColor::error(llvm::errs(), "tsum-compile") << error.what() << '\n';
    return 1;
  }
}
