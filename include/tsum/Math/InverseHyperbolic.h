// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Math/Logarithm.h"

namespace tsum::math {

namespace detail {

/// From where on x^2 + 1 and x^2 - 1 are x^2.
template <FloatLane F>
inline constexpr Scalar<F> no_unit = is_single<F> ? Scalar<F>(0x1p14) : Scalar<F>(0x1p29);

/// log(2 x), of large x too.
template <FloatLane F> F log_of_double(F x) { return log(x) + F(Scalar<F>(Exp<double>::ln2_high)); }

} // namespace detail

/// The inverse hyperbolic sine; zeros and infinities stay.
template <FloatLane F> F asinh(F x) {
  F a = abs(x), z = a * a;
  // sqrt(z + 1) - 1 without cancellation is z / (1 + sqrt(z + 1)).
  F y = log1p(a + z / (F(1) + sqrt(z + F(1))));
  y = rare_value(a > F(detail::no_unit<F>), [&] { return detail::log_of_double(a); }, y);
  return copysign(y, x);
}

/// The inverse hyperbolic cosine, from 0 on; NaN below 1.
template <FloatLane F> F acosh(F x) {
  F t = x - F(1);
  F y = log1p(t + sqrt(t * (t + F(2))));
  y = rare_value(x > F(detail::no_unit<F>), [&] { return detail::log_of_double(x); }, y);
  return select(x < F(1), F(FormatOf<F>::nan), y);
}

/// The inverse hyperbolic tangent: infinite at -1 and 1, NaN beyond; the sign of zero stays.
template <FloatLane F> F atanh(F x) {
  F a = abs(x), twice = a + a;
  // 2 a / (1 - a), of small a as a sum, whose second term alone is rounded twice.
  F ratio = select(a < F(0.5f), twice + twice * a / (F(1) - a), twice / (F(1) - a));
  return copysign(F(0.5f) * log1p(ratio), x);
}

} // namespace tsum::math
