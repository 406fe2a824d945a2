// SPDX-License-Identifier: Apache-2.0

#include "Rematerialization.h"

#include "tsum/Codegen/Passes.h"
#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace tsum {
#define GEN_PASS_DEF_TSUMBOUNDMEMORYPASS
#include "tsum/Codegen/Passes.h.inc"

namespace {

/// About the time that one element of a body takes, in that of a byte that is read.
double costOf(Operation *op) {
  if (isa<ir::ElementaryOp>(op) || isa_and_nonnull<math::MathDialect>(op->getDialect()))
    return 8;
  return isa<arith::DivFOp, arith::RemFOp>(op) ? 2 : 0.5;
}

double costOf(ir::LaunchOp launch, func::FuncOp kernel) {
  double cost = 0;
  for (Type type : llvm::concat<const Type>(launch->getOperandTypes(), launch->getResultTypes()))
    cost += double(ir::getByteSize(type));
  if (!kernel || kernel.isExternal())
    return cost;
  for (auto generic : kernel.getOps<linalg::GenericOp>()) {
    double ofElement = 0, elements = 1;
    for (Operation &op : generic.getBody()->without_terminator())
      ofElement += costOf(&op);
    for (int64_t extent : generic.getStaticLoopRanges())
      elements *= double(extent);
    cost += ofElement * elements;
  }
  return cost;
}

/// Repeats launches of one function.
class MemoryBounder {
public:
  MemoryBounder(func::FuncOp function, int64_t bound) : function(function), bound(bound) {}

  void run() {
    describe();
    const LaunchOrder order = rematerialize(graph, bound);
    auto isInPlace = [&](size_t n) { return order.steps[n].launch == int32_t(n); };
    if (!llvm::all_of(llvm::seq(order.steps.size()), isInPlace))
      rewrite(order);
  }

private:
  Block &body() { return function.getBody().front(); }

  void describe() {
    SymbolTableCollection symbols;
    for (auto launch : body().getOps<ir::LaunchOp>()) {
      auto kernel = symbols.lookupNearestSymbolFrom<func::FuncOp>(launch, launch.getKernelAttr());
      LaunchGraph::Launch &added = graph.launches.emplace_back();
      added.cost = costOf(launch, kernel);
      for (Value input : launch.getInputs())
        if (auto known = numbers.find(ir::beforeReshapes(input));
            known != numbers.end() && !llvm::is_contained(added.inputs, known->second))
          added.inputs.push_back(known->second);
      for (Value result : launch.getResults()) {
        numbers[result] = graph.addResult(ir::getByteSize(result.getType()));
        values.push_back(result);
      }
      launches.push_back(launch);
    }
    for (Value output : body().getTerminator()->getOperands())
      if (auto known = numbers.find(ir::beforeReshapes(output)); known != numbers.end())
        graph.values[known->second].isOutput = true;
  }

  void rewrite(const LaunchOrder &order) {
    OpBuilder b(body().getTerminator());
    std::vector<Value> latest(values.size());
    // Reshapes are made anew: each of what it reads at the moment.
    auto use = [&](auto &&use, Value value) -> Value {
      if (auto reshape = value.getDefiningOp<ir::ReshapeOp>())
        return ir::ReshapeOp::create(b, reshape.getLoc(), reshape.getType(),
                                     use(use, reshape.getInput()));
      auto known = numbers.find(value);
      return known == numbers.end() ? value : latest[known->second];
    };
    std::vector<bool> hasRun(launches.size(), false);
    for (const LaunchOrder::Step &step : order.steps) {
      ir::LaunchOp from = launches[step.launch];
      SmallVector<Value> inputs =
          llvm::map_to_vector(from.getInputs(), [&](Value input) { return use(use, input); });
      auto launch = ir::LaunchOp::create(b, from.getLoc(), from.getResultTypes(),
                                         from.getKernelAttr(), inputs);
      launch->setDiscardableAttrs(from->getDiscardableAttrDictionary());
      if (hasRun[step.launch])
        launch->setAttr(ir::TsumDialect::getRecomputedAttrName(), b.getStringAttr("memory"));
      hasRun[step.launch] = true;
      for (auto [result, again] : llvm::zip_equal(from.getResults(), launch.getResults()))
        if (const int32_t number = numbers.at(result); llvm::is_contained(step.taken, number))
          latest[number] = again;
    }
    for (OpOperand &output : body().getTerminator()->getOpOperands())
      output.set(use(use, output.get()));
    const llvm::DenseSet<Operation *> given(llvm::from_range, launches);
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body())))
      if (op.use_empty() && (isa<ir::ReshapeOp>(op) || given.contains(&op)))
        op.erase();
  }

  func::FuncOp function;
  const int64_t bound;
  LaunchGraph graph;
  SmallVector<ir::LaunchOp> launches;
  llvm::DenseMap<Value, int32_t> numbers; // of results of launches
  std::vector<Value> values;              // by number
};

struct TsumBoundMemoryPass final : impl::TsumBoundMemoryPassBase<TsumBoundMemoryPass> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (auto bound = function->getAttrOfType<IntegerAttr>(ir::TsumDialect::getMemoryAttrName());
        bound && !function.isExternal())
      MemoryBounder(function, bound.getInt()).run();
  }
};

} // namespace
} // namespace tsum
