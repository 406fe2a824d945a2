// SPDX-License-Identifier: Apache-2.0
//
// Where definitions differ and implementations break: values as TensorFlow or NumPy give them,
// worked out here, and tensors that are enormous, empty or oddly laid out.
#include "Cases.h"
#include "tsum/tsum.h"

#include <gmock/gmock.h>

#include <chrono>

using namespace tsum;
using namespace tsum::test;
using testing::ElementsAre;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr auto smallest32 = std::numeric_limits<std::int32_t>::min();

template <class T> std::vector<T> values(const Tensor &tensor) { return tensor.to_vector<T>(); }

/// Equal values, of which zeros have one sign and NaN is NaN.
void expect_floats(const Tensor &tensor, const std::vector<float> &expected) {
  const std::vector<float> given = values<float>(tensor);
  ASSERT_EQ(given.size(), expected.size());
  for (std::size_t i = 0; i < given.size(); ++i)
    if (std::isnan(expected[i]))
      EXPECT_TRUE(std::isnan(given[i])) << i << ": " << given[i];
    else
      EXPECT_TRUE(given[i] == expected[i] && std::signbit(given[i]) == std::signbit(expected[i]))
          << i << ": " << given[i] << ", expected " << expected[i];
}

//===-- Elements ------------------------------------------------------------------------------===//

TEST(EdgeCases, CastsOfFloatsSaturate) {
  Tensor x = constant({nan, inf, -inf, 3e9f, -3e9f, -1.9f, 255.9f, 1e30f});
  EXPECT_THAT(values<std::int32_t>(cast(x, DType::i32)),
              ElementsAre(0, 2147483647, smallest32, 2147483647, smallest32, -1, 255, 2147483647));
  EXPECT_THAT(values<std::uint8_t>(cast(x, DType::u8)),
              ElementsAre(0, 255, 0, 255, 0, 0, 255, 255));
  EXPECT_THAT(values<std::uint64_t>(cast(x, DType::u64)),
              ElementsAre(0, ~0ULL, 0, 3000000000, 0, 0, 255, ~0ULL));
  EXPECT_THAT(values<bool>(cast(x * 0, DType::boolean)),
              ElementsAre(true, true, true, false, false, false, false, false));
}

TEST(EdgeCases, CastsOfIntegersWrap) {
  Tensor x = constant({300, -1, 128, smallest32});
  EXPECT_THAT(values<std::int8_t>(cast(x, DType::i8)), ElementsAre(44, -1, -128, 0));
  EXPECT_THAT(values<std::uint16_t>(cast(x, DType::u16)), ElementsAre(300, 65535, 128, 0));
  EXPECT_THAT(values<std::uint64_t>(cast(x, DType::u64)),
              ElementsAre(300, ~0ULL, 128, 0xffffffff80000000));
}

TEST(EdgeCases, DivisionOfIntegers) {
  Tensor x = constant({7, -7, 7, -7, 5, smallest32, smallest32});
  Tensor y = constant({2, 2, -2, -2, 0, -1, 0});
  EXPECT_THAT(values<std::int32_t>(floordiv(x, y)), ElementsAre(3, -4, -4, 3, 0, smallest32, 0));
  EXPECT_THAT(values<std::int32_t>(floormod(x, y)), ElementsAre(1, 1, -1, -1, 0, 0, 0));
  EXPECT_THAT(values<std::uint8_t>(floordiv(cast(x, DType::u8), 2)),
              ElementsAre(3, 124, 3, 124, 2, 0, 0));
}

TEST(EdgeCases, DivisionOfFloats) {
  Tensor x = constant({7.5f, -7.5f, 1.0f, -1.0f, 0.0f, 5.0f, -5.0f, inf});
  Tensor y = constant({2.0f, 2.0f, 0.0f, 0.0f, 0.0f, inf, inf, 2.0f});
  expect_floats(floordiv(x, y), {3, -4, inf, -inf, nan, 0, -0.0f, inf});
  expect_floats(floormod(x, y), {1.5f, 0.5f, nan, nan, nan, 5, inf, nan});
}

TEST(EdgeCases, PowersOfIntegers) {
  Tensor x = constant({2, -2, 0, 0, 1, -1, -1, 3});
  Tensor y = constant({31, 3, 0, -1, -5, -3, -4, 21});
  EXPECT_THAT(values<std::int32_t>(pow(x, y)),
              ElementsAre(smallest32, -8, 1, 0, 1, -1, 1, 1870418611));
}

