// SPDX-License-Identifier: Apache-2.0

#include "KernelPlan.h"

#include "GrowingKernel.h"

using namespace mlir;

namespace tsum {

namespace {

/// Kernels that compute a value each for itself, whatever that takes, and the code that more of
/// them may repeat. Below that, reading data again costs less than writing and reading the value.
constexpr size_t fewReaders = 4;
constexpr int64_t maxRepeatedCode = 64;

} // namespace

std::optional<SmallVector<int64_t, 4>> Lines::keptDims(int64_t resultRank) const {
  if (areRows() || resultRank == keptCount())
    return llvm::to_vector<4>(llvm::seq(keptCount()));
  if (resultRank != rank)
    return std::nullopt;
  SmallVector<int64_t, 4> dims;
  for (int64_t dim = 0; dim < rank; ++dim)
    if (!llvm::is_contained(axes, dim))
      dims.push_back(dim);
  return dims;
}

bool giveSameNodes(Value a, Value b) {
  auto x = a.getDefiningOp<ir::ReductionOpInterface>(),
       y = b.getDefiningOp<ir::ReductionOpInterface>();
  return x && y && x.getNode() && y.getNode() && x.getInput() == y.getInput() &&
         x.getAxes() == y.getAxes() && x.getOpKind() == y.getOpKind();
}

Operation *PlannedKernel::lastOp() const {
  return llvm::max_element(
             results,
             [](Value a, Value b) { return a.getDefiningOp()->isBeforeInBlock(b.getDefiningOp()); })
      ->getDefiningOp();
}

KernelPlan::KernelPlan(func::FuncOp function, bool smallKernels)
    : costs(function.getBody().front()) {
  findInterleaved(function.getBody().front());
  formAll(function.getBody().front(), smallKernels);
  if (!smallKernels)
    joinAll();
  llvm::erase_if(all, [](const PlannedKernel &kernel) { return kernel.results.empty(); });
  places.clear();
  for (auto [place, kernel] : llvm::enumerate(all))
    for (Value result : kernel.results)
      places[result] = place;
}

SmallVector<Operation *> KernelPlan::opsOf(const PlannedKernel &kernel,
                                           llvm::SetVector<Value> &inputs) const {
  SetVector<Operation *> ops;
  SmallVector<Value> worklist = llvm::to_vector<6>(kernel.results);
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    Operation *op = value.getDefiningOp();
    const PlannedKernel *other = kernelOf(value);
    if (!op || isa<ir::LaunchOp, ir::ReshapeOp>(op) || (other && other != &kernel)) {
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

/// Goes through the operations from the last to the first, and lets the kernels that read a value
/// compute it, or gives it a kernel of its own.
void KernelPlan::formAll(Block &body, bool smallKernels) {
  std::vector<GrowingKernel> growing;
  DenseMap<Value, PlannedKernel::Reasons> roots;   // what needs memory, and why
  DenseMap<Value, SmallVector<size_t, 2>> pending; // the kernels that read a value
  auto take = [&](size_t place, Value value) {
    for (Value operand : growing[place].take(value))
      pending[operand].push_back(place);
    for (Value operand : value.getDefiningOp()->getOperands())
      if (auto reshape = operand.getDefiningOp<ir::ReshapeOp>())
        roots[reshape.getInput()].insert("reshape");
  };
  auto reasonToCut = [&](Value value, ArrayRef<size_t> reading) -> StringRef {
    if (smallKernels)
      return value.getDefiningOp<ir::BroadcastOp>() ? "" : "small kernels";
    // Of a chain of reductions only the one that is nearest to the results.
    if (reading.size() > 1 && value.getDefiningOp<ir::ReductionOpInterface>())
      return "shared reduction";
    if (reading.size() > fewReaders &&
        int64_t(reading.size()) * costs.codeBehind(value) > maxRepeatedCode)
      return "shared value";
    for (size_t place : reading)
      if (StringRef why = growing[place].obstacle(value); !why.empty())
        return why;
    return "";
  };

  for (Value output : body.getTerminator()->getOperands())
    roots[output].insert("output");
  for (Operation &op : llvm::reverse(body.without_terminator())) {
    if (op.hasTrait<OpTrait::ConstantLike>() || op.getNumResults() != 1)
      continue;
    Value value = op.getResult(0);
    if (auto reshape = dyn_cast<ir::ReshapeOp>(op)) {
      if (roots.contains(value)) // reshaped again, or returned
        roots[reshape.getInput()].insert("reshape");
      continue;
    }
    auto root = roots.find(value);
    auto read = pending.find(value);
    if (root == roots.end() && read == pending.end())
      continue;
    SmallVector<size_t, 2> reading;
    if (read != pending.end()) {
      reading = std::move(read->second);
      pending.erase(read);
    }
    PlannedKernel::Reasons reasons;
    if (root != roots.end())
      reasons = root->second;
    else if (StringRef why = reasonToCut(value, reading); !why.empty())
      reasons.insert(why);
    if (reasons.empty()) {
      for (size_t place : reading)
        take(place, value);
      continue;
    }
    for (size_t place : reading)
      growing[place].read(value);
    growing.emplace_back(value, costs).kernel.cuts = std::move(reasons);
    take(growing.size() - 1, value);
  }
  for (GrowingKernel &grown : llvm::reverse(growing))
    all.push_back(std::move(grown).finish());
  for (size_t place = 0; place < all.size(); ++place) {
    places[all[place].results.front()] = place;
    noteReads(place);
    order.push_back(place);
    ranks.push_back(place);
  }
}

} // namespace tsum
