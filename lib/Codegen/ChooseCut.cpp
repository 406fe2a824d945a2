// SPDX-License-Identifier: Apache-2.0

#include "ChooseCut.h"

#include "Strategies/Strategy.h"
#include "Tiling.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace tsum {

namespace {

/// A kernel that reads less is not worth a second launch for the sake of threads.
constexpr int64_t minBytes = 512 * 1024;
/// A piece reads so much; more where that leaves enough pieces for as many threads as there may be.
constexpr int64_t minPieceBytes = 64 * 1024, maxPieceBytes = 512 * 1024, wantedPieces = 64;
/// Bytes that are read for each byte of a node.
constexpr int64_t minReadPerNodeByte = 16, minReadPerExactNodeByte = 128;
/// So many bytes of nodes take no time that counts beside a launch.
constexpr int64_t fewNodeBytes = 16 * 1024;
/// Columns side by side that a tile should have.
constexpr int64_t runOfColumns = 512;
/// Bytes of nodes that a tile may keep on the stack between two reductions; more are cut.
constexpr int64_t maxStackBytes = 16 * 1024;
/// A piece of what has no order is whole rows of lanes, of so many elements or less; across memory
/// it is some rows.
constexpr int64_t unorderedGranule = 4096, unorderedRows = 32;

/// The reductions of a kernel where they are a chain, the innermost dimension's first; else
/// nothing.
SmallVector<linalg::GenericOp> chainOf(func::FuncOp kernel) {
  SmallVector<linalg::GenericOp> chain;
  for (auto generic : kernel.getOps<linalg::GenericOp>()) {
    if (generic.getNumReductionLoops() == 0)
      continue;
    for (Value input : generic.getDpsInputs()) {
      Operation *producer = input.getDefiningOp();
      if (isa_and_nonnull<tensor::EmptyOp>(producer))
        continue; // only the shape of what is repeated
      const bool isNode = !chain.empty() && producer == chain.back().getOperation();
      if (chain.empty() ? isa_and_nonnull<linalg::GenericOp>(producer) : !isNode)
        return {};
    }
    auto isFilled = [](Value init) { return bool(init.getDefiningOp<linalg::FillOp>()); };
    if (generic.getNumReductionLoops() != 1 || !llvm::all_of(generic.getDpsInits(), isFilled))
      return {};
    chain.push_back(generic);
  }
  return chain;
}

int64_t reducedExtent(linalg::GenericOp generic) {
  for (auto [extent, kind] :
       llvm::zip_equal(generic.getStaticLoopRanges(), generic.getIteratorTypesArray()))
    if (kind == utils::IteratorType::reduction)
      return extent;
  return 1;
}

bool isInner(linalg::GenericOp generic) {
  return generic.getIteratorTypesArray().back() == utils::IteratorType::reduction;
}

int64_t bytesOf(Type tensor) {
  auto type = cast<RankedTensorType>(tensor);
  return type.getNumElements() * type.getElementTypeBitWidth() / 8;
}

/// How many pieces there should be of what reads so much and has so many tiles.
int64_t wantedPiecesOf(int64_t bytes, const Tiling &tiling) {
  const int64_t pieceBytes = std::clamp(bytes / wantedPieces, minPieceBytes, maxPieceBytes);
  return bytes < minBytes ? 1 : bytes / pieceBytes / tiling.count();
}

/// Of a kernel with several chains of reductions, the first one if it should be by itself: where
/// they have work for several threads, or more nodes than the stack takes.
FailureOr<std::optional<Cut>> chooseApart(func::FuncOp kernel, StringRef strategy) {
  auto isReduction = [](Operation *op) {
    auto generic = dyn_cast<linalg::GenericOp>(op);
    return generic && generic.getNumReductionLoops() > 0;
  };
  const int64_t results = cast<RankedTensorType>(kernel.getResultTypes().front()).getNumElements();
  SmallVector<linalg::GenericOp> last; // of each chain
  llvm::SmallSetVector<Value, 4> read;
  int64_t mostNodeBytes = 0; // for a result
  for (auto generic : kernel.getOps<linalg::GenericOp>()) {
    if (!isReduction(generic))
      continue;
    for (Value input : generic.getDpsInputs())
      if (isa<BlockArgument>(input))
        read.insert(input);
    if (llvm::none_of(generic->getUsers(), isReduction)) {
      last.push_back(generic);
      continue;
    }
    int64_t nodeBytes = 0;
    for (Type type : generic.getResultTypes())
      nodeBytes += bytesOf(type);
    mostNodeBytes = std::max(mostNodeBytes, nodeBytes / std::max<int64_t>(1, results));
  }
  int64_t bytes = 0;
  for (Value input : read)
    bytes += bytesOf(input.getType());
  const std::optional<Cut> none;
  if (last.size() < 2 || results == 0 || (bytes < minBytes && mostNodeBytes <= maxStackBytes))
    return none;
  FailureOr<Tiling> tiling = chooseTiling(kernel, strategy);
  if (failed(tiling))
    return failure();
  if (wantedPiecesOf(bytes, *tiling) < 2 && mostNodeBytes <= maxStackBytes)
    return none;
  return std::optional(Cut{last.front(), nullptr, /*isApart=*/true});
}

} // namespace