TEST(EdgeCases, ShiftsBeyondTheWidth) {
  Tensor x = constant({-5, 5, -5, 5, 1});
  Tensor y = constant({32, 32, -1, 1000, 31});
  EXPECT_THAT(values<std::int32_t>(left_shift(x, y)), ElementsAre(0, 0, 0, 0, smallest32));
  EXPECT_THAT(values<std::int32_t>(right_shift(x, y)), ElementsAre(-1, 0, -1, 0, 0));
  EXPECT_THAT(values<std::uint32_t>(right_shift(cast(x, DType::u32), 31)),
              ElementsAre(1, 0, 1, 0, 0));
}

TEST(EdgeCases, SignsRoundingsAndMagnitudes) {
  Tensor x = constant({0.5f, 1.5f, 2.5f, -0.5f, -0.0f, nan, -inf, 8388609.0f});
  expect_floats(round(x), {0, 2, 2, -0.0f, -0.0f, nan, -inf, 8388609});
  expect_floats(sign(x), {1, 1, 1, -1, -0.0f, nan, -1, 1});
  expect_floats(abs(x), {0.5f, 1.5f, 2.5f, 0.5f, 0, nan, inf, 8388609});
  expect_floats(relu(x), {0.5f, 1.5f, 2.5f, 0, 0, nan, 0, 8388609});
  Tensor integers = constant({smallest32, -1, 0});
  EXPECT_THAT(values<std::int32_t>(abs(integers)), ElementsAre(smallest32, 1, 0));
  EXPECT_THAT(values<std::int32_t>(negative(integers)), ElementsAre(smallest32, 1, 0));
}

//===-- Reductions ----------------------------------------------------------------------------===//

TEST(EdgeCases, ReductionsOfNothing) {
  Tensor none = borrow(nullptr, DType::boolean, {2, 0});
  EXPECT_THAT(values<bool>(reduce_any(none, 1)), ElementsAre(false, false));
  EXPECT_THAT(values<bool>(reduce_all(none, 1)), ElementsAre(true, true));
  EXPECT_THAT(values<std::int64_t>(count_nonzero(none, 1)), ElementsAre(0, 0));
  EXPECT_TRUE(values<bool>(reduce_all(none, 0)).empty());
  Tensor floats = borrow(nullptr, DType::f32, {0, 2});
  expect_floats(reduce_prod(floats, 0), {1, 1});
  expect_floats(reduce_sum(floats, 0), {0, 0});
  expect_floats(reduce_mean(floats, 0), {nan, nan});
  expect_floats(reduce_std(floats, 0), {nan, nan});
  expect_floats(reduce_euclidean_norm(floats, 0), {0, 0});
  EXPECT_TRUE(values<float>(softmax(floats, 0)).empty());
}

TEST(EdgeCases, RowsWithoutAFiniteNumber) {
  Tensor x = constant({{-inf, -inf}, {inf, 1.0f}, {nan, 0.0f}, {-inf, 0.0f}});
  expect_floats(reduce_logsumexp(x, 1), {-inf, inf, nan, 0});
  expect_floats(softmax(x), {nan, nan, nan, nan, nan, nan, 0, 1});
  expect_floats(log_softmax(x), {nan, nan, nan, nan, nan, nan, -inf, 0});
  EXPECT_THAT(values<std::int64_t>(argmax(x, 1)), ElementsAre(0, 0, 0, 1));
  EXPECT_THAT(values<std::int64_t>(argmin(x, 1)), ElementsAre(0, 1, 0, 0));
}

TEST(EdgeCases, DegreesOfFreedom) {
  Tensor x = constant({1.0f, 3.0f});
  expect_floats(reduce_variance(x, 0, {.ddof = 1}), {2});
  expect_floats(reduce_variance(x, 0, {.ddof = 2}), {nan});
  expect_floats(reduce_variance(x, 0, {.ddof = 7}), {nan});
  expect_floats(reduce_variance(x, 0, {.ddof = -2}), {0.5f});
  expect_floats(reduce_std(constant(4.0f), {}), {0});
}

TEST(EdgeCases, PlacesOfBooleansAndEquals) {
  EXPECT_EQ(argmax(constant({false, true, true}), 0).item<std::int64_t>(), 1);
  EXPECT_EQ(argmin(constant({true, true}), 0).item<std::int64_t>(), 0);
  EXPECT_EQ(argmax(constant({-0.0f, 0.0f}), 0).item<std::int64_t>(), 0);
  EXPECT_EQ(argmax(constant(7), {}).item<std::int64_t>(), 0);
}

