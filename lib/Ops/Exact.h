// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Build.h"

/// Reductions that are rounded from an exact value: what `Accuracy::exact` gives.
///
/// Each is an exact sum of terms that lose nothing: the elements, or products of them, which are
/// exact in a wider type or come with their rounding errors. The caller has checked dtypes and
/// axes.
namespace tsum::exact {

/// How it is reduced and what the result is rounded to.
struct Reduction {
  Axes axes;
  bool keepdims = false;
  DType dtype = DType::f64; ///< what the result has: a float, or complex
  std::string_view name;
};

[[nodiscard]] Tensor sum(const Tensor &x, const Reduction &reduction);
/// Of something.
[[nodiscard]] Tensor mean(const Tensor &x, const Reduction &reduction);
/// The sum of |x|^2.
[[nodiscard]] Tensor sum_of_squares(const Tensor &x, const Reduction &reduction);
/// The square root of that, rounded to f64 before and after.
[[nodiscard]] Tensor norm(const Tensor &x, const Reduction &reduction);
/// Of more elements than `ddof`.
[[nodiscard]] Tensor variance(const Tensor &x, std::int64_t ddof, const Reduction &reduction);
/// The sum of x * y.
[[nodiscard]] Tensor dot(const Tensor &x, const Tensor &y, const Reduction &reduction);

} // namespace tsum::exact
