// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cmath>
namespace tsum::math {
template <class F> F exp(F x) { return std::exp(x); }
template <class F> F expm1(F x) { return std::expm1(x); }
template <class F> F log(F x) { return std::log(x); }
template <class F> F log1p(F x) { return std::log1p(x); }
template <class F> F sin(F x) { return std::sin(x); }
template <class F> F cos(F x) { return std::cos(x); }
template <class F> F tan(F x) { return std::tan(x); }
template <class F> F atan(F x) { return std::atan(x); }
template <class F> F sinh(F x) { return std::sinh(x); }
template <class F> F cosh(F x) { return std::cosh(x); }
template <class F> F tanh(F x) { return std::tanh(x); }
template <class F> F erf(F x) { return std::erf(x); }
template <class F> F sigmoid(F x) { return 1 / (1 + std::exp(-x)); }
template <class F> F softplus(F x) {
  return std::log1p(std::exp(-std::fabs(x))) + std::fmax(x, F(0));
}
template <class F> F pow(F x, F y) { return std::pow(x, y); }
template <class F> F atan2(F x, F y) { return std::atan2(x, y); }
} // namespace tsum::math
