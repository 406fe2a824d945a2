// SPDX-License-Identifier: Apache-2.0
//
// Reductions that leave out NaNs, against loops over what is left.
#include "Cases.h"
#include "tsum/explain.h"
#include "tsum/tsum.h"

#include <gmock/gmock.h>

#include <algorithm>

using namespace tsum;
using testing::DoubleNear;
using testing::ElementsAre;
using testing::NanSensitiveDoubleEq;
using testing::Pointwise;
using testing::ThrowsMessage;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Rows of some NaNs, none, only NaNs, and NaNs beside the values that stand for nothing.
const Tensor rows = constant({{1.0, nan, 4.0, -2.0},
                              {3.0, 1.0, 3.0, 2.0},
                              {nan, nan, nan, nan},
                              {nan, -inf, nan, -inf},
                              {inf, nan, inf, nan}});

std::vector<double> values(const Tensor &tensor) { return tensor.to_vector<double>(); }

/// What is not NaN of a column of `extent` numbers.
std::vector<double> present(const std::vector<double> &data, std::size_t start, std::size_t step,
                            std::size_t extent) {
  std::vector<double> left;
  for (std::size_t i = 0; i < extent; ++i)
    if (!std::isnan(data[start + i * step]))
      left.push_back(data[start + i * step]);
  return left;
}

double mean_of(const std::vector<double> &list) {
  double sum = 0;
  for (double value : list)
    sum += value;
  return sum / static_cast<double>(list.size());
}

TEST(NanReductions, OfEachKindOfRow) {
  EXPECT_THAT(values(nansum(rows, 1)), ElementsAre(3, 9, 0, -inf, inf));
  EXPECT_THAT(values(nanprod(rows, 1)), ElementsAre(-8, 18, 1, inf, inf));
  EXPECT_THAT(nancount(rows, 1).to_vector<std::int64_t>(), ElementsAre(3, 4, 0, 2, 2));
  EXPECT_THAT(values(nanmean(rows, 1)), ElementsAre(1, 2.25, NanSensitiveDoubleEq(nan), -inf, inf));
  EXPECT_THAT(values(nanmax(rows, 1)), ElementsAre(4, 3, NanSensitiveDoubleEq(nan), -inf, inf));
  EXPECT_THAT(values(nanmin(rows, 1)), ElementsAre(-2, 1, NanSensitiveDoubleEq(nan), -inf, inf));
  EXPECT_THAT(nanargmax(rows, 1).to_vector<std::int64_t>(), ElementsAre(2, 0, -1, 1, 0));
  EXPECT_THAT(nanargmin(rows, 1).to_vector<std::int64_t>(), ElementsAre(3, 1, -1, 1, 0));
  const auto is_nan = NanSensitiveDoubleEq(nan);
  EXPECT_THAT(values(nanvar(rows, 1)), ElementsAre(6, 0.6875, is_nan, is_nan, is_nan));
  EXPECT_THAT(values(nanvar(rows, 1, {.ddof = 3}))[0], is_nan);
  EXPECT_DOUBLE_EQ(values(nanstd(rows, 1, {.ddof = 1}))[0], 3);
}

