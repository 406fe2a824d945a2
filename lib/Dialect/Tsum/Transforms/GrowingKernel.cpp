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
/// A tile of columns has a multiple of so many, and tiles are so many, work for all threads, if
/// that leaves each `leastBytes`.
constexpr int64_t minColumns = 64, wantedTiles = 32, leastBytes = 128 * 1024;
/// Bytes of each of its lines of memory that a tile of columns should have, and of all of them. Of
/// a few lines L1 keeps the tile; of more the next one is fetched meanwhile, which takes longer
/// runs.
constexpr int64_t fewLines = 16;
constexpr int64_t shortRunBytes = 1024, longRunBytes = 2048, maxColumnsBytes = 1024 * 1024;
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

/// Whether tiles of columns of `type`, of which each takes `lineBytes`, are worth while. Few
/// columns leave lanes of vectors empty, in each of many tiles. Caches keep a tile; where elements
/// of a column are a multiple of 4 KB apart, they share few places there. What takes long to
/// compute is computed again for each loop over a large tile, and results that are as large as the
/// tile are written in runs of its columns. (One thread, f32, beside kernels of one pass each,
/// whose time is 1: variance over axis 0 of 1000x100003 0.58, of 512x4096 1.13; softmax of 64x65536
/// 0.82, of 1000x100003 1.11; over axis 1 of 50000x3x16 0.74, of 100000x3x5 1.14.)
bool suitColumns(const Lines &lines, RankedTensorType type, int64_t lineBytes, bool takesLong,
                 bool writesTile) {
  constexpr int64_t fewestColumns = 16, period = 4096, maxSharing = 256;
  const int64_t element = size_of(*ir::getDType(type.getElementType()));
  int64_t distance = element; // of neighbours in a line
  for (int64_t extent : type.getShape().drop_front(lines.axes.back() + 1))
    distance *= extent;
  const bool share = distance % period == 0;
  const int64_t part = writesTile ? 4 : takesLong ? 2 : 1;
  return type.getShape().back() >= fewestColumns &&
         lineBytes <= maxColumnsBytes / shortRunBytes * element / part &&
         (!share || lineBytes / element <= maxSharing / (writesTile ? 2 : 1));
}

/// Whether `value` is no result of an op that a kernel could compute.
bool isData(Value value) {
  Operation *op = value.getDefiningOp();
  return !op || isa<ir::ReshapeOp, ir::LaunchOp>(op);
}

/// From the dimensions before rows to those of nodes of pieces, which are pieces of the last one.
void putLastFirst(MutableArrayRef<int64_t> dims) {
  std::rotate(dims.begin(), dims.end() - 1, dims.end());
}

} // namespace

GrowingKernel::GrowingKernel(ArrayRef<Value> results, const OpCosts &costs) : costs(costs) {
  kernel.results.assign(results.begin(), results.end());
  // What has an element for each row is computed before the row that others have.
  for (Value result : results) {
    const bool isAlike = typeOf(result).getRank() == typeOf(results.front()).getRank() &&
                         isOfPieces(result) == isOfPieces(results.front());
    Frame frame = llvm::to_vector<4>(llvm::seq(typeOf(result).getRank()));
    if (!isAlike && isOfPieces(result))
      putLastFirst(frame);
    note(result, {isAlike ? Place::Epilogue : Place::Broadcast, std::move(frame)}, /*loops=*/1);
  }
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
  if (reduction && !linesOf(value, reads)) {
    auto isReadAt = [&](Place place) {
      return llvm::any_of(reads.ways, [&](const Read &read) { return read.place == place; });
    };
    if (isReadAt(Place::Producer))
      return llvm::all_of(value.getUsers(), llvm::IsaPred<ir::MergeNodesOp>)
                 ? "nodes"
                 : "reduction of a reduction";
    if (isReadAt(Place::Broadcast))
      return "broadcast reduction";
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
  auto reduction = dyn_cast<ir::ReductionOpInterface>(op);
  if (reduction) {
    if (std::optional<Lines> lines = linesOf(value, reads)) {
      lineBytes = std::max(lineBytes, bytesOfLine(*lines, reduction));
      kernel.lines = lines;
    }
    kernel.loops.insert({reduction.getInput().getType().getShape(), reduction.getAxes()});
  }
  if (reduction || (llvm::popcount(loops) > 1 && costs.longDims(value)))
    buffered.push_back({value, reads});
  if (std::optional<uint64_t> loop = loopOfNodes(value))
    loops = *loop;
  else if (isComputedOnce(value, reads))
    loops = uint64_t(1) << loopCount++;
  if (reduction && reduction.getNode())
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
  if (llvm::is_contained(kernel.results, value) && !isOfPieces(value)) // which only merges read
    readsOfResults.push_back(std::move(reads));
  return added;
}

/// The bit of the loop that gives the other number of the nodes of which `value` is one, if there
/// is one: it gives both.
std::optional<uint64_t> GrowingKernel::loopOfNodes(Value value) const {
  for (auto [other, loop] : loopsOfNodes)
    if (giveSameNodes(other->getResult(0), value))
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
      int64_t cut = -1, ofCut = whole;
      if (auto pieces = dyn_cast<ir::ReducePiecesOp>(op)) // along which its first dimension lies
        cut = pieces.getAxes().front(), ofCut = *kept++;
      for (int64_t dim : llvm::seq(typeOf(operand).getRank()))
        frame.push_back(dim == cut                                     ? ofCut
                        : llvm::is_contained(reduction.getAxes(), dim) ? whole
                                                                       : *kept++);
      result.push_back({Place::Producer, std::move(frame)});
    } else {
      result.push_back(read);
    }
  }
  return result;
}

