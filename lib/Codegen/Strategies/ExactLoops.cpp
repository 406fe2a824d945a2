// SPDX-License-Identifier: Apache-2.0

#include "ExactLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <algorithm>

using namespace mlir;

namespace tsum {

ExactLoops::ExactLoops(ReductionLoops &loops)
    : loops(loops), nest(loops.nest), b(loops.b), loc(loops.loc), kept(loops.kept),
      reduced(loops, isNarrow(loops)), reduction(loops.accumulators.front().reduction()),
      type(reduction.getBlockType()), width(ExactWindow::vectorLanes(type)) {
  // Of a line that fills no vector, a narrower one; and two of half the width are less than one
  // where elements become f64.
  if (loops.isInner() && !isNarrow(loops)) {
    const auto most = uint64_t(std::max<int64_t>(1, loops.mostElements()));
    width = std::min(width, int64_t(llvm::bit_ceil(most)));
    if (width == 16 && most <= 16 && reduced.dims.size() == 1)
      width = 8;
  }
}

bool ExactLoops::isNarrow(ReductionLoops &loops) {
  return loops.isInner() && loops.mostElements() <= mostShuffled && !loops.kept.empty();
}

Value ExactLoops::constant(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }

int64_t ExactLoops::paddedElements() {
  auto elements = int64_t(llvm::alignTo(uint64_t(loops.mostElements()), uint64_t(width)));
  for (int64_t dim : ArrayRef(reduced.dims).drop_back())
    elements *= reduced.most(dim);
  return elements;
}

void ExactLoops::store(ValueRange results, const LaneTile &tile) {
  for (int64_t dim : reduced.dims)
    nest.position[dim] = zero();
  nest.store(results, tile);
}

SmallVector<Value> ExactLoops::overRests(
    ValueRange carried,
    llvm::function_ref<SmallVector<Value>(AffineExpr, int64_t, ValueRange)> visit) {
  if (loops.restOf(width) == 0)
    return carried;
  return nest.overDims(ArrayRef(reduced.dims).drop_back(), carried, [&](ValueRange inside) {
    return loops.overRest(width, inside,
                          [&](AffineExpr at, int64_t count) { return visit(at, count, inside); });
  });
}

} // namespace tsum