TEST(NanReductions, OverBothAxesOfManySizes) {
  std::mt19937 random(7);
  std::normal_distribution<double> normal(3, 2);
  for (const auto &[height, width] : {std::pair<std::size_t, std::size_t>{1, 1},
                                      {1, 1031},
                                      {1031, 1},
                                      {7, 2053},
                                      {515, 31},
                                      {16, 64}}) {
    std::vector<double> data(height * width);
    for (double &value : data)
      value = random() % 5 == 0 ? nan : normal(random);
    const Tensor x =
        reshape(borrow(data.data(), DType::f64, {static_cast<std::int64_t>(data.size())}),
                {static_cast<std::int64_t>(height), static_cast<std::int64_t>(width)});
    for (std::int64_t axis : {0, 1}) {
      const std::size_t lines = axis == 0 ? width : height;
      const std::size_t extent = axis == 0 ? height : width;
      const std::size_t line_step = axis == 0 ? 1 : width;
      const std::size_t step = axis == 0 ? width : 1;
      const std::vector<double> means = values(nanmean(x, axis));
      const std::vector<double> variances = values(nanvar(x, axis));
      const std::vector<double> largest = values(nanmax(x, axis));
      const auto counts = nancount(x, axis).to_vector<std::int64_t>();
      const auto places = nanargmin(x, axis).to_vector<std::int64_t>();
      for (std::size_t line = 0; line < lines; ++line) {
        SCOPED_TRACE(testing::Message() << height << "x" << width << ", line " << line);
        const auto left = present(data, line * line_step, step, extent);
        ASSERT_EQ(counts[line], std::ssize(left));
        if (left.empty()) {
          EXPECT_TRUE(std::isnan(means[line]) && std::isnan(variances[line]) &&
                      std::isnan(largest[line]));
          EXPECT_EQ(places[line], -1);
          continue;
        }
        const double mean = mean_of(left);
        std::vector<double> squares;
        for (double value : left)
          squares.push_back((value - mean) * (value - mean));
        EXPECT_NEAR(means[line], mean, 1e-13);
        EXPECT_NEAR(variances[line], mean_of(squares), 1e-12);
        EXPECT_EQ(largest[line], *std::ranges::max_element(left));
        EXPECT_EQ(data[line * line_step + static_cast<std::size_t>(places[line]) * step],
                  *std::ranges::min_element(left));
      }
    }
  }
}

TEST(NanReductions, OfNothing) {
  const Tensor nothing = borrow(nullptr, DType::f32, {2, 0});
  EXPECT_THAT(nansum(nothing, 1).to_vector<float>(), ElementsAre(0, 0));
  EXPECT_THAT(nancount(nothing, 1).to_vector<std::int64_t>(), ElementsAre(0, 0));
  EXPECT_TRUE(std::isnan(nanmax(nothing).item<float>()));
  EXPECT_TRUE(std::isnan(nanmean(nothing).item<float>()));
  EXPECT_TRUE(std::isnan(nanvar(nothing).item<float>()));
  EXPECT_THAT([&] { return nanargmax(nothing, 1); },
              ThrowsMessage<ShapeError>(
                  "nanargmax: shape [2,0] has no element to choose along the given axes"));
}

TEST(NanReductions, OfIntegersAreThePlainOnes) {
  const Tensor x = constant({{7, -2}, {3, 5}});
  EXPECT_THAT(nansum(x, 0).to_vector<std::int32_t>(), ElementsAre(10, 3));
  EXPECT_THAT(nanmax(x, 1).to_vector<std::int32_t>(), ElementsAre(7, 5));
  EXPECT_THAT(nanmean(x, 1).to_vector<std::int32_t>(), ElementsAre(2, 4));
  EXPECT_THAT(nancount(x, 0, {.keepdims = true}).shape(), ElementsAre(1, 2));
  EXPECT_EQ(nancount(x).item<std::int64_t>(), 4);
  EXPECT_THAT(nanargmin(x, 1).to_vector<std::int64_t>(), ElementsAre(1, 0));
}

TEST(NanReductions, OfSmallFloatsAreRoundedOnce) {
  // Their sum, 131008, is beyond f16.
  const Tensor x = cast(constant({65504.0F, static_cast<float>(nan), 65504.0F}), DType::f16);
  EXPECT_EQ(static_cast<float>(nanmean(x).item<float16>()), 65504);
  EXPECT_EQ(static_cast<float>(nanvar(x).item<float16>()), 0);
}

TEST(NanReductions, OfComplexNumbersLeaveOutThoseWithANanPart) {
  const Tensor z = complex(constant({1.0, nan, 3.0}), constant({2.0, 5.0, -2.0}));
  EXPECT_EQ(nansum(z).item<std::complex<double>>(), std::complex<double>(4, 0));
  EXPECT_EQ(nanmean(z).item<std::complex<double>>(), std::complex<double>(2, 0));
  EXPECT_EQ(nancount(z).item<std::int64_t>(), 2);
  EXPECT_EQ(nanvar(z).item<double>(), 5);
}