TEST(EdgeCases, MagnitudesOfComplexNumbersAreWithinTwoUlp) {
  std::mt19937 random(3);
  std::uniform_real_distribution<float> mantissa(1, 2);
  std::vector<std::complex<float>> numbers;
  for (int i = 0; i < 20000; ++i) {
    const int exponent = static_cast<int>(random() % 220) - 110;
    const int apart = static_cast<int>(random() % 28) - 14;
    const float real = std::ldexp(mantissa(random), exponent);
    const float imag = std::ldexp(mantissa(random), exponent + apart);
    if (random() % 2)
      numbers.emplace_back(real, -imag);
    else
      numbers.emplace_back(imag, real);
  }
  const auto size = static_cast<std::int64_t>(numbers.size());
  const std::vector<float> given =
      values<float>(abs(constant<std::complex<float>>(numbers, {size})));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const double exact = std::hypot(double(numbers[i].real()), double(numbers[i].imag()));
    const double ulp = std::nextafter(given[i], inf) - given[i];
    ASSERT_LE(std::fabs(given[i] - exact), 2 * ulp) << numbers[i];
  }
}

//===-- Sizes and layouts ---------------------------------------------------------------------===//

constexpr std::int64_t one = 1;

TEST(EdgeCases, EnormousEmptyTensorsTakeNoTime) {
  const auto start = std::chrono::steady_clock::now();
  Tensor none = borrow(nullptr, DType::f32, {one << 33, 0});
  EXPECT_EQ(reduce_sum(none).item<float>(), 0);
  EXPECT_EQ(reduce_max(square(none) + 1).item<float>(), -inf);
  EXPECT_TRUE(std::isnan(reduce_mean(none).item<float>()));
  EXPECT_EQ(reduce_sum(slice(none, {{.step = 3}})).item<float>(), 0);
  EXPECT_EQ(reduce_sum(none, 0).size(), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST(EdgeCases, MoreElementsThanFit32Bits) {
  Tensor ones = broadcast_to(constant(std::int8_t(1)), {(one << 31) + 5});
  EXPECT_EQ(reduce_sum(ones, 0, {.dtype = DType::i64}).item<std::int64_t>(), (one << 31) + 5);
  EXPECT_EQ(count_nonzero(ones).item<std::int64_t>(), (one << 31) + 5);
  // The place of the last of 2^31 + 2^16 sums.
  std::vector<std::int32_t> rows((one << 15) + 1), columns(one << 16);
  rows.back() = 1;
  columns.back() = 1;
  Tensor sums = reshape(constant<std::int32_t>(rows, {std::ssize(rows)}), {-1, 1}) +
                constant<std::int32_t>(columns, {std::ssize(columns)});
  EXPECT_EQ(argmax(sums, all_axes).item<std::int64_t>(), sums.size() - 1);
}

TEST(EdgeCases, RankOf64) {
  Shape shape(64, 1);
  shape[3] = shape[31] = shape[63] = 2;
  Tensor x = reshape(constant({1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f, 7.0f, 8.0f}), shape);
  EXPECT_EQ(reduce_sum(x).item<float>(), 36);
  // Of the dimension that was the first of the three.
  expect_floats(reshape(reduce_sum(transpose(flip(x)), {0, 32}), {2}), {26, 10});
}

TEST(EdgeCases, OverlappingWindows) {
  const std::vector<float> line = {1, 2, 3, 4, 5};
  Tensor windows = borrow(line.data(), DType::f32, {3, 3}, {4, 4});
  expect_floats(reduce_sum(windows, 1), {6, 9, 12});
  expect_floats(reduce_max(windows - reduce_mean(windows, 1, true), 0), {-1, 0, 1});
}

/// Parts of complex numbers, slices and windows that end, or begin, where memory does.
TEST(EdgeCases, NothingOutsideTheDataIsRead) {
  for (DType dtype : {DType::complex64, DType::complex128, DType::f32, DType::u8, DType::f16})
    for (Guard guard : {Guard::Front, Guard::Back})
      for (std::int64_t columns : {1, 2, 3, 5, 17, 64, 65})
        for (const Layout &layout : {layouts[0], layouts[1], layouts[2], layouts[3]}) {
          Tensor x = sample_tensor(dtype, {9, columns}, layout, guard);
          Tensor y = kind_of(dtype) == DTypeKind::Complex ? imag(x) : x;
          Tensor z = real(x);
          eval(std::vector{reduce_sum(x, 1), reduce_sum(y, 0), reduce_max(y, 1), argmax(z, 1),
                           reduce_sum(slice(y, {{1, {}, 3}, {.step = -2}}), 1),
                           reduce_max(slice(z, {{.step = 2}, {0, -1, 1}}), 0),
                           cast(flip(y, 1), DType::f64)});
        }
}

} // namespace
