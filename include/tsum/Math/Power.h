// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Math/Logarithm.h"

namespace tsum::math {

namespace detail {

/// x^y for finite, positive x, f32 and by way of f64: e^(y log x).
template <FloatLane F> F positive_pow_single(F x, F y) {
  using D = Wide<F>;
  D wide = widen(x); // which is normal
  Binade<D> b = binade(wide);
  D f = fraction(wide, b);
  D s = f / (D(2) + f), z = s * s;
  // 2 atanh(s) / (s ln 2) for |s| <= 0.1716, in z = s^2: degree 4; off by 2^-37.7
  D series = polynomial(z, 0x1.71547652bee03p+1, 0x1.ec709d12bb877p-1, 0x1.27777ff809ae3p-1,
                        0x1.a58d812e69f3cp-2, 0x1.5ce8e734c0743p-2);
  // 2^-200 is zero.
  D binades = clamp(widen(y) * fma(s, series, b.k), -200, 200);
  const D wide_shift = FormatOf<D>::round_shift;
  D whole = (binades + wide_shift) - wide_shift;
  F rest = narrow((binades - whole) * D(0x1.62e42fefa39efp-1)), n = narrow(whole);
  F shifted = n + F(FormatOf<F>::round_shift + Scalar<F>(scale_offset<F>));
  return scale(exp_of_rest(rest), n, bits(shifted));
}

/// log(x) = high + low, to about 70 bits, for positive finite x.
template <FloatLane F> struct PreciseLog {
  F high, low;
};

template <FloatLane F> PreciseLog<F> precise_log(F x) {
  auto subnormal = x < F(FormatOf<F>::smallest_normal);
  x = select(subnormal, x * F(0x1p54), x);
  Binade<F> b = binade(x);
  F k = b.k - select(subnormal, F(54), F(0));
  F f = fraction(x, b);

  // s + s_low = f / (2 + f)
  F d = F(2) + f, d_low = f - (d - F(2));
  F reciprocal = F(1) / d;
  F s = f * reciprocal;
  F s_low = fma(-s, d_low, fma(-s, d, f)) * reciprocal;
  F z = s * s, z_low = fma(s, s, -z) + F(2) * s * s_low;
  F cube = s * z, cube_low = fma(s, z, -cube) + fma(s, z_low, s_low * z);
  // 2 atanh(s) = 2 s + s^3 (2/3 + z q(z)); q in z = s^2 for |s| <= 0.1716: degree 7; off by 2^-73.4
  F q = polynomial(z, 0x1.9999999999996p-2, 0x1.2492492492f5p-2, 0x1.c71c71c596b74p-3,
                   0x1.745d182943288p-3, 0x1.3b1364ce1007bp-3, 0x1.11206e8ce9ef9p-3,
                   0x1.de3d861145b3cp-4, 0x1.eac52e2b9544fp-4);
  const F third = 0x1.5555555555555p-1, third_low = 0x1.5555555555555p-55;
  F zq = z * q;
  F t = third + zq, t_low = ((third - t) + zq) + third_low;
  F v = cube * t, v_low = fma(cube, t, -v) + fma(cube, t_low, cube_low * t);
  F twice = s + s;
  F sum = twice + v, sum_low = ((twice - sum) + v) + (F(2) * s_low + v_low);

  // k times the first part of ln 2, of 42 bits, is exact.
  F whole = k * F(0x1.62e42fefa38p-1);
  F high = whole + sum;
  return {high, ((whole - high) + sum) + fma(k, F(0x1.ef35793c7673p-45), sum_low)};
}

/// x^y for finite, positive x, f64.
template <FloatLane F> F positive_pow_double(F x, F y) {
  using C = Exp<Scalar<F>>;
  PreciseLog<F> log = precise_log(x);
  F high = y * log.high;
  F low = fma(y, log.high, -high) + y * log.low;
  // Where the result is zero or infinity anyhow, `low` may be NaN.
  low = select(abs(high) < F(800), low, F(0));
  auto [rest, n, exponent] = reduce_exp(clamp(high, C::low, C::high), scale_offset<F>);
  return scale(exp_of_rest(rest + low), n, exponent);
}

/// pow(x, y) from `y_th` = |x|^y, with C99's values (F.9.4.4) for zeros, infinities and
/// negative x.
template <FloatLane F> F pow_special(F x, F y, F y_th) {
  using Format = FormatOf<F>;
  const F infinity = Format::infinity, zero = 0, one = 1;
  F a = abs(x), b = abs(y);
  auto whole = floor(y) == y;
  F half = y * F(0.5f);
  auto odd = both(whole, negated(floor(half) == half));
  auto negative = copysign(one, x) < zero;
  // 0 and infinity, of which y tells which becomes which.
  auto to_zero = either(both(a == zero, y > zero), both(a == infinity, y < zero));
  F r = select(either(a == zero, a == infinity), select(to_zero, zero, infinity), y_th);
  r = select(both(negative, odd), -r, r);
  r = select(both(both(x < zero, a < infinity), negated(whole)), F(Format::nan), r);
  auto shrinks = either(both(a<one, y> zero), both(a > one, y < zero));
  r = select(b == infinity, select(a == one, one, select(shrinks, zero, infinity)), r);
  r = select(both(x == x, y == y), r, x + y);
  return select(either(x == one, y == zero), one, r);
}

} // namespace detail

/// x to the power of y, with C99's special values: 1 if x is 1 or y is 0, even for NaN; NaN for
/// negative finite x and fractional y.
template <FloatLane F> F pow(F x, F y) {
  using Format = FormatOf<F>;
  F a = abs(x), r;
  if constexpr (is_single<F>)
    r = detail::positive_pow_single(a, y);
  else
    r = detail::positive_pow_double(a, y);
  auto usual = both(both(x > F(0), x < F(Format::infinity)), abs(y) < F(Format::infinity));
  return rare_value(negated(usual), [&] { return detail::pow_special(x, y, r); }, r);
}

} // namespace tsum::math
