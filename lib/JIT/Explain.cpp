// SPDX-License-Identifier: Apache-2.0

#include "tsum/JIT/Explain.h"

#include "DiagnosticText.h"

#include "tsum/Codegen/Pipeline.h"
#include "tsum/Dialect/Tsum/IR/Tsum.h"
#include "tsum/Graph/SummationTree.h"
#include "tsum/JIT/CompilerUse.h"
#include "tsum/Translate/GraphToTsum.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace tsum {

namespace {

RankedTensorType tensorType(Type type) { return cast<RankedTensorType>(type); }

std::string describe(Type type) {
  auto dtype = ir::getDType(tensorType(type).getElementType());
  std::string text(dtype ? name_of(*dtype) : "?");
  return text + to_string(tensorType(type).getShape());
}

/// The elementary steps of `op`: of a reduction one for each element that it takes, of anything
/// else that computes one for each that it gives.
int64_t stepsOf(Operation *op) {
  if (auto reduction = dyn_cast<ir::ReductionOpInterface>(op))
    return reduction.getInput().getType().getNumElements();
  if (isa<ir::BroadcastOp, ir::ReshapeOp, ir::ConstantOp, ir::IotaOp>(op))
    return 0;
  return tensorType(op->getResult(0).getType()).getNumElements();
}

/// What docs/numerics.md promises of a sum or a product of floats; of anything else nothing, nor of
/// pieces, whose merge says it.
std::string accuracyOf(Operation *op) {
  auto reduction = dyn_cast<ir::ReductionOpInterface>(op);
  if (!reduction || isa<ir::ReducePiecesOp>(op))
    return "";
  const OpKind kind = reduction.getOpKind();
  auto merge = dyn_cast<ir::MergeNodesOp>(op);
  auto type = dyn_cast<FloatType>(merge ? merge.getReduction().getElement()
                                        : reduction.getInput().getType().getElementType());
  if (!type || (kind != OpKind::ReduceSum && kind != OpKind::ReduceProd))
    return "";
  std::string dtype(name_of(*ir::getDType(type)));
  if (reduction.getExact()) {
    const uint64_t divisor = reduction.getDivisor();
    Type rounded = tensorType(op->getResult(0).getType()).getElementType();
    return dtype + " sums exact, " +
           (divisor != 1 ? "over " + std::to_string(divisor) + ", " : "") + "rounded once" +
           (rounded != type ? " to " + std::string(name_of(*ir::getDType(rounded))) : "");
  }
  const bool isDouble = type.getWidth() == 64;
  const std::string unit = isDouble ? "u = 2^-53" : "u = 2^-24";
  if (kind == OpKind::ReduceProd)
    return dtype + " products within u for each factor, " + unit;
  return dtype + " sums within " + std::to_string(error_bound) + " u sum|x|, " + unit +
         (type.getWidth() < 32 ? ", and rounded once to " + dtype : "");
}

KernelExplanation explainKernel(func::FuncOp kernel, ir::LaunchOp launch) {
  KernelExplanation explanation;
  explanation.name = kernel.getName().str();
  if (auto cut = kernel->getAttrOfType<StringAttr>("tsum.cut"))
    explanation.cut = cut.str();
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    std::string line = op.getName().stripDialect().str();
    for (Value operand : op.getOperands())
      line += " " + to_string(tensorType(operand.getType()).getShape());
    explanation.operations.push_back(line + " -> " + describe(op.getResult(0).getType()));
    explanation.flops += stepsOf(&op);
    std::string accuracy = accuracyOf(&op);
    if (!accuracy.empty() && !llvm::is_contained(explanation.accuracy, accuracy))
      explanation.accuracy.push_back(std::move(accuracy));
  }
  for (Type type : launch->getOperandTypes())
    explanation.bytesRead += ir::getByteSize(type);
  for (Type type : launch->getResultTypes()) {
    explanation.bytesWritten += ir::getByteSize(type);
    explanation.types.push_back(describe(type));
    explanation.shape = tensorType(type).getShape();
  }
  return explanation;
}

/// What tiling wrote to the kernel.
void explainTiling(func::FuncOp kernel, KernelExplanation &explanation, bool isMerge = false) {
  kernel.walk([&](Operation *op) {
    auto strategy = op->getAttrOfType<ir::StrategyAttr>(ir::TsumDialect::getStrategyAttrName());
    if (strategy)
      explanation.strategies.push_back(ir::stringifyStrategy(strategy.getValue()).str());
  });
  if (isMerge)
    return;
  if (auto tiles = kernel->getAttrOfType<IntegerAttr>("tsum.tiles"))
    explanation.tiles = tiles.getInt();
  if (explanation.tiles == 1)
    explanation.tile = explanation.shape;
  // Each tile is put into its result.
  if (auto slices = kernel.getBody().getOps<scf::ForOp>(); !slices.empty())
    if (auto insert = dyn_cast_or_null<tensor::InsertSliceOp>(
            (*slices.begin()).getYieldedValues().front().getDefiningOp()))
      explanation.tile = insert.getStaticSizes();
}

