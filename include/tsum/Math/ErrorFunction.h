// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Math/Exponential.h"

namespace tsum::math {

/// The error function, 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x; the sign of zero
/// stays. Up to |x| = 1 by a series, beyond it as 1 - exp(log(erfc)).
template <FloatLane F> F erf(F x) {
  F a = abs(x), z = a * a, series, exponent;
  if constexpr (is_single<F>) {
    // erf(a) / a - 1 for a <= 1, in z = a^2: degree 6; off by 2^-29.3 of erf(a)
    series = polynomial(z, 0x1.06eba8p-3f, -0x1.81273ep-2f, 0x1.ce2cf2p-4f, -0x1.b7f88cp-6f,
                        0x1.540172p-8f, -0x1.a3d812p-11f, 0x1.4917a4p-14f);
    // -log(erfc(t)) / t for t in [0.9, 4]: degree 6; off by 2^-30.1 of erf(t)
    F t = select(a > F(4), F(4), a);
    exponent = -t * polynomial(t, 0x1.20ee5cp+0f, 0x1.4538aep-1f, 0x1.b2d3bep-4f, -0x1.8435b2p-6f,
                               0x1.d9340cp-9f, -0x1.4a1f0ap-12f, 0x1.5df176p-17f);
  } else {
    // As above: degree 11; off by 2^-56.0 of erf(a)
    series = polynomial(z, 0x1.06eba8214db68p-3, -0x1.812746b0379b2p-2, 0x1.ce2f21a0408d1p-4,
                        -0x1.b82ce311ee097p-6, 0x1.565bccf7e277ap-8, -0x1.c02db0149b19ep-11,
                        0x1.f9a2b754f4607p-14, -0x1.f4ca2048f98d9p-17, 0x1.b97e44095d74ap-20,
                        -0x1.5bfe759b4967cp-23, 0x1.d6e3dab7de202p-27, -0x1.ab15be6b1bc8bp-31);
    // -log(erfc(t + 2.5)) for t in [-1.501, 3.45]: degree 18; off by 2^-59.4 of erf
    F t = select(a > F(5.95), F(5.95), a) - F(2.5);
    exponent = -polynomial(t, 0x1.f3a2dc8691b93p+2, 0x1.56925248da96dp+2, 0x1.e3460a18c5893p-1,
                           0x1.63cc1da6ff7a6p-7, -0x1.1bd558f47dbc7p-9, 0x1.b961399356a8cp-12,
                           -0x1.43172bbb3ebc7p-14, 0x1.ac03f9ce83f3ep-17, -0x1.dadeaf220ebafp-20,
                           0x1.4eca5e74c1259p-23, 0x1.b1c4ca50f4b67p-27, -0x1.74cf75db8f6bdp-27,
                           0x1.e6839c0c7176cp-29, -0x1.e35da3c02409dp-31, 0x1.2dc5bede9def3p-33,
                           -0x1.3579bb3d12399p-36, 0x1.3a683fa11c31cp-37, 0x1.9507ee2b9f214p-41,
                           -0x1.28369977b76d4p-40);
  }
  F large = F(1) - detail::exp_normal(exponent);
  return copysign(select(a < F(1), fma(a, series, a), large), x);
}

} // namespace tsum::math
