// SPDX-License-Identifier: Apache-2.0
#include "tsum/Reference/Evaluate.h"

#include "CanonicalForm.h"

#include <gmock/gmock.h>

using namespace tsum;
using namespace tsum::test;
using testing::ElementsAre;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

template <class T> std::vector<T> evaluate(const Tensor &tensor) {
  return elements<T>(reference::evaluate(tensor));
}

template <class T> std::vector<T> evaluate_tree(const Tensor &tensor) {
  return elements<T>(reference::evaluate_tree(tensor));
}

TEST(SummationTree, KeepsInfinitiesAndNans) {
  EXPECT_THAT(evaluate_tree<double>(reduce_sum(constant({1.0, inf}))), ElementsAre(inf));
  EXPECT_THAT(evaluate<double>(reduce_sum(constant({1.0, inf}))), ElementsAre(inf));
  EXPECT_TRUE(std::isnan(evaluate_tree<double>(reduce_sum(constant({inf, -inf})))[0]));
  EXPECT_TRUE(std::isnan(evaluate<double>(reduce_sum(constant({nan, 1.0})))[0]));
}

TEST(Reference, SumOfNothingIsZero) {
  Tensor empty = borrow(nullptr, DType::f32, {std::int64_t{1} << 33, 0});
  EXPECT_THAT(evaluate<float>(reduce_sum(empty)), ElementsAre(0));
  EXPECT_THAT(evaluate_tree<float>(reduce_sum(empty)), ElementsAre(0));
  EXPECT_THAT(evaluate_tree<float>(reduce_sum(empty, 0)), ElementsAre());
  EXPECT_THAT(evaluate_tree<float>(reduce_sum(borrow(nullptr, DType::f32, {0, 2}), 0)),
              ElementsAre(0, 0));
}

/// The canonical graph of `tensor`, in which no floats are summed, gives the same bits.
void expect_same_evaluations(const Tensor &tensor) {
  SCOPED_TRACE(graph_to_string(tensor));
  const std::vector<std::byte> direct = reference::evaluate(tensor);
  expect_same_values(tensor.dtype(), direct, evaluate_canonical(tensor));
}

TEST(Reference, ElementwiseOperationsAgreeWithTheirCanonicalForms) {
  for (DType dtype : all_dtypes) {
    Tensor row = special_tensor(dtype, 25);
    Tensor column = borrow(row.bytes(), dtype, {row.size(), 1}, {size_of(dtype), 1}, row.node());
    Tensor backwards =
        borrow(static_cast<const std::byte *>(row.bytes()) + (row.size() - 1) * size_of(dtype),
               dtype, {row.size()}, {-size_of(dtype)}, row.node());
    for (const ElementwiseOp &op : elementwise_ops)
      if (contains(op.domain, dtype)) {
        expect_same_evaluations(op.apply(row, column));
        expect_same_evaluations(op.apply(column, row));
        expect_same_evaluations(op.apply(row, backwards));
        expect_same_evaluations(op.apply(backwards, backwards));
        expect_same_evaluations(op.apply(row, cast(constant(2), dtype)));
      }
    for (DType to : all_dtypes)
      expect_same_evaluations(cast(row, to));
  }
}

TEST(Reference, IntegersWrap) {
  EXPECT_THAT(evaluate<std::uint8_t>(constant<std::uint8_t>(200) + 100), ElementsAre(44));
  EXPECT_THAT(evaluate<std::uint8_t>(negative(constant<std::uint8_t>(1))), ElementsAre(255));
  constexpr std::int32_t smallest = std::numeric_limits<std::int32_t>::min();
  EXPECT_THAT(evaluate<std::int32_t>(abs(constant(smallest))), ElementsAre(smallest));
  EXPECT_THAT(evaluate<std::int32_t>(square(constant(65536))), ElementsAre(0));
  EXPECT_THAT(evaluate<std::int32_t>(reduce_sum(constant({smallest, -1}))),
              ElementsAre(std::numeric_limits<std::int32_t>::max()));
}

TEST(Reference, CastsSaturateFloatsAndWrapIntegers) {
  Tensor floats = constant({-1.5, 2.9, 300.0, nan, inf});
  EXPECT_THAT(evaluate<std::uint8_t>(cast(floats, DType::u8)), ElementsAre(0, 2, 255, 0, 255));
  EXPECT_THAT(evaluate<std::int32_t>(cast(constant({-0x1p31, 0x1p31, -1.9}), DType::i32)),
              ElementsAre(std::numeric_limits<std::int32_t>::min(),
                          std::numeric_limits<std::int32_t>::max(), -1));
  EXPECT_THAT(evaluate<std::uint8_t>(cast(constant({-1, 257}), DType::u8)), ElementsAre(255, 1));
  EXPECT_THAT(evaluate<float>(cast(constant({16777217, -3}), DType::f32)),
              ElementsAre(16777216, -3));
}

TEST(Reference, MaximumPrefersNanAndPositiveZero) {
  Tensor zeros = maximum(constant({0.0, -0.0}), constant({-0.0, 0.0}));
  for (double zero : evaluate<double>(zeros))
    EXPECT_FALSE(std::signbit(zero));
  EXPECT_TRUE(std::signbit(evaluate<double>(minimum(constant(0.0), constant(-0.0)))[0]));
  EXPECT_TRUE(std::isnan(evaluate<double>(maximum(constant(nan), 1))[0]));
}

TEST(Reference, FollowsGraphsThatNeedValuesFirst) {
  std::vector<std::int64_t> values(64);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<std::int64_t>(i * i);
  auto build = [&] {
    Tensor y = square(constant<std::int64_t>(values, {8, 8}));
    Tensor rows = reduce_sum(y, 1);
    Tensor columns = reduce_sum(y, 0);
    Tensor outer = reduce_sum(y, 1, /*keepdims=*/true) * (rows + columns);
    return reduce_sum(outer, 0) - reduce_sum(outer, 1);
  };
  EXPECT_EQ(reference::evaluate(build()), evaluate_canonical(build()));
}

} // namespace
