// SPDX-License-Identifier: Apache-2.0

#include "Survey.h"

#include <deque>

using namespace mlir;

namespace tsum {

namespace {

/// Bytes of a row that a kernel may read several times: it stays in L1 or L2, and what is computed
/// from it on the stack.
constexpr int64_t maxRowBytes = 64 * 1024;

/// For each dimension of a value in a kernel, the dimension of the kernel's results that it runs
/// along, or `whole` if one element of them takes all of it.
using Frame = SmallVector<int64_t>;
constexpr int64_t whole = -1;

/// Where in a kernel a value is read: by the epilogue, by the epilogue through a broadcast, or on
/// the way into a reduction.
enum class Place { Epilogue, Broadcast, Producer };

/// A read of a value.
struct Read {
  Value value;
  Place place;
  Frame frame;

  bool operator==(const Read &) const = default;
};

class Surveyor {
public:
  Surveyor(ArrayRef<Value> results, llvm::function_ref<bool(Value)> hasMemory)
      : hasMemory(hasMemory) {
    kernel().results.assign(results.begin(), results.end());
  }

  Survey run() {
    // Breadth first, so that a kernel takes what is nearest to its results.
    for (Value result : kernel().results)
      worklist.push_back({result, Place::Epilogue, rowMajorFrame(result)});
    DenseMap<Value, SmallVector<Read, 1>> seen;
    while (!worklist.empty()) {
      Read read = worklist.front();
      worklist.pop_front();
      if (llvm::is_contained(seen[read.value], read))
        continue;
      seen[read.value].push_back(read);
      visit(read);
    }
    // A result that is also read on the way to another is computed once if both take it row by row.
    for (Value result : kernel().results)
      for (const Read &read : seen[result])
        if (read.place != Place::Epilogue && !isRowByRow(read.frame))
          cut(result, "output");
    return std::move(found);
  }

private:
  PlannedKernel &kernel() { return found.kernel; }

  static Frame rowMajorFrame(Value value) {
    return llvm::to_vector(llvm::seq(cast<RankedTensorType>(value.getType()).getRank()));
  }

  void visit(const Read &read) {
    Operation *op = read.value.getDefiningOp();
    auto reduction = dyn_cast_or_null<ir::ReductionOpInterface>(op);
    if (auto reshape = dyn_cast_or_null<ir::ReshapeOp>(op))
      cut(reshape.getInput(), "reshape");
    else if (op && !isInput(read.value) && kernel().ops >= maxKernelOps)
      cut(read.value, "size");
    else if (reduction && !isInput(read.value) && read.place != Place::Epilogue &&
             !isOfRows(reduction, read.frame))
      cut(read.value,
          read.place == Place::Producer ? "reduction of a reduction" : "broadcast reduction");
    if (isInput(read.value)) {
      kernel().inputs.insert(read.value);
      return;
    }
    ++kernel().ops;
    if (reduction) {
      kernel().reductions.push_back(read.value);
      kernel().loops.insert({reduction.getInput().getType().getShape(), reduction.getAxes()});
    }
    for (Value operand : op->getOperands())
      worklist.push_back({operand, placeOfOperands(op, read.place), frameOf(operand, op, read)});
  }

  bool isInput(Value value) {
    Operation *op = value.getDefiningOp();
    return !op || isa<ir::ReshapeOp>(op) || isCut.contains(value) ||
           (hasMemory(value) && !llvm::is_contained(kernel().results, value));
  }

  void cut(Value value, StringRef why) {
    Operation *op = value.getDefiningOp();
    if (op && !op->hasTrait<OpTrait::ConstantLike>() && isCut.insert(value).second)
      found.cuts.emplace_back(value, why);
  }

  /// Whether a row of the kernel's tile has what a read by `frame` takes.
  bool isRowByRow(ArrayRef<int64_t> frame) {
    for (auto [dim, read] : llvm::enumerate(frame))
      if (read != int64_t(dim) && (read != whole || int64_t(dim) < kernel().rowDims.value_or(0)))
        return false;
    return kernel().rowDims.has_value();
  }

  /// Whether `reduction` reduces each row of what the kernel works on to one element: all
  /// dimensions behind those that number the rows. All such reductions of a kernel have the same
  /// rows.
  bool isOfRows(ir::ReductionOpInterface reduction, ArrayRef<int64_t> frame) {
    const int64_t dims = frame.size();
    RankedTensorType type = reduction.getInput().getType();
    int64_t bytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
    for (int64_t dim = dims; dim < type.getRank(); ++dim)
      bytes *= type.getDimSize(dim);
    const bool numbersRows = llvm::equal(frame, llvm::seq(dims));
    const bool reducesRows = llvm::equal(reduction.getAxes(), llvm::seq(dims, type.getRank()));
    std::optional<int64_t> &known = kernel().rowDims;
    if (!numbersRows || !reducesRows || bytes > maxRowBytes ||
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

  llvm::function_ref<bool(Value)> hasMemory;
  std::deque<Read> worklist;
  DenseSet<Value> isCut;
  Survey found;
};

} // namespace

Survey survey(ArrayRef<Value> results, llvm::function_ref<bool(Value)> hasMemory) {
  return Surveyor(results, hasMemory).run();
}

} // namespace tsum
