// SPDX-License-Identifier: Apache-2.0

#include "Vectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/bit.h"

using namespace mlir;

namespace tsum {

static int64_t lanesOf(Value vector) { return cast<VectorType>(vector.getType()).getDimSize(0); }

Value takeLanes(OpBuilder &b, Location loc, Value vector, int64_t first, int64_t count) {
  if (count == lanesOf(vector))
    return vector;
  return vector::ShuffleOp::create(b, loc, vector, vector,
                                   llvm::to_vector(llvm::seq(first, first + count)));
}

SmallVector<Value> splitToPowersOfTwo(OpBuilder &b, Location loc, Value vector) {
  SmallVector<Value> pieces;
  for (int64_t first = 0, left = lanesOf(vector); left > 0;) {
    const auto lanes = int64_t(llvm::bit_floor(uint64_t(left)));
    pieces.push_back(takeLanes(b, loc, vector, first, lanes));
    first += lanes;
    left -= lanes;
  }
  return pieces;
}

Value concatenate(OpBuilder &b, Location loc, ArrayRef<Value> pieces) {
  SmallVector<Value> values(pieces);
  while (values.size() > 1) {
    SmallVector<Value> joined;
    for (size_t i = 0; i + 1 < values.size(); i += 2) {
      const int64_t lanes = lanesOf(values[i]) + lanesOf(values[i + 1]);
      joined.push_back(vector::ShuffleOp::create(b, loc, values[i], values[i + 1],
                                                 llvm::to_vector(llvm::seq<int64_t>(0, lanes))));
    }
    if (values.size() % 2 != 0)
      joined.push_back(values.back());
    values = std::move(joined);
  }
  return values.front();
}

Value sumLines(OpBuilder &b, Location loc, SmallVector<Value> lines) {
  auto lanesOf = [&] { return cast<VectorType>(lines.front().getType()).getDimSize(0); };
  int64_t lanes = lanesOf(); // of each line
  // Two vectors become one: the lower half of each line's lanes has the sums of the first, the upper
  // half those of the second. One shuffle leaves lanes where they are, a blend.
  for (; lanes > 1 && lines.size() > 1; lanes /= 2) {
    const size_t count = lines.size() / 2;
    const int64_t size = lanesOf(), half = lanes / 2;
    SmallVector<int64_t> stay, cross;
    for (int64_t lane = 0; lane < size; ++lane) {
      const bool isUpper = lane % lanes >= half;
      stay.push_back(isUpper ? size + lane : lane);
      cross.push_back(isUpper ? size + lane - half : lane + half);
    }
    for (size_t line = 0; line < count; ++line) {
      Value x = lines[line], y = lines[line + count];
      lines[line] = arith::AddIOp::create(b, loc, vector::ShuffleOp::create(b, loc, x, y, stay),
                                          vector::ShuffleOp::create(b, loc, x, y, cross));
    }
    lines.truncate(count);
  }
  // A last vector alone folds its own halves.
  for (; lanes > 1; lanes /= 2) {
    auto halves = [&](int64_t offset) -> Value {
      SmallVector<int64_t> sources;
      for (int64_t group = 0; group < lanesOf(); group += lanes)
        for (int64_t lane = 0; lane < lanes / 2; ++lane)
          sources.push_back(group + offset + lane);
      return vector::ShuffleOp::create(b, loc, lines.front(), lines.front(), sources);
    };
    Value lower = halves(0), upper = halves(lanes / 2);
    lines.front() = arith::AddIOp::create(b, loc, lower, upper);
  }
  // Of several vectors each has every so many'th line.
  SmallVector<int64_t> places;
  const auto count = int64_t(lines.size()), each = lanesOf();
  for (int64_t line = 0; line < count * each; ++line)
    places.push_back(line % count * each + line / count);
  Value all = concatenate(b, loc, lines);
  return count == 1 ? all : vector::ShuffleOp::create(b, loc, all, all, places).getResult();
}

} // namespace tsum
