// SPDX-License-Identifier: Apache-2.0
//
// One loop over the tiles of a kernel, and what each of them computes in it.

#include "TileLoop.h"

#include "TilePieces.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/TilingInterface.h"

using namespace mlir;

namespace tsum {

namespace {

//===-- The loop ------------------------------------------------------------------------------===//

/// `index * size`, or for a last tile that would reach beyond `extent` as much less as it takes.
OpFoldResult tileOffset(OpBuilder &b, Location loc, Value index, int64_t extent, int64_t size) {
  AffineExpr offset = b.getAffineDimExpr(0) * size;
  if (extent % size == 0)
    return affine::makeComposedFoldedAffineApply(b, loc, offset, {index});
  auto map = AffineMap::get(1, 0, {offset, b.getAffineConstantExpr(extent - size)}, b.getContext());
  return affine::makeComposedFoldedAffineMin(b, loc, map, {index});
}

/// Which tile along each dimension of the output `number` is.
SmallVector<OpFoldResult> tileIndices(OpBuilder &b, Location loc, Value number,
                                      const Tiling &tiling) {
  SmallVector<int64_t> counts;
  for (size_t dim = 0; dim < tiling.extents.size(); ++dim)
    if (tiling.count(dim) > 1)
      counts.push_back(tiling.count(dim));
  SmallVector<Value> several = {number};
  if (counts.size() > 1)
    several = affine::AffineDelinearizeIndexOp::create(b, loc, number, counts,
                                                       /*hasOuterBound=*/true)
                  ->getResults();
  SmallVector<OpFoldResult> indices(tiling.sizes.size(), b.getIndexAttr(0));
  auto next = several.begin();
  for (size_t dim = 0; dim < tiling.sizes.size(); ++dim)
    if (tiling.count(dim) > 1)
      indices[dim] = *next++;
  return indices;
}

/// Where tile `number` begins, along each dimension of the output.
SmallVector<OpFoldResult> tileOffsets(OpBuilder &b, Location loc, Value number,
                                      const Tiling &tiling) {
  SmallVector<OpFoldResult> offsets = tileIndices(b, loc, number, tiling);
  for (auto [dim, size] : llvm::enumerate(tiling.sizes))
    if (auto index = dyn_cast<Value>(offsets[dim]))
      offsets[dim] = tileOffset(b, loc, index, tiling.extents[dim], size);
  return offsets;
}

/// The loop of `root` that runs along dimension `dim` of its output.
unsigned outputLoop(TilingInterface root, unsigned dim) {
  if (auto generic = dyn_cast<linalg::LinalgOp>(root.getOperation()))
    return generic.getMatchingIndexingMap(generic.getDpsInitOperand(0)).getDimPosition(dim);
  return dim;
}

/// One loop over the numbers of the tiles, whose body begins with each tile's place.
FailureOr<scf::SCFTilingOptions::CustomLoopHeaderInfo>
makeLoop(RewriterBase &b, Location loc, ArrayRef<Range> ranges, TilingInterface root,
         const Tiling &tiling, ValueRange bounds, ValueRange destinations) {
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  auto loop = scf::ForOp::create(b, loc, bounds[0], bounds[1], one, destinations);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<OpFoldResult> offsets = tileOffsets(b, loc, loop.getInductionVar(), tiling);

  scf::SCFTilingOptions::CustomLoopHeaderInfo info;
  info.loops = {cast<LoopLikeOpInterface>(loop.getOperation())};
  info.destinationTensors = llvm::to_vector_of<Value>(loop.getRegionIterArgs());
  for (const Range &range : ranges) {
    info.tileOffset.push_back(b.getIndexAttr(0));
    info.tileSizes.push_back(range.size);
  }
  for (auto [dim, size] : llvm::enumerate(tiling.sizes)) {
    unsigned position = outputLoop(root, dim);
    info.tileSizes[position] = b.getIndexAttr(size);
    info.tileOffset[position] = offsets[dim];
  }
  return info;
}

LogicalResult finishLoop(RewriterBase &b, Location loc, ArrayRef<LoopLikeOpInterface>,
                         ValueRange results, ArrayRef<SmallVector<OpFoldResult>> offsets,
                         ArrayRef<SmallVector<OpFoldResult>> sizes, ValueRange destinations) {
  SmallVector<Value> yielded;
  for (auto [result, offset, size, destination] :
       llvm::zip_equal(results, offsets, sizes, destinations)) {
    SmallVector<OpFoldResult> strides(offset.size(), b.getIndexAttr(1));
    yielded.push_back(
        tensor::InsertSliceOp::create(b, loc, result, destination, offset, size, strides));
  }
  scf::YieldOp::create(b, loc, yielded);
  return success();
}

//===-- What it reads -------------------------------------------------------------------------===//

/// What is tiled to give `slice`: null for data, or what is in the loop already.
Operation *producerOf(tensor::ExtractSliceOp slice, LoopLikeOpInterface loop) {
  Value source = slice.getSource();
  if (auto argument = dyn_cast<BlockArgument>(source))
    if (OpOperand *init = loop.getTiedLoopInit(argument))
      source = init->get();
  auto producer = source.getDefiningOp<TilingInterface>();
  return producer && !loop->isAncestor(producer) ? producer.getOperation() : nullptr;
}

/// Whether two numbers are the same, or computed in the same way.
bool isSame(OpFoldResult a, OpFoldResult b) {
  if (a == b)
    return true;
  auto x = dyn_cast<Value>(a), y = dyn_cast<Value>(b);
  return x && y && x.getDefiningOp() && y.getDefiningOp() &&
         OperationEquivalence::isEquivalentTo(x.getDefiningOp(), y.getDefiningOp(),
                                              OperationEquivalence::IgnoreLocations);
}

/// Fuses the producers of `slices`, and theirs, into the loop: each after all that read it, and
/// once for all equal slices. (scf::tileConsumerAndFuseProducersUsingSCF fuses one for every
/// reader: of a chain whose links have two readers each, it makes a tree.)
void fuseProducers(IRRewriter &rewriter, ArrayRef<Operation *> slices,
                   MutableArrayRef<LoopLikeOpInterface> loops) {
  SmallVector<tensor::ExtractSliceOp> pending;
  auto add = [&](ArrayRef<Operation *> ops) {
    for (Operation *op : ops)
      if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op); slice && producerOf(slice, loops[0]))
        pending.push_back(slice);
  };
  add(slices);
  while (!pending.empty()) {
    auto isLater = [&](tensor::ExtractSliceOp a, tensor::ExtractSliceOp b) {
      Operation *ofA = producerOf(a, loops[0]), *ofB = producerOf(b, loops[0]);
      return ofA == ofB ? a->isBeforeInBlock(b) : ofB->isBeforeInBlock(ofA);
    };
    tensor::ExtractSliceOp slice = *llvm::min_element(pending, isLater);
    llvm::erase_if(pending, [&](tensor::ExtractSliceOp other) {
      const bool isEqual = slice.getSource() == other.getSource() &&
                           llvm::equal(slice.getMixedOffsets(), other.getMixedOffsets(), isSame) &&
                           llvm::equal(slice.getMixedSizes(), other.getMixedSizes(), isSame);
      if (isEqual && other != slice)
        rewriter.replaceOp(other, slice);
      return isEqual;
    });
    if (auto fused = scf::tileAndFuseProducerOfSlice(rewriter, slice, loops))
      add(fused->generatedSlices);
  }
}

