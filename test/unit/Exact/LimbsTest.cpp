// SPDX-License-Identifier: Apache-2.0
//
// Limbs beside results that are known: what decides is far below the bits that are kept.
#include "tsum/Exact/Limbs.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <initializer_list>
#include <limits>

namespace tsum::exact {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

class Sum {
public:
  Sum(std::initializer_list<double> elements) {
    for (double x : elements)
      limbs().add(x);
  }
  Limbs<double> limbs() { return Limbs<double>(words.data()); }
  double rounded(std::int64_t divisor = 1) { return limbs().round(divisor, Rounding::Double); }

private:
  std::array<std::int64_t, static_cast<std::size_t>(Limbs<double>::words)> words{};
};

TEST(Limbs, RoundATieToEvenAndWhatIsBesideItToItsSide) {
  // 1 + 1.5 units of the last place lies between two floats, of which the upper one is even.
  const double unit = 0x1p-52, tiny = 0x1p-1000;
  for (double sign : {1.0, -1.0}) {
    EXPECT_EQ(Sum({sign, sign * 1.5 * unit}).rounded(), sign * (1 + 2 * unit));
    EXPECT_EQ(Sum({sign, sign * 1.5 * unit, sign * tiny}).rounded(), sign * (1 + 2 * unit));
    EXPECT_EQ(Sum({sign, sign * 1.5 * unit, -sign * tiny}).rounded(), sign * (1 + unit));
    EXPECT_EQ(Sum({sign, sign * 0.5 * unit}).rounded(), sign);
    EXPECT_EQ(Sum({sign, sign * 0.5 * unit, sign * tiny}).rounded(), sign * (1 + unit));
  }
}

TEST(Limbs, QuotientsAreRoundedByTheirRest) {
  // (2^53 + 1) n is a tie of 53 bits over n; one more is not, though that shows 2^40 below.
  const std::int64_t n = (std::int64_t{1} << 40) + 15;
  const UInt128 tie = ((UInt128{1} << 53) + 1) * static_cast<UInt128>(n);
  EXPECT_EQ(round(tie, 0, n, Rounding::Double), 0x1p53);
  EXPECT_EQ(round(tie + 1, 0, n, Rounding::Double), 0x1p53 + 2);
  EXPECT_EQ(round(tie - 1, 0, n, Rounding::Double), 0x1p53);
  Sum sum{0x1p53, 1};
  EXPECT_EQ(sum.rounded(1), 0x1p53);
  EXPECT_EQ(Sum({3.0}).rounded(2), 1.5);
  EXPECT_EQ(Sum({-1.0}).rounded(3), -1.0 / 3);
}

TEST(Limbs, NodesAreTheWholeSum) {
  for (std::initializer_list<double> elements :
       std::initializer_list<std::initializer_list<double>>{
           {1e308, 1e308, -1e308, 5e-324}, {-3.5, 0x1p-1074}, {infinity, 1}, {-infinity, 1e300}}) {
    Sum from(elements), to{2.0};
    std::array<std::int64_t, static_cast<std::size_t>(Limbs<double>::node_words)> node{};
    from.limbs().store(node);
    to.limbs().add(node);
    Sum whole(elements);
    whole.limbs().add(2.0);
    EXPECT_EQ(to.rounded(), whole.rounded());
  }
  Sum both{infinity, -infinity}, to{1.0};
  std::array<std::int64_t, static_cast<std::size_t>(Limbs<double>::node_words)> node{};
  both.limbs().store(node);
  to.limbs().add(node);
  EXPECT_TRUE(std::isnan(to.rounded()));
}

TEST(Limbs, CarriesGoAsFarAsTheSign) {
  Sum sum{0x1p1000};
  sum.limbs().add(-0x1p-1074);
  EXPECT_EQ(sum.rounded(), 0x1p1000);
  sum.limbs().add(-0x1p1000);
  EXPECT_EQ(sum.rounded(), -0x1p-1074);
  sum.limbs().add(0x1p-1074);
  EXPECT_EQ(sum.rounded(), 0);
}

} // namespace
} // namespace tsum::exact
