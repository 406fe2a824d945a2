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

/// 1 - erf(x), with its full precision where it is small. From 0.65 on e^(-x^2) g(s) / (1 + 2 x),
/// with s = (x - c) / (x + c), as J. L. Schonfelder, "Chebyshev expansions for the error and
/// related functions", 1978.
template <FloatLane F> F erfc(F x) {
  F a = abs(x), tail;
  if constexpr (is_single<F>) {
    // Beyond 10.06 it is 0.
    a = select(a > F(10.6f), F(10.6f), a);
    F s = (a - F(2)) / (a + F(2));
    // degree 10; off by 2^-30.2
    tail = polynomial(s, 0x1.46e80ep+0f, -0x1.7bf5eap-4f, -0x1.5407b6p-3f, 0x1.4ff9d8p-3f,
                      -0x1.bc2edep-5f, -0x1.07029ep-7f, 0x1.1e3742p-7f, 0x1.4102aep-10f,
                      -0x1.87698ap-10f, -0x1.52519ap-12f, 0x1.fc33dep-13f);
  } else {
    // Beyond 27.3 it is 0.
    a = select(a > F(28), F(28), a);
    F s = (a - F(4)) / (a + F(4));
    // degree 23; off by 2^-63.3
    tail = polynomial(s, 0x1.3ba5916e9fd7fp+0, -0x1.1df1ad154a28ep-3, 0x1.f7f5df66fd7afp-7,
                      0x1.16ecefcfa539ep-4, -0x1.9ddb23c3e906ep-4, 0x1.7fee004e123d8p-4,
                      -0x1.0fb06dfe49e43p-4, 0x1.3079edf686180p-5, -0x1.09623884f6f33p-6,
                      0x1.49c6728507cedp-8, -0x1.8d4a99f8e1195p-11, -0x1.a1df24798004cp-13,
                      0x1.3be03d6974a4ap-13, -0x1.9959675eea675p-16, -0x1.78845bcfdb3adp-17,
                      0x1.7f2a83b6f787fp-18, 0x1.395e32dae2924p-22, -0x1.bb34490220bd6p-21,
                      0x1.4b57365b768b8p-24, 0x1.dad8579df16dep-24, -0x1.5313af02c6ce7p-26,
                      -0x1.f93d763641f71p-27, 0x1.4b285becdf595p-29, 0x1.a258258de60bbp-30);
  }
  F square = a * a, lost = fma(a, a, -square);
  F power = exp(-square);
  F ratio = tail / fma(F(2), a, F(1));
  tail = fma(-(power * lost), ratio, power * ratio);
  F y = select(x < F(0), F(2) - tail, tail);
  return select(abs(x) < F(0.65625f), F(1) - erf(x), y);
}

} // namespace tsum::math
