// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/reductions.h"

#pragma GCC visibility push(default)

namespace tsum {

// Each builds a node and computes nothing; O(rank). What these make of data, or of values, is a
// view of the same memory; what they make of a computed tensor is computed in place of it, but
// where `reshape` says otherwise.

/// `input` repeated along new leading dimensions and along dimensions of extent 1, as NumPy's
/// `broadcast_to`.
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

/// `input` with its dimensions in another order: dimension i of the result is dimension
/// `permutation[i]` of `input`, which may count from the last.
/// \throws AxisError if `permutation` does not name each dimension once.
[[nodiscard]] Tensor transpose(const Tensor &input, std::vector<std::int64_t> permutation,
                               std::string_view name = {});
/// `input` with its dimensions reversed.
[[nodiscard]] Tensor transpose(const Tensor &input);

/// `input` with a new dimension of extent 1 before dimension `axis`; -1 appends one.
/// \throws AxisError if `axis` is out of range for the result.
[[nodiscard]] Tensor expand_dims(const Tensor &input, std::int64_t axis,
                                 std::string_view name = {});

/// `input` without the dimensions of extent 1 that `axes` names, or without all of them.
/// \throws AxisError for an axis out of range, ShapeError for one of another extent.
[[nodiscard]] Tensor squeeze(const Tensor &input, const Axes &axes = all_axes,
                             std::string_view name = {});

/// Some of a dimension, as Python's `start:stop:step`: negative places count from the end, places
/// beyond it mean the end, and what is not given is where the step begins and ends.
struct Slice {
  std::optional<std::int64_t> start{};
  std::optional<std::int64_t> stop{};
  std::int64_t step = 1;
};

/// The given parts of the first dimensions of `input`; all of the others. A computed `input` of
/// which more than two different parts are read is evaluated first.
/// \throws ShapeError for more slices than dimensions or a step of 0.
/// \code
///   Tensor odd = slice(x, {{1, {}, 2}, {.step = -1}});   // x[1::2, ::-1]
/// \endcode
[[nodiscard]] Tensor slice(const Tensor &input, const std::vector<Slice> &slices,
                           std::string_view name = {});

/// `input` with its elements in reverse order along `axes`.
/// \throws AxisError for an axis out of range or given twice.
[[nodiscard]] Tensor flip(const Tensor &input, const Axes &axes = all_axes,
                          std::string_view name = {});

} // namespace tsum

#pragma GCC visibility pop
