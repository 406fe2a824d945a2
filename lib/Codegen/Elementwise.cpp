// SPDX-License-Identifier: Apache-2.0

#include "Elementwise.h"

#include "tsum/Graph/SummationTree.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tsum {

namespace {

/// Bytes of a result from which on it is written past the caches, which spares reading it before.
/// Smaller ones are wanted in the caches by who reads them next.
constexpr int64_t streamedBytes = 8 << 20;

/// The argument or allocation that a buffer lies in.
Value memoryOf(Value buffer) {
  while (auto view = buffer.getDefiningOp<ViewLikeOpInterface>())
    buffer = view.getViewSource();
  return buffer;
}

class Elementwise {
public:
  explicit Elementwise(LoopNest &nest)
      : nest(nest), b(nest.b), loc(nest.loc),
        yielded(nest.generic.getBody()->getTerminator()->getOperands()),
        vectors(nest.cover(nest.rank() - 1, lane_bytes, nest.widestElement())) {}

  void emit() {
    if (!canStream())
      return emitLoops();
    // Non-temporal stores fault on unaligned memory, which a caller of a function may give.
    auto aligned = scf::IfOp::create(b, loc, areOutputsAligned(), /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&aligned.getThenRegion().front());
    nest.streams = true;
    emitLoops();
    nest.streams = false;
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

  /// Whether the outputs are large results of the kernel whose vectors are whole cache lines, if
  /// only the results are aligned.
  bool canStream() {
    auto areLines = [](int64_t elements, Type type) {
      return elements * type.getIntOrFloatBitWidth() % (8 * LoopNest::lineBytes) == 0;
    };
    return llvm::all_of(nest.generic.getDpsInits(), [&](Value output) {
      auto type = cast<MemRefType>(memoryOf(output).getType());
      Type element = type.getElementType();
      return isa<BlockArgument>(memoryOf(output)) && type.getLayout().isIdentity() &&
             type.getNumElements() * element.getIntOrFloatBitWidth() >= 8 * streamedBytes &&
             areLines(type.getShape().back(), element) && areLines(nest.extents.back(), element) &&
             areLines(vectors.width, element);
    });
  }

  Value areOutputsAligned() {
    Value bits;
    for (Value output : nest.generic.getDpsInits()) {
      Value address = memref::ExtractAlignedPointerAsIndexOp::create(b, loc, memoryOf(output));
      bits = bits ? arith::OrIOp::create(b, loc, bits, address).getResult() : address;
    }
    Value mask = arith::ConstantIndexOp::create(b, loc, LoopNest::lineBytes - 1);
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