//===-- Results of rows -----------------------------------------------------------------------===//

/// Has the loop of `tiled` compute those of `copies`, each of a result with an element for each
/// row, that belong to its rows: before the rows themselves, whose stores may come late.
LogicalResult tileRows(IRRewriter &rewriter, MutableArrayRef<linalg::GenericOp> copies,
                       scf::SCFTilingResult &tiled) {
  auto loop = cast<scf::ForOp>(tiled.loops.front());
  auto write = cast<tensor::InsertSliceOp>(loop.getYieldedValues().front().getDefiningOp());
  const size_t rank = copies.front().getNumLoops();
  const auto places = llvm::to_vector(ArrayRef(write.getMixedOffsets()).take_front(rank));
  const auto sizes = llvm::to_vector(ArrayRef(write.getMixedSizes()).take_front(rank));
  const SmallVector<OpFoldResult> strides(rank, rewriter.getIndexAttr(1));
  Operation *row = tiled.tiledOps.front();
  SmallVector<Value> destinations;
  for (linalg::GenericOp copy : copies) {
    destinations.push_back(copy.getOutputs().front());
    rewriter.moveOpBefore(destinations.back().getDefiningOp(), loop);
  }
  bool isTiled = true;
  auto tileCopies = [&](OpBuilder &b, Location loc, ArrayRef<BlockArgument> arguments) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(row);
    SmallVector<Value> written;
    for (auto [copy, argument] : llvm::zip_equal(copies, arguments)) {
      auto inLoop = cast<linalg::GenericOp>(b.clone(*copy));
      inLoop.getOutputsMutable().assign(argument);
      auto part =
          cast<TilingInterface>(inLoop.getOperation()).getTiledImplementation(b, places, sizes);
      isTiled &= succeeded(part);
      Value value = argument;
      if (succeeded(part)) {
        llvm::append_range(tiled.generatedSlices, part->generatedSlices);
        value = tensor::InsertSliceOp::create(b, loc, part->tiledValues.front(), argument, places,
                                              sizes, strides);
      }
      inLoop.erase();
      written.push_back(value);
    }
    return written;
  };
  auto grown = loop.replaceWithAdditionalYields(rewriter, destinations,
                                                /*replaceInitOperandUsesInLoop=*/false, tileCopies);
  if (failed(grown) || !isTiled)
    return copies.front()->emitOpError("cannot be tiled");
  tiled.loops.front() = *grown;
  for (auto [copy, result] :
       llvm::zip_equal(copies, (*grown)->getResults().take_back(copies.size())))
    rewriter.replaceOp(copy, result);
  return success();
}

