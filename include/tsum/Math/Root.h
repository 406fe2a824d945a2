// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Math/Logarithm.h"

namespace tsum::math {

/// The cube root; zeros and infinities stay.
template <FloatLane F> F cbrt(F x) {
  using Format = FormatOf<F>;
  F a = abs(x), y;
  if constexpr (is_single<F>) {
    y = narrow(exp(log(widen(a)) * Wide<F>(0x1.5555555555555p-2)));
  } else {
    // Scaled so that neither cubes nor their errors leave the range.
    auto is_small = a<F(0x1p-900), is_large = a> F(0x1p900);
    F s = a * select(is_small, F(0x1p300), select(is_large, F(0x1p-300), F(1)));
    F root = exp(log(s) * F(0x1.5555555555555p-2));
    // A step of Newton's method, of a residual with twice the digits.
    F square = root * root;
    F residual = fma(square, root, -s) + fma(root, root, -square) * root;
    root = root - residual / (F(3) * square);
    y = root * select(is_small, F(0x1p-100), select(is_large, F(0x1p100), F(1)));
  }
  y = select(both(a > F(0), a < F(Format::infinity)), y, a);
  return copysign(y, x);
}

/// sqrt(x^2 + y^2) without overflow or underflow on the way; infinite if either is, whatever the
/// other.
template <FloatLane F> F hypot(F x, F y) {
  using Format = FormatOf<F>;
  F a = abs(x), b = abs(y), h;
  if constexpr (is_single<F>) {
    auto wide_a = widen(a), wide_b = widen(b);
    h = narrow(sqrt(fma(wide_a, wide_a, wide_b * wide_b)));
  } else {
    F larger = select(a > b, a, b), smaller = select(a > b, b, a);
    auto is_small = larger<F(0x1p-400), is_large = larger> F(0x1p500);
    F scale = select(is_small, F(0x1p600), select(is_large, F(0x1p-600), F(1)));
    F l = larger * scale, s = smaller * scale;
    // C. F. Borges, "An improved algorithm for hypot(a,b)", 2019: a root that is corrected by what
    // it and its squares lose.
    F root = sqrt(fma(l, l, s * s));
    F square = root * root, l_square = l * l;
    F lost = fma(-s, s, square - l_square) + fma(root, root, -square) - fma(l, l, -l_square);
    F corrected = root - lost / (F(2) * root);
    h = select(root > F(0), corrected, root);
    h = h * select(is_small, F(0x1p-600), select(is_large, F(0x1p600), F(1)));
  }
  h = select(either(a == F(Format::infinity), b == F(Format::infinity)), F(Format::infinity), h);
  return h;
}

} // namespace tsum::math
