// SPDX-License-Identifier: Apache-2.0
#include "Exact.h"

#include "tsum/shapes.h"

#include <algorithm>

namespace tsum {

Tensor make_exact_sum(const Tensor &input, const Axes &axes, bool keepdims, std::int64_t divisor,
                      DType dtype, std::string_view name) {
  check_reduction("reduce_sum", Domain::Float, input, axes);
  if (divisor < 1 || divisor > largest_divisor)
    throw Error("reduce_sum: an exact sum is divided by at most 2^47 - 1, given " +
                std::to_string(divisor));
  Description description = describe_reduction(OpKind::ReduceSum, input, axes, keepdims);
  const bool is_one_element = std::ranges::all_of(description.axes, [&](std::int64_t axis) {
    return input.shape()[static_cast<std::size_t>(axis)] == 1;
  });
  // Over extents of 1 a reduction is its operand.
  if (is_one_element && divisor != 1)
    return exact_sum(
        {input, broadcast_to(to_tensor("reduce_sum", 0, input.dtype()), shape_of(input))}, axes,
        keepdims, divisor, dtype, name);
  if (is_one_element && dtype != input.dtype())
    return cast(make_exact_sum(input, axes, keepdims, 1, input.dtype()), dtype, name);
  description.dtype = dtype;
  description.is_exact = true;
  description.divisor = divisor;
  return make_tensor(std::move(description), {input.node()}, name);
}

/// The terms along a new first axis. An outermost one, so that loops run along memory as before.
static Tensor stack(const std::vector<Tensor> &terms) {
  const auto rank = static_cast<std::size_t>(terms.front().rank());
  Shape shape(rank + 1, 1);
  shape[0] = std::ssize(terms);
  std::vector<std::int64_t> steps(rank + 1, 0);
  steps[0] = 1;
  const Tensor place = make_iota(DType::i32, std::move(shape), 0, std::move(steps));
  Tensor stacked = terms.back();
  for (std::int64_t n = std::ssize(terms) - 1; n-- > 0;)
    stacked = where(equal(place, n), terms[static_cast<std::size_t>(n)], stacked);
  return stacked;
}

Tensor exact_sum(const std::vector<Tensor> &terms, const Axes &axes, bool keepdims,
                 std::int64_t divisor, DType dtype, std::string_view name) {
  const Tensor &first = terms.front();
  if (terms.size() == 1)
    return make_exact_sum(first, axes, keepdims, divisor, dtype, name);
  const Description reduction = describe_reduction(OpKind::ReduceSum, first, axes, keepdims);
  std::vector<std::int64_t> stacked_axes = {0};
  for (std::int64_t axis : reduction.axes)
    stacked_axes.push_back(axis + 1);
  const Tensor sum = make_exact_sum(stack(terms), stacked_axes, /*keepdims=*/false, divisor, dtype,
                                    keepdims ? std::string_view() : name);
  return keepdims ? reshape(sum, reduction.shape, name) : sum;
}

} // namespace tsum
