// SPDX-License-Identifier: Apache-2.0
#include "tsum/Reference/Evaluate.h"

#include "Cases.h"
#include "tsum/Graph/SummationTree.h"

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

/// Both evaluators agree: floats within the documented bound, everything else exactly.
void expect_same_sum(const Tensor &input, const Axes &axes) {
  visit_dtype(real_dtype(input.dtype()), [&]<class T>(T) {
    if constexpr (FloatElement<T>) {
      std::vector<T> exact = evaluate<T>(reduce_sum(input, axes));
      std::vector<T> tree = evaluate_tree<T>(reduce_sum(input, axes));
      ASSERT_EQ(exact.size(), tree.size());
      // Of complex numbers both parts, beside the sum of both magnitudes.
      Tensor magnitude = kind_of(input.dtype()) == DTypeKind::Complex
                             ? abs(real(input)) + abs(imag(input))
                             : abs(input);
      std::vector<T> magnitudes = evaluate<T>(reduce_sum(magnitude, axes));
      const std::size_t parts = exact.size() / std::max<std::size_t>(magnitudes.size(), 1);
      // Small floats are added in f32 and rounded once.
      auto roundoff = [](DType dtype) {
        return visit_dtype(dtype, [](auto x) {
          return std::ldexp(1.0, -std::numeric_limits<decltype(x)>::digits);
        });
      };
      const double bound = sizeof(T) == 2
                               ? error_bound * roundoff(DType::f32) + roundoff(input.dtype())
                               : error_bound * roundoff(real_dtype(input.dtype()));
      for (std::size_t i = 0; i < exact.size(); ++i) {
        const auto wanted = static_cast<double>(exact[i]);
        const auto given = static_cast<double>(tree[i]);
        if (wanted != given) // both may be infinite
          EXPECT_LE(std::fabs(wanted - given), bound * static_cast<double>(magnitudes[i / parts]))
              << "at " << i;
      }
    } else {
      EXPECT_EQ(reference::evaluate(reduce_sum(input, axes)),
                reference::evaluate_tree(reduce_sum(input, axes)));
    }
  });
}

class SumLayouts : public testing::TestWithParam<Layout> {};

TEST_P(SumLayouts, TreeIsWithinTheBoundOverAnyAxes) {
  for (const Shape &shape : sum_shapes)
    for (DType dtype : dtypes_in(Domain::Numeric, /*with_complex=*/true)) {
      Tensor input = sample_tensor(dtype, shape, GetParam());
      for (const Axes &axes : axes_subsets(shape.size())) {
        SCOPED_TRACE(std::string(name_of(dtype)) + to_string(shape) + " over " +
                     to_string(*axes.get()));
        expect_same_sum(input, axes);
      }
    }
}

INSTANTIATE_TEST_SUITE_P(Layouts, SumLayouts, testing::ValuesIn(layouts),
                         [](const auto &layout) { return std::string(layout.param.name); });

TEST(SummationTree, ErrorDoesNotGrowWithTheNumberOfElements) {
  Tensor x = sample_tensor(DType::f32, {1 << 20});
  expect_same_sum(x, all_axes);
  expect_same_sum(cast(x, DType::f64), all_axes);
  expect_same_sum(broadcast_to(constant(0.1f), {1 << 20, 2}), 0);
}

TEST(SummationTree, ABlockAddsPlainlyAndTheSecondLevelWide) {
  // Within a block 1 is lost beside 2^24, in the next block it is not.
  std::vector<float> values(64, 0.f);
  values[0] = 0x1p24f;
  values[2] = 1;  // row 1 of the first column
  values[32] = 1; // row 16, the next block
  values[34] = 1;
  EXPECT_THAT(evaluate_tree<float>(reduce_sum(constant<float>(values, {32, 2}), 0)),
              ElementsAre(0x1p24f + 2, 0));
  // Along the row itself, elements 64 apart share a lane.
  values.assign(2048, 0.f);
  values[0] = 0x1p24f;
  values[64] = 1;
  values[65] = 2;
  EXPECT_THAT(evaluate_tree<float>(reduce_sum(constant<float>(values, {2048}))),
              ElementsAre(0x1p24f + 2));
}

TEST(SummationTree, SumsDoublesInTwiceTheirPrecision) {
  std::vector<double> values(3 * 512, 0.0);
  values[0] = 1e100;
  values[1] = 1;
  values[2] = -1e100;
  // The same within a lane of the upper half, block after block.
  values[16] = 1e100;
  values[512 + 16] = 2;
  values[1024 + 16] = -1e100;
  EXPECT_THAT(evaluate_tree<double>(reduce_sum(constant<double>(values, {1536}))), ElementsAre(3));
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

/// The two evaluators give the same bits where there is no sum of floats.
void expect_same_evaluations(const Tensor &tensor) {
  SCOPED_TRACE(graph_to_string(tensor));
  expect_same_values(tensor.dtype(), reference::evaluate(tensor), reference::evaluate_tree(tensor));
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
  EXPECT_EQ(evaluate<std::int64_t>(build()), evaluate_tree<std::int64_t>(build()));
}

} // namespace
