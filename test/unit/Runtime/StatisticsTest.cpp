// SPDX-License-Identifier: Apache-2.0
//
// What the composed operations mean, against numbers worked out here.
#include "Cases.h"
#include "tsum/tsum.h"

#include <gmock/gmock.h>

using namespace tsum;
using testing::DoubleNear;
using testing::ElementsAre;
using testing::Pointwise;
using testing::ThrowsMessage;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

const Tensor x = constant({{1.0, 2.0, 4.0}, {-1.0, 0.5, 8.0}});
const Tensor nothing = borrow(nullptr, DType::f64, {2, 0});

std::vector<double> values(const Tensor &tensor) { return tensor.to_vector<double>(); }

testing::Matcher<const std::vector<double> &> near(const std::vector<double> &expected) {
  return Pointwise(DoubleNear(1e-14), expected);
}

TEST(Statistics, MeanOfFloats) {
  EXPECT_THAT(values(reduce_mean(x, 1)), near({7.0 / 3, 2.5}));
  EXPECT_DOUBLE_EQ(reduce_mean(x).item<double>(), 14.5 / 6);
  EXPECT_THAT(reduce_mean(x, 0, true).shape(), ElementsAre(1, 3));
  EXPECT_TRUE(std::isnan(reduce_mean(nothing).item<double>()));
}

TEST(Statistics, MeanOfIntegersIsTowardsZero) {
  EXPECT_EQ(reduce_mean(constant({1, 0, 1, 0})).item<std::int32_t>(), 0);
  EXPECT_EQ(reduce_mean(constant({-7, 0})).item<std::int32_t>(), -3);
  EXPECT_EQ(reduce_mean(cast(constant({127, 127, 127}), DType::i8)).item<std::int8_t>(), 127);
  EXPECT_EQ(reduce_mean(borrow(nullptr, DType::i32, {0})).item<std::int32_t>(), 0);
}

TEST(Statistics, DTypeOfTheResultIsThatOfTheAccumulation) {
  Tensor bytes = cast(constant({127, 127, 2}), DType::i8);
  EXPECT_EQ(reduce_prod(bytes, all_axes, {.dtype = DType::i64}).item<std::int64_t>(), 32258);
  EXPECT_DOUBLE_EQ(reduce_mean(bytes, all_axes, {.dtype = DType::f64}).item<double>(), 256.0 / 3);
  Tensor few = constant({1, 3});
  EXPECT_EQ(reduce_variance(few, all_axes, {.ddof = 1, .dtype = DType::f32}).item<float>(), 2);
  EXPECT_EQ(reduce_std(few, 0, {.keepdims = true, .dtype = DType::f64}).item<double>(), 1);
}

TEST(Statistics, VarianceAndDeviation) {
  const double mean = 7.0 / 3;
  const double squares =
      (1 - mean) * (1 - mean) + (2 - mean) * (2 - mean) + (4 - mean) * (4 - mean);
  EXPECT_NEAR(values(reduce_variance(x, 1))[0], squares / 3, 1e-14);
  EXPECT_NEAR(values(reduce_variance(x, 1, {.ddof = 1}))[0], squares / 2, 1e-14);
  EXPECT_NEAR(values(reduce_std(x, 1))[0], std::sqrt(squares / 3), 1e-14);
  EXPECT_TRUE(std::isnan(reduce_variance(x, {0, 1}, {.ddof = 6}).item<double>()));
  EXPECT_TRUE(std::isnan(reduce_variance(nothing).item<double>()));
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_NEAR(values(reduce_variance(x, 1, {.ddof = least}))[0] / squares, 0x1p-63, 1e-30);
  EXPECT_TRUE(std::isnan(values(reduce_variance(x, 1, {.ddof = most}))[0]));
  auto [means, variances] = moments(x, 1);
  eval(means, variances);
  EXPECT_NEAR(values(means)[0], mean, 1e-14);
  EXPECT_NEAR(values(variances)[0], squares / 3, 1e-14);
}

TEST(Statistics, NormsAndCounts) {
  EXPECT_THAT(values(reduce_sum_square(x, 1)), near({21, 65.25}));
  EXPECT_THAT(values(reduce_l1(x, 1)), near({7, 9.5}));
  EXPECT_THAT(values(reduce_euclidean_norm(x, 1)), near({std::sqrt(21), std::sqrt(65.25)}));
  EXPECT_THAT(count_nonzero(constant({0.0, -0.0, nan, 2.0})).item<std::int64_t>(), 2);
  EXPECT_THAT(count_nonzero(constant({true, false, true})).item<std::int64_t>(), 2);
}

