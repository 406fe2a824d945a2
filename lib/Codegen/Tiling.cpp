// SPDX-License-Identifier: Apache-2.0

#include "Tiling.h"

#include "Accumulators.h"
#include "StrategyOverride.h"

#include "tsum/Graph/SummationTree.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;

namespace tsum {

namespace {

/// Bytes of accumulators that a tile of columns may have: half of L1. Wide tiles walk memory in
/// long runs: sums over the rows of 1024x4096 f32 reach 57 GB/s with tiles of 2048 columns (16 KB),
/// 53 with 1024, 33 with 512.
constexpr int64_t maxAccumulatorBytes = 16 * 1024;
/// Bytes that an elementwise op writes per tile.
constexpr int64_t maxElementwiseBytes = 16 * 1024;
/// Bytes of short rows that a tile takes together, where a kernel works on rows.
constexpr int64_t rowTileBytes = 8 * 1024;
/// Tiles of columns are multiples of this many bytes, two cache lines, unless the extent is
/// smaller.
constexpr int64_t columnGranule = 128;

/// Cuts `extent` into equal tiles of at most `most` elements.
int64_t evenTile(int64_t extent, int64_t most, int64_t granule) {
  if (extent <= most)
    return extent;
  int64_t count = llvm::divideCeil(extent, most);
  return std::min(extent, int64_t(llvm::alignTo(llvm::divideCeil(extent, count), granule)));
}

/// How the vectorizer goes about a reduction; see the description of the pass.
StringRef strategyOf(linalg::GenericOp reduction) {
  if (reduction.getIteratorTypesArray().back() == utils::IteratorType::parallel)
    return "outer";
  return reduction.getStaticLoopRanges().back() <= narrow_line ? "narrow" : "inner";
}

/// Bytes of a run of memory that is long enough to jump to the next one after it.
constexpr int64_t longRunBytes = 8 * 1024;
/// Tiles that leave work for all threads.
constexpr int64_t fewestTiles = 8;

/// The most results side by side that a tile of the `inner` strategy may have: 1 as a rule. More
/// where each takes a short run of memory:
///  - short lines, whose lanes are folded together, and
///  - where a kept dimension lies between reduced ones: there a tile of one result would jump from
///    run to run; of several, the accumulators wait in L1 while longer runs are read. (With few,
///    they would not be there yet when the next run needs them.)
int64_t resultsPerTile(linalg::GenericOp reduction, int64_t accumulatorBytes, int64_t lanes) {
  SmallVector<int64_t> extents = reduction.getStaticLoopRanges();
  auto kinds = reduction.getIteratorTypesArray();
  int64_t innerKept = kinds.size() - 1;
  while (innerKept >= 0 && kinds[innerKept] != utils::IteratorType::parallel)
    --innerKept;
  int64_t results = 1, run = 1; // elements behind the innermost kept dimension
  bool isBetween = false;
  for (auto [dim, extent] : llvm::enumerate(extents))
    if (int64_t(dim) > innerKept)
      run *= extent;
    else if (kinds[dim] == utils::IteratorType::parallel)
      results *= extent;
    else
      isBetween = true;
  if (innerKept < 0 || (!isBetween && run > short_line))
    return 1;
  const int64_t elementBytes =
      getElementTypeOrSelf(reduction.getDpsInputs().front()).getIntOrFloatBitWidth() / 8;
  int64_t most =
      std::min(longRunBytes / std::max<int64_t>(1, run * elementBytes), results / fewestTiles);
  if (isBetween)
    most = std::min(most, maxAccumulatorBytes / (accumulatorBytes * lanes));
  return most < lines_at_once ? 1 : most;
}

/// Bytes of a row from which on the next one is worth asking for: the processor looks ahead as far
/// by itself.
constexpr int64_t prefetchedRowBytes = 2 * 1024;

/// Marks, of a kernel on rows, the last reader of each argument that is read several times with
/// `tsum.prefetch`: while it has the row in the caches, memory can bring the next one.
void markPrefetches(func::FuncOp kernel, int64_t rowDims) {
  if (rowDims == 0)
    return; // a single row
  Builder b(kernel.getContext());
  for (BlockArgument argument : kernel.getArguments()) {
    auto type = cast<RankedTensorType>(argument.getType());
    int64_t rowBytes = type.getElementTypeBitWidth() / 8;
    for (int64_t extent : type.getShape().drop_front(std::min(rowDims, type.getRank())))
      rowBytes *= extent;
    if (rowBytes < prefetchedRowBytes)
      continue;
    OpOperand *last = nullptr;
    int64_t readers = 0;
    for (OpOperand &use : argument.getUses())
      if (auto generic = dyn_cast<linalg::GenericOp>(use.getOwner());
          generic && generic.getMatchingIndexingMap(&use).isIdentity()) {
        ++readers;
        if (!last || last->getOwner()->isBeforeInBlock(generic))
          last = &use;
      }
    if (readers < 2)
      continue;
    SmallVector<int64_t> operands = {int64_t(last->getOperandNumber())};
    if (auto others = last->getOwner()->getAttrOfType<DenseI64ArrayAttr>("tsum.prefetch"))
      llvm::append_range(operands, others.asArrayRef());
    last->getOwner()->setAttr("tsum.prefetch", b.getDenseI64ArrayAttr(operands));
  }
}

} // namespace

Tiling chooseTiling(func::FuncOp kernel, StringRef wanted) {
  bool columns = true;
  auto bytes = [](Type type) { return int64_t(type.getIntOrFloatBitWidth() / 8); };
  auto output = cast<RankedTensorType>(kernel.getResultTypes().front());
  int64_t widest = 1, narrowest = columnGranule; // element of an output
  for (Type type : kernel.getResultTypes()) {
    widest = std::max(widest, bytes(getElementTypeOrSelf(type)));
    narrowest = std::min(narrowest, bytes(getElementTypeOrSelf(type)));
  }
  int64_t most = maxElementwiseBytes / widest;
  int64_t rowSize = 1; // elements of a row, where the kernel works on rows
  kernel.walk([&](linalg::GenericOp generic) {
    // Another type than the output's if casts come after.
    Type type = getElementTypeOrSelf(generic.getResultTypes().front());
    if (generic.getNumReductionLoops() == 0) {
      most = std::min(most, maxElementwiseBytes / bytes(type));
      return;
    }
    StringRef strategy = overrideStrategy(generic, strategyOf(generic), wanted);
    generic->setAttr("tsum.strategy", StringAttr::get(kernel.getContext(), strategy));
    int64_t reduced = 1;
    for (auto [extent, kind] :
         llvm::zip_equal(generic.getStaticLoopRanges(), generic.getIteratorTypesArray()))
      if (kind == utils::IteratorType::reduction)
        reduced *= extent;
    rowSize = std::max(rowSize, reduced);
    FailureOr<Accumulators> accumulators = Accumulators::match(generic);
    if (failed(accumulators)) {
      columns &= strategy != "inner";
      return;
    }
    // By the whole extents: a tile does not show them.
    const int64_t lanes =
        overrideLanes(strategy, lanesOfReduction(generic, accumulators->each().front()));
    generic->setAttr("tsum.lanes", Builder(kernel.getContext()).getI64IntegerAttr(lanes));
    int64_t accumulatorBytes = 0;
    for (Type accumulator : accumulators->types())
      accumulatorBytes += bytes(accumulator);
    if (strategy == "outer")
      most = std::min(most, maxAccumulatorBytes / accumulatorBytes);
    if (strategy == "inner")
      most = std::min(most, resultsPerTile(generic, accumulatorBytes, lanes));
  });

  Tiling tiling;
  tiling.extents = llvm::to_vector(output.getShape());
  tiling.sizes.assign(output.getRank(), 1);
  if (auto rows = kernel->getAttrOfType<IntegerAttr>("tsum.rows")) {
    markPrefetches(kernel, rows.getInt());
    // Whole rows: as many as are worth the beginning of a tile.
    int64_t rowBytes = rowSize * widest;
    for (int64_t dim = rows.getInt(); dim < output.getRank(); ++dim)
      tiling.sizes[dim] = tiling.extents[dim];
    if (rows.getInt() > 0)
      tiling.sizes[rows.getInt() - 1] =
          evenTile(tiling.extents[rows.getInt() - 1],
                   std::max<int64_t>(1, rowTileBytes / std::max<int64_t>(1, rowBytes)), 1);
  } else if (columns && output.getRank() > 0)
    tiling.sizes.back() =
        evenTile(output.getShape().back(), most, std::min(most, columnGranule / narrowest));
  return tiling;
}

} // namespace tsum
