// SPDX-License-Identifier: Apache-2.0
//
// Which kernels of a plan become one with several results.

#include "GrowingKernel.h"
#include "KernelPlan.h"

#include <queue>

using namespace mlir;

namespace tsum {

namespace {

/// Results of one kernel: each takes registers, a share of L1 or a stream of writes.
constexpr size_t maxResults = 4;
/// How many others a kernel may be compared with in order to join them, and how many may run
/// between two that are joined: each is looked at.
constexpr size_t maxCandidates = 16, maxBetween = 1024;

/// Whether a tile has the same part of both.
bool areAlike(Value a, Value b) {
  return shapeOf(a) == shapeOf(b) && isOfPieces(a) == isOfPieces(b);
}

/// The one kernel that computes `results` from data and from what `hasMemory`, if there can be.
std::optional<PlannedKernel> formOne(ArrayRef<Value> results, const OpCosts &costs,
                                     llvm::function_ref<bool(Value)> hasMemory) {
  GrowingKernel growing(results, costs);
  auto isEarlier = [](Value a, Value b) {
    return a.getDefiningOp()->isBeforeInBlock(b.getDefiningOp());
  };
  std::priority_queue<Value, SmallVector<Value>, decltype(isEarlier)> pending(isEarlier);
  for (Value result : results)
    pending.push(result);
  while (!pending.empty()) {
    Value value = pending.top();
    pending.pop();
    if (hasMemory(value) && !llvm::is_contained(results, value)) {
      growing.read(value);
      continue;
    }
    if (!growing.obstacle(value).empty())
      return std::nullopt;
    for (Value operand : growing.take(value))
      pending.push(operand);
  }
  if (!growing.computesResultsOnce())
    return std::nullopt;
  PlannedKernel kernel = std::move(growing).finish();
  const int64_t kept = int64_t(shapeOf(results.back()).size());
  const bool areRows = kernel.lines && kernel.lines->areRows();
  if (!areAlike(results.back(), results.front()) && !(areRows && kernel.lines->keptCount() == kept))
    return std::nullopt;
  return kernel;
}

/// Whether `a` has an element for each row of `b`, or for each piece of its rows.
bool isOfRows(Value a, Value b) {
  if (isOfPieces(b))
    return false;
  if (auto pieces = a.getDefiningOp<ir::ReducePiecesOp>())
    return shapeOf(pieces.getInput()) == shapeOf(b);
  const ArrayRef<int64_t> shape = shapeOf(a);
  return shape.size() < shapeOf(b).size() && shapeOf(b).take_front(shape.size()) == shape;
}

/// Whether one kernel can have both results.
bool canGoTogether(Value a, Value b) { return areAlike(a, b) || isOfRows(a, b) || isOfRows(b, a); }

} // namespace

void KernelPlan::joinAll() {
  bool changed;
  do {
    changed = false;
    for (size_t place = 0; place < all.size(); ++place)
      while (joinOthersTo(place))
        changed = true;
  } while (changed);
}

/// Joins the first kernel to `a` that pays and can be. Returns whether there was one.
bool KernelPlan::joinOthersTo(size_t a) {
  return llvm::any_of(candidatesFor(a), [&](size_t b) { return join(a, b); });
}

/// Where what a kernel reads lies: results of one kernel, of one shape, lie together, so do the
/// parts of complex numbers. Of these any one stands for all.
Value KernelPlan::memoryOf(Value input) const {
  if (const PlannedKernel *kernel = kernelOf(input))
    return *llvm::find_if(kernel->results,
                          [&](Value result) { return shapeOf(result) == shapeOf(input); });
  auto other = interleaved.find(input);
  return other == interleaved.end() ? input : other->second;
}

void KernelPlan::findInterleaved(Block &body) {
  DenseMap<std::pair<Type, Attribute>, Value> first; // by type and strides
  auto function = cast<FunctionOpInterface>(body.getParentOp());
  for (BlockArgument argument : body.getArguments())
    if (ir::areInterleaved(argument, argument)) {
      Attribute strides =
          function.getArgAttr(argument.getArgNumber(), ir::TsumDialect::getStridesAttrName());
      interleaved[argument] =
          first.try_emplace({argument.getType(), strides}, argument).first->second;
    }
}

/// Notes what kernel `place` reads.
void KernelPlan::noteReads(size_t place) {
  for (Value input : all[place].inputs)
    for (Value memory : {input, memoryOf(input)}) {
      SmallVector<size_t, 2> &reading = readers[memory];
      auto *at = llvm::lower_bound(reading, place);
      if (at == reading.end() || *at != place)
        reading.insert(at, place);
    }
}

/// Kernels that might be joined with `a`: those whose results it reads or that read its, and those
/// that come next among the readers of what it reads.
SmallVector<size_t> KernelPlan::candidatesFor(size_t a) const {
  llvm::SmallSetVector<size_t, maxCandidates> found;
  const PlannedKernel &kernel = all[a];
  if (kernel.results.empty() || kernel.results.size() == maxResults)
    return {};
  auto add = [&](size_t b) {
    if (b != a && !all[b].results.empty() && found.size() < maxCandidates &&
        canGoTogether(all[b].results.front(), kernel.results.front()))
      found.insert(b);
  };
  for (Value result : kernel.results)
    if (auto reading = readers.find(result); reading != readers.end())
      for (size_t b : ArrayRef(reading->second).take_front(maxCandidates))
        add(b);
  for (Value input : kernel.inputs) {
    if (auto place = places.find(input); place != places.end())
      add(place->second);
    auto reading = readers.find(memoryOf(input));
    if (reading == readers.end())
      continue;
    auto next = llvm::upper_bound(reading->second, a);
    for (size_t b : ArrayRef(next, reading->second.end()).take_front(maxCandidates))
      add(b);
    if (found.size() == maxCandidates)
      break;
  }
  SmallVector<size_t> sorted = found.takeVector();
  llvm::sort(sorted);
  return sorted;
}

/// Moves the results of kernel `b` to kernel `a` if that pays and one kernel can compute them.
bool KernelPlan::join(size_t a, size_t b) {
  const PlannedKernel &first = all[a], &second = all[b];
  const auto [low, high] = std::minmax(ranks[a], ranks[b]);
  if (high - low > maxBetween)
    return false;
  StringRef why = reasonToJoin(first, second);
  if (why.empty())
    return false;

  SmallVector<Value> both =
      llvm::to_vector(llvm::concat<const Value>(first.results, second.results));
  SmallVector<Value> results =
      llvm::filter_to_vector(both, [&](Value v) { return isNeeded(v, a, b); });
  llvm::sort(results, [](Value x, Value y) {
    if (areAlike(x, y))
      return x.getDefiningOp()->isBeforeInBlock(y.getDefiningOp());
    return isOfPieces(x) != isOfPieces(y) ? isOfPieces(y) : shapeOf(x).size() > shapeOf(y).size();
  });
  // Of rows there is one kind.
  auto *ofRows = llvm::find_if(results, [&](Value v) { return !areAlike(v, results.front()); });
  if (results.size() > maxResults ||
      !llvm::all_of(llvm::make_range(ofRows, results.end()),
                    [&](Value v) { return areAlike(v, *ofRows) && isOfRows(v, results.front()); }))
    return false;
  std::optional<PlannedKernel> joined = formOne(results, costs, [&](Value value) {
    return places.contains(value) && !llvm::is_contained(both, value);
  });
  if (!joined || hasDetour(low, high))
    return false;

  for (const PlannedKernel *part : {&first, &second}) {
    joined->cuts.insert_range(part->cuts);
    joined->joins.insert_range(part->joins);
  }
  joined->joins.insert(why);
  moveTogether(low, high);
  for (Value result : both)
    places.erase(result);
  for (Value result : results)
    places[result] = a;
  all[a] = std::move(*joined);
  all[b] = {};
  noteReads(a);
  for (Value result : all[a].results) // which lie together now
    if (auto reading = readers.find(result); reading != readers.end())
      for (size_t reader : llvm::to_vector(reading->second))
        noteReads(reader);
  return true;
}

/// Why one kernel should compute what two do, or nothing.
StringRef KernelPlan::reasonToJoin(const PlannedKernel &a, const PlannedKernel &b) const {
  auto reads = [](const PlannedKernel &reader, const PlannedKernel &kernel) {
    return llvm::any_of(kernel.results, [&](Value v) { return reader.inputs.contains(v); });
  };
  const bool dependent = reads(a, b) || reads(b, a);
  const bool isOfB = isOfRows(a.results.front(), b.results.front());
  if (isOfB || isOfRows(b.results.front(), a.results.front())) {
    // A row that is reduced is at hand where its elements are computed.
    const PlannedKernel &rows = isOfB ? b : a, &ofRows = isOfB ? a : b;
    if (shapeOf(ofRows.results.front()).empty() || (!rows.lines && !rows.loops.empty()))
      return "";
    return dependent ? "result that is read" : shareData(a, b) ? "same data" : "";
  }
  if (dependent)
    return "result that is read";
  if (isOfPieces(a.results.front()) && !giveSameNodes(a.results.front(), b.results.front()))
    return ""; // tiling takes one reduction to pieces where there are no rows beside it
  const bool haveSameLines =
      a.lines && b.lines ? a.lines->areAlike(*b.lines) : !a.lines && !b.lines;
  const bool haveSameLoops =
      haveSameLines && a.loops.size() == b.loops.size() &&
      llvm::all_of(a.loops, [&](PlannedKernel::Loops loops) { return b.loops.contains(loops); });
  return haveSameLoops && shareData(a, b) ? "same data" : "";
}

bool KernelPlan::shareData(const PlannedKernel &a, const PlannedKernel &b) const {
  auto isShared = [&](const PlannedKernel &one, const PlannedKernel &other) {
    llvm::SmallDenseSet<Value> memory;
    for (Value input : other.inputs)
      memory.insert(memoryOf(input));
    double shared = 0, total = 0;
    for (Value input : one.inputs) {
      if (shapeOf(input).empty())
        continue;
      const auto bytes = double(ir::getByteSize(input.getType()));
      total += bytes;
      if (memory.contains(memoryOf(input)))
        shared += bytes;
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
  auto reading = readers.find(result);
  return reading != readers.end() && llvm::any_of(reading->second, [&](size_t place) {
           return place != a && place != b && all[place].inputs.contains(result);
         });
}

/// The kernels from rank `low` to below `high` that depend on that of rank `low`, and itself.
llvm::SmallDenseSet<size_t> KernelPlan::dependents(size_t low, size_t high) const {
  llvm::SmallDenseSet<size_t> found = {order[low]};
  for (size_t place : ArrayRef(order).slice(low + 1, high - low - 1))
    if (llvm::any_of(all[place].inputs,
                     [&](Value input) { return found.contains(placeOf(input)); }))
      found.insert(place);
  return found;
}

/// Whether the kernel of rank `high` depends on that of rank `low` by way of another one, or of a
/// reshape, which would have to happen in between if they were one.
bool KernelPlan::hasDetour(size_t low, size_t high) const {
  const llvm::SmallDenseSet<size_t> found = dependents(low, high);
  return llvm::any_of(all[order[high]].inputs, [&](Value input) {
    const bool isDirect = places.contains(input) && placeOf(input) == order[low];
    return !isDirect && found.contains(placeOf(input));
  });
}

/// Gives the kernels of ranks `low` and `high`, which are joined, ranks between those of what they
/// depend on and of what depends on them.
void KernelPlan::moveTogether(size_t low, size_t high) {
  const llvm::SmallDenseSet<size_t> found = dependents(low, high);
  SmallVector<size_t> sorted, later;
  for (size_t place : ArrayRef(order).slice(low, high - low + 1))
    (found.contains(place) ? later : sorted).push_back(place);
  llvm::append_range(sorted, later);
  llvm::copy(sorted, order.begin() + low);
  for (size_t rank = low; rank <= high; ++rank)
    ranks[order[rank]] = rank;
}

/// The kernel that has `value` in memory, by way of reshapes; none for data.
size_t KernelPlan::placeOf(Value value) const {
  auto known = places.find(ir::beforeReshapes(value));
  return known == places.end() ? all.size() : known->second;
}

} // namespace tsum
