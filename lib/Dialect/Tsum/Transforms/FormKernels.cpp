// SPDX-License-Identifier: Apache-2.0

#include "SplitReductions.h"

#include "tsum/Dialect/Tsum/Transforms/Passes.h"
#include "tsum/Graph/Names.h"
#include "tsum/Graph/SummationTree.h"

#include "mlir/IR/IRMapping.h"

#include <map>

using namespace mlir;

namespace tsum {
#define GEN_PASS_DEF_TSUMFORMKERNELSPASS
#include "tsum/Dialect/Tsum/Transforms/Passes.h.inc"

namespace {

/// Makes the kernels of one function and turns it into a schedule.
class KernelOutliner {
public:
  /// `count` kernels are there already.
  KernelOutliner(func::FuncOp function, ModuleOp kernels, int64_t &count)
      : function(function), kernels(kernels), count(count) {}

  void run(bool smallKernels) {
    Block &body = function.getBody().front();
    giveOutputsMemory(body.getTerminator());
    nestAlike(body);
    const KernelPlan plan =
        smallKernels ? KernelPlan(function, smallKernels) : planWithSplitReductions(function);
    auto planned = llvm::map_to_vector(plan.kernels(), [](const PlannedKernel &k) { return &k; });
    llvm::sort(planned, [&](const PlannedKernel *a, const PlannedKernel *b) {
      return a->lastOp()->isBeforeInBlock(b->lastOp());
    });
    for (const PlannedKernel *kernel : planned)
      outline(*kernel, plan);
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
      if (isOpTriviallyDead(&op))
        op.erase();
    sort(body);
  }

private:
  /// An argument or a constant that the function returns is copied: each output has memory of its
  /// own.
  static void giveOutputsMemory(Operation *terminator) {
    OpBuilder b(terminator);
    for (OpOperand &output : terminator->getOpOperands()) {
      Operation *op = output.get().getDefiningOp();
      if (op && !op->hasTrait<OpTrait::ConstantLike>())
        continue;
      auto type = cast<RankedTensorType>(output.get().getType());
      output.set(ir::BroadcastOp::create(b, output.get().getLoc(), type, output.get(),
                                         llvm::to_vector(llvm::seq(type.getRank()))));
    }
  }

  /// Has reductions without an order nest their dimensions as one with an order does that reduces
  /// the same ones: so they can share its loops.
  static void nestAlike(Block &body) {
    using Loops = std::pair<ArrayRef<int64_t>, SmallVector<int64_t, 4>>; // the axes ascend
    auto loopsOf = [](ir::ReductionOpInterface op) {
      Loops loops(op.getInput().getType().getShape(), op.getAxes());
      llvm::sort(loops.second);
      return loops;
    };
    auto isOrdered = [](ir::ReductionOpInterface op) {
      const std::optional<DType> dtype = ir::getDType(op.getInput().getType().getElementType());
      return dtype && is_ordered(op.getOpKind(), *dtype, op.getExact());
    };
    std::map<Loops, ArrayRef<int64_t>> nests;
    for (auto op : body.getOps<ir::ReductionOpInterface>())
      if (isOrdered(op))
        nests.emplace(loopsOf(op), op.getAxes());
    for (auto op : body.getOps<ir::ReductionOpInterface>())
      if (auto nest = nests.find(loopsOf(op)); nest != nests.end() && !isOrdered(op))
        op->setAttr("axes", DenseI64ArrayAttr::get(op.getContext(), nest->second));
  }

  /// Moves operations behind those whose results they read: a kernel is launched where its last
  /// result was computed, and what reads another one may stand before that.
  static void sort(Block &body) {
    DenseSet<Operation *> done;
    SmallVector<Operation *> stack;
    for (Operation *op : llvm::map_to_vector(body, [](Operation &op) { return &op; })) {
      stack.push_back(op);
      while (!stack.empty()) {
        Operation *next = stack.back();
        if (done.contains(next)) {
          stack.pop_back();
          continue;
        }
        const size_t before = stack.size();
        for (Value operand : next->getOperands())
          if (Operation *producer = operand.getDefiningOp(); producer && !done.contains(producer))
            stack.push_back(producer);
        if (stack.size() > before)
          continue;
        done.insert(next);
        next->moveBefore(&body, body.end());
        stack.pop_back();
      }
    }
  }

