// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/reductions.h"

#pragma GCC visibility push(default)

namespace tsum {

// Reductions that NumPy has and TensorFlow has not. Axes, shapes and errors are those of
// tsum/reductions.h; each builds nodes and computes nothing; O(rank).
//
// The first ten leave out what is NaN (of complex numbers, what has a NaN part). They read their
// operand once, the variance and the places twice, and keep no mask: elements are looked at on the
// way into the reduction. Integers and booleans have no NaN: of them each is the function without
// `nan` in its name.

/// The sum of what is not NaN; where all is, 0.
[[nodiscard]] Tensor nansum(const Tensor &input, const Axes &axes = all_axes, bool keepdims = false,
                            std::string_view name = {});
[[nodiscard]] Tensor nansum(const Tensor &input, const Axes &axes, const SumOptions &options);

/// The product of what is not NaN; where all is, 1.
[[nodiscard]] Tensor nanprod(const Tensor &input, const Axes &axes = all_axes,
                             bool keepdims = false, std::string_view name = {});
[[nodiscard]] Tensor nanprod(const Tensor &input, const Axes &axes, const ProductOptions &options);

/// How many elements are not NaN, as i64.
[[nodiscard]] Tensor nancount(const Tensor &input, const Axes &axes = all_axes,
                              bool keepdims = false, std::string_view name = {});
[[nodiscard]] Tensor nancount(const Tensor &input, const Axes &axes,
                              const ReductionOptions &options);

/// The mean of what is not NaN; where all is, NaN. If exact, the exact sum is rounded to f64 and
/// divided.
/// \throws DTypeError for integers as the `dtype` of floats.
[[nodiscard]] Tensor nanmean(const Tensor &input, const Axes &axes = all_axes,
                             bool keepdims = false, std::string_view name = {});
[[nodiscard]] Tensor nanmean(const Tensor &input, const Axes &axes, const SumOptions &options);

/// The variance of what is not NaN, in two passes: the sum of |x - mean|^2 divided by the number of
/// these elements less `ddof`; NaN where nothing is left to divide by. If exact, mean and
/// deviations are rounded to f64, and the sum of their squares is exact.
[[nodiscard]] Tensor nanvar(const Tensor &input, const Axes &axes = all_axes, bool keepdims = false,
                            std::string_view name = {});
[[nodiscard]] Tensor nanvar(const Tensor &input, const Axes &axes, const SpreadOptions &options);

/// The square root of `nanvar`.
[[nodiscard]] Tensor nanstd(const Tensor &input, const Axes &axes = all_axes, bool keepdims = false,
                            std::string_view name = {});
[[nodiscard]] Tensor nanstd(const Tensor &input, const Axes &axes, const SpreadOptions &options);

/// The largest element that is not NaN; where all is, and of floats of an empty extent, NaN.
[[nodiscard]] Tensor nanmax(const Tensor &input, const Axes &axes = all_axes, bool keepdims = false,
                            std::string_view name = {});
[[nodiscard]] Tensor nanmax(const Tensor &input, const Axes &axes, const ReductionOptions &options);

/// The smallest element that is not NaN; where all is, and of floats of an empty extent, NaN.
[[nodiscard]] Tensor nanmin(const Tensor &input, const Axes &axes = all_axes, bool keepdims = false,
                            std::string_view name = {});
[[nodiscard]] Tensor nanmin(const Tensor &input, const Axes &axes, const ReductionOptions &options);

/// The place of the largest element that is not NaN, as i64, the first of several; over several
/// axes in row-major order of these. Where all is NaN, -1, as in JAX: NumPy raises an error, for
/// which it has to look at the values.
/// \throws ShapeError if there is nothing to choose from.
[[nodiscard]] Tensor nanargmax(const Tensor &input, const Axes &axes, bool keepdims = false,
                               std::string_view name = {});
[[nodiscard]] Tensor nanargmax(const Tensor &input, const Axes &axes,
                               const ReductionOptions &options);
/// The place of the smallest element that is not NaN, likewise.
[[nodiscard]] Tensor nanargmin(const Tensor &input, const Axes &axes, bool keepdims = false,
                               std::string_view name = {});
[[nodiscard]] Tensor nanargmin(const Tensor &input, const Axes &axes,
                               const ReductionOptions &options);

/// The largest element less the smallest: NumPy's `ptp`, "peak to peak". Takes real numbers; the
/// difference of integers wraps.
/// \throws ShapeError if there is no element.
[[nodiscard]] Tensor ptp(const Tensor &input, const Axes &axes = all_axes, bool keepdims = false,
                         std::string_view name = {});
[[nodiscard]] Tensor ptp(const Tensor &input, const Axes &axes, const ReductionOptions &options);

/// What averages may be told by name, in braces behind the axes.
struct AverageOptions {
  bool keepdims = false;
  bool skipna = false; ///< leaves out elements of `input` that are NaN, with their weights
  Accuracy accuracy = default_accuracy();
  std::string_view name = {};
};

/// The sum of `input` times `weights`, which have its dtype and broadcast to it, divided by the sum
/// of the weights: NumPy's `average`. Takes floats and complex numbers. Where the weights sum to 0,
/// what dividing by 0 gives (NumPy raises an error). If exact, both sums are, and are rounded to
/// f64 before they are divided.
/// \throws ShapeError if `weights` do not broadcast to the shape of `input`.
[[nodiscard]] Tensor average(const Tensor &input, const Tensor &weights,
                             const Axes &axes = all_axes, const AverageOptions &options = {});

} // namespace tsum

#pragma GCC visibility pop
