// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/tensor.h"

#include <concepts>
#include <optional>
#include <variant>

namespace tsum {

/// The operand of an elementwise operation: a tensor, or a number that takes the other operand's
/// dtype.
class Operand {
public:
  Operand(Tensor tensor) : value(std::move(tensor)) {}
  template <std::integral T> Operand(T number) : value(static_cast<std::int64_t>(number)) {
    static_assert(!std::same_as<T, bool>, "a bool is no number here");
    static_assert(sizeof(T) < 8 || std::signed_integral<T>, "pass a signed integer");
  }
  template <std::floating_point T> Operand(T number) : value(static_cast<double>(number)) {}

  [[nodiscard]] const std::variant<Tensor, std::int64_t, double> &get() const { return value; }

private:
  std::variant<Tensor, std::int64_t, double> value;
};

/// The axes of a reduction: `all_axes`, or a list, which may be empty.
class Axes {
public:
  Axes() : list(std::in_place) {} ///< none, as `{}`
  Axes(std::int64_t axis) : list(std::vector<std::int64_t>{axis}) {}
  Axes(std::initializer_list<std::int64_t> axes) : list(std::vector<std::int64_t>(axes)) {}
  Axes(std::vector<std::int64_t> axes) : list(std::move(axes)) {}

  /// Every axis of whatever is reduced.
  static Axes all() {
    Axes axes;
    axes.list.reset();
    return axes;
  }

  /// The list, or nothing for all axes.
  [[nodiscard]] const std::optional<std::vector<std::int64_t>> &get() const { return list; }

private:
  std::optional<std::vector<std::int64_t>> list;
};

inline const Axes all_axes = Axes::all();

/// Sums `input` over `axes`; the semantics of TensorFlow's `tf.math.reduce_sum`.
///
/// The result has `input`'s dtype (integers wrap) and its shape without `axes`, or with extent 1
/// there if `keepdims`. No axes given means all of them, an empty list means none. A negative axis
/// counts from the last. An empty extent sums to zero. docs/numerics.md states the order of the
/// additions and the error.
///
/// Builds a node and computes nothing; O(rank).
///
/// \throws AxisError if an axis is out of range or given twice.
/// \code
///   Tensor rows = reduce_sum(x, {1}, /*keepdims=*/true);   // [2,3] -> [2,1]
/// \endcode
[[nodiscard]] Tensor reduce_sum(const Tensor &input, const Axes &axes = all_axes,
                                bool keepdims = false, std::string_view name = {});

/// `input` with its elements converted to `dtype`.
///
/// To a float: rounded to nearest, ties to even. To an integer from an integer: modulo 2^n. To an
/// integer from a float: towards zero, saturated at the integer's range, NaN to 0.
[[nodiscard]] Tensor cast(const Tensor &input, DType dtype, std::string_view name = {});

/// `input` repeated along new leading dimensions and along dimensions of extent 1, as NumPy's
/// `broadcast_to`. Costs no memory.
/// \throws ShapeError if `input`'s shape does not broadcast to `shape`.
[[nodiscard]] Tensor broadcast_to(const Tensor &input, Shape shape, std::string_view name = {});

/// The elements of `input`, in row-major order, in another shape, as NumPy's `reshape`. One extent
/// may be -1: it becomes what the number of elements asks for.
///
/// Costs no memory where only extents of 1 come or go, nor on data whose strides can say the new
/// shape. Otherwise a computed `input` is evaluated first, and other data is copied once.
/// \throws ShapeError if `shape` has another number of elements, or if no extent, or any, could
/// take the place of -1.
[[nodiscard]] Tensor reshape(const Tensor &input, Shape shape, std::string_view name = {});

// The elementwise operations of tsum/Elementwise.def. A unary one keeps its operand's shape and
// dtype; a binary one broadcasts its operands' shapes as NumPy does (aligned at the last dimension,
// extent 1 repeats) and takes operands of one dtype, or one tensor and one number. Both throw
// DTypeError for a dtype outside the operation's domain, binary ones also for mixed dtypes and a
// number that the dtype cannot hold, ShapeError for shapes that do not broadcast. Each builds a
// node and computes nothing; O(rank).
#define TSUM_UNARY(NAME, CLASS, DOMAIN, REFERENCE, SUMMARY)                                        \
  [[nodiscard]] Tensor NAME(const Tensor &x, std::string_view name = {});
#define TSUM_BINARY(NAME, CLASS, DOMAIN, REFERENCE, SUMMARY)                                       \
  [[nodiscard]] Tensor NAME(const Operand &x, const Operand &y, std::string_view name = {});
#include "tsum/Elementwise.def"

[[nodiscard]] inline Tensor operator-(const Tensor &x) { return negative(x); }
[[nodiscard]] inline Tensor operator+(const Operand &x, const Operand &y) { return add(x, y); }
[[nodiscard]] inline Tensor operator-(const Operand &x, const Operand &y) { return subtract(x, y); }
[[nodiscard]] inline Tensor operator*(const Operand &x, const Operand &y) { return multiply(x, y); }
[[nodiscard]] inline Tensor operator/(const Operand &x, const Operand &y) { return divide(x, y); }

} // namespace tsum
