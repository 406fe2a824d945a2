// SPDX-License-Identifier: Apache-2.0
//
// Sums with Accuracy::exact, compiled and by the reference.
#include "Compiled.h"
#include "IllConditioned.h"

#include <algorithm>

#ifdef __SSE2__
#include <xmmintrin.h>
#endif

using namespace tsum;
using namespace tsum::test;

namespace {

class ExactSum : public testing::TestWithParam<DType> {
protected:
  static void expect_compiled(const Tensor &x, const Axes &axes) {
    expect_compiled_as_reference([&] {
      return std::vector{
          reduce_sum(x, axes, {.keepdims = axes.get()->size() == 1, .accuracy = Accuracy::exact})};
    });
  }
};

TEST_P(ExactSum, OverAnyAxes) {
  for (const Shape &shape : sum_shapes)
    for (const Axes &axes : axes_subsets(shape.size())) {
      ASSERT_NO_FATAL_FAILURE(expect_compiled(ill_conditioned_tensor(GetParam(), shape), axes));
    }
}

TEST_P(ExactSum, OfAnyLayout) {
  for (const Layout &layout : layouts)
    for (const Axes &axes : axes_subsets(2)) {
      Tensor x = layout.name == std::string("first_repeated")
                     ? broadcast_to(ill_conditioned_tensor(GetParam(), {35}), {19, 35})
                     : ill_conditioned_tensor(GetParam(), {19, 35}, layout);
      ASSERT_NO_FATAL_FAILURE(expect_compiled(x, axes));
    }
}

TEST_P(ExactSum, OverTilesOfResults) {
  for (const Shape &shape : {Shape{4097, 3}, Shape{3, 4097}, Shape{5, 300}, Shape{2, 70, 7}})
    for (const Axes &axes : axes_subsets(shape.size()))
      ASSERT_NO_FATAL_FAILURE(expect_compiled(ill_conditioned_tensor(GetParam(), shape), axes));
}

TEST_P(ExactSum, OfSpecialValues) {
  Tensor x = special_tensor(GetParam(), 37);
  for (std::int64_t begin = 0; begin < 37; ++begin)
    ASSERT_NO_FATAL_FAILURE(
        expect_compiled(slice(x, {{begin, std::min<std::int64_t>(begin + 3, 37)}}), 0));
  ASSERT_NO_FATAL_FAILURE(expect_compiled(x, 0));
  ASSERT_NO_FATAL_FAILURE(expect_compiled(broadcast_to(x, {3, 37}), 0));
}

/// Most bits that a window takes, all of them ones, in rows and columns of few elements: what adds
/// them has no bit to spare.
TEST_P(ExactSum, OfFewElementsThatFillTheirWindow) {
  const bool is_double = real_dtype(GetParam()) == DType::f64;
  constexpr std::int64_t results = 48;
  std::mt19937_64 random(1);
  for (std::int64_t count : {3, 8, 13, 32, 64, 256})
    for (std::int64_t axis : {0, 1}) {
      const Shape shape = axis == 1 ? Shape{results, count} : Shape{count, results};
      std::vector<double> values(static_cast<std::size_t>(results * count));
      for (std::int64_t n = 0; n < results * count; ++n) {
        // Each result has a span of its own, up to more than any window has.
        const std::int64_t result = axis == 1 ? n / count : n % results;
        const auto span = static_cast<int>(result % 24) * (is_double ? 2 : 1);
        const int exponent =
            random() % 4 ? random() % 2 ? span : 0 : static_cast<int>(random() % 64) % (span + 1);
        const double ones = 2 - (is_double ? 0x1p-52 : 0x1p-23);
        values[static_cast<std::size_t>(n)] = std::ldexp(random() % 8 ? ones : -1, exponent - 9);
      }
      const Tensor x = cast(constant<double>(values, shape), GetParam());
      eval(x);
      ASSERT_NO_FATAL_FAILURE(expect_compiled_as_reference([&] {
        std::vector<Tensor> sums = {reduce_sum(x, axis, {.accuracy = Accuracy::exact}),
                                    reduce_mean(x, axis, {.accuracy = Accuracy::exact})};
        if (count == 13 && kind_of(GetParam()) != DTypeKind::Complex)
          for (DType to : {DType::f32, DType::f64})
            sums.push_back(reduce_sum(x, axis, {.dtype = to, .accuracy = Accuracy::exact}));
        return sums;
      })) << to_string(shape)
          << " over " << axis;
    }
}

INSTANTIATE_TEST_SUITE_P(DTypes, ExactSum, testing::ValuesIn(dtypes_in(Domain::Inexact, true)),
                         name_of_dtype);

template <class T> T exact(const std::vector<T> &values) {
  return reduce_sum(constant<T>(values, {static_cast<std::int64_t>(values.size())}), 0,
                    {.accuracy = Accuracy::exact})
      .template item<T>();
}

TEST(ExactSums, AreTheRoundedSumsOfRealNumbers) {
  EXPECT_EQ(exact<double>({1e308, 1e308, -1e308}), 1e308);
  EXPECT_EQ(exact<double>({1e308, 1e308, -1e308, 1.0, -1e308}), 1.0);
  EXPECT_EQ(exact<double>({1e308, 1e308}), HUGE_VAL);
  EXPECT_EQ(exact<double>({-1e308, -1e308}), -HUGE_VAL);
  // Half of the last place above the largest number.
  const double largest = std::numeric_limits<double>::max();
  EXPECT_EQ(exact<double>({largest, 0x1p969}), largest);
  EXPECT_EQ(exact<double>({largest, 0x1p969, 0x1p969}), HUGE_VAL);
  // Ties go to even, and the smallest number decides them.
  EXPECT_EQ(exact<double>({1, 0x1p-53}), 1.0);
  EXPECT_EQ(exact<double>({1, 0x1p-53, 0x1p-1074}), 1 + 0x1p-52);
  EXPECT_EQ(exact<double>({1, 0x1p-53, -0x1p-1074}), 1.0);
  EXPECT_EQ(exact<double>({1 + 0x1p-52, 0x1p-53}), 1 + 0x1p-51);
  EXPECT_EQ(exact<float>({1, 0x1p-24F, 0x1p-149F}), 1 + 0x1p-23F);
  EXPECT_EQ(exact<float>({1, 0x1p-24F}), 1.0F);
  EXPECT_EQ(exact<float>({0x1p-149F, 0x1p-149F, -0x1p-126F}), 0x1p-148F - 0x1p-126F);
  EXPECT_EQ(exact<double>({0.1, 0.2, 0.3, -0.6}), 0x1p-55);
}

TEST(ExactSums, OfZerosArePositive) {
  for (const std::vector<double> &values :
       {std::vector{-0.0, -0.0}, {1.0, -1.0}, {-1.0, 1.0}, {-0x1p-1074, 0x1p-1074}})
    EXPECT_FALSE(std::signbit(exact(values)));
}

#ifdef __SSE2__
TEST(ExactSums, CountSubnormalNumbersThatTheProcessorTakesForZeros) {
  const float tiny = std::numeric_limits<float>::denorm_min();
  std::vector<float> values;
  for (int n = 0; n < 5000; ++n)
    values.push_back(n % 3 ? std::ldexp(1.F, n % 250 - 126) : static_cast<float>(n) * tiny);
  for (const Shape &shape : {Shape{5000}, Shape{1000, 5}, Shape{5, 1000}, Shape{50, 100}})
    for (std::int64_t axis = 0; axis < std::ssize(shape); ++axis) {
      auto sums = [&] {
        const Tensor sum =
            reduce_sum(borrow(values.data(), shape), axis, {.accuracy = Accuracy::exact});
        const ThreadScope scope(1);
        eval(sum);
        return std::vector<float>(sum.data<float>().begin(), sum.data<float>().end());
      };
      const std::vector<float> expected = sums();
      const unsigned mode = _mm_getcsr();
      _mm_setcsr(mode | 0x8040);
      const std::vector<float> flushed = sums();
      _mm_setcsr(mode);
      EXPECT_EQ(flushed, expected) << to_string(shape) << " over " << axis;
    }
}
#endif

TEST(ExactSums, OfInfinitiesAndNaNs) {
  EXPECT_EQ(exact<double>({HUGE_VAL, 1e308, 1e308, -1e308}), HUGE_VAL);
  EXPECT_EQ(exact<double>({1e308, -HUGE_VAL, 1e308}), -HUGE_VAL);
  EXPECT_TRUE(std::isnan(exact<double>({HUGE_VAL, 1, -HUGE_VAL})));
  EXPECT_TRUE(std::isnan(exact<double>({1, NAN, HUGE_VAL})));
}

TEST(ExactSums, DoNotDependOnTheOrder) {
  auto values = ill_conditioned<double>(1000);
  const double expected = exact(values);
  std::mt19937_64 random(1);
  for (int round = 0; round < 20; ++round) {
    std::ranges::shuffle(values, random);
    EXPECT_EQ(exact(values), expected);
  }
}

/// More additions to each lane than are made before carrying.
TEST(ExactSums, OfManyElements) {
  const std::int64_t count = (std::int64_t{16} << 20) + 7;
  Tensor x = constant({5.0F, -1.0F, -4.25F});
  for (const Tensor &many :
       {broadcast_to(x, {count, 3}), broadcast_to(reshape(x, {3, 1}), {3, count})})
    EXPECT_EQ(reduce_sum(many, all_axes, {.accuracy = Accuracy::exact}).item<float>(),
              static_cast<float>(-0.25 * static_cast<double>(count)));
}

TEST(ExactSums, FuseWhatTheyRead) {
  Tensor x = ill_conditioned_tensor(DType::f32, {33, 70});
  Tensor y = sample_tensor(DType::f16, {33, 70});
  for (const Axes &axes : axes_subsets(2))
    expect_compiled_as_reference([&] {
      return std::vector{sqrt(abs(reduce_sum(x * 3 + x, axes, {.accuracy = Accuracy::exact}))),
                         reduce_sum(y / 3, axes, {.accuracy = Accuracy::exact}) +
                             reduce_sum(y, axes)};
    });
}

TEST(ExactSums, OfElementsAndOfTheirSquaresShareALoop) {
  // Computed f32 have a level more.
  for (const Shape &shape : {Shape{40, 3}, Shape{40, 12}, Shape{40, 300}, Shape{300, 40}}) {
    const Tensor x = sample_tensor(DType::f32, shape);
    for (std::int64_t axis : {0, 1})
      ASSERT_NO_FATAL_FAILURE(expect_compiled_as_reference([&] {
        return std::vector{reduce_sum(square(x), axis, {.accuracy = Accuracy::exact}),
                           reduce_sum(x, axis, {.accuracy = Accuracy::exact}),
                           reduce_mean(x, axis, {.accuracy = Accuracy::exact})};
      }));
  }
}

// Squares of f16 are f32, whose sum is rounded to f64 before its root is taken.
TEST(ExactSums, OfSquaresUnderARoot) {
  for (DType dtype : dtypes_in(Domain::Float))
    for (std::int64_t columns : {1, 3, 17, 65, 300})
      for (std::int64_t axis : {0, 1}) {
        SCOPED_TRACE(std::string(name_of(dtype)) + to_string(Shape{30, columns}));
        const Tensor x = sample_tensor(dtype, {30, columns});
        expect_compiled_as_reference([&] {
          return std::vector{reduce_euclidean_norm(x, axis, {.accuracy = Accuracy::exact})};
        });
      }
}

TEST(ExactSums, OfIntegersAreSums) {
  Tensor x = constant({1, 2, 3});
  Tensor sum = reduce_sum(x, 0, {.accuracy = Accuracy::exact});
  EXPECT_FALSE(sum.node()->is_exact);
  EXPECT_EQ(sum.item<std::int32_t>(), 6);
}

TEST(ExactSums, GiveTheSameBitsOnAnyNumberOfThreads) {
  Tensor x = ill_conditioned_tensor(DType::f32, {300, 1111});
  for (const Axes &axes : axes_subsets(2)) {
    const std::vector<std::byte> expected =
        reference::evaluate_tree(reduce_sum(x, axes, {.accuracy = Accuracy::exact}));
    for (std::int64_t threads : {1, 2, 3, 16}) {
      set_threads(threads);
      Tensor sum = reduce_sum(x, axes, {.accuracy = Accuracy::exact});
      const auto *bytes = static_cast<const std::byte *>(sum.bytes());
      expect_same_values(DType::f32, expected, {bytes, expected.size()});
    }
  }
  set_threads(0);
}

} // namespace
