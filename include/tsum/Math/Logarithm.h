// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Math/Exponential.h"

namespace tsum::math {

namespace detail {

/// The binade of a positive normal x: x = 2^k m with m in [2/3, 4/3) for f32, [sqrt(1/2), sqrt(2))
/// for f64.
template <FloatLane F> struct Binade {
  F k;
  Bits<F> shift; // k as it stands in the exponent of a float: x's bits minus it are m's
};

template <FloatLane F> Binade<F> binade(F x) {
  using Format = FormatOf<F>;
  constexpr int mantissa = Format::mantissa_bits;
  if constexpr (is_single<F>) {
    constexpr auto lowest = std::bit_cast<std::uint32_t>(0x1.555556p-1f);
    Bits<F> shift = (bits(x) - lowest) & ~Format::mantissa;
    return {signed_to_float(shift) * F(0x1p-23f), shift};
  } else {
    // AVX2 shifts 64-bit integers to the right only without sign: k is offset to be positive.
    constexpr auto lowest = std::bit_cast<std::uint64_t>(0x1.6a09e667f3bcdp-1);
    constexpr std::uint64_t offset = 1024;
    Bits<F> shifted = bits(x) + ((offset << mantissa) - lowest);
    Bits<F> magic = (shifted >> mantissa) | std::bit_cast<std::uint64_t>(0x1p52);
    F k = from_bits(magic) - F(0x1p52 + double(offset));
    return {k, (shifted & ~Format::mantissa) - (offset << mantissa)};
  }
}

/// log(2^k (1 + f)).
template <FloatLane F> F log_of(F f, F k) {
  using C = Exp<Scalar<F>>;
  if constexpr (is_single<F>) {
    // (log(1 + f) - f) / f^2 for |f| <= 1/3: degree 8; off by 2^-27.6 of log(1 + f)
    F tail = polynomial(f, -0.5f, 0x1.555502p-2f, -0x1.ffff12p-3f, 0x1.99d1c4p-3f, -0x1.55985ap-3f,
                        0x1.1ec0fep-3f, -0x1.f39e92p-4f, 0x1.1ec5ep-3f, -0x1.06e1bep-3f);
    return fma(k, F(C::ln2_high), fma(f * f, tail, f));
  } else {
    // With s = f / (2 + f), log(1 + f) = 2 atanh(s) = f - f^2/2 + s (f^2/2 + s^2 g(s^2)), where
    // g(z) = (2 atanh(s) - 2 s) / s^3: degree 6 for |s| <= 0.1716; off by 2^-59.4 of log(1 + f).
    F s = f / (F(2) + f);
    F z = s * s, half_square = F(0.5f) * f * f;
    F g = polynomial(z, 0x1.5555555555592p-1, 0x1.999999997ff37p-2, 0x1.24924941df378p-2,
                     0x1.c71c52160267dp-3, 0x1.74663c9ff8357p-3, 0x1.39a1eeebfd808p-3,
                     0x1.2f038fe8bd39cp-3);
    F low = fma(s, fma(z, g, half_square), k * F(C::ln2_low));
    return fma(k, F(C::ln2_high), f - (half_square - low));
  }
}

/// The f in x = 2^k (1 + f).
template <FloatLane F> F fraction(F x, Binade<F> b) { return from_bits(bits(x) - b.shift) - F(1); }

/// What log and log1p have in common at the borders of their domain: `at_pole`, where log is -inf,
/// NaN below it; +inf and NaN stay; elsewhere `y`.
template <FloatLane F> F log_special(F x, F at_pole, F y) {
  using Format = FormatOf<F>;
  y = select(x == at_pole, F(-Format::infinity), y);
  y = select(x < at_pole, F(Format::nan), y);
  return select(x < F(Format::infinity), y, x);
}

/// `of(f, k)` for x = 2^k (1 + f), subnormals too, with a logarithm's special values.
template <FloatLane F, class Of> F log_by(F x, Of of) {
  using Format = FormatOf<F>;
  auto usual = both(x >= F(Format::smallest_normal), x < F(Format::infinity));
  auto slow = [&] {
    constexpr int binades = Format::mantissa_bits + 1;
    F scaled = x * F(Scalar<F>(std::uint64_t{1} << binades));
    Binade<F> b = binade(scaled);
    F y = of(fraction(scaled, b), b.k - F(Scalar<F>(binades)));
    // Zero is one of these.
    return log_special(x, F(0), y);
  };
  Binade<F> b = binade(x);
  return rare_value(negated(usual), slow, of(fraction(x, b), b.k));
}

/// Logarithms to other bases: 1 / log(base), and log(2) / log(base), whose high part times a binade
/// is exact.
template <class T> struct Log;

template <> struct Log<float> {
  static constexpr float per_two = 0x1.715476p+0f, per_two_low = 0x1.4ae0cp-26f;
  static constexpr float per_ten = 0x1.bcb7b2p-2f, per_ten_low = -0x1.5b235ep-27f;
  static constexpr float two_to_ten = 0x1.344p-2f, two_to_ten_low = 0x1.3509f8p-18f;
};

template <> struct Log<double> {
  static constexpr double per_two = 0x1.71547652b82fep+0, per_two_low = 0x1.777d0ffda0d24p-56;
  static constexpr double per_ten = 0x1.bcb7b1526e50ep-2, per_ten_low = 0x1.95355baaafad3p-57;
  static constexpr double two_to_ten = 0x1.34413509f78p-2, two_to_ten_low = 0x1.fef311f12b358p-46;
};

} // namespace detail

/// The natural logarithm: log(+-0) is -inf, of less NaN. Within 1 ULP, of subnormals too.
template <FloatLane F> F log(F x) {
  return detail::log_by(x, [](F f, F k) { return detail::log_of(f, k); });
}

/// The logarithm to the base 2, of powers of two exact; special values as those of log.
template <FloatLane F> F log2(F x) {
  using C = detail::Log<Scalar<F>>;
  return detail::log_by(x, [](F f, F k) {
    F y = detail::log_of(f, F(0));
    return k + fma(y, F(C::per_two), y * F(C::per_two_low));
  });
}

/// The logarithm to the base 10; special values as those of log.
template <FloatLane F> F log10(F x) {
  using C = detail::Log<Scalar<F>>;
  return detail::log_by(x, [](F f, F k) {
    F y = detail::log_of(f, F(0));
    F low = fma(k, F(C::two_to_ten_low), y * F(C::per_ten_low));
    return k * F(C::two_to_ten) + fma(y, F(C::per_ten), low);
  });
}

/// log(1 + x), without cancellation near 0: -inf at -1, NaN below; the sign of zero stays.
template <FloatLane F> F log1p(F x) {
  using Format = FormatOf<F>;
  // The binade comes from the rounded sum, but f = 2^-k x + (2^-k - 1) has x itself; 4 * 2^-k is
  // normal for all k.
  detail::Binade<F> b = detail::binade(F(1) + x);
  F four = from_bits(Bits<F>(std::bit_cast<typename Format::Integer>(Scalar<F>(4))) - b.shift);
  F f = from_bits(bits(x) - b.shift) + fma(F(0.25f), four, F(-1));
  F y = detail::log_of(f, b.k);
  // Below half an ULP of 1, log1p(x) rounds to x.
  y = select(abs(x) < F(std::numeric_limits<Scalar<F>>::epsilon() / 4), x, y);
  auto usual = both(x > F(-1), x < F(Format::infinity));
  return rare_value(negated(usual), [&] { return detail::log_special(x, F(-1), y); }, y);
}

/// log(e^x + e^y) without overflow on the way. Within 3 ULP of the largest of x, y and the result:
/// where they cancel, so do their errors.
template <FloatLane F> F logaddexp(F x, F y) {
  F larger = select(x > y, x, y), smaller = select(x > y, y, x);
  F d = smaller - larger;
  // What d is rounded by, which its exponential would multiply.
  F less = d - smaller;
  F low = (smaller - (d - less)) - (larger + less);
  F e = exp(d);
  F more = log1p(fma(e, select(d > F(-FormatOf<F>::infinity), low, F(0)), e));
  // Of two infinities the difference is none.
  more = select(x == y, F(Scalar<F>(detail::Exp<double>::ln2_high)), more);
  return select(x == x, larger, x) + more;
}

/// log(1 + e^x), with its full precision where it is small.
template <FloatLane F> F softplus(F x) {
  F y = log1p(exp(-abs(x)));
  return select(x > F(0), x, F(0)) + y;
}

} // namespace tsum::math
