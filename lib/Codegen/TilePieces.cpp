// SPDX-License-Identifier: Apache-2.0

#include "TilePieces.h"

#include "tsum/Graph/SummationTree.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/TilingInterface.h"

using namespace mlir;

namespace tsum {

namespace {

/// Checks that pieces of `root` are nodes of the tree.
LogicalResult verifyPieces(ir::PiecesOp pieces, linalg::GenericOp root) {
  const ir::PieceAttr piece = pieces.getPiece();
  for (auto [extent, kind] :
       llvm::zip_equal(root.getStaticLoopRanges(), root.getIteratorTypesArray()))
    if (kind == utils::IteratorType::reduction && extent != piece.getExtent())
      return pieces.emitOpError() << "cuts an extent of " << piece.getExtent()
                                  << " where its reduction has " << extent;
  for (auto part : root.getBody()->getOps<ir::AccumulateOp>()) {
    const ir::ReductionAttr reduction = part.getReduction();
    if (!reduction.hasNodes())
      continue;
    if (!reduction.getToNodes())
      return pieces.emitOpError() << "takes nodes, and " << reduction << " gives none";
    if (reduction.isOrdered() && !reduction.getFromNodes() && piece.getSize() % block_elements != 0)
      return pieces.emitOpError() << "cuts a line into pieces of " << piece.getSize()
                                  << " (whole blocks of " << block_elements << " are needed)";
  }
  return success();
}

/// Of nodes that are computed for a short piece: takes them out of a whole one, which begins
/// earlier, so that what computes them has static extents. Returns the slice to fuse.
Operation *widenSlice(IRRewriter &rewriter, tensor::ExtractSliceOp slice, ir::PieceAttr piece) {
  if (!slice.getSource().getDefiningOp<linalg::GenericOp>() || !slice.hasUnitStride())
    return slice;
  SmallVector<OpFoldResult> offsets = slice.getMixedOffsets(), sizes = slice.getMixedSizes();
  auto *cut = llvm::find_if(sizes, [](OpFoldResult size) { return isa<Value>(size); });
  if (cut == sizes.end())
    return slice;
  const auto dim = cut - sizes.begin();
  rewriter.setInsertionPoint(slice);
  Location loc = slice.getLoc();
  MLIRContext *context = rewriter.getContext();
  AffineExpr place = rewriter.getAffineDimExpr(0);
  AffineExpr last = rewriter.getAffineConstantExpr(piece.getExtent() - piece.getSize());
  const OpFoldResult given = offsets[dim], size = sizes[dim];
  offsets[dim] = affine::makeComposedFoldedAffineMin(
      rewriter, loc, AffineMap::get(1, 0, {place, last}, context), {given});
  sizes[dim] = rewriter.getIndexAttr(piece.getSize());
  auto whole = tensor::ExtractSliceOp::create(rewriter, loc, slice.getSource(), offsets, sizes,
                                              slice.getMixedStrides());
  SmallVector<OpFoldResult> within(offsets.size(), rewriter.getIndexAttr(0));
  within[dim] = affine::makeComposedFoldedAffineApply(
      rewriter, loc, place - rewriter.getAffineDimExpr(1), {given, offsets[dim]});
  sizes[dim] = size;
  rewriter.replaceOpWithNewOp<tensor::ExtractSliceOp>(slice, whole, within, sizes,
                                                      slice.getMixedStrides());
  return whole;
}

} // namespace

FailureOr<TiledPiece> tilePiece(IRRewriter &rewriter, ir::PiecesOp pieces, OpFoldResult number,
                                ArrayRef<OpFoldResult> places, ArrayRef<int64_t> sizes) {
  auto root = pieces.getNodes().front().getDefiningOp<linalg::GenericOp>();
  if (!root || root.getNumReductionLoops() != 1 ||
      !llvm::all_of(pieces.getNodes(), [&](Value node) { return node.getDefiningOp() == root; }))
    return pieces.emitOpError("takes results of a reduction over one dimension");
  if (failed(verifyPieces(pieces, root)))
    return failure();
  Location loc = pieces.getLoc();
  const ir::PieceAttr piece = pieces.getPiece();

  // The loops of the reduction: of the cut one a piece.
  const AffineMap results = root.getIndexingMapsArray().back();
  SmallVector<OpFoldResult> offsets(root.getNumLoops()), extents(root.getNumLoops());
  for (unsigned dim = 0; dim < results.getNumResults(); ++dim) {
    offsets[results.getDimPosition(dim)] = places[dim];
    extents[results.getDimPosition(dim)] = rewriter.getIndexAttr(sizes[dim]);
  }
  unsigned line = 0;
  while (root.getIteratorTypesArray()[line] != utils::IteratorType::reduction)
    ++line;
  AffineExpr place = rewriter.getAffineDimExpr(0);
  offsets[line] =
      affine::makeComposedFoldedAffineApply(rewriter, loc, place * piece.getSize(), {number});
  extents[line] = rewriter.getIndexAttr(piece.getSize());
  const bool isRagged = piece.getExtent() % piece.getSize() != 0;
  if (isRagged) {
    auto rest = AffineMap::get(1, 0,
                               {rewriter.getAffineConstantExpr(piece.getSize()),
                                piece.getExtent() - place * piece.getSize()},
                               rewriter.getContext());
    extents[line] = affine::makeComposedFoldedAffineMin(rewriter, loc, rest, {number});
  }
  auto tilable = cast<TilingInterface>(root.getOperation());
  FailureOr<TilingResult> tiled = tilable.getTiledImplementation(rewriter, offsets, extents);
  if (failed(tiled))
    return root.emitOpError("cannot be tiled");
  TiledPiece result;
  for (Value node : pieces.getNodes())
    result.nodes.push_back(tiled->tiledValues[cast<OpResult>(node).getResultNumber()]);
  result.slices = tiled->generatedSlices;
  if (isRagged) {
    tiled->tiledOps.front()->setAttr(ir::TsumDialect::getPieceAttrName(), piece);
    for (Operation *&slice : result.slices)
      slice = widenSlice(rewriter, cast<tensor::ExtractSliceOp>(slice), piece);
  }
  return result;
}

SmallVector<Value> makeDestinations(OpBuilder &b, ir::PiecesOp pieces) {
  return llvm::map_to_vector(pieces.getResultTypes(), [&](Type type) -> Value {
    return tensor::EmptyOp::create(b, pieces.getLoc(), cast<RankedTensorType>(type).getShape(),
                                   getElementTypeOrSelf(type));
  });
}

SmallVector<Value> insertNodes(OpBuilder &b, Location loc, ArrayRef<Value> nodes,
                               ValueRange destinations, ArrayRef<OpFoldResult> places,
                               ArrayRef<int64_t> sizes) {
  SmallVector<OpFoldResult> extents = {b.getIndexAttr(1)};
  for (int64_t size : sizes)
    extents.push_back(b.getIndexAttr(size));
  const SmallVector<OpFoldResult> ones(extents.size(), b.getIndexAttr(1));
  SmallVector<Value> inserted;
  for (auto [node, destination] : llvm::zip_equal(nodes, destinations))
    inserted.push_back(
        tensor::InsertSliceOp::create(b, loc, node, destination, places, extents, ones));
  return inserted;
}

} // namespace tsum
