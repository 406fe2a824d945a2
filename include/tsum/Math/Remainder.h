// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Math/Lane.h"

namespace tsum::math {

/// C's fmod: what x leaves over the multiples of y towards zero, exactly; NaN for y = 0 and for an
/// infinite x.
template <FloatLane F> F fmod(F x, F y) {
  F a = abs(x), b = abs(y);
  // The quotient may be rounded up to the next integer, never down below its floor.
  F quotient = floor(a / b);
  F rest = fma(-quotient, b, a);
  rest = select(rest < F(0), rest + b, rest);
  // With a quotient that the format holds, the fma is exact.
  auto usual = both(quotient < F(FormatOf<F>::round_shift / 3), b < F(FormatOf<F>::infinity));
  rest = rare_value(negated(usual), [&] { return exact_remainder(a, b); }, rest);
  return copysign(rest, x);
}

} // namespace tsum::math
