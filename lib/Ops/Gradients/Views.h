// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/elementwise.h"

/// What reading a tensor by way of a view is for the gradient: writing it by way of the view.
namespace tsum {

/// The sums of the elements of `x` that broadcasting `shape` to its shape makes of one.
[[nodiscard]] Tensor sum_to(const Tensor &x, std::span<const std::int64_t> shape);

/// Where the elements of a part go: along each dimension of `shape`, element i to
/// `starts[dim] + i * steps[dim]`.
struct Places {
  Shape shape;
  std::vector<std::int64_t> starts, steps;
};

/// A tensor with the elements of `part` in their places, and `rest` in all others. Where an extent
/// of more than 1 grows, `part` is evaluated and copied once.
[[nodiscard]] Tensor place(const Places &places, const Tensor &part, double rest);

} // namespace tsum