/// The extents of the dimensions `axes` of what `reduction` reduces, of the outermost one a piece,
/// multiplied.
int64_t GrowingKernel::lineElements(ArrayRef<int64_t> axes, ir::ReductionOpInterface reduction) {
  auto pieces = dyn_cast<ir::ReducePiecesOp>(reduction.getOperation());
  int64_t elements = 1;
  for (int64_t axis : axes)
    elements *= pieces && axis == pieces.getAxes().front()
                    ? pieces.getPiece().getSize()
                    : reduction.getInput().getType().getDimSize(axis);
  return elements;
}

/// Bytes of a line that `reduction` reduces, or of one of the results if tiles take that whole and
/// it is longer: of columns, which lie side by side; rows are written one after the other.
int64_t GrowingKernel::bytesOfLine(const Lines &lines, ir::ReductionOpInterface reduction) const {
  const int64_t bytes = lineElements(lines.axes, reduction) * elementBytes(reduction.getInput());
  if (lines.areRows())
    return bytes * lines.piece;
  int64_t most = bytes;
  for (Value result : kernel.results) {
    ArrayRef<int64_t> shape = typeOf(result).getShape();
    int64_t ofResult = elementBytes(result);
    for (auto [dim, extent] : llvm::enumerate(shape))
      if (lines.takesWhole(int64_t(dim), int64_t(shape.size())))
        ofResult *= extent;
    most = std::max(most, ofResult);
  }
  return most;
}

/// Whether tiles that have rows of `reduction` whole would write rows that are longer than these, and
/// than a tile should be: there may be few, as of a tensor minus one small sum.
bool GrowingKernel::writesLongerRows(const Lines &lines, ir::ReductionOpInterface reduction) const {
  Value result = kernel.results.front();
  int64_t elements = 1;
  for (auto [dim, extent] : llvm::enumerate(typeOf(result).getShape()))
    if (lines.takesWhole(int64_t(dim), typeOf(result).getRank()))
      elements *= extent;
  return elements > lineElements(lines.axes, reduction) &&
         elements * elementBytes(result) > maxRowBytes;
}

