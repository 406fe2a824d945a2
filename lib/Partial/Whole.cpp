// SPDX-License-Identifier: Apache-2.0
#include "Whole.h"

#include "tsum/Graph/SummationTree.h"

#include <algorithm>

namespace tsum::partial {

bool Whole::is_reduced(std::int64_t dim) const { return std::ranges::binary_search(axes, dim); }

Whole::Way Whole::way() const {
  // Along an extent of 1 there is nothing to put together, nor where there are no elements.
  if (cut_extent() <= 1 || std::ranges::find(shape, 0) != shape.end())
    return Way::Freely;
  if (is_exact)
    return Way::Exactly;
  return is_ordered(op, dtype, /*is_exact=*/false) ? Way::InOrder : Way::Freely;
}

/// The dimensions of which `is_wanted` is true.
template <class IsWanted> static Dims dims_where(const Shape &shape, const IsWanted &is_wanted) {
  Dims dims;
  for (std::int64_t dim = 0; dim < std::ssize(shape); ++dim)
    if (is_wanted(dim))
      dims.push_back(dim);
  return dims;
}

Dims Whole::kept() const {
  return dims_where(shape, [this](std::int64_t dim) { return !is_reduced(dim); });
}

Dims Whole::outer() const {
  return dims_where(
      shape, [this](std::int64_t dim) { return dim < cut && is_reduced(dim) && extent(dim) != 1; });
}

Dims Whole::inner() const {
  return dims_where(
      shape, [this](std::int64_t dim) { return dim > cut && is_reduced(dim) && extent(dim) != 1; });
}

std::int64_t Whole::size_of(const Dims &dims) const {
  std::int64_t size = 1;
  for (std::int64_t dim : dims)
    size *= extent(dim);
  return size;
}

Shape Whole::result_shape() const {
  Shape result;
  for (std::int64_t dim = 0; dim < std::ssize(shape); ++dim)
    if (!is_reduced(dim) || keepdims)
      result.push_back(is_reduced(dim) ? 1 : extent(dim));
  return result;
}

Tensor Whole::results(const void *elements) const {
  return detail::copy_to_constant(elements, static_cast<std::size_t>(size_of(kept())), result,
                                  result_shape(), {});
}

std::string Whole::to_string() const {
  const std::string number = is_complex ? "complex " : "";
  return std::string(op_info(op).name) + (is_exact ? " exact of " : " of ") + number +
         std::string(name_of(dtype)) + tsum::to_string(shape) + " over " + tsum::to_string(axes) +
         ", cut along " + std::to_string(cut);
}

} // namespace tsum::partial
