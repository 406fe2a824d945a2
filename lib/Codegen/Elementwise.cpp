// SPDX-License-Identifier: Apache-2.0

#include "Elementwise.h"

#include "ShortRows.h"
#include "Streaming.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tsum {

namespace {

/// Bytes of the vectors of the widest element.
constexpr int64_t vectorBytes = 256;

class Elementwise {
public:
  explicit Elementwise(LoopNest &nest)
      : nest(nest), b(nest.b), loc(nest.loc),
        yielded(nest.generic.getBody()->getTerminator()->getOperands()),
        vectors(nest.cover(nest.rank() - 1, vectorBytes, nest.widestElement())) {}

  void emit() {
    if (emitShortRows(nest, isInPlace()))
      return;
    SmallVector<OpOperand *> streamed = streamedOutputs();
    if (streamed.empty())
      return emitLoops();
    // Non-temporal stores fault on unaligned memory, which a caller of a function may give.
    auto aligned = scf::IfOp::create(b, loc, areAligned(streamed), /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&aligned.getThenRegion().front());
    nest.streamed.insert_range(streamed);
    emitLoops();
    nest.streamed.clear();
    b.setInsertionPointToStart(&aligned.getElseRegion().front());
    emitLoops();
  }

private:
  int64_t inner() const { return nest.rank() - 1; }

  void emitVector(int64_t columns) {
    const LaneTile tile{/*rowDim=*/-1, 1, columns};
    nest.store(nest.evaluate(yielded, tile), tile);
  }

  void emitLoops() {
    nest.overDims(llvm::to_vector(llvm::seq(inner())), {}, [&](ValueRange) -> SmallVector<Value> {
      // What is overwritten cannot be computed twice.
      if (isInPlace())
        nest.overSteps(inner(), vectors.width, [&](int64_t width) { emitVector(width); });
      else
        nest.overVectors(inner(), vectors, [&](AffineExpr) { emitVector(vectors.width); });
      return {};
    });
  }

  bool isInPlace() {
    return llvm::any_of(nest.generic.getDpsInits(), [&](Value output) {
      return llvm::is_contained(llvm::map_range(nest.generic.getDpsInputs(), memoryOf),
                                memoryOf(output));
    });
  }

  /// The outputs that are large results of the kernel and whose vectors are whole cache lines, if
  /// only the results are aligned.
  SmallVector<OpOperand *> streamedOutputs() {
    SmallVector<OpOperand *> outputs;
    for (OpOperand &output : nest.generic.getDpsInitsMutable()) {
      Type element = getElementTypeOrSelf(output.get());
      if (isStreamed(output.get()) && areLines(nest.extents.back(), element) &&
          areLines(vectors.width, element))
        outputs.push_back(&output);
    }
    return outputs;
  }

  Value areAligned(ArrayRef<OpOperand *> outputs) {
    Value bits;
    for (OpOperand *output : outputs) {
      Value address =
          memref::ExtractAlignedPointerAsIndexOp::create(b, loc, memoryOf(output->get()));
      bits = bits ? arith::OrIOp::create(b, loc, bits, address).getResult() : address;
    }
    Value mask = arith::ConstantIndexOp::create(b, loc, lineBytes - 1);
    Value zero = arith::ConstantIndexOp::create(b, loc, 0);
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                                 arith::AndIOp::create(b, loc, bits, mask), zero);
  }

  LoopNest &nest;
  OpBuilder &b;
  Location loc;
  ValueRange yielded;
  LoopNest::Cover vectors;
};

} // namespace

void emitElementwise(LoopNest &nest) {
  if (nest.rank() == 0) {
    const LaneTile one;
    nest.store(nest.evaluate(nest.generic.getBody()->getTerminator()->getOperands(), one), one);
    return;
  }
  Elementwise(nest).emit();
}

} // namespace tsum
