// SPDX-License-Identifier: Apache-2.0

#include "ReducedLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <algorithm>

using namespace mlir;

namespace tsum {

ReducedLoops::ReducedLoops(ReductionLoops &loops, bool unrollsLine)
    : loops(loops), nest(loops.nest), b(loops.b), loc(loops.loc), unrollsLine(unrollsLine) {
  for (int64_t dim = 0; dim < nest.rank(); ++dim)
    if (nest.isReduced(dim))
      dims.push_back(dim);
}

Value ReducedLoops::constant(int64_t value) {
  return arith::ConstantIndexOp::create(b, loc, value);
}

int64_t ReducedLoops::most(int64_t dim) {
  return dim == loops.line ? loops.mostElements() : nest.extents[dim];
}

int64_t ReducedLoops::elements() {
  int64_t product = 1;
  for (int64_t dim : dims)
    product *= most(dim);
  return product;
}

/// How many steps of `step` elements there are along a dimension, as a value.
Value ReducedLoops::stepsOf(int64_t dim, int64_t step) {
  return dim == loops.line ? loops.countOf(step) : constant(nest.extents[dim] / step);
}

SmallVector<Value> ReducedLoops::overAll(size_t level, int64_t step, ValueRange carried,
                                         Visit visit) {
  if (level == dims.size())
    return visit(carried);
  const int64_t dim = dims[level], size = stepAt(level, step);
  auto inside = [&](AffineExpr place, ValueRange values) {
    nest.position[dim] = place;
    return overAll(level + 1, step, values, visit);
  };
  // Whole vectors of short rows are loaded where it is known which elements are wanted.
  if (dim == nest.rank() - 1 && unrollsLine && !loops.isPiece()) {
    SmallVector<Value> values(carried);
    for (int64_t place = 0; place < nest.extents[dim]; ++place)
      values = inside(nest.constant(place), values);
    return values;
  }
  return nest.loop(stepsOf(dim, size), carried,
                   [&](AffineExpr iv, ValueRange values) { return inside(iv * size, values); });
}

ReducedLoops::Chunks ReducedLoops::chunksOf(int64_t places, int64_t step) {
  int64_t inside = 1;
  for (size_t level = dims.size(); level-- > 0;) {
    const int64_t steps = most(dims[level]) / stepAt(level, step);
    if (inside * steps > places)
      return {level, std::max<int64_t>(1, places / inside), false};
    inside *= steps;
  }
  return {0, std::max<int64_t>(1, most(dims[0]) / stepAt(0, step)), true};
}

SmallVector<Value> ReducedLoops::overChunk(const Chunks &chunks, const Chunk &chunk, int64_t step,
                                           ValueRange carried, Visit visit) {
  if (chunks.isOne)
    return overAll(chunks.level, step, carried, visit);
  return overSteps(chunks, chunk.start, chunk.length, step, carried, visit);
}

SmallVector<Value> ReducedLoops::overSteps(const Chunks &chunks, AffineExpr from, Value count,
                                           int64_t step, ValueRange carried, Visit visit) {
  const int64_t size = stepAt(chunks.level, step);
  return nest.loop(count, carried, [&](AffineExpr iv, ValueRange values) {
    nest.position[dims[chunks.level]] = (from + iv) * size;
    return overAll(chunks.level + 1, step, values, visit);
  });
}

void ReducedLoops::overChunks(const Chunks &chunks, int64_t step,
                              llvm::function_ref<void(const Chunk &)> body, size_t level) {
  const int64_t dim = dims[level], size = stepAt(level, step);
  Value steps = stepsOf(dim, size);
  if (level < chunks.level)
    return nest.loop(steps, [&](AffineExpr iv) {
      nest.position[dim] = iv * size;
      overChunks(chunks, step, body, level + 1);
    });
  auto inside = [&](AffineExpr start, Value length) {
    Value places = length;
    for (size_t inner = level + 1; inner < dims.size(); ++inner)
      places = arith::MulIOp::create(b, loc, places, stepsOf(dims[inner], stepAt(inner, step)));
    body({start, length, places});
  };
  if (chunks.isOne)
    return inside(nest.constant(0), steps);
  overParts(steps, chunks.length, inside);
}

void ReducedLoops::overParts(Value count, int64_t size,
                             llvm::function_ref<void(AffineExpr, Value)> body) {
  Value most = constant(size);
  std::optional<int64_t> known = getConstantIntValue(count);
  Value parts = known ? constant(llvm::divideCeil(*known, size))
                      : arith::CeilDivUIOp::create(b, loc, count, most).getResult();
  nest.loop(parts, [&](AffineExpr part) {
    if (known && *known % size == 0)
      return body(part * size, most);
    Value left = arith::SubIOp::create(b, loc, count, nest.index(part * size));
    body(part * size, arith::MinUIOp::create(b, loc, left, most));
  });
}

} // namespace tsum
