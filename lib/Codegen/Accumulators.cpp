// SPDX-License-Identifier: Apache-2.0

#include "Accumulators.h"

#include "Vectors.h"

using namespace mlir;

namespace tsum {

FailureOr<Accumulators> Accumulators::of(linalg::GenericOp generic) {
  Accumulators result;
  ValueRange yielded = generic.getBody()->getTerminator()->getOperands();
  while (!yielded.empty()) {
    auto op = yielded.front().getDefiningOp<ir::AccumulateOp>();
    if (!op || op->getParentOp() != generic.getOperation())
      return generic.emitOpError("yields what is no result of tsum.accumulate");
    result.parts.emplace_back(op);
    yielded = yielded.drop_front(op.getNumResults());
  }
  if (result.parts.empty())
    return generic.emitOpError("reduces to nothing");
  // Exact sums, of elements of one type, have loops of their own.
  if (llvm::any_of(result.parts, [&](const Accumulator &part) {
        return part.isExact() != result.isExact() ||
               (part.isExact() && part.blockTypes() != result.front().blockTypes());
      }))
    return generic.emitOpError(
        "reduces exactly and has other results, which take loops of their own");
  // What has no order goes with either.
  if (llvm::any_of(result.parts, [&](const Accumulator &part) {
        return part.isOrdered() && part.takesNodes() != result.takesNodes();
      }))
    return generic.emitOpError("reduces nodes and elements in the same loops");
  return result;
}

SmallVector<Value> Accumulators::values() const {
  SmallVector<Value> values;
  for (const Accumulator &part : parts)
    llvm::append_range(values, part.values());
  return values;
}

SmallVector<Type> Accumulators::blockTypes() const {
  SmallVector<Type> types;
  for (const Accumulator &part : parts)
    llvm::append_range(types, part.blockTypes());
  return types;
}

SmallVector<Type> Accumulators::nodeTypes() const {
  SmallVector<Type> types;
  for (const Accumulator &part : parts)
    llvm::append_range(types, part.nodeTypes());
  return types;
}

int64_t Accumulators::blockBytes() const {
  int64_t bytes = 1;
  for (Type type : blockTypes())
    bytes = std::max<int64_t>(bytes, type.getIntOrFloatBitWidth() / 8);
  return bytes;
}

static int64_t bytesOf(ArrayRef<Type> types) {
  int64_t bytes = 0;
  for (Type type : types)
    bytes += type.getIntOrFloatBitWidth() / 8;
  return bytes;
}

int64_t Accumulators::allBlockBytes() const { return bytesOf(blockTypes()); }

int64_t Accumulators::nodeBytes() const { return bytesOf(nodeTypes()); }

/// Takes `count` values from the front of `values`.
static ValueRange take(ValueRange &values, size_t count) {
  ValueRange taken = values.take_front(count);
  values = values.drop_front(count);
  return taken;
}

SmallVector<Value> Accumulators::prepare(OpBuilder &b, Location loc, ValueRange values) const {
  SmallVector<Value> all;
  for (const Accumulator &part : parts)
    llvm::append_range(all, part.prepare(b, loc, take(values, part.values().size())));
  return all;
}

SmallVector<Value> Accumulators::neutralBlocks(OpBuilder &b, Location loc, int64_t lanes) const {
  SmallVector<Value> all;
  for (const Accumulator &part : parts)
    llvm::append_range(all, part.neutralBlocks(b, loc, lanes));
  return all;
}

SmallVector<Value> Accumulators::neutralNodes(OpBuilder &b, Location loc, int64_t lanes) const {
  SmallVector<Value> all;
  for (const Accumulator &part : parts)
    llvm::append_range(all, part.neutralNodes(b, loc, lanes));
  return all;
}

SmallVector<Value> Accumulators::combine(OpBuilder &b, Location loc, ValueRange x,
                                         ValueRange y) const {
  SmallVector<Value> all;
  for (const Accumulator &part : parts) {
    const size_t count = part.blockTypes().size();
    ValueRange left = take(x, count), right = take(y, count);
    llvm::append_range(all, part.combine(b, loc, left, right));
  }
  return all;
}

SmallVector<Value> Accumulators::toNodes(OpBuilder &b, Location loc, ValueRange blocks) const {
  SmallVector<Value> all;
  for (const Accumulator &part : parts)
    llvm::append_range(all, part.toNodes(b, loc, take(blocks, part.blockTypes().size())));
  return all;
}

SmallVector<Value> Accumulators::merge(OpBuilder &b, Location loc, ValueRange x,
                                       ValueRange y) const {
  SmallVector<Value> all;
  for (const Accumulator &part : parts) {
    const size_t count = part.nodeTypes().size();
    ValueRange left = take(x, count), right = take(y, count);
    llvm::append_range(all, part.merge(b, loc, left, right));
  }
  return all;
}

SmallVector<Value> Accumulators::finish(OpBuilder &b, Location loc, ValueRange nodes) const {
  SmallVector<Value> all;
  for (const Accumulator &part : parts)
    llvm::append_range(all, part.finish(b, loc, take(nodes, part.nodeTypes().size())));
  return all;
}

static int64_t laneCount(ValueRange vectors) {
  return cast<VectorType>(vectors.front().getType()).getDimSize(0);
}

SmallVector<Value> Accumulators::foldHalves(OpBuilder &b, Location loc, ValueRange vector,
                                            int64_t lanes) const {
  return tsum::foldHalves(b, loc, vector, lanes,
                          [&](ValueRange x, ValueRange y) { return combine(b, loc, x, y); });
}

SmallVector<Value> Accumulators::foldLanes(OpBuilder &b, Location loc, ValueRange blocks,
                                           int64_t left) const {
  SmallVector<Value> lanes(blocks);
  while (laneCount(lanes) / 2 >= left)
    lanes = foldHalves(b, loc, lanes, laneCount(lanes));
  return lanes;
}

SmallVector<Value> Accumulators::foldLines(OpBuilder &b, Location loc,
                                           ArrayRef<SmallVector<Value>> lines) const {
  // Each line alone, until it fills a register.
  constexpr int64_t registerBytes = 64;
  const int64_t lanes = std::min(laneCount(lines.front()), registerBytes / blockBytes());
  return tsum::foldLines(
      b, loc,
      llvm::map_to_vector(lines, [&](ValueRange line) { return foldLanes(b, loc, line, lanes); }),
      [&](ValueRange x, ValueRange y) { return combine(b, loc, x, y); });
}

SmallVector<Value> Accumulators::mergeNeighbours(OpBuilder &b, Location loc,
                                                 SmallVector<SmallVector<Value>> vectors,
                                                 int64_t columns) const {
  // Of two vectors the neighbours with even numbers and those with odd ones; of one, its own.
  while (vectors.size() > 1 || laneCount(vectors.front()) > columns) {
    const bool isLast = vectors.size() == 1;
    SmallVector<SmallVector<Value>> merged;
    for (size_t first = 0; first < vectors.size(); first += 2) {
      const auto &x = vectors[first], &y = vectors[isLast ? first : first + 1];
      const int64_t size = laneCount(x) * (isLast ? 1 : 2);
      auto every2nd = [&](int64_t from) {
        SmallVector<int64_t> sources;
        for (int64_t node = from * columns; node < size; node += 2 * columns)
          for (int64_t column = 0; column < columns; ++column)
            sources.push_back(node + column);
        return shuffleEach(b, loc, x, y, sources);
      };
      SmallVector<Value> even = every2nd(0), odd = every2nd(1);
      merged.push_back(merge(b, loc, even, odd));
    }
    vectors = std::move(merged);
  }
  return vectors.front();
}

} // namespace tsum
