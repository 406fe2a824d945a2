// SPDX-License-Identifier: Apache-2.0

#include "CollapseDims.h"

#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;

namespace tsum {

namespace {

/// Whether `operand` extends along loop `outer` and the next one as along one, or along neither.
bool areOne(linalg::GenericOp generic, OpOperand &operand, unsigned outer) {
  AffineMap map = generic.getMatchingIndexingMap(&operand);
  auto place = [&](unsigned loop) {
    return map.getResultPosition(getAffineDimExpr(loop, generic.getContext()));
  };
  if (!place(outer) && !place(outer + 1))
    return true;
  if (!place(outer) || !place(outer + 1) || *place(outer + 1) != *place(outer) + 1)
    return false;
  SmallVector<ReassociationIndices> groups;
  for (int64_t dim = 0; dim < map.getNumResults(); ++dim)
    if (dim == int64_t(*place(outer + 1)))
      groups.back().push_back(dim);
    else
      groups.push_back({dim});
  return memref::CollapseShapeOp::isGuaranteedCollapsible(cast<MemRefType>(operand.get().getType()),
                                                          groups);
}

} // namespace

linalg::GenericOp collapseKeptDims(linalg::GenericOp generic) {
  // A place of the body's own, and extents that are known at run time only, are of the loops as
  // they are.
  auto isDynamic = [](int64_t extent) { return ShapedType::isDynamic(extent); };
  if (!generic.getBody()->getOps<linalg::IndexOp>().empty() || generic->hasAttr("tsum.prefetch") ||
      llvm::any_of(generic.getStaticLoopRanges(), isDynamic))
    return generic;
  SmallVector<ReassociationIndices> groups;
  const auto kinds = generic.getIteratorTypesArray();
  for (unsigned loop = 0; loop + 1 < kinds.size(); ++loop) {
    auto isKept = [&](unsigned loop) { return kinds[loop] == utils::IteratorType::parallel; };
    if (!isKept(loop) || !isKept(loop + 1) ||
        !llvm::all_of(generic->getOpOperands(),
                      [&](OpOperand &operand) { return areOne(generic, operand, loop); }))
      continue;
    if (groups.empty() || groups.back().back() != loop)
      groups.push_back({loop});
    groups.back().push_back(loop + 1);
  }
  if (groups.empty())
    return generic;
  IRRewriter rewriter(generic);
  FailureOr<linalg::CollapseResult> collapsed =
      linalg::collapseOpIterationDims(generic, groups, rewriter);
  if (failed(collapsed))
    return generic;
  collapsed->collapsedOp->setDiscardableAttrs(generic->getDiscardableAttrDictionary());
  generic.erase();
  return cast<linalg::GenericOp>(collapsed->collapsedOp.getOperation());
}

} // namespace tsum
