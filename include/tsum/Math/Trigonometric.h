// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Math/HugeAngle.h"

namespace tsum::math {

namespace detail {

template <class T> struct Quadrants;

/// pi/2 in three parts, and how far Cody and Waite's reduction with it goes.
template <> struct Quadrants<float> {
  static constexpr float inverse = 0x1.45f306p-1f, limit = 0x1p16f;
  static constexpr float high = 0x1.921fb6p+0f, middle = -0x1.777a5cp-25f, low = -0x1.ee59dap-50f;
};

template <> struct Quadrants<double> {
  static constexpr double inverse = 0x1.45f306dc9c883p-1, limit = 0x1p28;
  static constexpr double high = 0x1.921fb54442d18p+0, middle = 0x1.1a62633145c07p-54,
                          low = -0x1.f1976b7ed8fbcp-110;
};

/// x = quadrant pi/2 + rest + low, where low is 0 for f32.
template <FloatLane F> Angle<F> reduce_angle(F x) {
  using C = Quadrants<Scalar<F>>;
  const F shift = FormatOf<F>::round_shift;
  auto is_huge = negated(abs(x) <= F(C::limit));
  F shifted = fma(x, F(C::inverse), shift);
  F n = shifted - shift;
  // Exact: a multiple of high's last place, and small.
  F rest = fma(n, F(-C::high), x);
  if constexpr (is_single<F>) {
    rest = fma(n, F(-C::low), fma(n, F(-C::middle), rest));
    auto slow = []<FloatLane G>(G huge) {
      using D = Wide<G>;
      const G shift = FormatOf<G>::round_shift;
      const D wide_shift = FormatOf<D>::round_shift;
      Angle<D> a = reduce_huge_angle<true>(widen(huge));
      D quadrant = from_bits(bits(wide_shift) + a.quadrant) - wide_shift;
      return std::array<G, 2>{narrow(a.rest), narrow(quadrant) + shift};
    };
    auto [r, q] = rare_each(is_huge, slow, x, std::array<F, 2>{rest, shifted});
    return {r, F(0), bits(q)};
  } else {
    // Near multiples of pi/2 the second part cancels too: its product and sum are kept exactly.
    F product = n * F(-C::middle), product_low = fma(n, F(-C::middle), -product);
    F sum = rest + product, added = sum - rest;
    F sum_low = (rest - (sum - added)) + (product - added);
    F low = sum_low + fma(n, F(-C::low), product_low);
    auto slow = []<FloatLane G>(G huge) {
      const G shift = FormatOf<G>::round_shift;
      Angle<G> a = reduce_huge_angle<false>(huge);
      return std::array<G, 3>{a.rest, a.low, from_bits(bits(shift) + a.quadrant)};
    };
    auto [r, l, q] = rare_each(is_huge, slow, x, std::array<F, 3>{sum, low, shifted});
    return {r, l, bits(q)};
  }
}

/// sin(rest + low) for |rest| <= pi/4, but for the sign of zero.
template <FloatLane F> F sin_of(const Angle<F> &a) {
  F z = a.rest * a.rest;
  // (sin(r) - r) / r^3 in z = r^2
  if constexpr (is_single<F>) { // degree 2; off by 2^-27.8 of sin(r)
    F series = polynomial(z, -0x1.555544p-3f, 0x1.1106dep-7f, -0x1.9928a8p-13f);
    return fma(a.rest * z, series, a.rest);
  } else { // degree 5; off by 2^-57.8 of sin(r)
    F series = polynomial(z, -0x1.5555555555548p-3, 0x1.111111110f73p-7, -0x1.a01a019be9218p-13,
                          0x1.71de35552b47ep-19, -0x1.ae5e4b83baeaap-26, 0x1.5d8b557e8100fp-33);
    return a.rest + fma(a.rest * z, series, a.low);
  }
}

/// cos(rest + low) for |rest| <= pi/4.
template <FloatLane F> F cos_of(const Angle<F> &a) {
  F z = a.rest * a.rest;
  // (cos(r) - 1 + r^2/2) / r^4 in z = r^2
  if constexpr (is_single<F>) { // degree 2; off by 2^-32.9 of cos(r)
    F series = polynomial(z, 0x1.55554ap-5f, -0x1.6c0c24p-10f, 0x1.99e622p-16f);
    return fma(z, fma(z, series, F(-0.5f)), F(1));
  } else { // degree 5; off by 2^-63.9 of cos(r)
    F series = polynomial(z, 0x1.555555555554bp-5, -0x1.6c16c16c15014p-10, 0x1.a01a019c8ef72p-16,
                          -0x1.27e4f7f1631b8p-22, 0x1.1ee9dba8222fcp-29, -0x1.8fa66d0e72794p-37);
    F parabola = fma(z, F(-0.5), F(1));
    F error = fma(z, F(-0.5), F(1) - parabola);
    return parabola + fma(z * z, series, fma(-a.rest, a.low, error));
  }
}

/// Whether a bit of `x` is set.
template <FloatLane F> auto has_bit(Bits<F> x, typename FormatOf<F>::Integer bit) {
  using Integer = typename FormatOf<F>::Integer;
  return (x & Bits<F>(bit)) != Bits<F>(Integer{0});
}

/// `x` with its sign changed where bit 1 of `quadrant` is set.
template <FloatLane F> F negate_by(F x, Bits<F> quadrant) {
  using Integer = typename FormatOf<F>::Integer;
  constexpr int to_sign = int(sizeof(Integer)) * 8 - 2;
  return from_bits(bits(x) ^ ((quadrant & Bits<F>(Integer{2})) << to_sign));
}

/// Below, sin(x) and tan(x) round to x.
template <FloatLane F>
inline constexpr Scalar<F> tiny_angle = is_single<F> ? Scalar<F>(0x1p-13) : Scalar<F>(0x1p-27);

} // namespace detail

/// The sine of radians, over all of F's range; NaN of infinities; the sign of zero stays.
template <FloatLane F> F sin(F x) {
  detail::Angle<F> a = detail::reduce_angle(x);
  F y = select(detail::has_bit<F>(a.quadrant, 1), detail::cos_of(a), detail::sin_of(a));
  return select(abs(x) < F(detail::tiny_angle<F>), x, detail::negate_by(y, a.quadrant));
}

/// The cosine of radians, over all of F's range; NaN of infinities.
template <FloatLane F> F cos(F x) {
  detail::Angle<F> a = detail::reduce_angle(x);
  F y = select(detail::has_bit<F>(a.quadrant, 1), detail::sin_of(a), detail::cos_of(a));
  using Integer = typename FormatOf<F>::Integer;
  return detail::negate_by(y, a.quadrant + Bits<F>(Integer{1}));
}

/// The tangent of radians, over all of F's range; NaN of infinities; the sign of zero stays.
template <FloatLane F> F tan(F x) {
  detail::Angle<F> a = detail::reduce_angle(x);
  F s = detail::sin_of(a), c = detail::cos_of(a);
  auto odd = detail::has_bit<F>(a.quadrant, 1);
  F y = select(odd, -c, s) / select(odd, s, c);
  return select(abs(x) < F(detail::tiny_angle<F>), x, y);
}

} // namespace tsum::math
