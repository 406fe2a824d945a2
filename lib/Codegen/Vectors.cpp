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

static int64_t laneCount(ValueRange vectors) {
  return cast<VectorType>(vectors.front().getType()).getDimSize(0);
}

SmallVector<Value> shuffleEach(OpBuilder &b, Location loc, ValueRange x, ValueRange y,
                               ArrayRef<int64_t> sources) {
  return llvm::map_to_vector(llvm::zip_equal(x, y), [&](auto pair) -> Value {
    auto [left, right] = pair;
    return vector::ShuffleOp::create(b, loc, left, right, sources);
  });
}

SmallVector<Value> foldHalves(OpBuilder &b, Location loc, ValueRange vector, int64_t lanes,
                              Combine combine) {
  auto halves = [&](int64_t offset) {
    SmallVector<int64_t> sources;
    for (int64_t group = 0; group < laneCount(vector); group += lanes)
      for (int64_t lane = 0; lane < lanes / 2; ++lane)
        sources.push_back(group + offset + lane);
    return shuffleEach(b, loc, vector, vector, sources);
  };
  SmallVector<Value> lower = halves(0), upper = halves(lanes / 2);
  return combine(lower, upper);
}

SmallVector<Value> foldLines(OpBuilder &b, Location loc, SmallVector<SmallVector<Value>> vectors,
                             Combine combine) {
  // Two vectors become one: the lower half of each line's lanes has the sums of the first, the
  // upper half those of the second. One shuffle leaves lanes where they are, a blend; of the other
  // each half takes the other's place.
  const size_t lines = vectors.size();
  int64_t lanes = laneCount(vectors.front());
  for (; lanes > 1 && vectors.size() > 1; lanes /= 2) {
    SmallVector<SmallVector<Value>> folded;
    for (size_t first = 0; first < vectors.size(); first += 2) {
      const auto &x = vectors[first], &y = vectors[first + 1];
      const int64_t size = laneCount(x), half = lanes / 2;
      SmallVector<int64_t> stay, cross;
      for (int64_t lane = 0; lane < size; ++lane) {
        const bool isUpper = lane % lanes >= half;
        stay.push_back(isUpper ? size + lane : lane);
        cross.push_back(isUpper ? size + lane - half : lane + half);
      }
      SmallVector<Value> staying = shuffleEach(b, loc, x, y, stay);
      folded.push_back(combine(staying, shuffleEach(b, loc, x, y, cross)));
    }
    vectors = std::move(folded);
  }
  // A last vector alone folds its own halves.
  for (; lanes > 1; lanes /= 2)
    vectors.front() = foldHalves(b, loc, vectors.front(), lanes, combine);

  // The lines that became one vector are there in the order of their reversed bits.
  const size_t together = lines / vectors.size();
  SmallVector<int64_t> places;
  for (size_t line = 0; line < lines; ++line) {
    size_t place = 0;
    for (size_t bit = 1; bit < together; bit *= 2)
      place = 2 * place + (line / bit) % 2;
    places.push_back(int64_t(line / together * together + place));
  }
  SmallVector<Value> results;
  for (size_t part = 0; part < vectors.front().size(); ++part) {
    Value all = concatenate(
        b, loc, llvm::map_to_vector(vectors, [&](const auto &vector) { return vector[part]; }));
    results.push_back(vector::ShuffleOp::create(b, loc, all, all, places));
  }
  return results;
}

} // namespace tsum
