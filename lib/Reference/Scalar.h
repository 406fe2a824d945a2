// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/Node.h"
#include "tsum/Math/Elementary.h"

#include <cmath>
#include <limits>

/// One element at a time: what tsum/Elementwise.def means.
namespace tsum::reference {

/// The type in which an operation on elements of type `T` is computed.
template <class T> using Computed = std::conditional_t<FloatElement<T> && sizeof(T) == 2, float, T>;

template <class T> T lowest() {
  if constexpr (FloatElement<T>)
    return static_cast<T>(-std::numeric_limits<T>::infinity());
  else
    return std::numeric_limits<T>::lowest();
}

template <class T> T highest() {
  if constexpr (FloatElement<T>)
    return std::numeric_limits<T>::infinity();
  else
    return std::numeric_limits<T>::max();
}

template <class T> T absolute(T x) {
  if constexpr (std::is_floating_point_v<T>)
    return std::fabs(x);
  else
    return static_cast<T>(x < 0 ? -x : x);
}

template <class T> T sign_of(T x) {
  if constexpr (std::is_floating_point_v<T>)
    return x > 0 ? 1 : x < 0 ? -1 : x; // of 0, its sign
  else
    return static_cast<T>((x > 0) - (x < 0));
}

template <class T> T inverted(T x) {
  if constexpr (std::is_same_v<T, bool>)
    return !x;
  else
    return static_cast<T>(~x);
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

template <std::floating_point T> T error_of_product(T x, T y) {
  const T product = x * y;
  return std::isfinite(product) ? std::fma(x, y, -product) : 0;
}

template <class T> T floor_quotient(T x, T y) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::floor(x / y);
  } else {
    if (y == 0)
      return 0;
    // The one quotient that overflows wraps; C++ leaves it undefined.
    if (std::is_signed_v<T> && y == static_cast<T>(-1))
      return static_cast<T>(0 - x);
    T quotient = static_cast<T>(x / y);
    return static_cast<T>(quotient - (x % y != 0 && (x < 0) != (y < 0)));
  }
}

template <class T> T floor_remainder(T x, T y) {
  if constexpr (std::is_floating_point_v<T>) {
    T remainder = math::fmod(x, y);
    return remainder != 0 && (remainder < 0) != (y < 0) ? remainder + y : remainder;
  } else {
    return y == 0 ? T{0} : static_cast<T>(x - floor_quotient(x, y) * y);
  }
}

template <class T> T power(T x, T y) {
  if constexpr (std::is_floating_point_v<T>) {
    return math::pow(x, y);
  } else {
    if (y < 0)
      return static_cast<T>(x == 1 || (x == static_cast<T>(-1) && y % 2 == 0) ? 1
                            : x == static_cast<T>(-1)                         ? -1
                                                                              : 0);
    T result = 1;
    for (; y != 0; y = static_cast<T>(y >> 1)) {
      if (y & 1)
        result = static_cast<T>(result * x);
      x = static_cast<T>(x * x);
    }
    return result;
  }
}

template <class T> T shifted_left(T x, T y) {
  using Unsigned = std::make_unsigned_t<T>;
  const auto count = static_cast<Unsigned>(y);
  return count < 8 * sizeof(T) ? static_cast<T>(static_cast<Unsigned>(x) << count) : T{0};
}

template <class T> T shifted_right(T x, T y) {
  constexpr auto last = 8 * sizeof(T) - 1;
  const auto count = static_cast<std::make_unsigned_t<T>>(y);
  if (count <= last)
    return static_cast<T>(x >> count);
  return x < 0 ? static_cast<T>(-1) : T{0};
}

/// The elementwise operation `op` for an element; unary ones ignore `y`. C++ promotes small
/// integers: the casts wrap them. `R` is the type of the result.
template <class R, class T> R apply(OpKind op, T given_x, [[maybe_unused]] T given_y) {
  if constexpr (!ComplexElement<T>) {
    const auto x = static_cast<Computed<T>>(given_x);
    [[maybe_unused]] const auto y = static_cast<Computed<T>>(given_y);
    switch (op) {
#define TSUM_UNARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY)                                \
  case OpKind::CLASS:                                                                              \
    if constexpr (contains(Domain::DOMAIN, dtype_of<T>) &&                                         \
                  std::is_same_v<                                                                  \
                      R, std::conditional_t<ResultKind::RESULT == ResultKind::Bool, bool, T>>)     \
      return static_cast<R>(static_cast<Computed<R>>(REFERENCE));                                  \
    break;
#define TSUM_BINARY TSUM_UNARY
#include "tsum/Elementwise.def"
    default:
      break;
    }
  }
  __builtin_unreachable();
}

/// What a reduction of nothing gives.
template <class T> T identity(OpKind op) {
  switch (op) {
#define TSUM_REDUCTION(NAME, CLASS, DOMAIN, COMBINER, IDENTITY, SUMMARY)                           \
  case OpKind::CLASS:                                                                              \
    if constexpr (contains(Domain::DOMAIN, dtype_of<T>))                                           \
      return static_cast<T>(IDENTITY);                                                             \
    break;
#include "tsum/Reductions.def"
  default:
    break;
  }
  __builtin_unreachable();
}

/// `cast` of one element.
template <class To, class From> To convert(From x) {
  if constexpr (ComplexElement<From> || ComplexElement<To>) {
    __builtin_unreachable(); // are pairs of reals by now
  } else if constexpr (std::is_same_v<To, bool>) {
    return x != From(0);
  } else if constexpr (FloatElement<From> && IntegerElement<To>) {
    using Limits = std::numeric_limits<To>;
    const auto number = static_cast<Computed<From>>(x);
    if (std::isnan(number))
      return 0;
    if (number < static_cast<Computed<From>>(Limits::min()))
      return Limits::min();
    if (number >= std::ldexp(Computed<From>{1}, Limits::digits))
      return Limits::max();
    return static_cast<To>(number);
  } else {
    return static_cast<To>(static_cast<Computed<From>>(x));
  }
}

} // namespace tsum::reference
