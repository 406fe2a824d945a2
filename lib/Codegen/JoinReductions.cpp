// SPDX-License-Identifier: Apache-2.0

#include "Accumulators.h"
#include "JoinOps.h"

#include "tsum/Codegen/Passes.h"
#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;

namespace tsum {
#define GEN_PASS_DEF_TSUMJOINREDUCTIONSPASS
#include "tsum/Codegen/Passes.h.inc"

namespace {

/// Results of one op: the accumulators of each live in registers, or take their share of L1.
constexpr int64_t maxResults = 4;

/// The results of a reduction, of which each has an output, or one for each part of a node.
int64_t resultsOf(linalg::GenericOp generic) {
  auto parts = generic.getBody()->getOps<ir::AccumulateOp>();
  return std::distance(parts.begin(), parts.end());
}

/// A reduction of the kernel that others may join.
struct Reduction {
  linalg::GenericOp generic;
  int64_t blockBytes; // of an element: what has no order takes its lanes from it
  int64_t dataBytes;  // of the widest element that is read
  bool isOrdered, takesNodes, isExact;
};

int64_t dataBytesOf(linalg::GenericOp generic) {
  int64_t bytes = 1;
  for (Value input : generic.getDpsInputs())
    if (Type element = getElementTypeOrSelf(input); element.isIntOrFloat())
      bytes = std::max<int64_t>(bytes, element.getIntOrFloatBitWidth() / 8);
  return bytes;
}

bool dependsOn(Operation *op, Operation *producer) {
  SetVector<Operation *> slice;
  BackwardSliceOptions options;
  options.filter = [&](Operation *other) { return !other->isBeforeInBlock(producer); };
  (void)getBackwardSlice(op, &slice, options);
  return slice.contains(producer);
}

/// Whether one loop that has read `a` has `b` at hand: the same data, or nodes that one loop gave.
bool shareData(linalg::GenericOp a, linalg::GenericOp b) {
  return llvm::any_of(a.getDpsInputOperands(), [&](OpOperand *x) {
    return llvm::any_of(b.getDpsInputOperands(), [&](OpOperand *y) {
      Operation *producer = x->get().getDefiningOp();
      const bool areTogether =
          isa_and_nonnull<linalg::GenericOp>(producer) && producer == y->get().getDefiningOp();
      return (x->get() == y->get() || areTogether || ir::areInterleaved(x->get(), y->get())) &&
             a.getMatchingIndexingMap(x) == b.getMatchingIndexingMap(y);
    });
  });
}

/// Whether one loop nest can do both, of which `a` comes first, and reads something once that two
/// would read twice.
bool canJoin(Reduction a, Reduction b) {
  linalg::GenericOp first = a.generic, second = b.generic;
  // Exact sums have loops of their own. What has no order takes the lanes of what has one, and goes
  // with nodes; else with elements of its size, or where the data is as wide as the wider ones: as
  // many lanes as are loaded.
  const int64_t widest = std::max(a.blockBytes, b.blockBytes);
  const bool fillAlike =
      a.blockBytes == b.blockBytes || widest <= std::min(a.dataBytes, b.dataBytes);
  const bool goTogether = a.isExact || b.isExact
                              ? a.isExact && b.isExact && a.blockBytes == b.blockBytes
                          : a.takesNodes || b.takesNodes
                              ? (a.takesNodes || !a.isOrdered) && (b.takesNodes || !b.isOrdered)
                              : a.isOrdered || b.isOrdered || fillAlike;
  return goTogether && resultsOf(first) + resultsOf(second) <= maxResults &&
         first.getStaticLoopRanges() == second.getStaticLoopRanges() &&
         first.getIteratorTypesArray() == second.getIteratorTypesArray() &&
         first.getIndexingMapsArray().back() == second.getIndexingMapsArray().back() &&
         shareData(first, second) && !dependsOn(second, first);
}

/// Removes the op that only hands on what the kernel returns, if that is all there is to one op.
void dropRoot(IRRewriter &rewriter, func::FuncOp kernel) {
  auto returned = cast<func::ReturnOp>(kernel.getBody().front().getTerminator());
  auto root = returned.getOperand(0).getDefiningOp<linalg::GenericOp>();
  if (returned.getNumOperands() < 2 || !root || root.getNumReductionLoops() > 0)
    return;
  SmallVector<Value> sources;
  for (Value yielded : root.getBody()->getTerminator()->getOperands()) {
    auto element = dyn_cast<BlockArgument>(yielded);
    if (!element || element.getOwner() != root.getBody())
      return;
    OpOperand *operand = root.getMatchingOpOperand(element);
    if (!root.getMatchingIndexingMap(operand).isIdentity())
      return; // it repeats what it hands on
    sources.push_back(operand->get());
  }
  Operation *source = sources.front().getDefiningOp();
  auto isOnlyRead = [&](Value result) { return llvm::count(sources, result) == 1; };
  if (source && source->getNumResults() == sources.size() &&
      llvm::all_of(source->getResults(), isOnlyRead) && llvm::all_equal(source->getUsers()))
    rewriter.replaceOp(root, sources);
}

struct TsumJoinReductionsPass final : impl::TsumJoinReductionsPassBase<TsumJoinReductionsPass> {
  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    if (failed(ir::verifyIsTensorKernel(kernel)))
      return signalPassFailure();
    IRRewriter rewriter(&getContext());
    SmallVector<Reduction> reductions;
    for (auto generic : llvm::to_vector(kernel.getOps<linalg::GenericOp>())) {
      if (generic.getNumReductionLoops() == 0)
        continue;
      FailureOr<Accumulators> accumulators = Accumulators::of(generic);
      if (failed(accumulators))
        return signalPassFailure();
      Reduction next{generic,
                     accumulators->blockBytes(),
                     dataBytesOf(generic),
                     accumulators->isOrdered(),
                     accumulators->takesNodes(),
                     accumulators->isExact()};
      auto *other = llvm::find_if(reductions, [&](Reduction r) { return canJoin(r, next); });
      if (other == reductions.end()) {
        reductions.push_back(next);
        continue;
      }
      other->generic = join(rewriter, other->generic, generic);
      other->blockBytes = std::max(other->blockBytes, next.blockBytes);
      other->dataBytes = std::min(other->dataBytes, next.dataBytes);
      other->isOrdered |= next.isOrdered;
      other->takesNodes |= next.takesNodes;
      // What read the first one may stand before the place of the second.
      sortTopologically(&kernel.getBody().front());
    }
    dropRoot(rewriter, kernel);
  }
};

} // namespace
} // namespace tsum
