// SPDX-License-Identifier: Apache-2.0
#include "Views.h"

#include "../Build.h"

#include "tsum/shapes.h"

#include <algorithm>
#include <limits>

namespace tsum {

Tensor sum_to(const Tensor &x, std::span<const std::int64_t> shape) {
  if (std::ranges::equal(x.shape(), shape))
    return x;
  const std::size_t added = x.shape().size() - shape.size();
  std::vector<std::int64_t> axes;
  for (std::size_t dim = 0; dim < x.shape().size(); ++dim)
    if (dim < added || (shape[dim - added] == 1 && x.shape()[dim] != 1))
      axes.push_back(static_cast<std::int64_t>(dim));
  const Tensor sum = reduce_sum(x, axes);
  return std::ranges::equal(sum.shape(), shape) ? sum
                                                : reshape(sum, Shape(shape.begin(), shape.end()));
}

/// The places along `dim` of a tensor of `rank` dimensions, which are 1 elsewhere.
static Tensor indices(std::size_t rank, std::size_t dim, std::int64_t extent) {
  Shape shape(rank, 1);
  std::vector<std::int64_t> steps(rank, 0);
  shape[dim] = extent;
  steps[dim] = 1;
  const bool is_small = extent <= std::numeric_limits<std::int32_t>::max();
  return make_iota(is_small ? DType::i32 : DType::i64, std::move(shape), 0, std::move(steps));
}

/// A slice, where it is more than all of `x`.
static Tensor sliced(const Tensor &x, const std::vector<Slice> &slices) {
  const bool is_all = std::ranges::all_of(
      slices, [](const Slice &slice) { return !slice.start && !slice.stop && slice.step == 1; });
  return is_all ? x : slice(x, slices);
}

Tensor place(const Places &places, const Tensor &part, double rest) {
  const std::size_t rank = places.shape.size();
  const Tensor elsewhere = to_tensor("slice", rest, part.dtype());
  if (part.size() == 0)
    return broadcast_to(elsewhere, places.shape);

  // No index map says where to find an element of a larger tensor in `part`, of which most of it is
  // not. But one says it of `part` repeated without end, of which a condition then chooses once:
  // each element for `step` places, one `part` after the other. Reading these from the right place
  // on, element i is that of (i - start) modulo the length of a repetition.
  std::vector<Slice> reversed(rank), window(rank);
  Shape expanded_from, expanded, repeated;
  std::optional<Tensor> is_there;
  auto require = [&](const Tensor &condition) {
    is_there = is_there ? logical_and(*is_there, condition) : condition;
  };
  for (std::size_t dim = 0; dim < rank; ++dim) {
    const std::int64_t extent = places.shape[dim], count = part.shape()[dim];
    std::int64_t start = places.starts[dim], step = places.steps[dim];
    if (step < 0) {
      reversed[dim].step = -1;
      start += (count - 1) * step;
      step = -step;
    }
    std::int64_t repetitions = 1;
    if (count == 1)
      step = extent; // once for all places
    const std::int64_t length = count * step;
    if (count > 1 && (start != 0 || length != extent)) {
      const std::int64_t first = (length - start % length) % length;
      repetitions = (first + extent + length - 1) / length;
      window[dim] = {first, first + extent};
    }
    expanded_from.insert(expanded_from.end(), {1, count, 1});
    expanded.insert(expanded.end(), {repetitions, count, step});
    repeated.push_back(repetitions * length);

    if (count == extent)
      continue;
    const Tensor index = indices(rank, dim, extent);
    if (count == 1) {
      require(equal(index, start));
      continue;
    }
    if (start > 0)
      require(greater_equal(index, start));
    if (const std::int64_t last = start + (count - 1) * step; last < extent - 1)
      require(less_equal(index, last));
    if (step > 1)
      require(equal(floormod(index - start, step), 0));
  }
  Tensor everywhere = sliced(part, reversed);
  if (expanded != expanded_from) {
    everywhere = broadcast_to(reshape(everywhere, expanded_from), expanded);
    everywhere = sliced(reshape(everywhere, repeated), window);
  }
  return is_there ? where(*is_there, everywhere, elsewhere) : everywhere;
}

} // namespace tsum
