// SPDX-License-Identifier: Apache-2.0

#include "tsum/Dialect/Tsum/IR/Tsum.h"
#include "tsum/Dialect/Tsum/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

#include <deque>

using namespace mlir;

namespace tsum {
#define GEN_PASS_DEF_TSUMFORMKERNELSPASS
#include "tsum/Dialect/Tsum/Transforms/Passes.h.inc"

namespace {

/// Ops in one kernel. Compiling takes more than linear time in them, and where so many work on each
/// element, writing a tensor to memory and reading it back costs little beside them.
constexpr size_t maxKernelOps = 256;

/// Decides which values of a function get a kernel of their own, and why.
class KernelPlan {
public:
  explicit KernelPlan(func::FuncOp function) {
    for (Value output : function.getBody().front().getTerminator()->getOperands())
      cut(output, "output");
    // Looking at a kernel may cut it in two, which adds kernels but never joins any: this ends.
    do {
      changed = false;
      readers.clear();
      for (size_t i = 0; i < cuts.size(); ++i)
        visitKernel((cuts.begin() + i)->first);
    } while (changed);
  }

  bool isKernel(Value value) const { return cuts.contains(value); }
  StringRef reason(Value value) const { return cuts.lookup(value); }

private:
  /// Where in a kernel a value is read: by the epilogue, by the epilogue through a broadcast, or on
  /// the way into the kernel's sum.
  enum Place { Epilogue, Broadcast, Producer };

  void cut(Value value, StringRef why) {
    Operation *op = value.getDefiningOp();
    if (op && !op->hasTrait<OpTrait::ConstantLike>() && !isa<ir::ReshapeOp>(op))
      changed |= cuts.insert({value, why}).second;
    else if (auto reshape = dyn_cast_or_null<ir::ReshapeOp>(op))
      cut(reshape.getInput(), "reshape");
  }

  void visitKernel(Value root) {
    // Breadth first, so that a kernel takes what is nearest to its root.
    std::deque<std::pair<Value, Place>> worklist = {{root, Epilogue}};
    DenseSet<std::pair<Value, int>> seen;
    size_t ops = 0;
    while (!worklist.empty()) {
      auto [value, place] = worklist.front();
      worklist.pop_front();
      Operation *op = value.getDefiningOp();
      if (!op || !seen.insert({value, place}).second)
        continue;
      if (ops >= maxKernelOps)
        cut(value, "size");
      if (isa<ir::ReshapeOp>(op)) {
        cut(value, "reshape");
        continue;
      }
      if (value != root && isa<ir::ReductionOpInterface>(op)) {
        if (place == Producer)
          cut(value, "sum of a sum");
        else if (place == Broadcast)
          cut(value, "broadcast sum");
        else if (Value &reader = readers[value]; reader && reader != root)
          cut(value, "shared sum");
        else
          reader = root;
      }
      if (value != root && isKernel(value))
        continue;
      ++ops;
      if (isa<ir::ReductionOpInterface>(op))
        place = Producer;
      else if (isa<ir::BroadcastOp>(op) && place == Epilogue)
        place = Broadcast;
      for (Value operand : op->getOperands())
        worklist.push_back({operand, place});
    }
  }

  llvm::MapVector<Value, StringRef> cuts;
  DenseMap<Value, Value> readers; // of sums in epilogues: the kernel
  bool changed = false;
};

/// Makes the kernels of one function and turns it into a schedule.
class KernelOutliner {
public:
  KernelOutliner(func::FuncOp function, ModuleOp kernels) : function(function), kernels(kernels) {}

  void run() {
    Block &body = function.getBody().front();
    giveOutputsMemory(body.getTerminator());
    KernelPlan plan(function);
    for (Operation &op : llvm::make_early_inc_range(body.without_terminator()))
      if (op.getNumResults() == 1 && plan.isKernel(op.getResult(0)))
        outline(op.getResult(0), plan.reason(op.getResult(0)));
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
      if (isOpTriviallyDead(&op))
        op.erase();
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

  void outline(Value root, StringRef reason) {
    llvm::SetVector<Value> inputs;
    SmallVector<Operation *> ops = collect(root, inputs);

    std::string name = (function.getName() + "_" + Twine(count++)).str();
    OpBuilder b = OpBuilder::atBlockEnd(kernels.getBody());
    Location loc = root.getLoc();
    auto kernel = func::FuncOp::create(
        b, loc, name,
        b.getFunctionType(llvm::map_to_vector(inputs, [](Value v) { return v.getType(); }),
                          root.getType()));
    kernel->setAttr("tsum.cut", b.getStringAttr(reason));

    Block *entry = kernel.addEntryBlock();
    IRMapping mapping;
    for (auto [index, input] : llvm::enumerate(inputs)) {
      mapping.map(input, entry->getArgument(index));
      auto argument = dyn_cast<BlockArgument>(input);
      if (!argument)
        continue;
      if (Attribute strides = function.getArgAttr(argument.getArgNumber(), "tsum.strides"))
        kernel.setArgAttr(index, "tsum.strides", strides);
    }
    b.setInsertionPointToEnd(entry);
    for (Operation *op : ops)
      b.clone(*op, mapping);
    func::ReturnOp::create(b, loc, mapping.lookup(root));

    Operation *op = root.getDefiningOp();
    OpBuilder at(op);
    auto symbol = SymbolRefAttr::get(kernels.getSymNameAttr(),
                                     FlatSymbolRefAttr::get(kernel.getSymNameAttr()));
    auto launch = ir::LaunchOp::create(at, loc, root.getType(), symbol, inputs.getArrayRef());
    launches.insert(launch.getResult());
    root.replaceAllUsesWith(launch.getResult());
    op->erase();
  }

  /// The ops of the kernel that computes `root`, in order, and the values it reads.
  SmallVector<Operation *> collect(Value root, llvm::SetVector<Value> &inputs) {
    SetVector<Operation *> ops;
    SmallVector<Value> worklist = {root};
    while (!worklist.empty()) {
      Value value = worklist.pop_back_val();
      Operation *op = value.getDefiningOp();
      if (!op || launches.contains(value) || isa<ir::ReshapeOp>(op)) {
        inputs.insert(value);
        continue;
      }
      if (ops.insert(op))
        llvm::append_range(worklist, op->getOperands());
    }
    SmallVector<Operation *> sorted = ops.takeVector();
    llvm::sort(sorted, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    return sorted;
  }

  func::FuncOp function;
  ModuleOp kernels;
  DenseSet<Value> launches;
  int64_t count = 0;
};

struct TsumFormKernelsPass final : impl::TsumFormKernelsPassBase<TsumFormKernelsPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto functions = llvm::to_vector(module.getOps<func::FuncOp>());
    OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
    auto kernels = ModuleOp::create(b, module.getLoc(), "kernels");
    for (func::FuncOp function : functions)
      if (!function.isExternal())
        KernelOutliner(function, kernels).run();
  }
};

} // namespace
} // namespace tsum