FailureOr<std::optional<Cut>> chooseCut(func::FuncOp kernel, StringRef strategy) {
  const std::optional<Cut> none;
  if (kernel->hasAttr(ir::TsumDialect::getRowsAttrName()) ||
      kernel->hasAttr(ir::TsumDialect::getColumnsAttrName()))
    return none;
  FailureOr<std::optional<Cut>> apart = chooseApart(kernel, strategy);
  if (failed(apart) || *apart)
    return apart;
  SmallVector<linalg::GenericOp> chain = chainOf(kernel);
  if (chain.empty())
    return none;
  FailureOr<Accumulators> accumulators = Accumulators::of(chain.front());
  if (failed(accumulators))
    return failure();
  int64_t bytes = 0;
  for (Value input : chain.front().getDpsInputs())
    if (!input.getDefiningOp<tensor::EmptyOp>()) // what is repeated takes no time to read
      bytes += bytesOf(input.getType());
  const int64_t results = cast<RankedTensorType>(kernel.getResultTypes().front()).getNumElements();
  if (results == 0)
    return none;
  FailureOr<Tiling> tiling = chooseTiling(kernel, strategy);
  if (failed(tiling))
    return failure();

  // Pieces for all threads, and none that leaves more nodes than the stack takes.
  int64_t wanted = wantedPiecesOf(bytes, *tiling);
  const int64_t nodeBytes = accumulators->nodeBytes();
  SmallVector<int64_t> stackBytes; // of the nodes before each reduction, for each of its elements
  for (int64_t nodes = nodeBytes; linalg::GenericOp generic : chain) {
    stackBytes.push_back(nodes);
    if (generic != chain.front())
      nodes *= reducedExtent(generic);
  }
  const int64_t minRead = accumulators->isExact() ? minReadPerExactNodeByte : minReadPerNodeByte;
  wanted = std::min(wanted, bytes / results / minRead / nodeBytes);
  if (chain.size() > 1) {
    // Of columns enough for memory to be read in runs.
    const int64_t columns = isInner(chain.back()) ? 1 : chain.back().getStaticLoopRanges().back();
    const int64_t side = std::min(runOfColumns, columns);
    wanted = std::max<int64_t>(
        wanted,
        llvm::divideCeil(stackBytes.back() * reducedExtent(chain.back()) * side, maxStackBytes));
  }
  // Between large reductions a tile keeps few nodes, if the others lie in memory.
  const bool spreads = chain.size() > 1 && bytes >= minBytes;
  if (wanted < 2 && !spreads)
    return none;

  // The nodes of short lines are merged in the registers that they come in.
  const bool isNested = chain.size() > 1 && tiling->strategyOf(chain[1]) == ir::Strategy::Nested;
  int64_t nodesInMemory = results * nodeBytes;
  for (size_t place = chain.size(); place-- > 0;) {
    const int64_t extent = reducedExtent(chain[place]);
    // A node for each element, where these are little to write and to read.
    if (place > (isNested ? 1 : 0) &&
        nodesInMemory * extent <= std::max(bytes / minReadPerNodeByte, fewNodeBytes)) {
      nodesInMemory *= extent;
      wanted = llvm::divideCeil(wanted, extent);
      if (wanted < 2)
        return std::optional(Cut{chain[place - 1], nullptr});
      continue;
    }
    if (wanted < 2)
      return place + 1 == chain.size() ? none : std::optional(Cut{chain[place], nullptr});
    const int64_t granule = place > 0                   ? 1
                            : accumulators->isOrdered() ? block_elements
                            : isInner(chain[place])     ? unorderedGranule
                                                        : unorderedRows;
    auto size = int64_t(llvm::bit_floor(uint64_t(std::max<int64_t>(1, extent / wanted))));
    size = std::max(size, granule);
    if (size < extent)
      return std::optional(
          Cut{chain[place], ir::PieceAttr::get(kernel.getContext(), size, extent)});
    if (place + 1 == chain.size())
      return none;
    return std::optional(Cut{chain[place], nullptr});
  }
  return none;
}

} // namespace tsum
