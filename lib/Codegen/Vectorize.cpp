// SPDX-License-Identifier: Apache-2.0

#include "CollapseDims.h"
#include "Elementwise.h"
#include "LoopNest.h"
#include "Strategies/Strategy.h"

#include "tsum/Codegen/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tsum {
#define GEN_PASS_DEF_TSUMVECTORIZEPASS
#include "tsum/Codegen/Passes.h.inc"

namespace {

/// Erases the fill of an output, whose neutral elements the nodes start from instead.
LogicalResult removeFill(linalg::GenericOp generic, const Accumulator &accumulator, unsigned part,
                         Value output) {
  for (Operation *user : llvm::make_early_inc_range(output.getUsers())) {
    auto fill = dyn_cast<linalg::FillOp>(user);
    if (fill && fill->getBlock() == generic->getBlock() && fill->isBeforeInBlock(generic) &&
        accumulator.isNeutral(fill.getInputs().front(), part)) {
      fill.erase();
      return success();
    }
  }
  return generic.emitOpError("reduces into an output that is not filled with the neutral element");
}

LogicalResult removeFills(linalg::GenericOp generic, const Accumulators &accumulators) {
  unsigned number = 0;
  for (const Accumulator &accumulator : accumulators.each())
    for (unsigned part = 0; part < accumulator.outputs(); ++part)
      if (failed(removeFill(generic, accumulator, part, generic.getDpsInits()[number++])))
        return failure();
  return success();
}

/// Checks that each output has an element for each place along the dimensions that are not reduced,
/// those along the innermost one side by side, and that all operands lie at known distances.
LogicalResult verifyOperands(LoopNest &nest) {
  linalg::GenericOp generic = nest.generic;
  int64_t inner = -1;
  size_t kept = 0;
  for (int64_t dim = 0; dim < nest.rank(); ++dim)
    if (!nest.isReduced(dim)) {
      inner = dim;
      ++kept;
    }
  for (OpOperand &operand : generic->getOpOperands()) {
    if (llvm::is_contained(cast<MemRefType>(operand.get().getType()).getShape(), 0))
      continue;
    for (int64_t dim = 0; dim < nest.rank(); ++dim)
      if (ShapedType::isDynamic(nest.stride(operand, dim)))
        return generic.emitOpError("has an operand of unknown strides");
  }
  for (OpOperand &output : generic.getDpsInitsMutable()) {
    AffineMap map = generic.getMatchingIndexingMap(&output);
    auto isReduced = [&](AffineExpr dim) {
      return nest.isReduced(cast<AffineDimExpr>(dim).getPosition());
    };
    if (map.getNumResults() != kept || llvm::any_of(map.getResults(), isReduced))
      return generic.emitOpError("has an output that is not of all its parallel loops");
    if (inner >= 0 && nest.extents[inner] > 1 && nest.stride(output, inner) != 1)
      return generic.emitOpError("has an output whose elements do not lie side by side");
  }
  return success();
}

/// Checks that there are loops for `generic`.
LogicalResult verifyLoops(linalg::GenericOp generic) {
  if (!llvm::all_of(generic->getOperandTypes(), llvm::IsaPred<MemRefType>))
    return generic.emitOpError("is not on buffers");
  if (!llvm::all_of(generic.getIndexingMapsArray(),
                    [](AffineMap map) { return map.isProjectedPermutation(); }))
    return generic.emitOpError("has an indexing map that is no projected permutation");
  OpBuilder builder(generic);
  LoopNest nest(builder, generic);
  auto piece = generic->getAttrOfType<ir::PieceAttr>(ir::TsumDialect::getPieceAttrName());
  for (auto [dim, extent] : llvm::enumerate(nest.extents))
    if (ShapedType::isDynamic(extent) && (!piece || !nest.isReduced(dim) || !nest.extentOf(dim)))
      return generic.emitOpError("has a dynamic extent");
  return verifyOperands(nest);
}

/// Erases `generic`, and the buffers that nobody else reads.
void eraseWithBuffers(linalg::GenericOp generic) {
  const SmallVector<Value> buffers = generic.getOutputs();
  generic.erase();
  for (Value buffer : buffers)
    if (llvm::all_of(buffer.getUsers(), llvm::IsaPred<memref::DeallocOp>)) {
      for (Operation *user : llvm::make_early_inc_range(buffer.getUsers()))
        user->erase();
      buffer.getDefiningOp()->erase();
    }
}

/// Emits a reduction by the strategy that tiling chose, or else the first that can, and erases it.
LogicalResult emitReduction(OpBuilder &builder, linalg::GenericOp generic) {
  FailureOr<Accumulators> accumulators = Accumulators::of(generic);
  if (failed(accumulators))
    return failure();
  if (generic.getNumReductionLoops() != 1 && !accumulators->isExact())
    return generic.emitOpError("reduces several dimensions, which only exact sums do at once");
  const ReductionShape shape(generic, *accumulators);
  const Strategy *strategy = &Strategy::choose(shape);
  const StringRef name = ir::TsumDialect::getStrategyAttrName();
  if (Attribute given = generic->getAttr(name)) {
    auto wanted = dyn_cast<ir::StrategyAttr>(given);
    if (!wanted)
      return generic.emitOpError()
             << "has a " << name << " of " << given << " (it is a #tsum.strategy)";
    strategy = &Strategy::of(wanted.getValue());
    if (std::string obstacle = strategy->obstacle(shape); !obstacle.empty())
      return generic.emitOpError() << "cannot run by " << given << ": " << obstacle;
  }
  if (failed(removeFills(generic, *accumulators)))
    return failure();
  linalg::GenericOp lines; // that are folded in the same loops
  if (strategy->kind() == ir::Strategy::Nested) {
    lines = linesOf(generic);
    if (failed(verifyLoops(lines)) || failed(removeFills(lines, *Accumulators::of(lines))))
      return failure();
  } else {
    generic = collapseKeptDims(generic);
  }
  builder.setInsertionPoint(generic);
  LoopNest nest(builder, generic);
  ReductionLoops loops(nest, *Accumulators::of(generic));
  strategy->emit(loops);
  generic.erase();
  if (lines)
    eraseWithBuffers(lines);
  return success();
}

/// Puts loops over vectors in the place of `generic`.
LogicalResult vectorize(linalg::GenericOp generic) {
  if (failed(verifyLoops(generic)))
    return failure();
  OpBuilder builder(generic);
  if (generic.getNumReductionLoops() > 0)
    return emitReduction(builder, generic);
  LoopNest nest(builder, generic);
  emitElementwise(nest);
  generic.erase();
  return success();
}

/// The lines that other reductions fold in their loops, each brought to where that is.
SmallPtrSet<Operation *, 4> bringNestedLines(ArrayRef<linalg::GenericOp> generics) {
  SmallPtrSet<Operation *, 4> all;
  for (linalg::GenericOp generic : generics) {
    auto strategy =
        generic->getAttrOfType<ir::StrategyAttr>(ir::TsumDialect::getStrategyAttrName());
    if (!strategy || strategy.getValue() != ir::Strategy::Nested)
      continue;
    linalg::GenericOp lines = linesOf(generic);
    if (!lines)
      continue;
    if (mayNest(lines, generic)) {
      lines->moveBefore(generic);
      all.insert(lines);
    } else { // the results are where something lay that the lines read
      generic->setAttr(ir::TsumDialect::getStrategyAttrName(),
                       ir::StrategyAttr::get(generic.getContext(), ir::Strategy::Nodes));
    }
  }
  return all;
}

struct TsumVectorizePass final : impl::TsumVectorizePassBase<TsumVectorizePass> {
  void runOnOperation() override {
    if (failed(ir::verifyIsBufferKernel(getOperation())))
      return signalPassFailure();
    SmallVector<linalg::GenericOp> generics;
    getOperation().walk([&](linalg::GenericOp generic) { generics.push_back(generic); });
    const SmallPtrSet<Operation *, 4> nested = bringNestedLines(generics);
    for (linalg::GenericOp generic : generics)
      if (!nested.contains(generic) && failed(vectorize(generic)))
        return signalPassFailure();
  }
};

} // namespace
} // namespace tsum
