// SPDX-License-Identifier: Apache-2.0
#include "tsum/Graph/Layout.h"

#include "tsum/Graph/Node.h"

#include <algorithm>

namespace tsum {

bool is_empty(std::span<const std::int64_t> shape) {
  return std::ranges::find(shape, 0) != shape.end();
}

bool is_aligned(const void *data, DType dtype) {
  return reinterpret_cast<std::uintptr_t>(data) % static_cast<std::uintptr_t>(size_of(dtype)) == 0;
}

bool is_in_place(const void *data, std::span<const std::int64_t> strides, DType dtype) {
  return is_aligned(data, dtype) && std::ranges::all_of(strides, [&](std::int64_t stride) {
           return stride % size_of(dtype) == 0;
         });
}

std::pair<std::int64_t, std::int64_t> byte_range(const Shape &shape, const ByteStrides &strides,
                                                 DType dtype) {
  if (is_empty(shape))
    return {0, 0};
  std::int64_t low = 0, high = size_of(dtype);
  for (std::size_t dim = 0; dim < shape.size(); ++dim) {
    const std::int64_t far = shape[dim] == 1 ? 0 : strides[dim] * (shape[dim] - 1);
    (far < 0 ? low : high) += far;
  }
  return {low, high};
}

bool is_packed(std::span<const std::int64_t> shape, const ByteStrides &strides, DType dtype) {
  const ByteStrides wanted = row_major_strides(shape, dtype);
  for (std::size_t dim = 0; dim < shape.size(); ++dim)
    if (shape[dim] != 1 && strides[dim] != wanted[dim])
      return false;
  return true;
}

} // namespace tsum