/// Runs the pipeline in two halves and looks at the module after each.
class Explainer {
public:
  Explainer(MLIRContext &context, bool inSmallKernels) : context(context), options(hostOptions()) {
    options.smallKernels = inSmallKernels;
  }

  LogicalResult run(const CanonicalGraph &graph, GraphExplanation &explanation) {
    OwningOpRef<ModuleOp> module = graphToTsum(graph, &context);
    auto function = *module->getOps<func::FuncOp>().begin();
    if (failed(runUpTo("kernels", *module)))
      return failure();
    for (Type argument : function.getArgumentTypes())
      explanation.data.push_back(describe(argument));
    SymbolTableCollection symbols;
    for (auto launch : function.getOps<ir::LaunchOp>()) {
      auto kernel = symbols.lookupNearestSymbolFrom<func::FuncOp>(launch, launch.getKernelAttr());
      kernels.insert({kernel.getName(), explainKernel(kernel, launch)});
    }
    if (failed(runUpTo("tile", *module)))
      return failure();
    ModuleOp compiled = *module->getOps<ModuleOp>().begin();
    for (auto &entry : kernels) {
      KernelExplanation &kernel = entry.second;
      // Of a kernel that was cut, what was cut off is what takes the time.
      bool isMerge = false;
      for (auto part : compiled.getOps<func::FuncOp>())
        if (is_cut_from(part.getName(), kernel.name)) {
          explainTiling(part, kernel, isMerge);
          isMerge = true;
        }
      explainTiling(compiled.lookupSymbol<func::FuncOp>(kernel.name), kernel, isMerge);
    }
    explainSchedule(function, explanation);
    return success();
  }

private:
  /// Which kernels run, on what. What pieces of a kernel read counts as read by the kernel.
  void explainSchedule(func::FuncOp function, GraphExplanation &explanation) {
    llvm::DenseMap<Value, SmallVector<std::int32_t, 1>> numbers;
    std::int32_t count = 0;
    for (Value argument : function.getArguments())
      numbers[argument] = {count++};
    for (auto launch : function.getOps<ir::LaunchOp>()) {
      SmallVector<std::int32_t, 1> inputs;
      for (Value input : launch->getOperands())
        for (std::int32_t number : numbers.lookup(input))
          if (!llvm::is_contained(inputs, number))
            inputs.push_back(number);
      auto known = kernels.find(launch.getKernelAttr().getLeafReference());
      if (known == kernels.end()) { // cut off from one
        for (Value result : launch->getResults())
          numbers[result] = inputs;
        continue;
      }
      KernelExplanation &added = explanation.kernels.emplace_back(known->second);
      added.inputs.assign(inputs.begin(), inputs.end());
      if (auto why = launch->getAttrOfType<StringAttr>(ir::TsumDialect::getRecomputedAttrName()))
        added.recomputed = why.str();
      for (Value result : launch->getResults())
        numbers[result] = {count++};
    }
  }

  /// Goes on from where it was.
  LogicalResult runUpTo(StringRef last, ModuleOp module) {
    PassManager passes(&context);
    for (; next != pipelineStages().size(); ++next) {
      const Stage &stage = pipelineStages()[next];
      stage.addPasses(passes, options);
      if (stage.name == last) {
        ++next;
        break;
      }
    }
    return passes.run(module);
  }

  MLIRContext &context;
  PipelineOptions options;
  size_t next = 0;
  llvm::StringMap<KernelExplanation> kernels; // by name
};

} // namespace

bool is_cut_from(std::string_view part, std::string_view kernel) {
  return part.starts_with(kernel) && (part.substr(kernel.size()).starts_with("_pieces") ||
                                      part.substr(kernel.size()).starts_with("_apart"));
}

std::variant<GraphExplanation, CompileFailure> explain_graph(const CanonicalGraph &graph,
                                                             bool inSmallKernels) {
  const CompilerUse use;
  if (!use)
    return CompilerUse::failure();
  DialectRegistry registry;
  registerTsumDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  DiagnosticText diagnostics(context);
  GraphExplanation explanation;
  if (failed(Explainer(context, inSmallKernels).run(graph, explanation)))
    return CompileFailure{"explain", diagnostics.text};
  return explanation;
}

} // namespace tsum