TEST(NanReductions, DTypeIsOfTheResultAndNansAreGoneBefore) {
  const Tensor x = constant({1.5F, static_cast<float>(nan), 2.0F});
  EXPECT_EQ(nansum(x, all_axes, {.dtype = DType::i32}).item<std::int32_t>(), 3);
  EXPECT_EQ(nanmean(x, all_axes, {.dtype = DType::f64}).item<double>(), 1.75);
  EXPECT_THAT(
      [&] { return nanmean(x, all_axes, {.dtype = DType::i32}); },
      ThrowsMessage<DTypeError>("nanmean: takes a float or complex dtype for floats; given i32"));
}

TEST(NanReductions, ExactWhereStandardCancels) {
  const Tensor x = constant({1e16, nan, 1.0, -1e16, 1.0, nan});
  const SumOptions exact{.accuracy = Accuracy::exact};
  EXPECT_EQ(nansum(x, all_axes, exact).item<double>(), 2);
  EXPECT_EQ(nanmean(x, all_axes, exact).item<double>(), 0.5);
  const Tensor y = constant({1e8 + 1, nan, 1e8 - 1});
  EXPECT_EQ(nanvar(y, all_axes, {.accuracy = Accuracy::exact}).item<double>(), 1);
  EXPECT_EQ(nanstd(cast(y, DType::f32), all_axes, {.accuracy = Accuracy::exact}).dtype(),
            DType::f32);
  EXPECT_TRUE(std::isnan(nanmean(constant({nan}), 0, exact).item<double>()));
}

TEST(NanReductions, ReadTheirOperandOnce) {
  std::vector<double> data(1 << 16, 1);
  const Tensor x = borrow(data.data(), DType::f64, {256, 256});
  for (const Tensor &result : {nansum(x, 1), nanprod(x, 1), nanmean(x, 1), nanmax(x, 1),
                               nancount(x, 1), nanmean(x, 0), nanmax(x, 0)}) {
    const std::string text = explain({result});
    EXPECT_NE(text.find("524 KB read"), std::string::npos) << text;
    EXPECT_EQ(text.find("\n  kernel ", text.find("\n  kernel ") + 1), std::string::npos) << text;
  }
}

TEST(Ptp, IsLargestLessSmallest) {
  EXPECT_THAT(ptp(constant({{1, 5}, {-3, -3}}), 1).to_vector<std::int32_t>(), ElementsAre(4, 0));
  EXPECT_TRUE(std::isnan(ptp(constant({1.0, nan})).item<double>()));
  EXPECT_THAT([] { return ptp(borrow(nullptr, DType::f64, {0, 3}), 0); },
              ThrowsMessage<ShapeError>("ptp: shape [0,3] has no element along the given axes"));
}

TEST(Average, WeighsElements) {
  const Tensor x = constant({{1.0, nan, 4.0}, {2.0, 2.0, 8.0}});
  const Tensor weights = constant({1.0, 2.0, 3.0});
  EXPECT_THAT(values(average(x, weights, 1)), ElementsAre(NanSensitiveDoubleEq(nan), 5));
  EXPECT_THAT(values(average(x, weights, 1, {.skipna = true})), ElementsAre(13.0 / 4, 5));
  EXPECT_THAT(average(x, weights, 1, {.keepdims = true}).shape(), ElementsAre(2, 1));
  EXPECT_TRUE(std::isnan(average(constant({1.0}), constant({0.0})).item<double>() -
                         average(constant({1.0}), constant({0.0})).item<double>()));
  const Tensor hard = constant({1e16, 1.0, -1e16});
  EXPECT_EQ(
      average(hard, constant({1.0, 2.0, 1.0}), 0, {.accuracy = Accuracy::exact}).item<double>(),
      0.5);
  const Tensor small = cast(constant({60000.0F, 60000.0F}), DType::f16);
  EXPECT_EQ(static_cast<float>(average(small, small).item<float16>()), 60000);
  EXPECT_THAT([&] { return average(x, constant({1.0, 2.0}), 1); },
              ThrowsMessage<ShapeError>(
                  "average: weights of shape [2] do not broadcast to [2,3] (extents must be equal "
                  "or 1, aligned at the last dimension)"));
}

} // namespace