/// The lines that `value` reduces to one element each, if a tile has them whole where they are
/// read: of the same dimensions as all such reductions of the kernel. Nothing also where it is no
/// reduction, or read by the epilogue alone.
std::optional<Lines> GrowingKernel::linesOf(Value value, const Reads &reads) const {
  auto reduction = value.getDefiningOp<ir::ReductionOpInterface>();
  // Nodes of pieces alone have no rows beside them, and a merge of nodes says nothing of how long
  // the rows are.
  if (!reduction || isa<ir::MergeNodesOp>(reduction) || isOfPieces(kernel.results.front()) ||
      llvm::all_of(reads.ways, [](const Read &read) { return read.place == Place::Epilogue; }))
    return std::nullopt;
  // The axes may nest in any order.
  Lines lines{reduction.getInput().getType().getRank(), llvm::to_vector<2>(reduction.getAxes())};
  if (auto pieces = dyn_cast<ir::ReducePiecesOp>(reduction.getOperation())) {
    lines.piece = pieces.getPiece().getSize(); // of what is kept
    lines.axes.erase(lines.axes.begin());
    if (pieces.getAxes().front() != lines.keptCount() - 1)
      return std::nullopt;
  }
  llvm::sort(lines.axes);
  const bool areColumns = !lines.areRows();
  if (areColumns && isOfPieces(value))
    return std::nullopt;
  const int64_t rank = typeOf(kernel.results.front()).getRank();
  const int64_t bytes = bytesOfLine(lines, reduction);
  const bool fits = areColumns
                        ? suitColumns(lines, reduction.getInput().getType(), bytes,
                                      costs.longDims(reduction.getInput()) != 0, rank == lines.rank)
                        : bytes <= maxRowBytes && !writesLongerRows(lines, reduction);
  if (!fits || (areColumns && lines.axes.back() == lines.rank - 1) ||
      (kernel.lines && !kernel.lines->areAlike(lines)))
    return std::nullopt;
  std::optional<SmallVector<int64_t, 4>> kept = lines.keptDims(rank);
  if (isOfPieces(value))
    putLastFirst(*kept);
  for (const Read &read : reads.ways)
    if (read.place != Place::Epilogue && (!kept || read.frame != *kept))
      return std::nullopt;
  return lines;
}

/// Whether a tile of the kernel's has what a read of one of its results by `frame` takes.
bool GrowingKernel::isInTile(ArrayRef<int64_t> frame) const {
  for (auto [dim, along] : llvm::enumerate(frame))
    if (along != int64_t(dim) && (along != whole || !kernel.lines ||
                                  !kernel.lines->takesWhole(int64_t(dim), int64_t(frame.size()))))
      return false;
  return kernel.lines.has_value();
}

bool GrowingKernel::computesResultsOnce() const {
  return llvm::all_of(readsOfResults, [&](const Reads &reads) {
    return llvm::all_of(reads.ways, [&](const Read &read) {
      return read.place == Place::Epilogue || isInTile(read.frame);
    });
  });
}

//===-- Loops and what stays between them -----------------------------------------------------===//

/// How many of `extent` elements that are read along `along` a tile of `lines` has: all of them, a
/// piece, or one for each line that it takes.
int64_t GrowingKernel::elementsInTile(int64_t along, int64_t extent, const Lines &lines) const {
  if (along == whole || lines.takesWhole(along, typeOf(kernel.results.front()).getRank()))
    return extent;
  return std::min(lines.pieceAlong(along), extent);
}

/// Whether `value`, in a kernel on `lines`, stays on the stack while a tile is computed: where
/// several loops read what takes long to compute.
bool GrowingKernel::staysOnStack(Value value, const Reads &reads, const Lines &lines) const {
  const uint64_t longDims = costs.longDims(value);
  if (!longDims || llvm::popcount(reads.loops) < 2 ||
      value.getDefiningOp<ir::ReductionOpInterface>())
    return false;
  if (!lines.areRows()) // where a tile of it is too large, tsum-fuse has it computed again
    return bytesPerTile(value, reads, lines) <= maxBufferBytes;
  for (const Read &read : reads.ways)
    for (auto [dim, along, extent] : llvm::enumerate(read.frame, typeOf(value).getShape()))
      if (elementsInTile(along, extent, lines) > 1 && (longDims >> std::min<size_t>(dim, 63) & 1))
        return true;
  return false;
}

/// Whether a loop of its own computes `value`, and not each that reads it.
bool GrowingKernel::isComputedOnce(Value value, const Reads &reads) const {
  return value.getDefiningOp<ir::ReductionOpInterface>() ||
         (kernel.lines && staysOnStack(value, reads, *kernel.lines));
}

int64_t GrowingKernel::codeOf(Value value, const Reads &reads) const {
  if (loopOfNodes(value))
    return 0;
  const int64_t once = OpCosts::codeOf(value.getDefiningOp());
  return isComputedOnce(value, reads) ? once : once * llvm::popcount(reads.loops);
}

