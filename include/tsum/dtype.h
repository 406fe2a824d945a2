// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/float16.h"

#include <complex>
#include <cstddef>
#include <cstdint>
#include <string_view>

#pragma GCC visibility push(default)

namespace tsum {

/// The type of a tensor's elements. Integers wrap in their own width; floats are IEEE 754, and bf16
/// is the upper half of an f32. A boolean takes a byte, a complex number two floats.
enum class DType : std::uint8_t {
#define TSUM_DTYPE(NAME, CPP, KIND) NAME,
#include "tsum/DTypes.def"
};

enum class DTypeKind : std::uint8_t { Float, Signed, Unsigned, Bool, Complex };

/// A set of dtypes that an operation takes.
enum class Domain : std::uint8_t {
  Any,
  Numeric, ///< all but boolean
  Real,    ///< integers and floats
  Inexact, ///< floats and complex numbers
  Float,
  Integer,
  Bits, ///< integers and boolean
  Bool
};

/// The name of `dtype` as in the API and in diagnostics: "f32".
[[nodiscard]] constexpr std::string_view name_of(DType dtype) {
  switch (dtype) {
#define TSUM_DTYPE(NAME, CPP, KIND)                                                                \
  case DType::NAME:                                                                                \
    return #NAME;
#include "tsum/DTypes.def"
  }
  return "?";
}

[[nodiscard]] constexpr DTypeKind kind_of(DType dtype) {
  switch (dtype) {
#define TSUM_DTYPE(NAME, CPP, KIND)                                                                \
  case DType::NAME:                                                                                \
    return DTypeKind::KIND;
#include "tsum/DTypes.def"
  }
  return DTypeKind::Float;
}

/// Bytes per element.
[[nodiscard]] constexpr std::int64_t size_of(DType dtype) {
  switch (dtype) {
#define TSUM_DTYPE(NAME, CPP, KIND)                                                                \
  case DType::NAME:                                                                                \
    return sizeof(CPP);
#include "tsum/DTypes.def"
  }
  return 0;
}

[[nodiscard]] constexpr bool contains(Domain domain, DTypeKind kind) {
  const bool is_integer = kind == DTypeKind::Signed || kind == DTypeKind::Unsigned;
  switch (domain) {
  case Domain::Any:
    return true;
  case Domain::Numeric:
    return kind != DTypeKind::Bool;
  case Domain::Real:
    return is_integer || kind == DTypeKind::Float;
  case Domain::Inexact:
    return kind == DTypeKind::Float || kind == DTypeKind::Complex;
  case Domain::Float:
    return kind == DTypeKind::Float;
  case Domain::Integer:
    return is_integer;
  case Domain::Bits:
    return is_integer || kind == DTypeKind::Bool;
  case Domain::Bool:
    return kind == DTypeKind::Bool;
  }
  return false;
}

[[nodiscard]] constexpr bool contains(Domain domain, DType dtype) {
  return contains(domain, kind_of(dtype));
}

/// The dtype of the real and of the imaginary part; a real dtype is its own.
[[nodiscard]] constexpr DType real_dtype(DType dtype) {
  if (dtype == DType::complex64)
    return DType::f32;
  return dtype == DType::complex128 ? DType::f64 : dtype;
}

/// `dtype_of<T>` is the dtype whose elements are the C++ type `T`; `Element<T>` says that there is
/// one.
template <class T> struct DTypeOf;
#define TSUM_DTYPE(NAME, CPP, KIND)                                                                \
  template <> struct DTypeOf<CPP> {                                                                \
    static constexpr DType value = DType::NAME;                                                    \
  };
#include "tsum/DTypes.def"

template <class T>
concept Element = requires { DTypeOf<T>::value; };

template <Element T> inline constexpr DType dtype_of = DTypeOf<T>::value;

/// Elements of one kind.
template <class T>
concept FloatElement = Element<T> && kind_of(DTypeOf<T>::value) == DTypeKind::Float;
template <class T>
concept IntegerElement = Element<T> && contains(Domain::Integer, DTypeOf<T>::value);
template <class T>
concept ComplexElement = Element<T> && kind_of(DTypeOf<T>::value) == DTypeKind::Complex;

/// Calls `visitor` with a value-initialized element of `dtype`'s C++ type and returns what it
/// returns.
template <class Visitor> decltype(auto) visit_dtype(DType dtype, Visitor &&visitor) {
  switch (dtype) {
#define TSUM_DTYPE(NAME, CPP, KIND)                                                                \
  case DType::NAME:                                                                                \
    return visitor(CPP{});
#include "tsum/DTypes.def"
  }
  __builtin_unreachable();
}

} // namespace tsum

#pragma GCC visibility pop
