// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Math/Lane.h"

namespace tsum::math {

namespace detail {

template <class T> struct Exp;

template <> struct Exp<float> {
  static constexpr float log2e = 0x1.715476p+0f;
  static constexpr float ln2_high = 0x1.62e43p-1f, ln2_low = -0x1.05c61p-29f;
  // Beyond these, exp is zero or infinity, expm1 is -1, tanh is 1.
  static constexpr float low = -104, high = 89, expm1_low = -18, tanh_high = 10;
  static constexpr float half_high = 90; // for exp(x) / 2
};

template <> struct Exp<double> {
  static constexpr double log2e = 0x1.71547652b82fep+0;
  static constexpr double ln2_high = 0x1.62e42fefa39efp-1, ln2_low = 0x1.abc9e3b39803fp-56;
  static constexpr double low = -746, high = 710, expm1_low = -38, tanh_high = 20;
  static constexpr double half_high = 711;
};

/// x = n ln 2 + rest. The low bits of `exponent` are n + the offset that was asked for.
template <FloatLane F> struct Reduced {
  F rest, n;
  Bits<F> exponent;
};

/// Cody and Waite's reduction, with n the nearest integer: |rest| <= 0.3466. n ln2_high - x is
/// exact, so that only the last fma rounds.
template <FloatLane F> Reduced<F> reduce_exp(F x, int offset) {
  using C = Exp<Scalar<F>>;
  const F shift = FormatOf<F>::round_shift + Scalar<F>(offset);
  F shifted = fma(x, F(C::log2e), shift);
  F n = shifted - shift;
  F rest = fma(n, F(-C::ln2_high), x);
  return {fma(n, F(-C::ln2_low), rest), n, bits(shifted)};
}

/// (exp(r) - 1 - r) / r^2 for |r| <= 0.3466.
template <FloatLane F> F exp_tail(F r) {
  if constexpr (is_single<F>) // degree 4; off by 2^-26.0 of expm1(r)
    return polynomial(r, 0x1.fffffep-2f, 0x1.5554aep-3f, 0x1.555714p-5f, 0x1.122966p-7f,
                      0x1.6b7832p-10f);
  else // degree 9; off by 2^-55.5 of expm1(r)
    return polynomial(r, 0x1.0000000000005p-1, 0x1.555555555553bp-3, 0x1.555555555210bp-5,
                      0x1.1111111118814p-7, 0x1.6c16c17f2f5cp-10, 0x1.a01a0178017d2p-13,
                      0x1.a019a6a0af6a7p-16, 0x1.71de80e030107p-19, 0x1.28a28ff7374dfp-22,
                      0x1.ae77c0f26e4ccp-26);
}

template <FloatLane F> F exp_of_rest(F r) { return fma(fma(exp_tail(r), r, F(1)), r, F(1)); }

/// An offset of `reduce_exp`, with which `scale` undoes it.
template <FloatLane F> inline constexpr int scale_offset = 2 * FormatOf<F>::bias;

/// p 2^n, where the low bits of `exponent` are n + scale_offset and 2^n may be as far as half as
/// many binades again out of range: in two factors, of which the first product is exact, so that a
/// subnormal result is rounded once.
template <FloatLane F> F scale(F p, F n, Bits<F> exponent) {
  if (auto scaled = scale_by_instruction(p, n))
    return *scaled;
  constexpr int mantissa = FormatOf<F>::mantissa_bits;
  Bits<F> half = (exponent >> 1) << mantissa;
  Bits<F> other = (exponent << mantissa) - half;
  return p * from_bits(half) * from_bits(other);
}

/// exp(x) where it is a normal number, in fewer steps.
template <FloatLane F> F exp_normal(F x) {
  auto [rest, n, exponent] = reduce_exp(x, FormatOf<F>::bias);
  return exp_of_rest(rest) * from_bits(exponent << FormatOf<F>::mantissa_bits);
}

/// exp(x) / 2, which is finite where cosh is; NaN stays.
template <FloatLane F> F half_exp(F x) {
  x = select(x > F(Exp<Scalar<F>>::half_high), F(Exp<Scalar<F>>::half_high), x);
  auto [rest, n, exponent] = reduce_exp(x, scale_offset<F>);
  return scale(F(0.5f) * exp_of_rest(rest), n, exponent);
}

/// expm1 of `x` within [expm1_low, high], and of subnormals exactly but for the sign of zero.
template <FloatLane F> F expm1_in_range(F x) {
  // t = 2^(n - 1) is finite also for n = 128; 2 (t expm1(rest) + (t - 1/2)).
  auto [rest, n, exponent] = reduce_exp(x, FormatOf<F>::bias - 1);
  F t = from_bits(exponent << FormatOf<F>::mantissa_bits);
  F p = fma(rest * rest, exp_tail(rest), rest);
  F half = fma(t, p, t - F(0.5f));
  return half + half;
}

} // namespace detail

/// e^x. Within 1 ULP; exp(-inf) is 0; subnormal results are correct to their last place.
template <FloatLane F> F exp(F x) {
  using C = detail::Exp<Scalar<F>>;
  x = clamp(x, C::low, C::high);
  auto [rest, n, exponent] = detail::reduce_exp(x, detail::scale_offset<F>);
  return detail::scale(detail::exp_of_rest(rest), n, exponent);
}

/// e^x - 1, without cancellation near 0; the sign of zero stays.
template <FloatLane F> F expm1(F x) {
  using C = detail::Exp<Scalar<F>>;
  // Below half an ULP of 1, expm1(x) rounds to x.
  constexpr Scalar<F> tiny = std::numeric_limits<Scalar<F>>::epsilon() / 4;
  F y = detail::expm1_in_range(clamp(x, C::expm1_low, C::high));
  return select(abs(x) < F(tiny), x, y);
}

/// (e^x - e^-x) / 2; the sign of zero stays.
template <FloatLane F> F sinh(F x) {
  F a = abs(x), z = a * a, series;
  // (sinh(a) - a) / a^3 for a <= 1, in z = a^2
  if constexpr (is_single<F>) // degree 3; off by 2^-31.3 of sinh(a)
    series = polynomial(z, 0x1.555556p-3f, 0x1.1110eap-7f, 0x1.a01c22p-13f, 0x1.76771ep-19f);
  else // degree 6; off by 2^-61.5 of sinh(a)
    series = polynomial(z, 0x1.5555555555556p-3, 0x1.111111111104p-7, 0x1.a01a01a0318d4p-13,
                        0x1.71de3a4056c2fp-19, 0x1.ae646b4cee556p-26, 0x1.6118dfa73844p-33,
                        0x1.b52eab4a48b95p-41);
  F half = detail::half_exp(a);
  F y = select(a < F(1), fma(a * z, series, a), half - F(0.25f) / half);
  return copysign(y, x);
}

/// (e^x + e^-x) / 2.
template <FloatLane F> F cosh(F x) {
  F half = detail::half_exp(abs(x));
  return half + F(0.25f) / half;
}

/// tanh(x); the sign of zero stays.
template <FloatLane F> F tanh(F x) {
  using C = detail::Exp<Scalar<F>>;
  F a = abs(x);
  F clamped = select(a > F(C::tanh_high), F(C::tanh_high), a);
  F twice = clamped + clamped;
  if constexpr (is_single<F>) {
    // (tanh(a) - a) / a^3 for a <= 0.58, in z = a^2: degree 4; off by 2^-28.9 of tanh(a)
    F z = a * a;
    F series = polynomial(z, -0x1.555544p-2f, 0x1.110b4ap-3f, -0x1.b8d872p-5f, 0x1.56a01ep-6f,
                          -0x1.8c4c2ep-8f);
    F large = F(1) - F(2) / (detail::exp_normal(twice) + F(1));
    return copysign(select(a < F(0.55f), fma(a * z, series, a), large), x);
  } else {
    F t = detail::expm1_in_range(twice);
    return copysign(t / (t + F(2)), x);
  }
}

/// 1 / (1 + e^-x), with its full precision where it is small.
template <FloatLane F> F sigmoid(F x) {
  F e = exp(-abs(x));
  return select(x < F(0), e, F(1)) / (F(1) + e);
}

} // namespace tsum::math
