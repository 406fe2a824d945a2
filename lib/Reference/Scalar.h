// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/Node.h"

#include <cmath>
#include <limits>

/// One element at a time: what tsum/Elementwise.def means.
namespace tsum::reference {

template <class T> T absolute(T x) {
  if constexpr (std::is_floating_point_v<T>)
    return std::fabs(x);
  else
    return static_cast<T>(x < 0 ? -x : x);
}

template <class T> T larger(T x, T y) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(x) || std::isnan(y))
      return std::numeric_limits<T>::quiet_NaN();
    if (x == y)
      return std::signbit(x) ? y : x;
  }
  return x > y ? x : y;
}

template <class T> T smaller(T x, T y) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(x) || std::isnan(y))
      return std::numeric_limits<T>::quiet_NaN();
    if (x == y)
      return std::signbit(x) ? x : y;
  }
  return x < y ? x : y;
}

/// The elementwise operation `op`; unary ones ignore `y`. C++ promotes small integers: the cast
/// wraps them.
template <class T> T apply(OpKind op, T x, [[maybe_unused]] T y) {
  switch (op) {
#define TSUM_UNARY(NAME, CLASS, DOMAIN, REFERENCE, SUMMARY)                                        \
  case OpKind::CLASS:                                                                              \
    if constexpr (contains(Domain::DOMAIN, dtype_of<T>))                                           \
      return static_cast<T>(REFERENCE);                                                            \
    break;
#define TSUM_BINARY TSUM_UNARY
#include "tsum/Elementwise.def"
  default:
    break;
  }
  __builtin_unreachable();
}

/// `cast` of one element.
template <class To, class From> To convert(From x) {
  using Limits = std::numeric_limits<To>;
  if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    if (std::isnan(x))
      return 0;
    if (x < static_cast<From>(Limits::min()))
      return Limits::min();
    if (x >= std::ldexp(From{1}, Limits::digits))
      return Limits::max();
  }
  return static_cast<To>(x);
}

} // namespace tsum::reference
