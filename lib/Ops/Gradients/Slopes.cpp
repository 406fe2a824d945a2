// SPDX-License-Identifier: Apache-2.0
#include "Slopes.h"

#include "../Build.h"
#include "Upstream.h"
#include "Views.h"

#include "tsum/shapes.h"

#include <algorithm>
#include <bit>
#include <ranges>

namespace tsum {

Tensor slope_of_exponent(const Tensor &x, const Tensor &power) {
  return power * where(greater(x, 0), log(x), 0);
}

Tensor slope_of_angle(const Tensor &x, const Tensor &y) {
  const Tensor scale = constant_for_gradients(maximum(abs(x), abs(y)));
  const Tensor a = x / scale, b = y / scale;
  return b / (square(a) + square(b)) / scale;
}

Tensor length_beside_one(const Tensor &x) {
  if (!is_complex(x))
    return hypot(x, 1);
  // (1 + i x) (1 - i x), each of whose roots is right of the imaginary axis.
  return sqrt(complex(1 - imag(x), real(x))) * sqrt(complex(imag(x) + 1, -real(x)));
}

Tensor rsqrt_of_one_less_square(const Tensor &x) {
  return is_complex(x) ? rsqrt(1 - x) * rsqrt(x + 1) : rsqrt((1 - x) * (1 + x));
}

Tensor over_one_less_square(const Tensor &g, const Tensor &x) {
  return is_complex(x) ? g / (1 - x) / (x + 1) : g / ((1 - x) * (1 + x));
}

Tensor over_one_and_square(const Tensor &g, const Tensor &x) {
  if (!is_complex(x))
    return g / (square(x) + 1);
  return g / complex(1 - imag(x), real(x)) / complex(imag(x) + 1, -real(x));
}

Tensor slope_of_length(const Tensor &part, const Tensor &length) {
  return where(equal(length, 0), 0, part / length);
}

Tensor apportion(const Upstream &g, const Tensor &is_chosen,
                 const std::vector<std::int64_t> &axes) {
  const Tensor &upstream = g;
  // Numbers of elements are no numbers of f16 and bf16.
  const DType counts = size_of(upstream.dtype()) < 4 ? DType::f32 : upstream.dtype();
  const Tensor chosen = cast(is_chosen, counts);
  const Tensor share =
      chosen / reduce_sum(chosen, axes, {.keepdims = true, .accuracy = Accuracy::standard});
  g.has_chosen = true;
  return g * (counts == upstream.dtype() ? share : cast(share, upstream.dtype()));
}

//===-- Exclusive products --------------------------------------------------------------------===//

/// Every second column of `x`, from `first` on.
static Tensor every_second(const Tensor &x, std::int64_t first) {
  return slice(x, {{}, {first, {}, 2}});
}

/// For each column of a matrix, the product of all others, where there is a power of two of them:
/// up a tree of products and down again, as prefix sums are computed (Blelloch, 1990).
static Tensor exclusive_along_rows(const Tensor &x) {
  std::vector<Tensor> levels = {x};
  while (levels.back().shape()[1] > 2)
    levels.push_back(every_second(levels.back(), 0) * every_second(levels.back(), 1));
  Tensor others = flip(levels.back(), 1);
  for (const Tensor &level : std::views::reverse(levels) | std::views::drop(1)) {
    const std::int64_t rows = level.shape()[0], columns = level.shape()[1];
    const Tensor of_pairs = reshape(others, {rows, columns / 2, 1});
    const Tensor neighbours = flip(reshape(level, {rows, columns / 2, 2}), 2);
    others = reshape(of_pairs * neighbours, {rows, columns});
  }
  return others;
}

Tensor exclusive_products(const Tensor &x, const std::vector<std::int64_t> &axes) {
  std::int64_t factors = 1;
  std::vector<std::int64_t> permutation, inverse(static_cast<std::size_t>(x.rank()));
  for (std::int64_t dim = 0; dim < x.rank(); ++dim)
    if (std::ranges::binary_search(axes, dim))
      factors *= x.shape()[static_cast<std::size_t>(dim)];
    else
      permutation.push_back(dim);
  if (factors <= 1 || x.size() == 0)
    return broadcast_to(to_tensor("reduce_prod", 1, x.dtype()), shape_of(x));
  permutation.insert(permutation.end(), axes.begin(), axes.end());
  for (std::size_t dim = 0; dim < permutation.size(); ++dim)
    inverse[static_cast<std::size_t>(permutation[dim])] = static_cast<std::int64_t>(dim);

  // f64 holds products of smaller floats that are out of their range, as `reduce_prod` does.
  const Tensor wide = x.dtype() == DType::f64 ? x : cast(x, DType::f64);
  const Tensor ordered = transpose(wide, permutation);
  const std::int64_t rows = x.size() / factors;
  const auto padded = static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(factors)));
  Tensor others =
      exclusive_along_rows(place({.shape = {rows, padded}, .starts = {0, 0}, .steps = {1, 1}},
                                 reshape(ordered, {rows, factors}), 1));
  others = reshape(slice(others, {{}, {0, factors}}), shape_of(ordered));
  others = transpose(others, inverse);
  return x.dtype() == DType::f64 ? others : cast(others, x.dtype());
}

} // namespace tsum
