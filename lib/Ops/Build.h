// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Ops/Make.h"
#include "tsum/elementwise.h"
#include "tsum/reductions.h"

#include <optional>

/// What the functions of the API share: their checks, and how they make nodes.
namespace tsum {

[[nodiscard]] Tensor make_tensor(OpKind op, DType dtype, Shape shape,
                                 std::vector<Node::Ptr> operands, std::string_view name);

[[nodiscard]] Tensor make_tensor(Description description, std::vector<Node::Ptr> operands,
                                 std::string_view name);

/// What `fresh`, which was just built and which nobody else has, computes, as a constant to
/// gradients: for what a result does not depend on, as the largest element that is subtracted from
/// all and added again.
[[nodiscard]] Tensor constant_for_gradients(const Tensor &fresh);

/// The same value under a name of the user's; itself if there is none.
[[nodiscard]] Tensor named(const Tensor &tensor, std::string_view name);

/// "[op]: ", the start of every message.
[[nodiscard]] std::string prefix(std::string_view op);

/// A copy of the extents.
[[nodiscard]] inline Shape shape_of(const Tensor &tensor) {
  return {tensor.shape().begin(), tensor.shape().end()};
}

[[nodiscard]] inline bool is_complex(const Tensor &tensor) {
  return kind_of(tensor.dtype()) == DTypeKind::Complex;
}

/// \throws DTypeError, with what to do instead, for a dtype outside `domain`.
void check_domain(std::string_view op, Domain domain, DType dtype);
/// \throws DTypeError, naming the one to cast to, if the dtypes differ.
void check_same_dtype(std::string_view op, DType x, DType y);

/// The tensor behind an operand; a number becomes a scalar of `dtype`.
/// \throws DTypeError if `dtype` cannot hold it.
[[nodiscard]] Tensor to_tensor(std::string_view op, const Operand &operand, DType dtype);
/// The tensors behind two operands, of which a number takes the other's dtype.
/// \throws Error if both are numbers, DTypeError if their dtypes differ.
[[nodiscard]] std::pair<Tensor, Tensor> to_tensors(std::string_view op, const Operand &x,
                                                   const Operand &y);

inline constexpr std::string_view broadcasting_rule =
    " (extents must be equal or 1, aligned at the last dimension)";
/// The shape both broadcast to, or nothing.
[[nodiscard]] std::optional<Shape> broadcast_shapes(std::span<const std::int64_t> x,
                                                    std::span<const std::int64_t> y);
/// \throws ShapeError if there is none.
[[nodiscard]] Shape broadcast_shape(std::string_view op, std::span<const std::int64_t> x,
                                    std::span<const std::int64_t> y);

/// The dimension that `axis`, which may count from the last, names in a tensor of `rank`.
/// \throws AxisError if there is none.
[[nodiscard]] std::size_t checked_axis(std::string_view op, std::int64_t axis, std::int64_t rank);
/// For each dimension of a tensor of `rank`, whether `axes` names it.
/// \throws AxisError if an axis is out of range or given twice.
[[nodiscard]] std::vector<bool> named_dims(std::string_view op, const Axes &axes,
                                           std::int64_t rank);
/// Checks what a reduction made of others is given, so that its own name is in the message.
/// \throws DTypeError for a dtype outside `domain`, AxisError as `named_dims`.
void check_reduction(std::string_view op, Domain domain, const Tensor &input, const Axes &axes);
/// How many elements a reduction of `shape` over `axes` takes together.
[[nodiscard]] std::int64_t reduced_size(std::string_view op, const Axes &axes,
                                        std::span<const std::int64_t> shape);

/// A reduction of `input`, of its dtype.
[[nodiscard]] Description describe_reduction(OpKind op, const Tensor &input, const Axes &axes,
                                             bool keepdims);

/// Of a complex tensor: the same done to both parts, which have no names.
template <class Make>
[[nodiscard]] Tensor map_parts(const Tensor &x, std::string_view name, const Make &make) {
  return complex(make(real(x)), make(imag(x)), name);
}
[[nodiscard]] Tensor complex_unary(OpKind op, const Tensor &x, std::string_view name);
[[nodiscard]] Tensor complex_binary(OpKind op, const Tensor &x, const Tensor &y,
                                    std::string_view name);

} // namespace tsum
