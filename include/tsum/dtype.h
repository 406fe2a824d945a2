// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tsum {

/// The type of a tensor's elements. Integers wrap in their own width; floats are IEEE 754.
enum class DType : std::uint8_t {
#define TSUM_DTYPE(NAME, CPP, KIND) NAME,
#include "tsum/DTypes.def"
};

enum class DTypeKind : std::uint8_t { Float, Signed, Unsigned };

/// A set of dtypes that an operation takes.
enum class Domain : std::uint8_t { Numeric, Float };

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

[[nodiscard]] constexpr bool contains(Domain domain, DType dtype) {
  return domain == Domain::Numeric || kind_of(dtype) == DTypeKind::Float;
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
