// SPDX-License-Identifier: Apache-2.0
//
// Exact sums that are divided, or rounded to another type, once.
#include "Compiled.h"

#include "tsum/Ops/Make.h"

using namespace tsum;
using namespace tsum::test;

namespace {

/// As much as any divisor, and what digits of 16 bits end at.
const std::int64_t divisors[] = {1, 3, 0x10000, 999'999'937, (1LL << 46) + 1, largest_divisor};

/// Of any sign and exponent.
template <class T> T any_float(std::mt19937_64 &random) {
  using Limits = std::numeric_limits<T>;
  const double fraction = 1 + static_cast<double>(random() >> 12) * 0x1p-52;
  const int lowest = Limits::min_exponent - Limits::digits;
  const auto exponents = static_cast<unsigned>(Limits::max_exponent - lowest);
  const double x = std::ldexp(fraction, lowest + static_cast<int>(random() % exponents));
  return static_cast<T>(random() % 2 == 0 ? x : -x);
}

/// Rows of a few elements each, of about one exponent, so that sums are of any.
Tensor rows(DType dtype, std::int64_t count, std::int64_t length) {
  Tensor x = constant(0.0);
  visit_dtype(dtype, [&]<class T>(T) {
    if constexpr (FloatElement<T>) {
      std::mt19937_64 random(static_cast<unsigned>(count));
      std::vector<T> values;
      for (std::int64_t row = 0; row < count; ++row) {
        const double first = static_cast<double>(any_float<T>(random));
        for (std::int64_t n = 0; n < length; ++n)
          values.push_back(n % 3 == 2 ? any_float<T>(random)
                                      : static_cast<T>(first * static_cast<double>(random() % 8)));
      }
      x = constant<T>(values, {count, length});
    }
  });
  return x;
}

class ExactQuotient : public testing::TestWithParam<DType> {};

TEST_P(ExactQuotient, IsRoundedOnceToAnyFloat) {
  for (const auto &[count, length] : {std::pair{200, 2}, {3, 300}}) {
    const Tensor x = rows(GetParam(), count, length);
    for (DType dtype : dtypes_in(Domain::Float, true))
      for (std::int64_t divisor : divisors)
        ASSERT_NO_FATAL_FAILURE(expect_compiled_as_reference([&] {
          return std::vector{make_exact_sum(x, 1, /*keepdims=*/false, divisor, dtype),
                             make_exact_sum(x, 0, /*keepdims=*/true, divisor, dtype)};
        }));
  }
}

TEST_P(ExactQuotient, OfSpecialValues) {
  const Tensor x = special_tensor(GetParam(), 37);
  for (DType dtype : dtypes_in(Domain::Float, true))
    for (std::int64_t begin = 0; begin < 37; ++begin)
      ASSERT_NO_FATAL_FAILURE(expect_compiled_as_reference([&] {
        const Tensor some = slice(x, {{begin, std::min<std::int64_t>(begin + 3, 37)}});
        return std::vector{make_exact_sum(some, 0, /*keepdims=*/false, 3, dtype)};
      }));
}

TEST_P(ExactQuotient, OfOneElementAndOfNone) {
  for (std::int64_t extent : {0, 1})
    for (DType dtype : dtypes_in(Domain::Float, true))
      for (bool keepdims : {false, true})
        ASSERT_NO_FATAL_FAILURE(expect_compiled_as_reference([&] {
          const Tensor x = cast(constant({1.7, -2.3}), GetParam());
          const Tensor some = slice(reshape(x, {2, 1}), {{}, {0, extent}});
          return std::vector{make_exact_sum(some, 1, keepdims, 3, dtype),
                             make_exact_sum(some, 1, keepdims, 1, dtype)};
        }));
}

INSTANTIATE_TEST_SUITE_P(DTypes, ExactQuotient, testing::ValuesIn(dtypes_in(Domain::Float, true)),
                         name_of_dtype);

double quotient(const std::vector<double> &values, std::int64_t divisor) {
  const Tensor x = constant<double>(values, {static_cast<std::int64_t>(values.size())});
  return make_exact_sum(x, 0, /*keepdims=*/false, divisor, DType::f64).item<double>();
}

TEST(ExactQuotients, AreRoundedToNearestEven) {
  EXPECT_EQ(quotient({1, 1}, 3), 2.0 / 3);
  EXPECT_EQ(quotient({1e308, 1e308, 1e308}, 3), 1e308);
  // Two thirds of the smallest number, a half of it, and a little less and more.
  constexpr double smallest = 0x1p-1074;
  EXPECT_EQ(quotient({smallest, smallest}, 3), smallest);
  EXPECT_EQ(quotient({smallest, 0}, 2), 0);
  EXPECT_EQ(quotient({smallest, 2 * smallest}, 2), 2 * smallest);
  EXPECT_EQ(quotient({smallest, 0}, 3), 0);
  EXPECT_EQ(quotient({smallest, 0}, largest_divisor), 0);
  EXPECT_TRUE(std::signbit(quotient({-smallest, 0}, 3)));
  // From a subnormal to the smallest normal number.
  EXPECT_EQ(quotient({0x1p-1021, -smallest}, 2), 0x1p-1022);
  EXPECT_EQ(quotient({0x1p-1021, -3 * smallest}, 2), 0x1p-1022 - 2 * smallest);
  // A tie but for what lies far below it.
  EXPECT_EQ(quotient({3, 3 * 0x1p-53}, 3), 1);
  EXPECT_EQ(quotient({3, 3 * 0x1p-53, smallest}, 3), 1 + 0x1p-52);
  EXPECT_EQ(quotient({3, 3 * 0x1p-53, -smallest}, 3), 1);
}

TEST(ExactQuotients, AreRoundedOnceToAShorterType) {
  // By way of f64 a tie.
  const Tensor x = constant({1.0, 0x1p-24, 0x1p-80});
  EXPECT_EQ(make_exact_sum(x, 0, false, 1, DType::f32).item<float>(), 1 + 0x1p-23F);
  EXPECT_EQ(make_exact_sum(x, 0, false, 1, DType::f64).item<double>(), 1 + 0x1p-24);
  // f32 whose sum f64 holds.
  const Tensor y = constant({1.0F, 0x1p-40F});
  EXPECT_EQ(make_exact_sum(y, 0, false, 1, DType::f64).item<double>(), 1 + 0x1p-40);
  const float largest = std::numeric_limits<float>::max();
  EXPECT_EQ(make_exact_sum(constant({largest, largest}), 0, false, 1, DType::f64).item<double>(),
            2 * static_cast<double>(largest));
}

TEST(ExactQuotients, RefuseDivisorsOutOfRange) {
  const Tensor x = constant({1.0, 2.0});
  for (std::int64_t divisor : {std::int64_t{0}, std::int64_t{-1}, largest_divisor + 1})
    EXPECT_THROW((void)make_exact_sum(x, 0, false, divisor, DType::f64), Error);
}

} // namespace
