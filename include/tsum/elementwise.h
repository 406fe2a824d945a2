// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/tensor.h"

#include <concepts>
#include <cstdint>
#include <utility>
#include <variant>

#pragma GCC visibility push(default)

namespace tsum {

/// The operand of an elementwise operation: a tensor, or a number that takes the other operand's
/// dtype.
class Operand {
public:
  Operand(Tensor tensor) : value(std::move(tensor)) {}
  template <std::integral T> Operand(T number) : value(integer(number)) {
    static_assert(!std::same_as<T, bool>, "a bool is no number here");
  }
  template <std::floating_point T> Operand(T number) : value(static_cast<double>(number)) {}

  /// Unsigned only what is beyond 63 bits.
  using Value = std::variant<Tensor, std::int64_t, std::uint64_t, double>;
  [[nodiscard]] const Value &get() const { return value; }

private:
  template <std::integral T> static Value integer(T number) {
    if (std::in_range<std::int64_t>(number))
      return static_cast<std::int64_t>(number);
    return static_cast<std::uint64_t>(number);
  }

  Value value;
};

// The operations of tsum/Elementwise.def. A unary one keeps its operand's shape; a binary one
// broadcasts its operands' shapes as NumPy does (aligned at the last dimension, extent 1 repeats)
// and takes operands of one dtype, or one tensor and one number. The result has the operands'
// dtype; comparisons and tests give booleans, `abs` of a complex tensor its real dtype. All throw
// DTypeError for a dtype outside the operation's domain, binary ones also for mixed dtypes and a
// number that the dtype cannot hold, ShapeError for shapes that do not broadcast. Each builds a
// node and computes nothing; O(rank).
//
// f16 and bf16 are computed in f32 and rounded to nearest after each operation. docs/numerics.md
// states the errors of the elementary functions.
#define TSUM_UNARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY)                                \
  [[nodiscard]] Tensor NAME(const Tensor &x, std::string_view name = {});
#define TSUM_BINARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY)                               \
  [[nodiscard]] Tensor NAME(const Operand &x, const Operand &y, std::string_view name = {});
#include "tsum/Elementwise.def"

/// `input` with its elements converted to `dtype`, as NumPy's `astype` where that defines it.
///
/// To a float: rounded to nearest, ties to even; integers to f16 and bf16 by way of f32. To an
/// integer from an integer or a boolean: modulo 2^n. To an integer from a float: towards zero,
/// saturated at the integer's range, NaN to 0. To a boolean: whether it is not 0, which NaN is. To
/// a complex dtype with an imaginary part of 0, and from one without the imaginary part.
[[nodiscard]] Tensor cast(const Tensor &input, DType dtype, std::string_view name = {});

/// Elements of `x` where `condition` is true, else of `y`; all three broadcast together.
/// \throws DTypeError if `condition` is not boolean or `x` and `y` differ in dtype.
/// \throws ShapeError if the shapes do not broadcast.
[[nodiscard]] Tensor where(const Tensor &condition, const Operand &x, const Operand &y,
                           std::string_view name = {});

/// `minimum(maximum(x, low), high)`.
[[nodiscard]] Tensor clip_by_value(const Tensor &x, const Operand &low, const Operand &high,
                                   std::string_view name = {});

/// The complex tensor of two real ones (f32 or f64), which broadcast. Kernels work on real and
/// imaginary parts as tensors of their own; evaluating a complex tensor puts them side by side.
[[nodiscard]] Tensor complex(const Operand &real, const Operand &imag, std::string_view name = {});
/// The real and the imaginary part of a complex tensor; of a real one, itself and zeros. A view of
/// data.
[[nodiscard]] Tensor real(const Tensor &x);
[[nodiscard]] Tensor imag(const Tensor &x);
/// The complex conjugate.
[[nodiscard]] Tensor conj(const Tensor &x, std::string_view name = {});

[[nodiscard]] inline Tensor operator-(const Tensor &x) { return negative(x); }
[[nodiscard]] inline Tensor operator+(const Operand &x, const Operand &y) { return add(x, y); }
[[nodiscard]] inline Tensor operator-(const Operand &x, const Operand &y) { return subtract(x, y); }
[[nodiscard]] inline Tensor operator*(const Operand &x, const Operand &y) { return multiply(x, y); }
[[nodiscard]] inline Tensor operator/(const Operand &x, const Operand &y) { return divide(x, y); }

} // namespace tsum

#pragma GCC visibility pop
