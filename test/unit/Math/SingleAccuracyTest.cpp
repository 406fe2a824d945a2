// SPDX-License-Identifier: Apache-2.0

#include "Math/Ulp.h"
#include "tsum/Math/Elementary.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

namespace tsum::math {
namespace {

/// A function of f32, libm's of f64, whose error is nothing in f32, and the bound in ULP.
struct Function {
  const char *name;
  float (*compute)(float);
  double (*reference)(double);
  double bound;
};

// std::exp and its like are overloaded.
#define TSUM_FUNCTION(NAME, BOUND)                                                                 \
  Function {                                                                                       \
    #NAME, [](float x) { return math::NAME(x); }, [](double x) { return std::NAME(x); }, BOUND     \
  }

const Function functions[] = {
    TSUM_FUNCTION(exp, 1),
    TSUM_FUNCTION(expm1, 2),
    TSUM_FUNCTION(log, 1),
    TSUM_FUNCTION(log1p, 2),
    TSUM_FUNCTION(sin, 2),
    TSUM_FUNCTION(cos, 2),
    TSUM_FUNCTION(tan, 4),
    TSUM_FUNCTION(sinh, 2),
    TSUM_FUNCTION(cosh, 2),
    TSUM_FUNCTION(tanh, 2),
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
    {"sigmoid", [](float x) { return math::sigmoid(x); },
     [](double x) { return 1 / (1 + std::exp(-x)); }, 3},
    {"softplus", [](float x) { return math::softplus(x); },
     [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); }, 3},
};

#undef TSUM_FUNCTION

struct SingleAccuracy : testing::TestWithParam<Function> {};

/// A stride through all bit patterns, or, with TSUM_EXHAUSTIVE set, every one.
TEST_P(SingleAccuracy, IsWithinItsBound) {
  const Function &f = GetParam();
  const bool all = std::getenv("TSUM_EXHAUSTIVE");
  const std::uint64_t stride = all ? 1 : 8191;
  Worst<float> worst;
  for (std::uint64_t pattern = 0; pattern < std::uint64_t{1} << 32; pattern += stride) {
    const float x = from_bits(static_cast<std::uint32_t>(pattern));
    worst.add(f.compute(x), f.reference(x), x);
  }
  EXPECT_LE(worst.error, f.bound) << worst.where();
  if (all)
    std::printf("%s: %s\n", f.name, worst.where().c_str());
}

INSTANTIATE_TEST_SUITE_P(OfOne, SingleAccuracy, testing::ValuesIn(functions),
                         [](const auto &info) { return std::string(info.param.name); });

/// Pairs of floats whose function has few chances to overflow, among them some of any pattern.
class Pairs {
public:
  float pattern() { return from_bits(static_cast<std::uint32_t>(random())); }
  /// Uniform in -1..1 times a power of two with an exponent in [low, high].
  float scaled(int low, int high) {
    std::uniform_int_distribution<int> exponent(low, high);
    return std::ldexp(uniform(random), exponent(random));
  }

private:
  std::mt19937_64 random{1};
  std::uniform_real_distribution<float> uniform{-1, 1};
};

TEST(SingleAccuracyOfTwo, PowIsWithinOneUlp) {
  Pairs pairs;
  Worst<float> worst;
  auto add = [&](float x, float y) { worst.add(pow(x, y), std::pow(double(x), double(y)), x, y); };
  const int count = std::getenv("TSUM_EXHAUSTIVE") ? 100'000'000 : 100'000;
  for (int i = 0; i < count; ++i) {
    add(pairs.pattern(), pairs.pattern());
    add(std::fabs(pairs.pattern()), pairs.scaled(-3, 8));
    add(1 + pairs.scaled(-20, -1), pairs.scaled(0, 28));
    add(pairs.scaled(0, 6), std::trunc(pairs.scaled(0, 5)));
  }
  EXPECT_LE(worst.error, 1) << worst.where();
  if (count > 1'000'000)
    std::printf("pow: %s\n", worst.where().c_str());
}

TEST(SingleAccuracyOfTwo, Atan2IsWithinTwoUlp) {
  Pairs pairs;
  Worst<float> worst;
  auto add = [&](float y, float x) {
    worst.add(atan2(y, x), std::atan2(double(y), double(x)), y, x);
  };
  const int count = std::getenv("TSUM_EXHAUSTIVE") ? 100'000'000 : 100'000;
  for (int i = 0; i < count; ++i) {
    add(pairs.pattern(), pairs.pattern());
    add(pairs.scaled(0, 0), pairs.scaled(-8, 8));
  }
  EXPECT_LE(worst.error, 2) << worst.where();
  if (count > 1'000'000)
    std::printf("atan2: %s\n", worst.where().c_str());
}

TEST(SingleAccuracyOfTwo, HypotIsWithinOneUlp) {
  Pairs pairs;
  Worst<float> worst;
  for (int i = 0; i < 100'000; ++i)
    for (const auto &[x, y] : {std::pair(pairs.pattern(), pairs.pattern()),
                               std::pair(pairs.scaled(0, 0), pairs.scaled(-20, 4))})
      worst.add(hypot(x, y), std::hypot(double(x), double(y)), x, y);
  EXPECT_LE(worst.error, 1) << worst.where();
}

} // namespace
} // namespace tsum::math