//===-- Pieces --------------------------------------------------------------------------------===//

/// A tile of `pieces` is some results of one piece.
LogicalResult tilePieces(IRRewriter &rewriter, func::FuncOp kernel, ir::PiecesOp pieces,
                         const Tiling &tiling) {
  Location loc = pieces.getLoc();
  rewriter.setInsertionPoint(pieces);
  const SmallVector<Value> destinations = makeDestinations(rewriter, pieces);
  Value one = arith::ConstantIndexOp::create(rewriter, loc, 1);
  ValueRange bounds = kernel.getArguments().take_back(2);
  auto loop = scf::ForOp::create(rewriter, loc, bounds[0], bounds[1], one, destinations);
  rewriter.setInsertionPointToStart(loop.getBody());
  const SmallVector<OpFoldResult> places =
      tileOffsets(rewriter, loc, loop.getInductionVar(), tiling);
  const ArrayRef<int64_t> kept = ArrayRef(tiling.sizes).drop_front();
  FailureOr<TiledPiece> piece =
      tilePiece(rewriter, pieces, places.front(), ArrayRef(places).drop_front(), kept);
  if (failed(piece))
    return failure();
  rewriter.setInsertionPointToEnd(loop.getBody());
  scf::YieldOp::create(
      rewriter, loc,
      insertNodes(rewriter, loc, piece->nodes, loop.getRegionIterArgs(), places, kept));
  rewriter.replaceOp(pieces, loop.getResults());
  LoopLikeOpInterface loops[] = {loop};
  fuseProducers(rewriter, piece->slices, loops);
  return success();
}