TEST(Statistics, LogOfSumsOfPowersDoesNotOverflow) {
  EXPECT_DOUBLE_EQ(reduce_logsumexp(constant({1000.0, 1000.0})).item<double>(),
                   1000 + std::log(2.0));
  EXPECT_DOUBLE_EQ(reduce_logsumexp(constant({-inf, 3.0})).item<double>(), 3);
  EXPECT_EQ(reduce_logsumexp(constant({-inf, -inf})).item<double>(), -inf);
  EXPECT_EQ(reduce_logsumexp(constant({inf, 1.0})).item<double>(), inf);
  EXPECT_EQ(reduce_logsumexp(nothing).item<double>(), -inf);
  EXPECT_THAT(reduce_logsumexp(x, 1, true).shape(), ElementsAre(2, 1));
}

TEST(Statistics, ExtremesOfNothing) {
  EXPECT_THAT(values(reduce_max(nothing, 1)), ElementsAre(-inf, -inf));
  EXPECT_THAT(values(reduce_min(nothing, 1)), ElementsAre(inf, inf));
  Tensor integers = borrow(nullptr, DType::i8, {0});
  EXPECT_EQ(reduce_max(integers).item<std::int8_t>(), -128);
  EXPECT_EQ(reduce_min(integers).item<std::int8_t>(), 127);
  EXPECT_EQ(reduce_prod(integers).item<std::int8_t>(), 1);
  EXPECT_THAT(
      [&] { return argmax(integers, 0); },
      ThrowsMessage<ShapeError>("argmax: shape [0] has no element to choose along the given axes"));
}

TEST(Statistics, Places) {
  EXPECT_THAT(argmax(x, 1).to_vector<std::int64_t>(), ElementsAre(2, 2));
  EXPECT_THAT(argmin(x, 0).to_vector<std::int64_t>(), ElementsAre(1, 1, 0));
  EXPECT_EQ(argmax(x, all_axes).item<std::int64_t>(), 5);
  EXPECT_EQ(argmax(constant({1.0, nan, 3.0, nan}), 0).item<std::int64_t>(), 1);
  EXPECT_EQ(argmax(constant({2, 3, 3}), 0).item<std::int64_t>(), 1);
}

TEST(Statistics, SumsInAnotherDtype) {
  Tensor bytes = cast(constant({200, 100}), DType::u8);
  EXPECT_EQ(reduce_sum(bytes).item<std::uint8_t>(), 44);
  EXPECT_EQ(reduce_sum(bytes, all_axes, {.dtype = DType::i32}).item<std::int32_t>(), 300);
}

TEST(Statistics, RefusesBooleansWithAHint) {
  EXPECT_THAT(
      [] { return reduce_sum(constant({true})); },
      ThrowsMessage<DTypeError>(
          "reduce_sum: takes f32, f64, f16, bf16, i8, i16, i32, i64, u8, u16, u32, u64, complex64, "
          "complex128; given boolean (cast it, as in cast(x, DType::i64), or see reduce_any, "
          "reduce_all, count_nonzero and the logical_ operations)"));
  EXPECT_THAT([] { return reduce_any(constant({1})); },
              ThrowsMessage<DTypeError>(
                  "reduce_any: takes boolean; given i32 (compare it, as in not_equal(x, 0))"));
}

TEST(Composites, Softmax) {
  const double total = 1 + std::exp(1.0) + std::exp(3.0);
  EXPECT_THAT(values(slice(softmax(x), {{0, 1, 1}})),
              near({1 / total, std::exp(1.0) / total, std::exp(3.0) / total}));
  EXPECT_THAT(values(softmax(constant({1000.0, 1000.0}))), near({0.5, 0.5}));
  EXPECT_THAT(values(log_softmax(constant({1000.0, 0.0}))), near({0, -1000}));
}

TEST(Composites, Norms) {
  Tensor y = constant({1.0, 3.0});
  EXPECT_THAT(values(standardize(y)), near({-1, 1}));
  EXPECT_THAT(values(layer_norm(y, constant({2.0, 4.0}), constant({10.0, 20.0}), -1, 0)),
              near({8, 24}));
  EXPECT_THAT(values(rms_norm(y, {}, -1, 0)), near({1 / std::sqrt(5.0), 3 / std::sqrt(5.0)}));
}

TEST(Composites, Products) {
  Tensor y = constant({3.0, 4.0});
  EXPECT_DOUBLE_EQ(dot(y, y).item<double>(), 25);
  EXPECT_DOUBLE_EQ(cosine_similarity(y, constant({4.0, 3.0})).item<double>(), 24.0 / 25);
  EXPECT_EQ(cosine_similarity(y, constant({0.0, 0.0})).item<double>(), 0);
}

TEST(Composites, OfSmallFloatsAreRoundedOnce) {
  // In f16 the sum of the squares would overflow.
  Tensor y = cast(constant({300.0, 400.0}), DType::f16);
  EXPECT_EQ(static_cast<float>(reduce_euclidean_norm(y).item<float16>()), 500);
  EXPECT_EQ(static_cast<float>(
                reduce_mean(cast(constant({60000.0, 60000.0}), DType::f16)).item<float16>()),
            60000);
}

} // namespace