  void outline(const PlannedKernel &planned, const KernelPlan &plan) {
    llvm::SetVector<Value> inputs;
    SmallVector<Operation *> ops = plan.opsOf(planned, inputs);

    std::string name = nameOf(ops) + "_" + std::to_string(count++);
    OpBuilder b = OpBuilder::atBlockEnd(kernels.getBody());
    Location loc = planned.lastOp()->getLoc();
    TypeRange types = ValueRange(planned.results).getTypes();
    auto kernel = func::FuncOp::create(
        b, loc, name,
        b.getFunctionType(llvm::map_to_vector(inputs, [](Value v) { return v.getType(); }), types));
    using Names = ir::TsumDialect;
    kernel->setAttr(Names::getCutAttrName(), b.getStringAttr(llvm::join(planned.cuts, ", ")));
    if (!planned.joins.empty())
      kernel->setAttr(Names::getJoinedAttrName(), b.getStringAttr(llvm::join(planned.joins, ", ")));
    if (planned.lines && planned.lines->areRows())
      kernel->setAttr(Names::getRowsAttrName(), b.getI64IntegerAttr(planned.lines->keptCount()));
    else if (planned.lines)
      kernel->setAttr(Names::getColumnsAttrName(), columnsOf(planned, b.getContext()));

    Block *entry = kernel.addEntryBlock();
    IRMapping mapping;
    for (auto [index, input] : llvm::enumerate(inputs)) {
      mapping.map(input, entry->getArgument(index));
      auto argument = dyn_cast<BlockArgument>(input);
      if (!argument)
        continue;
      const StringRef name = ir::TsumDialect::getStridesAttrName();
      if (Attribute strides = function.getArgAttr(argument.getArgNumber(), name))
        kernel.setArgAttr(index, name, strides);
    }
    b.setInsertionPointToEnd(entry);
    for (Operation *op : ops)
      b.clone(*op, mapping);
    func::ReturnOp::create(b, loc, llvm::map_to_vector(planned.results, [&](Value result) {
                             return mapping.lookup(result);
                           }));

    OpBuilder at(planned.lastOp());
    auto symbol = SymbolRefAttr::get(kernels.getSymNameAttr(),
                                     FlatSymbolRefAttr::get(kernel.getSymNameAttr()));
    auto launch = ir::LaunchOp::create(at, loc, types, symbol, inputs.getArrayRef());
    for (auto [result, launched] :
         llvm::zip_equal(ValueRange(planned.results), launch.getResults()))
      result.replaceAllUsesWith(launched);
  }

  static ir::ColumnsAttr columnsOf(const PlannedKernel &planned, MLIRContext *context) {
    const int64_t rank = cast<RankedTensorType>(planned.results.front().getType()).getRank();
    auto whole = llvm::filter_to_vector(
        llvm::seq(rank), [&](int64_t dim) { return planned.lines->takesWhole(dim, rank); });
    return ir::ColumnsAttr::get(context, planned.columns, whole);
  }

  /// A kernel is called after what it computes.
  static std::string nameOf(ArrayRef<Operation *> ops) {
    std::vector<std::string_view> operations;
    for (Operation *op : ops)
      if (!op->hasTrait<OpTrait::ConstantLike>() && !isa<ir::BroadcastOp>(op))
        operations.push_back(op->getName().stripDialect());
    return operations.empty() ? "copy" : name_after(operations);
  }

  func::FuncOp function;
  ModuleOp kernels;
  int64_t &count;
};

struct TsumFormKernelsPass final : impl::TsumFormKernelsPassBase<TsumFormKernelsPass> {
  using TsumFormKernelsPassBase::TsumFormKernelsPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    constexpr StringLiteral name = "kernels";
    if (Operation *known = SymbolTable::lookupSymbolIn(module, name)) {
      known->emitOpError("is called '")
          << name << "', as the module of the kernels will be, which are formed once";
      return signalPassFailure();
    }
    auto functions =
        llvm::filter_to_vector(module.getOps<func::FuncOp>(),
                               [](func::FuncOp function) { return !function.isExternal(); });
    for (func::FuncOp function : functions)
      if (failed(ir::verifyIsGraphFunction(function)))
        return signalPassFailure();
    OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
    auto kernels = ModuleOp::create(b, module.getLoc(), name);
    int64_t count = 0;
    for (func::FuncOp function : functions)
      KernelOutliner(function, kernels, count).run(smallKernels);
  }
};

} // namespace
} // namespace tsum
