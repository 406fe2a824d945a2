// SPDX-License-Identifier: Apache-2.0

#include "GrowingKernel.h"

#include "llvm/ADT/bit.h"

using namespace mlir;

namespace tsum {

namespace {

/// Code of one kernel. Compiling takes more than linear time in it, and where so much is done with
/// each element, writing a tensor to memory and reading it back costs little beside it.
constexpr int64_t maxCode = 256;
/// From so much on a kernel ends where a single value goes through.
constexpr int64_t muchCode = maxCode - maxCode / 8;
/// Bytes of a row that a kernel may read several times: it stays in L1 or L2.
constexpr int64_t maxRowBytes = 64 * 1024;
/// Bytes of one value of a tile on the stack, and of all of them; as much again is for
/// accumulators.
constexpr int64_t maxBufferBytes = 64 * 1024, maxStackBytes = 128 * 1024;
/// Bytes of short rows that a tile takes together.
constexpr int64_t rowTileBytes = 8 * 1024;
/// Bytes of results of a reduction that a tile has where the kernel does not work on rows, and of
/// what a reduction of several dimensions keeps between them.
constexpr int64_t resultTileBytes = 16 * 1024, nodeTileBytes = 32 * 1024;
/// Bytes of what a reduction has for each line: a pair of f64 at most.
constexpr int64_t nodeBytes = 16;

RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

int64_t elementBytes(Value value) { return size_of(*ir::getDType(typeOf(value).getElementType())); }

/// Whether `value` is no result of an op that a kernel could compute.
bool isData(Value value) {
  Operation *op = value.getDefiningOp();
  return !op || isa<ir::ReshapeOp, ir::LaunchOp>(op);
}

} // namespace

GrowingKernel::GrowingKernel(ArrayRef<Value> results, const OpCosts &costs) : costs(costs) {
  kernel.results.assign(results.begin(), results.end());
  for (Value result : results)
    note(result, {Place::Epilogue, llvm::to_vector<4>(llvm::seq(typeOf(result).getRank()))},
         /*loops=*/1);
}

/// Whether `value` was not pending before.
bool GrowingKernel::note(Value value, Read read, uint64_t loops) {
  auto [known, isNew] = pending.try_emplace(value);
  known->second.loops |= loops;
  if (!llvm::is_contained(known->second.ways, read))
    known->second.ways.push_back(std::move(read));
  return isNew;
}

StringRef GrowingKernel::obstacle(Value value) const {
  const Reads &reads = pending.at(value);
  Operation *op = value.getDefiningOp();
  auto reduction = dyn_cast<ir::ReductionOpInterface>(op);
  if (reduction && !rowsOf(value, reads)) {
    auto isProducer = [](const Read &read) { return read.place == Place::Producer; };
    for (const Read &read : reads.ways)
      if (read.place != Place::Epilogue)
        return llvm::any_of(reads.ways, isProducer) ? "reduction of a reduction"
                                                    : "broadcast reduction";
  }
  if (kernel.code == 0) // a first op at least
    return "";
  constexpr unsigned maxLoops = 64;
  const int64_t code = kernel.code + codeOf(value, reads);
  if (code > maxCode || (code > muchCode && pending.size() == 1) || loopCount == maxLoops)
    return "size";
  const int64_t bytes = stackOf(value, reads);
  if (bytes > maxBufferBytes || kernel.stack + bytes > maxStackBytes)
    return "stack";
  return "";
}

SmallVector<Value, 3> GrowingKernel::take(Value value) {
  Reads reads = std::move(pending.find(value)->second);
  pending.erase(value);
  Operation *op = value.getDefiningOp();
  kernel.code += codeOf(value, reads);
  kernel.stack += stackOf(value, reads);
  uint64_t loops = reads.loops;
  if (auto reduction = dyn_cast<ir::ReductionOpInterface>(op)) {
    if (auto rows = rowsOf(value, reads))
      kernel.rowDims = rows;
    kernel.loops.insert({reduction.getInput().getType().getShape(), reduction.getAxes()});
  } else if (!kernel.rowDims && llvm::popcount(loops) > 1 && costs.longDims(value)) {
    repeated.push_back({value, reads});
  }
  if (std::optional<uint64_t> loop = loopOfNodes(value))
    loops = *loop;
  else if (isComputedOnce(value, reads))
    loops = uint64_t(1) << loopCount++;
  if (auto reduction = dyn_cast<ir::ReductionOpInterface>(op); reduction && reduction.getNode())
    loopsOfNodes.emplace_back(reduction, loops);

  SmallVector<Value, 3> added;
  for (Value operand : op->getOperands()) {
    if (isData(operand)) {
      kernel.inputs.insert(operand);
      continue;
    }
    if (operand.getDefiningOp()->hasTrait<OpTrait::ConstantLike>())
      continue; // costs nothing
    for (Read &read : readsOfOperand(operand, op, reads))
      if (note(operand, std::move(read), loops))
        added.push_back(operand);
  }
  if (llvm::is_contained(kernel.results, value))
    readsOfResults.push_back(std::move(reads));
  return added;
}

/// The bit of the loop that gives the other number of the nodes of which `value` is one, if there is
/// one: it gives both.
std::optional<uint64_t> GrowingKernel::loopOfNodes(Value value) const {
  auto reduction = value.getDefiningOp<ir::ReductionOpInterface>();
  if (reduction && reduction.getNode())
    for (auto [other, loop] : loopsOfNodes)
      if (other.getInput() == reduction.getInput() && other.getAxes() == reduction.getAxes() &&
          other.getOpKind() == reduction.getOpKind())
        return loop;
  return std::nullopt;
}

void GrowingKernel::read(Value value) {
  pending.erase(value);
  kernel.inputs.insert(value);
}

SmallVector<GrowingKernel::Read, 1> GrowingKernel::readsOfOperand(Value operand, Operation *op,
                                                                  const Reads &reads) {
  auto broadcast = dyn_cast<ir::BroadcastOp>(op);
  auto reduction = dyn_cast<ir::ReductionOpInterface>(op);
  SmallVector<Read, 1> result;
  for (const Read &read : reads.ways) {
    if (broadcast) {
      Frame frame =
          llvm::map_to_vector<4>(broadcast.getDims(), [&](int64_t dim) { return read.frame[dim]; });
      result.push_back(
          {read.place == Place::Epilogue ? Place::Broadcast : read.place, std::move(frame)});
    } else if (reduction) {
      Frame frame;
      auto kept = read.frame.begin();
      for (int64_t dim : llvm::seq(typeOf(operand).getRank()))
        frame.push_back(llvm::is_contained(reduction.getAxes(), dim) ? whole : *kept++);
      result.push_back({Place::Producer, std::move(frame)});
    } else {
      result.push_back(read);
    }
  }
  return result;
}

/// The number of dimensions that number rows, if `value` reduces each row of what the kernel works
/// on to one element: all dimensions behind those. All such reductions of a kernel have the same
/// rows. Nothing also where it is no reduction, or read by the epilogue alone.
std::optional<int64_t> GrowingKernel::rowsOf(Value value, const Reads &reads) const {
  auto reduction = value.getDefiningOp<ir::ReductionOpInterface>();
  if (!reduction ||
      llvm::all_of(reads.ways, [](const Read &read) { return read.place == Place::Epilogue; }))
    return std::nullopt;
  RankedTensorType type = reduction.getInput().getType();
  const int64_t dims = typeOf(value).getRank();
  int64_t bytes = elementBytes(reduction.getInput());
  for (int64_t dim = dims; dim < type.getRank(); ++dim)
    bytes *= type.getDimSize(dim);
  // The axes may nest in any order.
  if (bytes > maxRowBytes || kernel.rowDims.value_or(dims) != dims ||
      llvm::any_of(reduction.getAxes(), [&](int64_t axis) { return axis < dims; }))
    return std::nullopt;
  for (const Read &read : reads.ways)
    if (read.place != Place::Epilogue && !llvm::equal(read.frame, llvm::seq(dims)))
      return std::nullopt;
  return dims;
}

/// Whether a row of the kernel's tile has what a read by `frame` takes.
bool GrowingKernel::isRowByRow(ArrayRef<int64_t> frame) const {
  for (auto [dim, along] : llvm::enumerate(frame))
    if (along != int64_t(dim) && (along != whole || int64_t(dim) < kernel.rowDims.value_or(0)))
      return false;
  return kernel.rowDims.has_value();
}

bool GrowingKernel::computesResultsOnce() const {
  return llvm::all_of(readsOfResults, [&](const Reads &reads) {
    return llvm::all_of(reads.ways, [&](const Read &read) {
      return read.place == Place::Epilogue || isRowByRow(read.frame);
    });
  });
}

//===-- Loops and what stays between them -----------------------------------------------------===//

/// Whether `value`, in a kernel whose results have `rowDims` dimensions that number rows, stays on
/// the stack while a row is computed: where several loops read what takes long to compute.
bool GrowingKernel::staysOnStack(Value value, const Reads &reads, int64_t rowDims) const {
  const uint64_t longDims = costs.longDims(value);
  if (!longDims || llvm::popcount(reads.loops) < 2 ||
      value.getDefiningOp<ir::ReductionOpInterface>())
    return false;
  for (const Read &read : reads.ways)
    for (auto [dim, along] : llvm::enumerate(read.frame))
      if ((along == whole || along >= rowDims) && (longDims >> std::min<size_t>(dim, 63) & 1))
        return true;
  return false;
}

/// Whether a loop of its own computes `value`, and not each that reads it.
bool GrowingKernel::isComputedOnce(Value value, const Reads &reads) const {
  return value.getDefiningOp<ir::ReductionOpInterface>() ||
         (kernel.rowDims && staysOnStack(value, reads, *kernel.rowDims));
}

int64_t GrowingKernel::codeOf(Value value, const Reads &reads) const {
  if (loopOfNodes(value))
    return 0;
  const int64_t once = OpCosts::codeOf(value.getDefiningOp());
  return isComputedOnce(value, reads) ? once : once * llvm::popcount(reads.loops);
}

/// How many rows of so many elements a tile has at most.
int64_t GrowingKernel::rowsPerTile(int64_t rowElements) const {
  int64_t narrowest = rowTileBytes;
  for (Value result : kernel.results)
    narrowest = std::min(narrowest, elementBytes(result));
  const int64_t rowBytes = std::clamp<int64_t>(rowElements, 1, rowTileBytes) * narrowest;
  return std::max<int64_t>(1, rowTileBytes / rowBytes);
}

/// Bytes that the kernel takes on the stack for a tile if it computes `value`, or more.
int64_t GrowingKernel::stackOf(Value value, const Reads &reads) const {
  auto reduction = value.getDefiningOp<ir::ReductionOpInterface>();
  if (!reduction)
    return kernel.rowDims ? rowBytesOf(value, reads, *kernel.rowDims) : 0;
  ArrayRef<int64_t> axes = reduction.getAxes();
  const int64_t elements = typeOf(value).getNumElements();
  std::optional<int64_t> rows = rowsOf(value, reads);
  if (!rows && !kernel.rowDims)
    return std::min(elements, resultTileBytes / nodeBytes) * nodeBytes +
           (axes.size() > 1 ? nodeTileBytes : 0);
  ArrayRef<int64_t> shape = reduction.getInput().getType().getShape();
  int64_t rowElements = 1, nodes = 1; // of a row: those before each of its reductions but the first
  for (int64_t axis : axes) {
    rowElements *= shape[axis];
    nodes += axis == axes.back() ? 0 : rowElements;
  }
  int64_t bytes = std::min(elements, rowsPerTile(rowElements)) * nodes * nodeBytes;
  // The first one says that there are rows.
  if (rows && !kernel.rowDims)
    for (const auto &[other, ways] : repeated)
      bytes += rowBytesOf(other, ways, *rows);
  return bytes;
}

/// Bytes of a tile of an elementwise `value` if that stays on the stack.
int64_t GrowingKernel::rowBytesOf(Value value, const Reads &reads, int64_t rowDims) const {
  if (!staysOnStack(value, reads, rowDims))
    return 0;
  RankedTensorType type = typeOf(value);
  int64_t rowElements = 1;
  for (auto [along, extent] : llvm::zip_equal(reads.ways.front().frame, type.getShape()))
    if (along == whole || along >= rowDims)
      rowElements *= extent;
  return std::min(type.getNumElements(), rowsPerTile(rowElements) * rowElements) *
         elementBytes(value);
}

} // namespace tsum
