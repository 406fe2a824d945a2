// SPDX-License-Identifier: Apache-2.0

#include "Vectors.h"

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

} // namespace tsum
