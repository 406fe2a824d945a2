// SPDX-License-Identifier: Apache-2.0

#include "JoinOps.h"
#include "Streaming.h"

#include "tsum/Codegen/Passes.h"
#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace tsum {
#define GEN_PASS_DEF_TSUMOVERLAPSTORESPASS
#include "tsum/Codegen/Passes.h.inc"

namespace {

bool isElementwise(linalg::GenericOp generic) {
  return generic.getNumReductionLoops() == 0 && generic.getNumDpsInits() == 1 &&
         generic.getMatchingIndexingMap(generic.getDpsInitOperand(0)).isIdentity();
}

bool computesFunction(linalg::GenericOp generic) {
  return !generic.getBody()->getOps<ir::ElementaryOp>().empty();
}

/// Whether its operations do no harm to data that is not there yet: integers may be divided by 0.
bool canSpeculate(linalg::GenericOp generic) {
  return llvm::all_of(generic.getBody()->without_terminator(),
                      [](Operation &op) { return isSpeculatable(&op); });
}

/// The loop over tiles of a kernel, with the op that writes a tile of the result and the one before
/// it that is to share its loop.
class TileLoop {
public:
  /// Finds the two ops; whether there are such.
  static std::optional<TileLoop> match(func::FuncOp kernel) {
    auto loops = llvm::to_vector(kernel.getOps<scf::ForOp>());
    if (!kernel->hasAttr(ir::TsumDialect::getRowsAttrName()) || loops.size() != 1)
      return std::nullopt;
    TileLoop result(loops.front());
    Block *body = result.loop.getBody();
    result.last = dyn_cast_or_null<linalg::GenericOp>(body->getTerminator()->getPrevNode());
    if (!result.last || !isElementwise(result.last) || !canSpeculate(result.last) ||
        computesFunction(result.last) || !isStreamed(result.last.getDpsInits().front()))
      return std::nullopt;
    for (auto generic : body->getOps<linalg::GenericOp>())
      if (generic != result.last && result.canShare(generic))
        result.producer = generic;
    if (!result.producer || !llvm::all_of(result.last->getOperands(),
                                          [&](Value operand) { return result.canKeep(operand); }))
      return std::nullopt;
    return result;
  }

  void overlap() {
    OpBuilder b(loop);
    Location loc = loop.getLoc();
    Value begin = loop.getLowerBound(), end = loop.getUpperBound(), one = loop.getStep();

    // An iteration more, if there is any: in the first one nothing is there to be written yet, so
    // that it writes anything, and the next one that tile once more; the last one computes the last
    // tile again.
    Value any = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, begin, end);
    Value more = arith::IndexCastUIOp::create(b, loc, b.getIndexType(), any);
    loop.setUpperBound(arith::AddIOp::create(b, loc, end, more));
    Value lastTile = arith::SubIOp::create(b, loc, end, one);
    Value number = loop.getInductionVar();
    b.setInsertionPointToStart(loop.getBody());
    Value current = arith::MinSIOp::create(b, loc, number, lastTile);
    Value before = arith::SubIOp::create(b, loc, number, one);
    Value previous = arith::MaxSIOp::create(b, loc, before, begin);
    number.replaceUsesWithIf(current, [&](OpOperand &use) {
      return use.getOwner() != current.getDefiningOp() && use.getOwner() != before.getDefiningOp();
    });

    // The last op, for the tile before.
    IRMapping mapping;
    mapping.map(current, previous);
    b.setInsertionPointAfter(producer);
    for (Value operand : last->getOperands())
      if (!mapping.contains(operand)) {
        if (isCarried(operand))
          mapping.map(operand, carry(operand));
        else
          shift(b, operand, mapping);
      }
    auto shifted = cast<linalg::GenericOp>(b.clone(*last, mapping));
    Operation *view = last.getDpsInits().front().getDefiningOp();
    last.erase();
    if (view && isOpTriviallyDead(view))
      view->erase();

