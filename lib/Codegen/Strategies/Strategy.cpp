// SPDX-License-Identifier: Apache-2.0

#include "Strategy.h"

using namespace mlir;

namespace tsum {

ReductionShape::ReductionShape(linalg::GenericOp generic, const Accumulators &accumulators)
    : extents(generic.getStaticLoopRanges()), isExact(accumulators.isExact()),
      isOrdered(accumulators.isOrdered()), takesNodes(accumulators.takesNodes()),
      takesExactNodes(isExact && accumulators.front().reduction().getFromNodes()),
      blockBytes(accumulators.blockBytes()), allBlockBytes(accumulators.allBlockBytes()),
      nodeBytes(accumulators.nodeBytes()), inputBytes(sizeof(double)) {
  for (OpOperand *input : generic.getDpsInputOperands())
    if (Type element = getElementTypeOrSelf(input->get()); element.isIntOrFloat())
      inputBytes = std::min<int64_t>(inputBytes, element.getIntOrFloatBitWidth() / 8);
  for (auto [dim, kind] : llvm::enumerate(generic.getIteratorTypesArray())) {
    const bool isReduced = kind == utils::IteratorType::reduction;
    (isReduced ? line : innerKept) = int64_t(dim);
    results *= isReduced ? 1 : extents[dim];
  }
  auto piece = generic->getAttrOfType<ir::PieceAttr>(ir::TsumDialect::getPieceAttrName());
  isPiece = piece && ShapedType::isDynamic(extents[line]);
  if (isPiece)
    extents[line] = piece.getSize();
  for (Operation *user : generic->getUsers())
    if (auto pieces = dyn_cast<ir::PiecesOp>(user); pieces && line >= 0) { // not tiled yet
      isPiece = pieces.getPiece().getExtent() % pieces.getPiece().getSize() != 0;
      extents[line] = pieces.getPiece().getSize();
      results *= pieces.getPiece().getCount();
    }
  if (linalg::GenericOp lines = takesNodes ? linesOf(generic) : nullptr)
    if (auto before = Accumulators::of(lines); succeeded(before))
      mergesLines = shortStrategy().obstacle(ReductionShape(lines, *before)).empty();
}

int64_t ReductionShape::lines() const {
  int64_t count = 1;
  for (int64_t dim = innerKept; dim >= 0 && dim != line; --dim)
    count *= extents[dim];
  return count;
}

ArrayRef<const Strategy *> Strategy::all() {
  static const Strategy *const strategies[] = {
      &exactStrategy(), &nestedStrategy(), &nodesStrategy(), &narrowStrategy(),
      &shortStrategy(), &innerStrategy(),  &outerStrategy()};
  return strategies;
}

const Strategy &Strategy::of(ir::Strategy kind) {
  return **llvm::find_if(all(), [&](const Strategy *each) { return each->kind() == kind; });
}

const Strategy &Strategy::choose(const ReductionShape &shape) {
  const Strategy *best = nullptr;
  for (const Strategy *each : all())
    if (each->obstacle(shape).empty() && (!best || each->cost(shape) < best->cost(shape)))
      best = each;
  return *best;
}

} // namespace tsum