/// Has the loop of `tiled`, whose tiles are pieces of rows, compute the nodes of its piece: before
/// the rows, whose stores may come late.
LogicalResult tilePiecesOfRows(IRRewriter &rewriter, ir::PiecesOp pieces, const Tiling &tiling,
                               scf::SCFTilingResult &tiled) {
  auto loop = cast<scf::ForOp>(tiled.loops.front());
  Operation *row = tiled.tiledOps.front();
  // Of the dimensions before the rows, of which the last one is cut.
  const size_t before = cast<RankedTensorType>(pieces.getResultTypes().front()).getRank() - 1;
  const ir::PieceAttr piece = pieces.getPiece();
  if (before >= tiling.extents.size() || piece.getExtent() != tiling.extents[before] ||
      piece.getSize() != tiling.sizes[before])
    return pieces.emitOpError() << "is " << piece << ", and of other pieces than the rows";
  rewriter.setInsertionPoint(loop);
  const SmallVector<Value> destinations = makeDestinations(rewriter, pieces);
  rewriter.setInsertionPoint(row);
  SmallVector<OpFoldResult> places =
      tileIndices(rewriter, pieces.getLoc(), loop.getInductionVar(), tiling);
  std::rotate(places.begin(), places.begin() + before, places.begin() + before + 1);
  const auto number = places.front();
  places = SmallVector<OpFoldResult>(ArrayRef(places).take_front(before + 1));
  const SmallVector<int64_t> ones(before, 1);
  FailureOr<TiledPiece> ofTile =
      tilePiece(rewriter, pieces, number, ArrayRef(places).drop_front(), ones);
  if (failed(ofTile))
    return failure();
  llvm::append_range(tiled.generatedSlices, ofTile->slices);
  auto insert = [&](OpBuilder &b, Location loc, ArrayRef<BlockArgument> arguments) {
    return insertNodes(b, loc, ofTile->nodes, SmallVector<Value>(arguments), places, ones);
  };
  auto grown = loop.replaceWithAdditionalYields(rewriter, destinations,
                                                /*replaceInitOperandUsesInLoop=*/false, insert);
  if (failed(grown))
    return pieces.emitOpError("cannot be tiled");
  tiled.loops.front() = *grown;
  rewriter.replaceOp(pieces, (*grown)->getResults().take_back(destinations.size()));
  return success();
}

} // namespace

LogicalResult makeTileLoop(IRRewriter &rewriter, func::FuncOp kernel, const Tiling &tiling) {
  auto materialize = *kernel.getOps<bufferization::MaterializeInDestinationOp>().begin();
  SmallVector<linalg::GenericOp> ofRows;
  for (auto other : kernel.getOps<bufferization::MaterializeInDestinationOp>())
    if (auto copy = other.getSource().getDefiningOp<linalg::GenericOp>();
        copy && copy.getNumLoops() < tiling.sizes.size())
      ofRows.push_back(copy);
  if (auto pieces = materialize.getSource().getDefiningOp<ir::PiecesOp>())
    return tilePieces(rewriter, kernel, pieces, tiling);
  auto root = materialize.getSource().getDefiningOp<TilingInterface>();
  auto pieces = llvm::to_vector(kernel.getOps<ir::PiecesOp>());
  if (!ofRows.empty() || !pieces.empty()) {
    if (!llvm::all_of(root->getUsers(), llvm::IsaPred<bufferization::MaterializeInDestinationOp>))
      return root->emitOpError("has results that others of the kernel read (tsum-fuse has an op "
                               "of its own hand them on)");
    rewriter.moveOpBefore(root, materialize); // behind all that the others read
  }

  // The root's loops: one for each dimension of the output, and those it reduces, which stay
  // whole.
  SmallVector<OpFoldResult> sizes(root.getLoopIteratorTypes().size(), rewriter.getIndexAttr(0));
  for (auto [dim, size] : llvm::enumerate(tiling.sizes))
    sizes[outputLoop(root, dim)] = rewriter.getIndexAttr(size);

  scf::SCFTilingOptions options;
  options.setTileSizes(sizes);
  options.setLoopType(scf::SCFTilingOptions::LoopType::CustomOp);
  options.setCustomLoopGenerationFns(
      [&](RewriterBase &b, Location loc, ArrayRef<Range> ranges, ArrayRef<OpFoldResult>,
          ValueRange destinations) {
        return makeLoop(b, loc, ranges, root, tiling, kernel.getArguments().take_back(2),
                        destinations);
      },
      finishLoop);
  rewriter.setInsertionPoint(root);
  FailureOr<scf::SCFTilingResult> tiled = scf::tileUsingSCF(rewriter, root, options);
  if (failed(tiled))
    return root->emitOpError("cannot be tiled");
  rewriter.replaceOp(root, tiled->replacements);
  if (!ofRows.empty() && failed(tileRows(rewriter, ofRows, *tiled)))
    return failure();
  for (ir::PiecesOp each : pieces)
    if (failed(tilePiecesOfRows(rewriter, each, tiling, *tiled)))
      return failure();
  fuseProducers(rewriter, tiled->generatedSlices, tiled->loops);
  return success();
}

} // namespace tsum
