// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Math/Lane.h"

#include <algorithm>
#include <cstdio>
#include <string>

/// How far off a result is.
namespace tsum::math {

/// A result that is not off by some ULP but wrong: NaN for a number, the wrong sign of zero.
inline constexpr double wrong = 1e9;

/// The distance of `got` from `want`, a value of a wider type, in units of the last place of T at
/// `want`; an overflow is right where `want` rounds to infinity.
template <class T, class W> double ulps(T got, W want) {
  using Format = Format<T>;
  if (std::isnan(want) || std::isnan(got))
    return std::isnan(want) && std::isnan(got) ? 0 : wrong;
  const T rounded = static_cast<T>(want);
  if (std::isinf(got) && got == rounded)
    return 0;
  if (std::isinf(got) || std::isinf(rounded))
    // One step beyond the largest finite number is one ULP.
    return std::signbit(got) == std::signbit(want) &&
                   std::min(std::fabs(got), std::fabs(rounded)) == std::numeric_limits<T>::max()
               ? 1
               : wrong;
  if (got == 0 && std::signbit(got) != std::signbit(want))
    return wrong;
  if (want == 0)
    return got == 0 ? 0 : wrong;
  // `rounded` is in the binade of `want` or at the beginning of the next: the larger ULP counts
  // there, which matters to no bound.
  using Integer = Bits<T>;
  const Integer exponent =
      std::max<Integer>((bits(rounded) & ~Format::sign) >> Format::mantissa_bits, 1);
  // Scaled in two steps: 2^-exponent itself may be out of range.
  const W difference = std::fabs(static_cast<W>(got) - want);
  const int binades = int(Format::bias) + Format::mantissa_bits - int(exponent);
  if constexpr (std::same_as<T, float>)
    return difference * std::bit_cast<double>(std::uint64_t(1023 + binades) << 52);
  else
    return static_cast<double>(std::ldexp(difference, binades));
}

/// The largest error that was seen, and where.
template <class T> struct Worst {
  double error = 0;
  T x{}, y{};

  template <class W> void add(T got, W want, T x, T y = {}) {
    if (double e = ulps(got, want); e > error)
      *this = {e, x, y};
  }
  std::string where() const {
    char text[128];
    std::snprintf(text, sizeof text, "%.3f ULP at (%a, %a)", error, double(x), double(y));
    return text;
  }
};

} // namespace tsum::math
