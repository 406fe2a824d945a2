// SPDX-License-Identifier: Apache-2.0

#include "Math/Ulp.h"
#include "tsum/Math/Elementary.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

namespace tsum::math {
namespace {

static_assert(std::numeric_limits<long double>::digits >= 64, "the reference needs more than f64");

/// A function of f64, libm's of long double, and the bound in ULP.
struct Function {
  const char *name;
  double (*compute)(double);
  long double (*reference)(long double);
  double bound;
};

#define TSUM_FUNCTION(NAME, BOUND)                                                                 \
  Function {                                                                                       \
    #NAME, [](double x) { return math::NAME(x); }, [](long double x) { return std::NAME(x); },     \
        BOUND                                                                                      \
  }

const Function functions[] = {
    TSUM_FUNCTION(exp, 1),
    TSUM_FUNCTION(expm1, 2),
    TSUM_FUNCTION(log, 1),
    TSUM_FUNCTION(log1p, 2),
    TSUM_FUNCTION(sin, 1),
    TSUM_FUNCTION(cos, 1),
    TSUM_FUNCTION(tan, 3),
    TSUM_FUNCTION(sinh, 2),
    TSUM_FUNCTION(cosh, 2),
    TSUM_FUNCTION(tanh, 3),
    TSUM_FUNCTION(erf, 2),
    TSUM_FUNCTION(atan, 2),
    TSUM_FUNCTION(log2, 2),
    TSUM_FUNCTION(log10, 2),
    TSUM_FUNCTION(asin, 3),
    TSUM_FUNCTION(acos, 3),
    TSUM_FUNCTION(asinh, 4),
    TSUM_FUNCTION(acosh, 4),
    TSUM_FUNCTION(atanh, 4),
    TSUM_FUNCTION(cbrt, 1),
    TSUM_FUNCTION(erfc, 4),
    {"sigmoid", [](double x) { return math::sigmoid(x); },
     [](long double x) { return 1 / (1 + std::exp(-x)); }, 3},
    {"softplus", [](double x) { return math::softplus(x); },
     [](long double x) { return std::fmax(x, 0.0L) + std::log1p(std::exp(-std::fabs(x))); }, 3},
};

#undef TSUM_FUNCTION

class Numbers {
public:
  double pattern() { return from_bits(random()); }
  std::int64_t integer(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  }
  double uniform(double bound) {
    return std::uniform_real_distribution<double>(-bound, bound)(random);
  }
  /// A uniform number in -1..1 times a power of two with an exponent in [low, high].
  double scaled(int low, int high) { return std::ldexp(uniform(1), int(integer(low, high))); }
  /// A number next to a multiple of pi/2, where it is hardest to reduce.
  double right_angle() {
    const double multiple = double(integer(1, std::int64_t{1} << integer(1, 40)));
    return multiple * 0x1.921fb54442d18p+0 * (1 + double(integer(-2, 2)) * 0x1p-53);
  }

private:
  std::mt19937_64 random{1};
};

struct DoubleAccuracy : testing::TestWithParam<Function> {};

/// Bit patterns, usual ranges, neighbourhoods of 0, +-1 and multiples of pi/2, and the borders of
/// overflow and underflow; more of each with TSUM_EXHAUSTIVE set.
TEST_P(DoubleAccuracy, IsWithinItsBound) {
  const Function &f = GetParam();
  const bool all = std::getenv("TSUM_EXHAUSTIVE");
  Numbers numbers;
  Worst<double> worst;
  auto add = [&](double x) { worst.add(f.compute(x), f.reference(x), x); };
  for (int i = 0; i < (all ? 10'000'000 : 5'000); ++i) {
    add(numbers.pattern());
    for (double bound : {1.0, 8.0, 40.0, 800.0})
      add(numbers.uniform(bound));
    add(numbers.scaled(-60, 0));
    add(numbers.scaled(0, 60));
    add(1 + numbers.scaled(-52, -1));
    add(-1 + numbers.scaled(-53, -1));
    add(numbers.right_angle());
    for (double border : {709.782712893384, -708.3964185322641, -745.1332191019411,
                          710.4758600739439, 0x1p28, 5.9215871957945083, 26.543258465, 0.65625})
      add(border + numbers.scaled(-20, 0));
  }
  EXPECT_LE(worst.error, f.bound) << worst.where();
  if (all)
    std::printf("%s: %s\n", f.name, worst.where().c_str());
}

INSTANTIATE_TEST_SUITE_P(OfOne, DoubleAccuracy, testing::ValuesIn(functions),
                         [](const auto &info) { return std::string(info.param.name); });

TEST(DoubleAccuracyOfTwo, PowIsWithinTwoUlp) {
  Numbers numbers;
  Worst<double> worst;
  auto add = [&](double x, double y) {
    worst.add(pow(x, y), std::pow(static_cast<long double>(x), static_cast<long double>(y)), x, y);
  };
  const int count = std::getenv("TSUM_EXHAUSTIVE") ? 10'000'000 : 10'000;
  for (int i = 0; i < count; ++i) {
    add(numbers.pattern(), numbers.pattern());
    add(std::fabs(numbers.pattern()), numbers.scaled(-3, 11));
    add(1 + numbers.scaled(-30, -1), numbers.scaled(0, 40));
    add(std::exp2(numbers.uniform(10)), numbers.uniform(107));
    add(numbers.uniform(50), std::trunc(numbers.uniform(180)));
  }
  EXPECT_LE(worst.error, 2) << worst.where();
  if (count > 1'000'000)
    std::printf("pow: %s\n", worst.where().c_str());
}

TEST(DoubleAccuracyOfTwo, Atan2IsWithinTwoUlp) {
  Numbers numbers;
  Worst<double> worst;
  auto add = [&](double y, double x) {
    worst.add(atan2(y, x), std::atan2(static_cast<long double>(y), static_cast<long double>(x)), y,
              x);
  };
  const int count = std::getenv("TSUM_EXHAUSTIVE") ? 10'000'000 : 20'000;
  for (int i = 0; i < count; ++i) {
    add(numbers.pattern(), numbers.pattern());
    add(numbers.scaled(0, 0), numbers.scaled(-8, 8));
  }
  EXPECT_LE(worst.error, 2) << worst.where();
  if (count > 1'000'000)
    std::printf("atan2: %s\n", worst.where().c_str());
}

TEST(DoubleAccuracyOfTwo, HypotIsWithinOneUlp) {
  Numbers numbers;
  Worst<double> worst;
  auto add = [&](double x, double y) {
    worst.add(hypot(x, y), std::hypot(static_cast<long double>(x), static_cast<long double>(y)), x,
              y);
  };
  for (int i = 0; i < (std::getenv("TSUM_EXHAUSTIVE") ? 10'000'000 : 20'000); ++i) {
    add(numbers.pattern(), numbers.pattern());
    add(numbers.scaled(0, 0), numbers.scaled(-30, 2));
    for (int border : {-1074, -1030, -401, 499, 1023})
      add(std::ldexp(numbers.uniform(1), border), std::ldexp(numbers.uniform(1), border));
  }
  EXPECT_LE(worst.error, 1) << worst.where();
}

TEST(DoubleAccuracyOfTwo, LogaddexpIsWithinThreeUlpOfWhatIsLarger) {
  Numbers numbers;
  auto add = [](double x, double y) {
    const long double larger = std::fmax(x, y), smaller = std::fmin(x, y);
    const long double exact = larger + std::log1p(std::exp(smaller - larger));
    const double unit = 0x1p-52 * double(std::fmax(std::fabs(larger), std::fabs(exact)));
    EXPECT_LE(std::fabs(double(logaddexp(x, y) - exact)), 3 * unit) << x << ", " << y;
  };
  for (int i = 0; i < 100'000; ++i) {
    const double x = numbers.scaled(-4, 10);
    add(x, numbers.scaled(-4, 10));
    add(x, x + numbers.scaled(-20, 5));
    // The sum of the exponentials is about 1.
    const double far = -std::fabs(numbers.scaled(-1, 5));
    add(far, -std::exp(far) * std::fabs(numbers.scaled(-1, 1)));
  }
}

} // namespace
} // namespace tsum::math
