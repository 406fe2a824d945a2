// SPDX-License-Identifier: Apache-2.0

#include "KernelPlan.h"

#include "Survey.h"

using namespace mlir;

namespace tsum {

/// Results of one kernel: each takes registers, a share of L1 or a stream of writes.
static constexpr size_t maxResults = 4;

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

KernelPlan::KernelPlan(func::FuncOp function) {
  for (Value output : function.getBody().front().getTerminator()->getOperands())
    cut(output, "output");
  cutUntilAllHold();
  joinAll();
  llvm::erase_if(all, [](const PlannedKernel &kernel) { return kernel.results.empty(); });
  places.clear();
  for (auto [place, kernel] : llvm::enumerate(all))
    for (Value result : kernel.results)
      places[result] = place;
}

//===-- Cutting -------------------------------------------------------------------------------===//

/// Gives `value` a kernel of its own.
void KernelPlan::cut(Value value, StringRef why) {
  Operation *op = value.getDefiningOp();
  if (auto reshape = dyn_cast_or_null<ir::ReshapeOp>(op))
    return cut(reshape.getInput(), "reshape");
  if (!op || op->hasTrait<OpTrait::ConstantLike>() || !places.insert({value, all.size()}).second)
    return;
  PlannedKernel &kernel = all.emplace_back();
  kernel.results = {value};
  kernel.cuts.insert(why);
  changed = true;
}

/// Looking at a kernel may cut it in two, which adds kernels but never joins any: this ends.
void KernelPlan::cutUntilAllHold() {
  do {
    changed = false;
    DenseMap<Value, size_t> readers; // of reductions
    for (size_t place = 0; place < all.size(); ++place) {
      Survey found =
          survey(all[place].results, [&](Value value) { return places.contains(value); });
      found.kernel.cuts = all[place].cuts;
      all[place] = std::move(found.kernel);
      for (auto [value, why] : found.cuts)
        cut(value, why);
      // Of a chain of reductions only the one that is nearest to the results.
      auto isShared = [&](Value reduction) {
        return readers.try_emplace(reduction, place).first->second != place;
      };
      auto *shared = llvm::find_if(all[place].reductions, isShared);
      if (shared != all[place].reductions.end())
        cut(*shared, "shared reduction");
    }
  } while (changed);
}

//===-- Joining -------------------------------------------------------------------------------===//

void KernelPlan::joinAll() {
  do {
    changed = false;
    for (size_t a = 0; a < all.size(); ++a)
      for (size_t b = a + 1; b < all.size(); ++b)
        changed |= join(a, b);
  } while (changed);
}

/// Moves the results of kernel `b` to kernel `a` if that pays and one kernel can compute them.
bool KernelPlan::join(size_t a, size_t b) {
  const PlannedKernel &first = all[a], &second = all[b];
  if (first.results.empty() || second.results.empty() || first.ops + second.ops > maxKernelOps)
    return false;
  StringRef why = reasonToJoin(first, second);
  if (why.empty())
    return false;

  SmallVector<Value> both =
      llvm::to_vector(llvm::concat<const Value>(first.results, second.results));
  SmallVector<Value> results =
      llvm::filter_to_vector(both, [&](Value v) { return isNeeded(v, a, b); });
  llvm::sort(results, [](Value x, Value y) {
    return x.getDefiningOp()->isBeforeInBlock(y.getDefiningOp());
  });
  if (results.size() > maxResults || !llvm::all_equal(llvm::map_range(results, shapeOf)))
    return false;
  Survey found = survey(results, [&](Value value) {
    return places.contains(value) && !llvm::is_contained(both, value);
  });
  if (!found.cuts.empty() || dependOn(found.kernel.inputs.getArrayRef(), a, b))
    return false;

  PlannedKernel &joined = found.kernel;
  for (const PlannedKernel *part : {&first, &second}) {
    joined.cuts.insert_range(part->cuts);
    joined.joins.insert_range(part->joins);
  }
  joined.joins.insert(why);
  for (Value result : both)
    places.erase(result);
  for (Value result : results)
    places[result] = a;
  all[a] = std::move(joined);
  all[b] = {};
  return true;
}

/// Why one kernel should compute what two do, or nothing.
StringRef KernelPlan::reasonToJoin(const PlannedKernel &a, const PlannedKernel &b) const {
  auto reads = [](const PlannedKernel &reader, const PlannedKernel &kernel) {
    return llvm::any_of(kernel.results, [&](Value v) { return reader.inputs.contains(v); });
  };
  if (reads(a, b) || reads(b, a))
    return "result that is read";
  const bool haveSameLoops =
      a.rowDims == b.rowDims && a.loops.size() == b.loops.size() &&
      llvm::all_of(a.loops, [&](PlannedKernel::Loops loops) { return b.loops.contains(loops); });
  return haveSameLoops && shareData(a, b) ? "same data" : "";
}

/// Whether of the bytes that one of them reads at least half are those that the other reads, too,
/// or lie between them.
bool KernelPlan::shareData(const PlannedKernel &a, const PlannedKernel &b) const {
  auto areTogether = [&](Value x, Value y) {
    const PlannedKernel *kernel = kernelOf(x);
    return x == y || ir::areInterleaved(x, y) || (kernel && kernel == kernelOf(y));
  };
  auto isShared = [&](const PlannedKernel &one, const PlannedKernel &other) {
    int64_t shared = 0, total = 0;
    for (Value x : one.inputs) {
      total += ir::getByteSize(x.getType());
      if (llvm::any_of(other.inputs, [&](Value y) { return areTogether(x, y); }))
        shared += ir::getByteSize(x.getType());
    }
    return shared > 0 && 2 * shared >= total;
  };
  return isShared(a, b) || isShared(b, a);
}

/// Whether a result of kernel `a` or `b` is read by anything else.
bool KernelPlan::isNeeded(Value result, size_t a, size_t b) const {
  if (llvm::any_of(result.getUsers(),
                   [](Operation *user) { return isa<func::ReturnOp, ir::ReshapeOp>(user); }))
    return true;
  for (auto [place, kernel] : llvm::enumerate(all))
    if (place != a && place != b && kernel.inputs.contains(result))
      return true;
  return false;
}

/// Whether `values` are computed from results of kernel `a` or `b`.
bool KernelPlan::dependOn(ArrayRef<Value> values, size_t a, size_t b) const {
  SmallVector<Value> worklist(values);
  llvm::SmallDenseSet<size_t> seen;
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    if (auto reshape = value.getDefiningOp<ir::ReshapeOp>())
      worklist.push_back(reshape.getInput());
    auto place = places.find(value);
    if (place == places.end() || !seen.insert(place->second).second)
      continue;
    if (place->second == a || place->second == b)
      return true;
    llvm::append_range(worklist, all[place->second].inputs);
  }
  return false;
}

} // namespace tsum
