// SPDX-License-Identifier: Apache-2.0

#include "Accumulators.h"

using namespace mlir;

namespace tsum {

FailureOr<Accumulators> Accumulators::match(linalg::GenericOp generic) {
  Accumulators result;
  for (int64_t number = 0; number < generic.getNumDpsInits(); ++number) {
    FailureOr<Accumulator> part = Accumulator::match(generic, number);
    if (failed(part))
      return failure();
    result.parts.push_back(*part);
  }
  return result;
}

SmallVector<Value> Accumulators::reducedValues() const {
  return llvm::map_to_vector(parts, [](const Accumulator &part) { return part.reducedValue(); });
}

SmallVector<Type> Accumulators::types() const {
  SmallVector<Type> types;
  for (const Accumulator &part : parts)
    llvm::append_range(types, part.types());
  return types;
}

SmallVector<Value> Accumulators::neutral(OpBuilder &b, Location loc, int64_t lanes) const {
  SmallVector<Value> values;
  for (const Accumulator &part : parts)
    llvm::append_range(values, part.neutral(b, loc, lanes));
  return values;
}

SmallVector<Value> Accumulators::neutralBlocks(OpBuilder &b, Location loc, int64_t lanes) const {
  return llvm::map_to_vector(
      parts, [&](const Accumulator &part) { return part.neutralBlock(b, loc, lanes); });
}

SmallVector<Value> Accumulators::combine(OpBuilder &b, Location loc, ValueRange x,
                                         ValueRange y) const {
  SmallVector<Value> values;
  for (auto [part, left, right] : llvm::zip_equal(parts, x, y))
    values.push_back(part.combine(b, loc, left, right));
  return values;
}

/// Takes from the front of `accumulators` those of `part`.
static ValueRange takeOf(const Accumulator &part, ValueRange &accumulators) {
  ValueRange own = accumulators.take_front(part.types().size());
  accumulators = accumulators.drop_front(part.types().size());
  return own;
}

SmallVector<Value> Accumulators::absorb(OpBuilder &b, Location loc, ValueRange accumulators,
                                        ValueRange blocks) const {
  SmallVector<Value> values;
  for (auto [part, block] : llvm::zip_equal(parts, blocks))
    llvm::append_range(values, part.absorb(b, loc, takeOf(part, accumulators), block));
  return values;
}

SmallVector<Value> Accumulators::foldLanes(OpBuilder &b, Location loc, ValueRange accumulators,
                                           int64_t lanes) const {
  SmallVector<Value> values;
  for (const Accumulator &part : parts)
    llvm::append_range(values, part.foldLanes(b, loc, takeOf(part, accumulators), lanes));
  return values;
}

SmallVector<Value> Accumulators::foldLines(OpBuilder &b, Location loc,
                                           ArrayRef<SmallVector<Value>> lines) const {
  SmallVector<ValueRange> rest(lines);
  SmallVector<Value> values;
  for (const Accumulator &part : parts) {
    SmallVector<SmallVector<Value>> own;
    for (ValueRange &line : rest)
      own.push_back(llvm::to_vector_of<Value>(takeOf(part, line)));
    llvm::append_range(values, part.foldLines(b, loc, own));
  }
  return values;
}

SmallVector<Value> Accumulators::finish(OpBuilder &b, Location loc, ValueRange accumulators) const {
  return llvm::map_to_vector(parts, [&](const Accumulator &part) {
    return part.finish(b, loc, takeOf(part, accumulators));
  });
}

} // namespace tsum