/// How many of `lines`, of so many elements, a tile has at most; the fewest if they are columns.
int64_t GrowingKernel::linesPerTile(const Lines &lines, int64_t elements) const {
  if (!lines.areRows())
    return minColumns;
  if (lines.piece > 1)
    return 1; // piece
  int64_t narrowest = rowTileBytes;
  for (Value result : kernel.results)
    narrowest = std::min(narrowest, elementBytes(result));
  const int64_t rowBytes = std::clamp<int64_t>(elements, 1, rowTileBytes) * narrowest;
  return std::max<int64_t>(1, rowTileBytes / rowBytes);
}

/// Bytes that the kernel takes on the stack for a tile, beside what it takes now, if it computes
/// `value`, or more.
int64_t GrowingKernel::stackOf(Value value, const Reads &reads) const {
  if (kernel.lines)
    return bytesOnStack(value, reads, kernel.lines);
  // The first one that has lines changes what others before it take.
  const std::optional<Lines> lines = linesOf(value, reads);
  int64_t bytes = bytesOnStack(value, reads, lines);
  if (lines)
    for (const auto &[other, ways] : buffered)
      bytes += bytesOnStack(other, ways, lines) - bytesOnStack(other, ways, std::nullopt);
  return bytes;
}

/// Bytes that `value` takes on the stack for a tile of `lines`, or of results.
int64_t GrowingKernel::bytesOnStack(Value value, const Reads &reads,
                                    const std::optional<Lines> &lines) const {
  auto reduction = value.getDefiningOp<ir::ReductionOpInterface>();
  if (!reduction)
    return lines && staysOnStack(value, reads, *lines) ? bytesPerTile(value, reads, *lines) : 0;
  ArrayRef<int64_t> axes = reduction.getAxes();
  const int64_t elements = typeOf(value).getNumElements();
  if (!lines)
    return std::min(elements, resultTileBytes / nodeBytes) * nodeBytes +
           (axes.size() > 1 ? nodeTileBytes : 0);
  int64_t nodes = 1; // of a line: those before each of its reductions but the first
  for (size_t count = 1; count < axes.size(); ++count)
    nodes += lineElements(axes.take_front(count), reduction);
  return std::min(elements, linesPerTile(*lines, lineElements(axes, reduction))) * nodes *
         nodeBytes;
}

/// Bytes of a tile of `value`, of the fewest columns.
int64_t GrowingKernel::bytesPerTile(Value value, const Reads &reads, const Lines &lines) const {
  RankedTensorType type = typeOf(value);
  int64_t elements = 1; // of a line
  for (auto [along, extent] : llvm::zip_equal(reads.ways.front().frame, type.getShape()))
    elements *= elementsInTile(along, extent, lines);
  return std::min(type.getNumElements(), linesPerTile(lines, elements) * elements) *
         elementBytes(value);
}

PlannedKernel GrowingKernel::finish() && {
  if (!kernel.lines || kernel.lines->areRows())
    return std::move(kernel);
  // Of the columns, which are the innermost dimension: as many as the stack and the caches hold, if
  // that leaves work for all threads.
  const int64_t rank = typeOf(kernel.results.front()).getRank();
  int64_t lines = 1;
  for (auto [dim, extent] : llvm::enumerate(typeOf(kernel.results.front()).getShape()))
    if (!kernel.lines->takesWhole(int64_t(dim), rank))
      lines *= extent;
  int64_t largest = 0;
  for (const auto &[value, reads] : buffered)
    largest = std::max(largest, bytesOnStack(value, reads, kernel.lines));
  auto most = [](int64_t bytes, int64_t ofFewest) { // columns, where the fewest take `ofFewest`
    return bytes / std::max<int64_t>(1, ofFewest / minColumns);
  };
  int64_t element = 1;
  for (Value input : kernel.inputs)
    element = std::max(element, elementBytes(input));
  const bool areFew = lineBytes <= fewLines * element;
  int64_t columns = std::min(
      {(areFew ? shortRunBytes : longRunBytes) / element, most(maxStackBytes, kernel.stack),
       most(maxBufferBytes, largest), maxColumnsBytes / std::max<int64_t>(1, lineBytes),
       std::max(lines / wantedTiles, leastBytes / std::max<int64_t>(1, lineBytes))});
  kernel.columns = std::max(minColumns, columns / minColumns * minColumns);
  return std::move(kernel);
}

} // namespace tsum
