// SPDX-License-Identifier: Apache-2.0

#include "tsum/Codegen/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace tsum {
#define GEN_PASS_DEF_TSUMFUSEPASS
#include "tsum/Codegen/Passes.h.inc"

namespace {

bool isReduction(Operation *op) {
  auto generic = dyn_cast<linalg::GenericOp>(op);
  return generic && generic.getNumReductionLoops() > 0;
}

bool hasOneUser(Operation *op) {
  return llvm::all_equal(op->getUsers());
}

/// Gives each reduction that reads an elementwise op with other users a copy of its own. Consumers come before
/// producers, so that what a copy reads is looked at after it. Returns whether there was any.
bool copyProducersOfReductions(func::FuncOp kernel) {
  bool changed = false;
  auto generics = llvm::to_vector(kernel.getOps<linalg::GenericOp>());
  for (linalg::GenericOp producer : llvm::reverse(generics)) {
    if (isReduction(producer) || hasOneUser(producer))
      continue;
    llvm::SmallSetVector<Operation *, 4> users(producer->user_begin(), producer->user_end());
    for (Operation *user : users) {
      if (!isReduction(user) || hasOneUser(producer))
        continue;
      OpBuilder b(user);
      Operation *copy = b.clone(*producer);
      user->replaceUsesOfWith(producer->getResult(0), copy->getResult(0));
      changed = true;
    }
  }
  return changed;
}

struct TsumFusePass final : impl::TsumFusePassBase<TsumFusePass> {
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    linalg::populateElementwiseOpsFusionPatterns(set, [](OpOperand *operand) {
      Operation *producer = operand->get().getDefiningOp();
      return producer && !isReduction(producer) && hasOneUser(producer);
    });
    linalg::populateEraseUnusedOperandsAndResultsPatterns(set);
    patterns = std::move(set);
    return success();
  }

  void runOnOperation() override {
    do {
      if (failed(applyPatternsGreedily(getOperation(), patterns)))
        return signalPassFailure();
    } while (copyProducersOfReductions(getOperation()));
  }

  FrozenRewritePatternSet patterns;
};

} // namespace
} // namespace tsum
