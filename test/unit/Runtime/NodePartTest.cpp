// SPDX-License-Identifier: Apache-2.0
//
// Sums and products that give numbers of their nodes.
#include "Compiled.h"
#include "tsum/Ops/Make.h"

#include <algorithm>
#include <functional>

using namespace tsum;
using namespace tsum::test;

namespace {

class NodeParts : public testing::TestWithParam<DType> {
protected:
  /// The numbers of the nodes of `build`, beside each other.
  static void expect_compiled(const std::function<Tensor()> &build) {
    expect_compiled_as_reference([&] {
      const Tensor reduction = build();
      std::vector<Tensor> numbers = {make_node_part(reduction, 0)};
      if (reduction.dtype() == DType::f64)
        numbers.push_back(make_node_part(reduction, 1));
      return numbers;
    });
  }
};

TEST_P(NodeParts, OverAnyAxes) {
  int n = 0;
  for (const Shape &shape : sum_shapes)
    for (const Axes &axes : axes_subsets(shape.size())) {
      auto is_one = [&](std::int64_t axis) { return shape[static_cast<std::size_t>(axis)] == 1; };
      if (std::ranges::find(shape, 0) != shape.end() || std::ranges::all_of(*axes.get(), is_one))
        continue;
      const Tensor x = sample_tensor(GetParam(), shape, layouts[n % std::ssize(layouts)]);
      expect_compiled([&] { return n % 2 ? reduce_sum(x, axes) : reduce_prod(x, axes, true); });
      ++n;
    }
}

TEST_P(NodeParts, OfLongSums) {
  const Tensor x = sample_tensor(GetParam(), {3, 700'001});
  expect_compiled([&] { return reduce_sum(x); });
  expect_compiled([&] { return reduce_sum(x, 1); });
  expect_compiled([&] { return reduce_sum(transpose(x), 0); });
  expect_compiled([&] { return reduce_sum(transpose(x)); });
}

TEST_P(NodeParts, OfMuchCode) {
  const Tensor x = sample_tensor(GetParam(), {5, 300});
  expect_compiled([&] {
    Tensor chain = x;
    for (int n = 0; n < 30; ++n)
      chain = tanh(chain);
    return reduce_sum(chain, 1);
  });
}

TEST_P(NodeParts, OfReductionsOfRows) {
  const Tensor x = sample_tensor(GetParam(), {40, 300});
  expect_compiled([&] { return reduce_sum(softmax(x), 1); });
  expect_compiled([&] { return reduce_prod(softmax(x)); });
}

TEST_P(NodeParts, Alone) {
  const Tensor x = sample_tensor(GetParam(), {40, 300});
  const bool is_pair = GetParam() == DType::f64;
  expect_compiled_as_reference(
      [&] { return std::vector{make_node_part(reduce_sum(x, 1), is_pair ? 1 : 0)}; });
}

TEST_P(NodeParts, BesideResults) {
  const Tensor x = sample_tensor(GetParam(), {40, 300});
  expect_compiled_as_reference([&] {
    const Tensor sum = reduce_sum(x, 1);
    return std::vector{sum, make_node_part(sum, 0), reduce_prod(x, 1), reduce_max(x, 1)};
  });
}

INSTANTIATE_TEST_SUITE_P(, NodeParts, testing::ValuesIn(dtypes_in(Domain::Float)), name_of_dtype);

} // namespace
