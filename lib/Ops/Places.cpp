// SPDX-License-Identifier: Apache-2.0
#include "Places.h"

#include "tsum/shapes.h"

#include <limits>

namespace tsum {

Tensor find_first(std::string_view op, const Tensor &is_wanted, const Axes &axes, bool keepdims,
                  std::optional<std::int64_t> otherwise, std::string_view name) {
  const std::int64_t size = reduced_size(op, axes, is_wanted.shape());
  if (size == 0)
    throw ShapeError(prefix(op) + "shape " + to_string(is_wanted.shape()) +
                     " has no element to choose along the given axes");
  const DType dtype = size <= std::numeric_limits<std::int32_t>::max() ? DType::i32 : DType::i64;
  // Numbers the reduced elements in row-major order.
  std::vector<bool> is_reduced = named_dims(op, axes, is_wanted.rank());
  Shape shape(is_reduced.size(), 1);
  std::vector<std::int64_t> steps(is_reduced.size(), 0);
  std::int64_t step = 1;
  for (std::size_t dim = is_reduced.size(); dim-- > 0;)
    if (is_reduced[dim]) {
      shape[dim] = is_wanted.shape()[dim];
      steps[dim] = step;
      step *= shape[dim];
    }
  Tensor places = make_iota(dtype, std::move(shape), 0, std::move(steps));
  Tensor first = reduce_min(where(is_wanted, places, size), axes, keepdims);
  if (otherwise)
    first = where(equal(first, size), *otherwise, first);
  return cast(first, DType::i64, name);
}

/// The place of the first element that equals `extreme`, the largest or smallest, or is NaN.
static Tensor find_extreme(std::string_view op, const Tensor &x, const Tensor &extreme,
                           const Axes &axes, bool keepdims, std::string_view name) {
  Tensor is_found = equal(x, extreme);
  if (contains(Domain::Float, x.dtype()))
    is_found = logical_or(is_found, is_nan(x));
  return find_first(op, is_found, axes, keepdims, std::nullopt, name);
}

Tensor argmax(const Tensor &input, const Axes &axes, bool keepdims, std::string_view name) {
  Tensor x = input.dtype() == DType::boolean ? cast(input, DType::u8) : input;
  check_reduction("argmax", Domain::Real, x, axes);
  return find_extreme("argmax", x, reduce_max(x, axes, /*keepdims=*/true), axes, keepdims, name);
}

Tensor argmin(const Tensor &input, const Axes &axes, bool keepdims, std::string_view name) {
  Tensor x = input.dtype() == DType::boolean ? cast(input, DType::u8) : input;
  check_reduction("argmin", Domain::Real, x, axes);
  return find_extreme("argmin", x, reduce_min(x, axes, /*keepdims=*/true), axes, keepdims, name);
}

} // namespace tsum