    Attribute prefetch = producer->getAttr("tsum.prefetch");
    IRRewriter rewriter(loop.getContext());
    linalg::GenericOp joined = join(rewriter, producer, shifted);
    if (prefetch) // whose operands come first
      joined->setAttr("tsum.prefetch", prefetch);
  }

private:
  explicit TileLoop(scf::ForOp loop) : loop(loop) {}

  Value product() { return producer.getDpsInits().front(); }

  /// Whether `generic` computes from functions what the last op reads, into memory that keeps it
  /// until the next tile's is computed.
  bool canShare(linalg::GenericOp generic) {
    if (!isElementwise(generic) || !computesFunction(generic) ||
        generic.getStaticLoopRanges() != last.getStaticLoopRanges())
      return false;
    Value buffer = generic.getDpsInits().front();
    auto isRead = [&](OpOperand *input) {
      return input->get() == buffer && last.getMatchingIndexingMap(input).isIdentity();
    };
    return buffer.getDefiningOp<memref::AllocaOp>() &&
           llvm::any_of(last.getDpsInputOperands(), isRead) &&
           llvm::all_of(buffer.getUsers(),
                        [&](Operation *user) {
                          return user->getBlock() == loop.getBody() &&
                                 !user->isBeforeInBlock(generic);
                        }) &&
           !llvm::is_contained(generic.getDpsInputs(), buffer);
  }

  /// Whether `operand` of the last op is memory of the kernel's that others may write before the
  /// next tile's turn.
  bool isCarried(Value operand) {
    return operand != product() && operand.getDefiningOp<memref::AllocaOp>();
  }

  /// Whether there is a way to have `operand` of the last op for the tile before: a copy of a few
  /// elements, the producer's memory, or the same view of the kernel's arguments.
  bool canKeep(Value operand) {
    if (operand == product())
      return true;
    auto type = cast<MemRefType>(operand.getType());
    if (isCarried(operand))
      return type.getNumElements() < cast<MemRefType>(product().getType()).getNumElements();
    while (auto view = operand.getDefiningOp<memref::SubViewOp>())
      operand = view.getSource();
    return isa<BlockArgument>(operand);
  }

  /// Memory that has, until the next tile is done, what `buffer` has when this one is.
  Value carry(Value buffer) {
    OpBuilder b(buffer.getDefiningOp());
    Value copy = b.clone(*buffer.getDefiningOp())->getResult(0);
    b.setInsertionPoint(loop.getBody()->getTerminator());
    const int64_t rank = cast<MemRefType>(buffer.getType()).getRank();
    linalg::GenericOp::create(b, loop.getLoc(), buffer, copy,
                              SmallVector<AffineMap>(2, b.getMultiDimIdentityMap(rank)),
                              SmallVector<utils::IteratorType>(rank, utils::IteratorType::parallel),
                              [](OpBuilder &b, Location loc, ValueRange elements) {
                                linalg::YieldOp::create(b, loc, elements.front());
                              });
    return copy;
  }

  /// Clones how `value` follows from the number of the tile.
  void shift(OpBuilder &b, Value value, IRMapping &mapping) {
    Operation *op = value.getDefiningOp();
    if (mapping.contains(value) || !op || op->getBlock() != loop.getBody())
      return;
    for (Value operand : op->getOperands())
      shift(b, operand, mapping);
    b.clone(*op, mapping);
  }

  scf::ForOp loop;
  linalg::GenericOp producer, last;
};

struct TsumOverlapStoresPass final : impl::TsumOverlapStoresPassBase<TsumOverlapStoresPass> {
  void runOnOperation() override {
    if (failed(ir::verifyIsBufferKernel(getOperation())))
      return signalPassFailure();
    if (std::optional<TileLoop> loop = TileLoop::match(getOperation()))
      loop->overlap();
  }
};

} // namespace
} // namespace tsum
