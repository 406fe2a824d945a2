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

/// Bytes of a row that a kernel may read several times: it stays in L1 or L2, and what is computed
/// from it on the stack.
constexpr int64_t maxRowBytes = 64 * 1024;

/// For each dimension of a value in a kernel, the dimension of the kernel's output that it runs
/// along, or `whole` if one element of the output takes all of it.
using Frame = SmallVector<int64_t>;
constexpr int64_t whole = -1;

/// Where in a kernel a value is read: by the epilogue, by the epilogue through a broadcast, or on the
/// way into a reduction.
enum class Place { Epilogue, Broadcast, Producer };

/// A read of a value.
struct Read {
  Value value;
  Place place;
  Frame frame;

  bool operator==(const Read &) const = default;
};

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
  /// How many leading dimensions of the kernel's output number rows that it works on as a whole, if
  /// it does.
  std::optional<int64_t> rowDims(Value root) const { return rows.lookup(root); }

private:
  void cut(Value value, StringRef why) {
    Operation *op = value.getDefiningOp();
    if (op && !op->hasTrait<OpTrait::ConstantLike>() && !isa<ir::ReshapeOp>(op))
      changed |= cuts.insert({value, why}).second;
    else if (auto reshape = dyn_cast_or_null<ir::ReshapeOp>(op))
      cut(reshape.getInput(), "reshape");
  }

  void visitKernel(Value root) {
    rows[root] = std::nullopt;
    // Breadth first, so that a kernel takes what is nearest to its root.
    std::deque<Read> worklist = {
        {root, Place::Epilogue,
         llvm::to_vector(llvm::seq(cast<RankedTensorType>(root.getType()).getRank()))}};
    DenseMap<Value, SmallVector<Read, 1>> seen;
    size_t ops = 0;
    while (!worklist.empty()) {
      Read read = worklist.front();
      worklist.pop_front();
      Operation *op = read.value.getDefiningOp();
      if (!op || llvm::is_contained(seen[read.value], read))
        continue;
      seen[read.value].push_back(read);
      if (ops >= maxKernelOps)
        cut(read.value, "size");
      if (isa<ir::ReshapeOp>(op))
        cut(read.value, "reshape");
      if (auto reduction = dyn_cast<ir::ReductionOpInterface>(op))
        visitReduction(reduction, root, read);
      if (read.value != root && isKernel(read.value))
        continue;
      ++ops;
      for (Value operand : op->getOperands())
        worklist.push_back({operand, placeOfOperands(op, read.place), frameOf(operand, op, read)});
    }
  }

  /// Cuts a reduction from the kernel unless it may stay.
  void visitReduction(ir::ReductionOpInterface reduction, Value root, const Read &read) {
    if (read.value == root)
      return;
    if (read.place != Place::Epilogue && !isOfRows(reduction, root, read.frame))
      return cut(read.value, read.place == Place::Producer ? "reduction of a reduction"
                                                           : "broadcast reduction");
    if (Value &reader = readers[read.value]; reader && reader != root)
      cut(read.value, "shared reduction");
    else
      reader = root;
  }

  /// Whether `reduction` reduces each row of what the kernel at `root` works on to one element: all
  /// dimensions behind those that number the rows. All such reductions of a kernel have the same
  /// rows.
  bool isOfRows(ir::ReductionOpInterface reduction, Value root, ArrayRef<int64_t> frame) {
    const int64_t dims = frame.size();
    RankedTensorType type = reduction.getInput().getType();
    int64_t bytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
    for (int64_t dim = dims; dim < type.getRank(); ++dim)
      bytes *= type.getDimSize(dim);
    const bool numbersRows = llvm::equal(frame, llvm::seq(dims));
    const bool reducesRows = llvm::equal(reduction.getAxes(), llvm::seq(dims, type.getRank()));
    std::optional<int64_t> &known = rows[root];
    if (!numbersRows || !reducesRows || bytes > maxRowBytes || reduction.getPartial() ||
        known.value_or(dims) != dims)
      return false;
    known = dims;
    return true;
  }

  static Place placeOfOperands(Operation *op, Place place) {
    if (isa<ir::ReductionOpInterface>(op))
      return Place::Producer;
    return isa<ir::BroadcastOp>(op) && place == Place::Epilogue ? Place::Broadcast : place;
  }

  static Frame frameOf(Value operand, Operation *op, const Read &read) {
    if (auto broadcast = dyn_cast<ir::BroadcastOp>(op))
      return llvm::map_to_vector(broadcast.getDims(), [&](int64_t dim) { return read.frame[dim]; });
    auto reduction = dyn_cast<ir::ReductionOpInterface>(op);
    if (!reduction)
      return read.frame;
    Frame frame;
    auto kept = read.frame.begin();
    for (int64_t dim : llvm::seq(cast<RankedTensorType>(operand.getType()).getRank()))
      frame.push_back(llvm::is_contained(reduction.getAxes(), dim) ? whole : *kept++);
    return frame;
  }

  llvm::MapVector<Value, StringRef> cuts;
  DenseMap<Value, Value> readers; // of reductions: the kernel
  DenseMap<Value, std::optional<int64_t>> rows;
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
        outline(op.getResult(0), plan);
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

  void outline(Value root, const KernelPlan &plan) {
    llvm::SetVector<Value> inputs;
    SmallVector<Operation *> ops = collect(root, inputs);

    std::string name = (function.getName() + "_" + Twine(count++)).str();
    OpBuilder b = OpBuilder::atBlockEnd(kernels.getBody());
    Location loc = root.getLoc();
    auto kernel = func::FuncOp::create(
        b, loc, name,
        b.getFunctionType(llvm::map_to_vector(inputs, [](Value v) { return v.getType(); }),
                          root.getType()));
    kernel->setAttr("tsum.cut", b.getStringAttr(plan.reason(root)));
    if (std::optional<int64_t> rows = plan.rowDims(root))
      kernel->setAttr("tsum.rows", b.getI64IntegerAttr(*rows));

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
    if (failed(ir::verifyIsResolved(module)))
      return signalPassFailure();
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
