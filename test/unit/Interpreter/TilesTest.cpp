// SPDX-License-Identifier: Apache-2.0
//
// A tile of generic code is not divided: while one runs, nobody can end the evaluation.
#include "tsum/Canonical/CanonicalGraph.h"
#include "tsum/Interpreter/Interpreter.h"
#include "tsum/ops.h"

#include <gtest/gtest.h>

using namespace tsum;

namespace {

/// Whether there is generic code for `build` of data of `shapes`, which is nowhere.
template <class... Shapes, class Build> bool has_generic(const Build &build, Shapes... shapes) {
  // One element that is repeated has the strides of all.
  static const float element = 1;
  auto data = [](Shape shape) {
    ByteStrides strides = row_major_strides(shape, DType::f32);
    return borrow(&element, DType::f32, std::move(shape), std::move(strides));
  };
  const Tensor result = build(data(shapes)...);
  return interpret(canonicalize(std::vector{result.node()}).graph).has_value();
}

Tensor many_operations(Tensor x) {
  for (int n = 0; n < 12; ++n)
    x = sin(exp(x));
  return x;
}

TEST(GenericTiles, AreNotOfMuchWork) {
  constexpr std::int64_t many = 15 << 20; // elements: 60 MB
  auto sum = [](const Tensor &x) { return reduce_sum(x, 0); };
  auto sum_of_many = [](const Tensor &x) { return reduce_sum(many_operations(x), 0); };
  EXPECT_TRUE(has_generic(sum, Shape{many}));
  EXPECT_FALSE(has_generic(sum, Shape{2 * many}));
  EXPECT_FALSE(has_generic(sum_of_many, Shape{many}));
  EXPECT_TRUE(has_generic(sum_of_many, Shape{many / 24}));
  // By rows, which are tiles of their own, there may be as much together.
  auto rows = [](const Tensor &x) { return reduce_sum(many_operations(x), 1); };
  EXPECT_TRUE(has_generic(rows, Shape{64, many / 64}));
}

TEST(GenericTiles, CountWhatIsBroadcast) {
  auto products = [](const Tensor &x, const Tensor &y) { return reduce_sum(x * y); };
  EXPECT_TRUE(has_generic(products, Shape{1000, 1}, Shape{1, 1000}));
  EXPECT_FALSE(has_generic(products, Shape{100'000, 1}, Shape{1, 100'000}));
}

} // namespace
