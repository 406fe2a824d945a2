// SPDX-License-Identifier: Apache-2.0
#include "Compiled.h"

using namespace tsum;
using namespace tsum::test;

namespace {

class CompiledElementwise : public testing::TestWithParam<DType> {};

TEST_P(CompiledElementwise, IsTheReferenceOnSpecialValues) {
  DType dtype = GetParam();
  Tensor row = special_tensor(dtype, 150);
  Tensor column = borrow(row.bytes(), dtype, {30, 1}, {}, row.node());
  for (const ElementwiseOp &op : elementwise_ops)
    if (contains(op.domain, dtype))
      expect_compiled_as_reference(
          [&] { return std::vector{op.apply(row, column), op.apply(column, row)}; });
}

TEST_P(CompiledElementwise, BroadcastsItsOperands) {
  DType dtype = GetParam();
  const std::pair<Shape, Shape> shapes[] = {
      {{}, {}},        {{}, {3}},           {{1}, {64}},           {{65}, {}},
      {{5, 67}, {67}}, {{5, 67}, {5, 1}},   {{5, 1}, {1, 67}},     {{2, 1, 130}, {3, 1}},
      {{3, 0}, {1}},   {{2, 3, 4}, {3, 4}}, {{2, 3, 4}, {2, 1, 4}}};
  // How an operand is read does not depend on the operation: each takes its turn with the layouts.
  for (const auto &[x_shape, y_shape] : shapes)
    for (std::size_t turn = 0; turn < std::size(layouts); ++turn) {
      Tensor x = sample_tensor(dtype, x_shape, layouts[turn]);
      Tensor y = sample_tensor(dtype, y_shape);
      expect_compiled_as_reference([&] {
        std::vector<Tensor> outputs;
        for (std::size_t i = turn; i < std::size(elementwise_ops); i += std::size(layouts))
          if (contains(elementwise_ops[i].domain, dtype))
            outputs.push_back(elementwise_ops[i].apply(x, y));
        return outputs;
      });
    }
}

TEST_P(CompiledElementwise, CastsSpecialValues) {
  Tensor x = special_tensor(GetParam(), 300);
  for (DType to : all_dtypes)
    expect_compiled_as_reference([&] {
      return std::vector{cast(x.dtype() == DType::boolean ? logical_not(x) : x + 0, to)};
    });
}

class CompiledGraph : public testing::TestWithParam<DType> {
protected:
  DType dtype = GetParam();
  Tensor a = sample_tensor(dtype, {33, 130});
  Tensor b = sample_tensor(dtype, {33, 130}, padded);
  Tensor row = sample_tensor(dtype, {130});
  Tensor column = sample_tensor(dtype, {33, 1});
};

TEST_P(CompiledGraph, FusesProducersIntoTheSum) {
  for (const Axes &axes : axes_subsets(2))
    expect_compiled_as_reference([&] {
      return std::vector{reduce_sum((a - b) * (a - b), axes),
                         reduce_sum(maximum(a, row) + column * 2, axes),
                         reduce_sum(square(a * column), axes, /*keepdims=*/true)};
    });
}

TEST_P(CompiledGraph, FusesEpiloguesIntoTheSum) {
  for (const Axes &axes : axes_subsets(2))
    expect_compiled_as_reference([&] {
      Tensor sum = reduce_sum(square(a), axes);
      return std::vector{negative(sum) * 3, contains(Domain::Float, dtype) ? sqrt(sum) : abs(sum)};
    });
}

TEST_P(CompiledGraph, JoinsSumsInOneKernel) {
  expect_compiled_as_reference([&] {
    return std::vector{reduce_sum(a, 1) + reduce_sum(b, 1) * 2,
                       reduce_sum(a, 0) - reduce_sum(square(a), 0),
                       reduce_sum(a) * reduce_sum(b * column)};
  });
}

TEST_P(CompiledGraph, SharesASumAmongItsConsumers) {
  for (const Axes &axes : axes_subsets(2))
    expect_compiled_as_reference([&] {
      Tensor sum = reduce_sum(a, axes, /*keepdims=*/true);
      return std::vector{sum + 1, square(sum), a - sum, reduce_sum((a - sum) * sum)};
    });
}

TEST_P(CompiledGraph, SumsSums) {
  expect_compiled_as_reference([&] {
    return std::vector{reduce_sum(reduce_sum(a, 0)), reduce_sum(reduce_sum(a, 1)),
                       reduce_sum(reduce_sum(a, 1, true) * a, 0),
                       reduce_sum(square(reduce_sum(a - row, 0)))};
  });
}

class CompiledFloatGraph : public CompiledGraph {};

TEST_P(CompiledFloatGraph, ComputesMeanAndVariance) {
  for (std::int64_t axis : {0, 1})
    expect_compiled_as_reference([&] {
      double count = static_cast<double>(a.shape()[static_cast<std::size_t>(axis)]);
      Tensor mean = reduce_sum(a, axis, /*keepdims=*/true) / count;
      Tensor variance = reduce_sum(square(a - mean), axis, /*keepdims=*/true) / count;
      return std::vector{mean, variance, (a - mean) / sqrt(variance + 1e-5)};
    });
}

TEST_P(CompiledGraph, SumsCasts) {
  for (DType to : dtypes_in(Domain::Numeric, /*with_complex=*/true))
    for (const Axes &axes : axes_subsets(2))
      expect_compiled_as_reference([&] {
        return std::vector{reduce_sum(cast(a, to), axes), cast(reduce_sum(b, axes), to)};
      });
}

TEST_P(CompiledGraph, CastsSumsOverTheRowsOfManyColumns) {
  Tensor wide = sample_tensor(dtype, {19, 40000});
  for (DType to : all_dtypes)
    expect_compiled_as_reference([&] { return std::vector{cast(reduce_sum(wide, 0), to)}; });
}

TEST_P(CompiledGraph, SumsWhatIsRepeated) {
  expect_compiled_as_reference([&] {
    return std::vector{reduce_sum(broadcast_to(row, {3, 5, 130}), 0),
                       reduce_sum(broadcast_to(row, {70, 130})),
                       reduce_sum(broadcast_to(column, {33, 70}), 1),
                       reduce_sum(broadcast_to(cast(constant(3), dtype), {70, 2}))};
  });
}

TEST_P(CompiledGraph, ReadsOneTensorTwoWays) {
  Tensor x = sample_tensor(dtype, {33, 33});
  expect_compiled_as_reference([&] {
    Tensor y = square(x) - reduce_sum(x, 0);
    return std::vector{reduce_sum(y, 0) + reduce_sum(y, 1), reduce_sum(x, 0) * reduce_sum(x, 1)};
  });
}

TEST_P(CompiledGraph, CopiesOutputsThatAreData) {
  expect_compiled_as_reference([&] {
    return std::vector{reduce_sum(b, {}), broadcast_to(row, {2, 130}),
                       broadcast_to(column, {33, 3}),
                       reduce_sum(broadcast_to(column, {1, 33, 1}), {0, 2}), cast(b, dtype)};
  });
}

INSTANTIATE_TEST_SUITE_P(DTypes, CompiledElementwise, testing::ValuesIn(all_dtypes), name_of_dtype);
INSTANTIATE_TEST_SUITE_P(DTypes, CompiledGraph, testing::ValuesIn(dtypes_in(Domain::Real)),
                         name_of_dtype);
INSTANTIATE_TEST_SUITE_P(DTypes, CompiledFloatGraph, testing::ValuesIn(dtypes_in(Domain::Float)),
                         name_of_dtype);

// Each link has two readers, its sum and its quotient: what compiles them once for each path to
// them takes years.
TEST(CompiledChain, OfRowReductionsIsCompiledInOneKernel) {
  Tensor x = sample_tensor(DType::f32, {5, 70});
  expect_compiled_as_reference([&] {
    Tensor y = x;
    for (int link = 0; link < 40; ++link)
      y = y / (reduce_sum(y, 1, /*keepdims=*/true) + 1);
    return std::vector{y};
  });
}

} // namespace
