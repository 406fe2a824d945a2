// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Math/Lane.h"

namespace tsum::math {

namespace detail {

template <class T> struct Pi;

template <> struct Pi<float> {
  static constexpr float half = 0x1.921fb6p+0f, half_low = -0x1.777a5cp-25f;
};

template <> struct Pi<double> {
  static constexpr double half = 0x1.921fb54442d18p+0, half_low = 0x1.1a62633145c07p-54;
};

/// atan(t) for t in [0, 1].
template <FloatLane F> F atan_of(F t) {
  F z = t * t, series;
  // (atan(t) - t) / t^3 in z = t^2
  if constexpr (is_single<F>) // degree 7; off by 2^-25.8 of atan(t)
    series = polynomial(z, -0x1.5554dcp-2f, 0x1.9978eep-3f, -0x1.230ab2p-3f, 0x1.b4dffep-4f,
                        -0x1.355464p-4f, 0x1.61f8bcp-5f, -0x1.0c262ap-6f, 0x1.7ec704p-9f);
  else // degree 18; off by 2^-54.9 of atan(t)
    series = polynomial(
        z, -0x1.555555555544cp-2, 0x1.9999999984115p-3, -0x1.2492491fa2282p-3, 0x1.c71c709e1e75cp-4,
        -0x1.745d02314c3dcp-4, 0x1.3b12b2ebbbdf1p-4, -0x1.11089d17398e6p-4, 0x1.e17818091ff01p-5,
        -0x1.ad32bd81400d1p-5, 0x1.7ee3ff9803a94p-5, -0x1.4f45370af84e9p-5, 0x1.1715fff059dedp-5,
        -0x1.a7270bb579f47p-6, 0x1.162ca1c1ea066p-6, -0x1.2cf803f4e4397p-7, 0x1.f96e14cf8a254p-9,
        -0x1.312b38fcd9c4bp-10, 0x1.d3bcdaac0ab5fp-13, -0x1.53e74adb70689p-16);
  return fma(t * z, series, t);
}

} // namespace detail

/// The arc tangent, in [-pi/2, pi/2]; the sign of zero stays.
template <FloatLane F> F atan(F x) {
  using Pi = detail::Pi<Scalar<F>>;
  F a = abs(x);
  auto steep = a > F(1);
  F y = detail::atan_of(select(steep, F(1) / a, a));
  y = select(steep, F(Pi::half) - (y - F(Pi::half_low)), y);
  return copysign(y, x);
}

/// The angle of the point (x, y), in [-pi, pi], with C99's values for zeros and infinities.
template <FloatLane F> F atan2(F y, F x) {
  using Pi = detail::Pi<Scalar<F>>;
  using Format = FormatOf<F>;
  F a = abs(x), b = abs(y);
  auto steep = b > a;
  F smaller = select(steep, a, b), larger = select(steep, b, a);
  F t = smaller / larger;
  t = select(larger == F(0), F(0), t);
  t = select(smaller == F(Format::infinity), F(1), t);
  // By its sign x is on the left, for -0 is there, too. In one sum, so that it rounds once.
  auto left = copysign(F(1), x) < F(0);
  F slope = detail::atan_of(t);
  slope = select(steep, -slope, slope);
  slope = select(left, -slope, slope);
  F axis = select(steep, F(Pi::half), select(left, F(2 * Pi::half), F(0)));
  F axis_low = select(steep, F(Pi::half_low), select(left, F(2 * Pi::half_low), F(0)));
  F angle = axis + (slope + axis_low);
  // A comparison with NaN took either side: their sum is NaN.
  angle = select(both(x == x, y == y), angle, x + y);
  return copysign(angle, y);
}

/// The arc sine, in [-pi/2, pi/2]; NaN beyond -1 and 1, the sign of zero stays.
template <FloatLane F> F asin(F x) { return atan2(x, sqrt((F(1) - x) * (F(1) + x))); }

/// The arc cosine, in [0, pi]; NaN beyond -1 and 1.
template <FloatLane F> F acos(F x) { return atan2(sqrt((F(1) - x) * (F(1) + x)), x); }

} // namespace tsum::math
