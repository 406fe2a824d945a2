// SPDX-License-Identifier: Apache-2.0

#include "tsum/JIT/Explain.h"

#include "tsum/Codegen/EmitObject.h"
#include "tsum/Codegen/Pipeline.h"
#include "tsum/Conversion/GraphToTsum.h"
#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;

namespace tsum {

namespace {

RankedTensorType tensorType(Type type) { return cast<RankedTensorType>(type); }

int64_t bytesOf(Type type) {
  return tensorType(type).getNumElements() *
         llvm::divideCeil(tensorType(type).getElementTypeBitWidth(), 8);
}

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
    if (auto sum = dyn_cast<ir::ReduceSumOp>(op))
      if (auto type = dyn_cast<FloatType>(sum.getType().getElementType()))
        (type.getWidth() == 64 ? explanation.hasDoubleSum : explanation.hasFloatSum) = true;
  }
  for (Type type : launch->getOperandTypes())
    explanation.bytesRead += bytesOf(type);
  for (Type type : launch->getResultTypes()) {
    explanation.bytesWritten += bytesOf(type);
    explanation.types.push_back(describe(type));
  }
  return explanation;
}

/// What tiling wrote to the kernel.
void explainTiling(func::FuncOp kernel, KernelExplanation &explanation) {
  if (auto tiles = kernel->getAttrOfType<IntegerAttr>("tsum.tiles"))
    explanation.tiles = tiles.getInt();
  kernel.walk([&](Operation *op) {
    auto strategy = op->getAttrOfType<StringAttr>("tsum.strategy");
    if (!strategy)
      return;
    std::string text = strategy.str();
    if (auto lanes = op->getAttrOfType<IntegerAttr>("tsum.lanes"); lanes && lanes.getInt() > 1)
      text += ", " + std::to_string(lanes.getInt()) + " lanes";
    explanation.strategies.push_back(text);
  });
}

/// Runs the pipeline in two halves and looks at the module after each.
class Explainer {
public:
  explicit Explainer(MLIRContext &context) : context(context) {}

  LogicalResult run(const CanonicalGraph &graph, GraphExplanation &explanation) {
    OwningOpRef<ModuleOp> module = graphToTsum(graph, &context);
    auto function = *module->getOps<func::FuncOp>().begin();
    if (failed(runUpTo("kernels", *module)))
      return failure();
    SymbolTableCollection symbols;
    llvm::DenseMap<Value, std::int32_t> numbers;
    for (Value argument : function.getArguments()) {
      numbers[argument] = static_cast<std::int32_t>(explanation.data.size());
      explanation.data.push_back(describe(argument.getType()));
    }
    auto count = static_cast<std::int32_t>(numbers.size());
    for (auto launch : function.getOps<ir::LaunchOp>()) {
      auto kernel = symbols.lookupNearestSymbolFrom<func::FuncOp>(launch, launch.getKernelAttr());
      KernelExplanation &added = explanation.kernels.emplace_back(explainKernel(kernel, launch));
      for (Value input : launch->getOperands())
        added.inputs.push_back(numbers.at(input));
      for (Value result : launch->getResults())
        numbers[result] = count++;
    }
    if (failed(runUpTo("tile", *module)))
      return failure();
    auto kernels = (*module->getOps<ModuleOp>().begin()).getOps<func::FuncOp>();
    for (auto [kernel, added] : llvm::zip(kernels, explanation.kernels))
      explainTiling(kernel, added);
    return success();
  }

private:
  /// Goes on from where it was.
  LogicalResult runUpTo(StringRef last, ModuleOp module) {
    PipelineOptions options{/*stopAfter=*/"", hostFeatures()};
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
  size_t next = 0;
};

} // namespace

std::variant<GraphExplanation, CompileFailure> explain_graph(const CanonicalGraph &graph) {
  DialectRegistry registry;
  registerTsumDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  std::string diagnostics;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    diagnostics += (diagnostics.empty() ? "" : "; ") + diagnostic.str();
    return success();
  });
  GraphExplanation explanation;
  if (failed(Explainer(context).run(graph, explanation)))
    return CompileFailure{"explain", diagnostics};
  return explanation;
}

} // namespace tsum
