// SPDX-License-Identifier: Apache-2.0

#include "tsum/Math/Elementary.h"

#include <gtest/gtest.h>

namespace tsum::math {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double pi = 0x1.921fb54442d18p+1;

/// Equal, and zeros of one sign; any NaN is NaN.
template <class T> bool same(T a, T b) {
  return (std::isnan(a) && std::isnan(b)) || bits(a) == bits(b);
}

struct Row {
  const char *name;
  float (*single)(float);
  double (*full)(double);
  double argument, value;
};

#define TSUM_ROW(NAME, ARGUMENT, VALUE)                                                            \
  Row {                                                                                            \
    #NAME, [](float x) { return math::NAME(x); }, [](double x) { return math::NAME(x); },          \
        ARGUMENT, VALUE                                                                            \
  }

// C99, annex F.9.
const Row rows[] = {
    TSUM_ROW(exp, 0.0, 1),          TSUM_ROW(exp, -0.0, 1),        TSUM_ROW(exp, -inf, 0),
    TSUM_ROW(exp, inf, inf),        TSUM_ROW(exp, nan, nan),       TSUM_ROW(exp, 1e30, inf),
    TSUM_ROW(exp, -1e30, 0),        TSUM_ROW(expm1, 0.0, 0.0),     TSUM_ROW(expm1, -0.0, -0.0),
    TSUM_ROW(expm1, -inf, -1),      TSUM_ROW(expm1, inf, inf),     TSUM_ROW(expm1, nan, nan),
    TSUM_ROW(log, 0.0, -inf),       TSUM_ROW(log, -0.0, -inf),     TSUM_ROW(log, 1, 0.0),
    TSUM_ROW(log, -1, nan),         TSUM_ROW(log, -inf, nan),      TSUM_ROW(log, inf, inf),
    TSUM_ROW(log, nan, nan),        TSUM_ROW(log1p, 0.0, 0.0),     TSUM_ROW(log1p, -0.0, -0.0),
    TSUM_ROW(log1p, -1, -inf),      TSUM_ROW(log1p, -2, nan),      TSUM_ROW(log1p, -inf, nan),
    TSUM_ROW(log1p, inf, inf),      TSUM_ROW(log1p, nan, nan),     TSUM_ROW(sin, 0.0, 0.0),
    TSUM_ROW(sin, -0.0, -0.0),      TSUM_ROW(sin, inf, nan),       TSUM_ROW(sin, -inf, nan),
    TSUM_ROW(sin, nan, nan),        TSUM_ROW(cos, 0.0, 1),         TSUM_ROW(cos, -0.0, 1),
    TSUM_ROW(cos, inf, nan),        TSUM_ROW(cos, -inf, nan),      TSUM_ROW(cos, nan, nan),
    TSUM_ROW(tan, 0.0, 0.0),        TSUM_ROW(tan, -0.0, -0.0),     TSUM_ROW(tan, inf, nan),
    TSUM_ROW(tan, -inf, nan),       TSUM_ROW(tan, nan, nan),       TSUM_ROW(sinh, 0.0, 0.0),
    TSUM_ROW(sinh, -0.0, -0.0),     TSUM_ROW(sinh, inf, inf),      TSUM_ROW(sinh, -inf, -inf),
    TSUM_ROW(sinh, nan, nan),       TSUM_ROW(cosh, 0.0, 1),        TSUM_ROW(cosh, -0.0, 1),
    TSUM_ROW(cosh, inf, inf),       TSUM_ROW(cosh, -inf, inf),     TSUM_ROW(cosh, nan, nan),
    TSUM_ROW(tanh, 0.0, 0.0),       TSUM_ROW(tanh, -0.0, -0.0),    TSUM_ROW(tanh, inf, 1),
    TSUM_ROW(tanh, -inf, -1),       TSUM_ROW(tanh, nan, nan),      TSUM_ROW(erf, 0.0, 0.0),
    TSUM_ROW(erf, -0.0, -0.0),      TSUM_ROW(erf, inf, 1),         TSUM_ROW(erf, -inf, -1),
    TSUM_ROW(erf, nan, nan),        TSUM_ROW(atan, 0.0, 0.0),      TSUM_ROW(atan, -0.0, -0.0),
    TSUM_ROW(atan, inf, pi / 2),    TSUM_ROW(atan, -inf, -pi / 2), TSUM_ROW(atan, nan, nan),
    TSUM_ROW(sigmoid, 0.0, 0.5),    TSUM_ROW(sigmoid, inf, 1),     TSUM_ROW(sigmoid, -inf, 0),
    TSUM_ROW(sigmoid, nan, nan),    TSUM_ROW(softplus, inf, inf),  TSUM_ROW(softplus, -inf, 0),
    TSUM_ROW(softplus, nan, nan),   TSUM_ROW(log2, 0.0, -inf),     TSUM_ROW(log2, 8, 3),
    TSUM_ROW(log2, 0x1p-149, -149), TSUM_ROW(log2, -1, nan),       TSUM_ROW(log2, inf, inf),
    TSUM_ROW(log2, 1, 0.0),         TSUM_ROW(log10, 0.0, -inf),    TSUM_ROW(log10, 100, 2),
    TSUM_ROW(log10, -inf, nan),     TSUM_ROW(log10, inf, inf),     TSUM_ROW(log10, 1, 0.0),
    TSUM_ROW(log10, nan, nan),      TSUM_ROW(asin, 0.0, 0.0),      TSUM_ROW(asin, -0.0, -0.0),
    TSUM_ROW(asin, 1, pi / 2),      TSUM_ROW(asin, -2, nan),       TSUM_ROW(asin, inf, nan),
    TSUM_ROW(asin, nan, nan),       TSUM_ROW(acos, 1, 0.0),        TSUM_ROW(acos, -1, pi),
    TSUM_ROW(acos, 0.0, pi / 2),    TSUM_ROW(acos, 2, nan),        TSUM_ROW(acos, -inf, nan),
    TSUM_ROW(acos, nan, nan),       TSUM_ROW(asinh, 0.0, 0.0),     TSUM_ROW(asinh, -0.0, -0.0),
    TSUM_ROW(asinh, inf, inf),      TSUM_ROW(asinh, -inf, -inf),   TSUM_ROW(asinh, nan, nan),
    TSUM_ROW(acosh, 1, 0.0),        TSUM_ROW(acosh, 0.5, nan),     TSUM_ROW(acosh, -1e9, nan),
    TSUM_ROW(acosh, -inf, nan),     TSUM_ROW(acosh, inf, inf),     TSUM_ROW(acosh, nan, nan),
    TSUM_ROW(atanh, 0.0, 0.0),      TSUM_ROW(atanh, -0.0, -0.0),   TSUM_ROW(atanh, 1, inf),
    TSUM_ROW(atanh, -1, -inf),      TSUM_ROW(atanh, 2, nan),       TSUM_ROW(atanh, -inf, nan),
    TSUM_ROW(atanh, nan, nan),      TSUM_ROW(cbrt, 0.0, 0.0),      TSUM_ROW(cbrt, -0.0, -0.0),
    TSUM_ROW(cbrt, inf, inf),       TSUM_ROW(cbrt, -inf, -inf),    TSUM_ROW(cbrt, -27, -3),
    TSUM_ROW(cbrt, nan, nan),       TSUM_ROW(erfc, 0.0, 1),        TSUM_ROW(erfc, -inf, 2),
    TSUM_ROW(erfc, inf, 0),         TSUM_ROW(erfc, nan, nan),
};

#undef TSUM_ROW

TEST(SpecialValues, OfOneArgumentAreThoseOfC99) {
  for (const Row &row : rows) {
    EXPECT_PRED2(same<float>, row.single(float(row.argument)), float(row.value))
        << row.name << '(' << row.argument << "f)";
    EXPECT_PRED2(same<double>, row.full(row.argument), row.value)
        << row.name << '(' << row.argument << ')';
  }
}

/// What is linear at zero keeps numbers that are too small to see a curve.
TEST(SpecialValues, SubnormalsOfOddFunctionsStay) {
  auto check = [](auto smallest) {
    using T = decltype(smallest);
    for (T x : {smallest, -smallest, 3 * smallest, 1001 * smallest})
      for (T y : {expm1(x), log1p(x), sin(x), tan(x), sinh(x), tanh(x), atan(x)})
        EXPECT_EQ(bits(y), bits(x)) << x;
  };
  check(std::numeric_limits<float>::denorm_min());
  check(std::numeric_limits<double>::denorm_min());
}

TEST(SpecialValues, ExpOverflowsAndUnderflowsAtTheBorders) {
  EXPECT_EQ(exp(0x1.62e42ep+6f), 0x1.ffff08p+127f);
  EXPECT_EQ(exp(0x1.62e43p+6f), Format<float>::infinity);
  EXPECT_EQ(exp(-103.97f), 0x1p-149f);
  EXPECT_EQ(exp(-103.98f), 0.0f);
  EXPECT_TRUE(std::isfinite(exp(709.78)));
  EXPECT_EQ(exp(709.79), inf);
  EXPECT_EQ(exp(-745.13), 0x1p-1074);
  EXPECT_EQ(exp(-745.14), 0.0);
  // cosh is finite beyond exp's border.
  EXPECT_TRUE(std::isfinite(cosh(89.4f)));
  EXPECT_TRUE(std::isfinite(sinh(-710.4)));
}

struct Pair {
  double x, y, value;
};

// C99, annex F.9.4.4.
const Pair powers[] = {
    {0.0, -3, inf},    {-0.0, -3, -inf},  {0.0, -2, inf},    {-0.0, -2, inf},  {0.0, -0.5, inf},
    {-0.0, -0.5, inf}, {0.0, -inf, inf},  {-0.0, -inf, inf}, {0.0, 3, 0.0},    {-0.0, 3, -0.0},
    {0.0, 2, 0.0},     {-0.0, 2, 0.0},    {-0.0, 0.5, 0.0},  {-1, inf, 1},     {-1, -inf, 1},
    {1, nan, 1},       {1, inf, 1},       {1, 0.3, 1},       {nan, 0.0, 1},    {nan, -0.0, 1},
    {inf, 0.0, 1},     {0.0, 0.0, 1},     {-2, 0.0, 1},      {-2, 0.5, nan},   {-2, -1.5, nan},
    {0.5, -inf, inf},  {-0.5, -inf, inf}, {2, -inf, 0.0},    {-2, -inf, 0.0},  {0.5, inf, 0.0},
    {-0.5, inf, 0.0},  {2, inf, inf},     {-2, inf, inf},    {-inf, -3, -0.0}, {-inf, -2, 0.0},
    {-inf, -0.5, 0.0}, {-inf, 3, -inf},   {-inf, 2, inf},    {-inf, 0.5, inf}, {inf, -2, 0.0},
    {inf, 2, inf},     {inf, inf, inf},   {-inf, inf, inf},  {inf, -inf, 0.0}, {nan, 1, nan},
    {2, nan, nan},     {nan, nan, nan},   {-2, 3, -8},       {-2, 2, 4},       {2, 10, 1024},
    {2, 1e30, inf},    {-2, 1e30, inf},   {2, -1e30, 0.0},   {0.5, 1e30, 0.0}, {-2, -3, -0.125},
};

TEST(SpecialValues, OfPowAreThoseOfC99) {
  for (auto [x, y, value] : powers) {
    EXPECT_PRED2(same<float>, pow(float(x), float(y)), float(value)) << x << "f, " << y;
    EXPECT_PRED2(same<double>, pow(x, y), value) << x << ", " << y;
  }
}

// C99, annex F.9.1.4; y comes first.
const Pair angles[] = {
    {0.0, -0.0, pi},      {-0.0, -0.0, -pi},   {0.0, 0.0, 0.0},         {-0.0, 0.0, -0.0},
    {0.0, -2, pi},        {-0.0, -2, -pi},     {0.0, 2, 0.0},           {-0.0, 2, -0.0},
    {-3, 0.0, -pi / 2},   {-3, -0.0, -pi / 2}, {3, 0.0, pi / 2},        {3, -0.0, pi / 2},
    {2, -inf, pi},        {-2, -inf, -pi},     {2, inf, 0.0},           {-2, inf, -0.0},
    {inf, 2, pi / 2},     {-inf, 2, -pi / 2},  {inf, -2, pi / 2},       {inf, inf, pi / 4},
    {-inf, inf, -pi / 4}, {nan, 1, nan},       {1, nan, nan},           {0.0, nan, nan},
    {inf, nan, nan},      {nan, inf, nan},     {inf, -inf, 3 * pi / 4}, {-inf, -inf, -3 * pi / 4},
};

TEST(SpecialValues, OfAtan2AreThoseOfC99) {
  for (auto [y, x, value] : angles) {
    EXPECT_PRED2(same<float>, atan2(float(y), float(x)), float(value)) << y << "f, " << x;
    EXPECT_PRED2(same<double>, atan2(y, x), value) << y << ", " << x;
  }
}

/// The f64 and the f32 that come closest to a multiple of pi/2, and others that need many bits of
/// 2/pi.
TEST(SpecialValues, HugeAnglesAreReducedExactly) {
  EXPECT_EQ(cos(0x1.6ac5b262ca1ffp+849), -0x1.14ae72e6ba22fp-61);
  EXPECT_NEAR(sin(0x1.fffffffffffffp+1023), 0x1.452fc98b34e97p-8, 0x1p-61);
  EXPECT_NEAR(cos(1e22), 0.52321478539513894549759442588, 0x1p-53);
  EXPECT_NEAR(sin(0x1.fffffep+127f), -0.5218765233336586f, 0x1p-24f);
}

} // namespace
} // namespace tsum::math
