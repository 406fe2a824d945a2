// SPDX-License-Identifier: Apache-2.0

#include "Tiling.h"

#include "Rows.h"
#include "Strategies/Strategy.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;

namespace tsum {

namespace {

/// Bytes that an elementwise op writes per tile.
constexpr int64_t maxElementwiseBytes = 16 * 1024;
/// Bytes of nodes that a tile may keep on the stack between the reductions of a chain.
constexpr int64_t maxNodeBytes = 32 * 1024;
/// Bytes of short rows that a tile takes together, where a kernel works on rows.
constexpr int64_t rowTileBytes = 8 * 1024;
/// Tiles of columns are multiples of this many bytes, two cache lines, unless the extent is
/// smaller.
constexpr int64_t columnGranule = 128;

/// Cuts `extent` into equal tiles of at most `most` elements. The last one begins earlier where
/// they have more together.
int64_t evenTile(int64_t extent, int64_t most, int64_t granule) {
  if (extent <= most)
    return extent;
  if (granule == 1) {
    auto excess = [&](int64_t size) {
      return llvm::alignTo(uint64_t(extent), uint64_t(size)) - extent;
    };
    int64_t best = most;
    for (int64_t size = most; size > most / 2; --size)
      if (excess(size) < excess(best))
        best = size;
    return best;
  }
  int64_t count = llvm::divideCeil(extent, most);
  return std::min(extent, int64_t(llvm::alignTo(llvm::divideCeil(extent, count), granule)));
}

int64_t bytesOf(Type type) { return int64_t(type.getIntOrFloatBitWidth() / 8); }

/// Bytes of a row from which on the next one is worth asking for: the processor looks ahead as far
/// by itself.
constexpr int64_t prefetchedRowBytes = 2 * 1024;

/// Whether asking for the next tile of a kernel on columns of `type` while `reader` has this one
/// pays: there is one beside it, and the processor does not look ahead by itself in so many lines.
/// Where they share places in L2, one tile pushes the other out, unless there is time to read it
/// before.
bool shouldPrefetchColumns(RankedTensorType type, linalg::GenericOp reader, ir::ColumnsAttr columns,
                           const Tiling &tiling) {
  constexpr int64_t fewLines = 16, period = 64 * 1024;
  const int64_t element = bytesOf(type.getElementType());
  int64_t kept = 1;
  for (auto [dim, extent] : llvm::enumerate(tiling.extents))
    if (!llvm::is_contained(columns.getWhole(), int64_t(dim)))
      kept *= extent;
  if (element < 4 || type.getNumElements() <= fewLines * kept ||
      type.getShape().back() <= tiling.sizes.back())
    return false;
  return type.getShape().back() * element % period != 0 ||
         !reader.getBody()->getOps<ir::ElementaryOp>().empty();
}

/// Marks the last reader of each argument that is read several times with `tsum.prefetch`, if it
/// `should`: while it has a tile in the caches, memory can bring the next one.
void markPrefetches(func::FuncOp kernel,
                    llvm::function_ref<bool(RankedTensorType, linalg::GenericOp)> should) {
  Builder b(kernel.getContext());
  for (BlockArgument argument : kernel.getArguments()) {
    OpOperand *last = nullptr;
    int64_t readers = 0;
    for (OpOperand &use : argument.getUses())
      if (auto generic = dyn_cast<linalg::GenericOp>(use.getOwner());
          generic && generic.getMatchingIndexingMap(&use).isIdentity()) {
        ++readers;
        if (!last || last->getOwner()->isBeforeInBlock(generic))
          last = &use;
      }
    if (readers < 2 || !should(cast<RankedTensorType>(argument.getType()),
                               cast<linalg::GenericOp>(last->getOwner())))
      continue;
    SmallVector<int64_t> operands = {int64_t(last->getOperandNumber())};
    if (auto others = last->getOwner()->getAttrOfType<DenseI64ArrayAttr>("tsum.prefetch"))
      llvm::append_range(operands, others.asArrayRef());
    last->getOwner()->setAttr("tsum.prefetch", b.getDenseI64ArrayAttr(operands));
  }
}

/// Which dimension of the kernel's output dimension `dim` of `value` is in the end; none if it is
/// reduced further on.
std::optional<int64_t> outputDim(Value value, int64_t dim) {
  while (!value.use_empty()) {
    OpOperand &use = *value.use_begin();
    if (isa<ir::PiecesOp>(use.getOwner()))
      return dim + 1; // the pieces come first
    auto generic = dyn_cast<linalg::GenericOp>(use.getOwner());
    if (!generic || !generic.isDpsInput(&use))
      return dim;
    AffineExpr loop = generic.getMatchingIndexingMap(&use).getResult(dim);
    auto result =
        generic.getMatchingIndexingMap(generic.getDpsInitOperand(0)).getResultPosition(loop);
    if (!result)
      return std::nullopt;
    dim = *result;
    value = generic.getResult(0);
  }
  return std::nullopt;
}

/// Whether the last dimension of what `generic` gives is one of the kernel's output, too.
bool keepsLast(linalg::GenericOp generic) {
  const int64_t rank = cast<RankedTensorType>(generic.getResultTypes().front()).getRank();
  return rank == 0 || outputDim(generic.getResult(0), rank - 1);
}

/// Gives what `generic` keeps the extents that a tile has, of the first `known` dimensions of the
/// output.
void limitToTile(ReductionShape &shape, linalg::GenericOp generic, ArrayRef<int64_t> known) {
  AffineMap results = generic.getMatchingIndexingMap(generic.getDpsInitOperand(0));
  for (auto [dim, loop] : llvm::enumerate(results.getResults()))
    if (auto place = outputDim(generic.getResult(0), int64_t(dim));
        place && *place < int64_t(known.size())) {
      int64_t &extent = shape.extents[cast<AffineDimExpr>(loop).getPosition()];
      extent = std::min(extent, known[*place]);
    }
}

/// Chooses by which strategy `generic` runs; says why it is not the `wanted` one.
FailureOr<const Strategy *> chooseStrategy(linalg::GenericOp generic, const ReductionShape &shape,
                                           StringRef wanted, std::string &obstacle) {
  const Strategy *chosen = &Strategy::choose(shape);
  if (wanted.empty() || wanted == ir::stringifyStrategy(chosen->kind()))
    return chosen;
  std::optional<ir::Strategy> kind = ir::symbolizeStrategy(wanted);
  if (!kind) {
    auto names = llvm::map_range(
        Strategy::all(), [](const Strategy *each) { return ir::stringifyStrategy(each->kind()); });
    return generic.emitError("there is no strategy '")
           << wanted << "' (the strategies: " << llvm::join(names, ", ") << ")";
  }
  const Strategy &other = Strategy::of(*kind);
  obstacle = other.obstacle(shape);
  return obstacle.empty() ? &other : chosen;
}

} // namespace

FailureOr<Tiling> chooseTiling(func::FuncOp kernel, StringRef wanted) {
  auto output = cast<RankedTensorType>(kernel.getResultTypes().front());
  int64_t widest = 1, narrowest = columnGranule; // element of an output
  for (Type type : kernel.getResultTypes()) {
    widest = std::max(widest, bytesOf(getElementTypeOrSelf(type)));
    narrowest = std::min(narrowest, bytesOf(getElementTypeOrSelf(type)));
  }
  const int64_t results = std::max<int64_t>(1, output.getNumElements());
  auto generics = llvm::to_vector(kernel.getOps<linalg::GenericOp>());

  // Of a kernel on rows: as many as are worth the beginning of a tile.
  Tiling tiling;
  tiling.extents = llvm::to_vector(output.getShape());
  tiling.sizes.assign(output.getRank(), 1);
  auto rows = kernel->getAttrOfType<IntegerAttr>(ir::TsumDialect::getRowsAttrName());
  if (rows) {
    int64_t rowBytes = 1;
    for (linalg::GenericOp generic : generics)
      for (OpOperand *operand : generic.getDpsInputOperands())
        if (auto type = cast<RankedTensorType>(operand->get().getType());
            type.getRank() >= rows.getInt()) {
          int64_t bytes = widest;
          for (int64_t extent : type.getShape().drop_front(rows.getInt()))
            bytes *= extent;
          rowBytes = std::max(rowBytes, bytes);
        }
    for (int64_t dim = rows.getInt(); dim < output.getRank(); ++dim)
      tiling.sizes[dim] = tiling.extents[dim];
    if (ir::PieceAttr piece = pieceOfRows(kernel))
      tiling.sizes[rows.getInt() - 1] = piece.getSize();
    else if (rows.getInt() > 0)
      tiling.sizes[rows.getInt() - 1] = evenTile(tiling.extents[rows.getInt() - 1],
                                                 std::max<int64_t>(1, rowTileBytes / rowBytes), 1);
  }

  // Of one on columns: as many side by side as planning says.
  auto columns = kernel->getAttrOfType<ir::ColumnsAttr>(ir::TsumDialect::getColumnsAttrName());
  int64_t columnDim = -1; // of the output
  if (columns) {
    for (auto [dim, extent] : llvm::enumerate(tiling.extents)) {
      const bool isWhole = llvm::is_contained(columns.getWhole(), int64_t(dim));
      columnDim = isWhole ? columnDim : int64_t(dim);
      tiling.sizes[dim] = isWhole ? extent : 1;
    }
    tiling.sizes[columnDim] = evenTile(tiling.extents[columnDim], columns.getWidth(),
                                       std::min(columns.getWidth(), columnGranule / 2 / narrowest));
  }

  int64_t most = maxElementwiseBytes / widest;
  SmallVector<std::pair<linalg::GenericOp, ReductionShape>> reductions;
  // The results that suit each; lines that are nested have the tile of their nodes.
  llvm::SmallDenseMap<Operation *, int64_t> mostResults;
  int64_t read = 0; // by any of the reductions: nodes are fewer than the elements they are of
  for (linalg::GenericOp generic : generics) {
    // Another type than the output's if casts come after.
    auto type = cast<RankedTensorType>(generic.getResultTypes().front());
    if (generic.getNumReductionLoops() == 0) {
      most = std::min(most, maxElementwiseBytes / bytesOf(type.getElementType()));
      continue;
    }
    FailureOr<Accumulators> accumulators = Accumulators::of(generic);
    if (failed(accumulators))
      return failure();
    ReductionShape shape(generic, *accumulators);
    // How much a tile has of the last dimension depends on the strategies.
    limitToTile(shape, generic,
                ArrayRef(tiling.sizes).drop_back(rows || columns || tiling.sizes.empty() ? 0 : 1));
    const Strategy &strategy = Strategy::choose(shape);
    reductions.push_back({generic, shape});
    int64_t bytes = 0;
    for (OpOperand *operand : generic.getDpsInputOperands())
      if (auto input = cast<RankedTensorType>(operand->get().getType()); input.getRank() > 0)
        bytes += input.getNumElements() * bytesOf(input.getElementType());
    read = std::max(read, bytes);
    if (strategy.kind() == ir::Strategy::Nested)
      mostResults.erase(linesOf(generic));
    if (keepsLast(generic))
      mostResults[generic] = strategy.resultsPerTile(shape, read / results);
    const int64_t nodes = type.getNumElements() / results * shape.nodeBytes; // for each result
    if (nodes > shape.nodeBytes)
      most = std::min(most, std::max<int64_t>(1, maxNodeBytes / nodes));
  }
  for (auto [generic, count] : mostResults)
    most = std::min(most, count);
  if (!rows && !columns && output.getRank() > 0)
    tiling.sizes.back() = evenTile(output.getShape().back(), std::max<int64_t>(most, 1),
                                   std::max<int64_t>(1, std::min(most, columnGranule / narrowest)));
  // Of elementwise ops alone as many lines as make up a tile.
  if (!rows && !columns && reductions.empty())
    for (int64_t dim = output.getRank() - 2, lines = most;
         dim >= 0 && tiling.sizes[dim + 1] == tiling.extents[dim + 1]; --dim) {
      lines /= std::max<int64_t>(1, tiling.sizes[dim + 1]);
      tiling.sizes[dim] = evenTile(tiling.extents[dim], std::max<int64_t>(1, lines), 1);
    }

  if (!kernel.getOps<ir::PiecesOp>().empty() && !pieceOfRows(kernel))
    tiling.sizes.front() = 1; // a tile is of one piece
  // A tile may be too small for what would suit the whole.
  for (auto &[generic, shape] : reductions) {
    limitToTile(shape, generic, tiling.sizes);
    shape.mergesLines &= !llvm::any_of(tiling.reductions, [&](const Tiling::Reduction &other) {
      return other.generic == linesOf(generic) && !wanted.empty() &&
             other.strategy == ir::symbolizeStrategy(wanted);
    });
    std::string obstacle;
    FailureOr<const Strategy *> strategy = chooseStrategy(generic, shape, wanted, obstacle);
    if (failed(strategy))
      return failure();
    tiling.reductions.push_back({generic, (*strategy)->kind(), std::move(obstacle)});
  }
  return tiling;
}

void markTiling(func::FuncOp kernel, const Tiling &tiling, StringRef wanted) {
  for (Tiling::Reduction reduction : tiling.reductions) {
    reduction.generic->setAttr(ir::TsumDialect::getStrategyAttrName(),
                               ir::StrategyAttr::get(kernel.getContext(), reduction.strategy));
    if (!reduction.obstacle.empty())
      reduction.generic.emitRemark("runs as ")
          << ir::stringifyStrategy(reduction.strategy) << " and not as " << wanted << ": "
          << reduction.obstacle;
  }
  if (auto rows = kernel->getAttrOfType<IntegerAttr>(ir::TsumDialect::getRowsAttrName());
      rows && rows.getInt() > 0) // of a single row nothing comes next
    markPrefetches(kernel, [&](RankedTensorType type, linalg::GenericOp) {
      int64_t rowBytes = bytesOf(type.getElementType());
      if (ir::PieceAttr piece = pieceOfRows(kernel))
        rowBytes *= piece.getSize();
      for (int64_t extent : type.getShape().drop_front(std::min(rows.getInt(), type.getRank())))
        rowBytes *= extent;
      return rowBytes >= prefetchedRowBytes;
    });
  if (auto columns = kernel->getAttrOfType<ir::ColumnsAttr>(ir::TsumDialect::getColumnsAttrName()))
    markPrefetches(kernel, [&](RankedTensorType type, linalg::GenericOp reader) {
      return shouldPrefetchColumns(type, reader, columns, tiling);
    });
}

} // namespace tsum
