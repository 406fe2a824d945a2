// SPDX-License-Identifier: Apache-2.0
#include "tsum/Graph/Layout.h"

#include "tsum/Graph/Node.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace tsum {

bool is_empty(std::span<const std::int64_t> shape) {
  return std::ranges::find(shape, 0) != shape.end();
}

bool is_aligned(const void *data, DType dtype) {
  return reinterpret_cast<std::uintptr_t>(data) % static_cast<std::uintptr_t>(size_of(dtype)) == 0;
}

bool is_in_place(std::span<const std::int64_t> strides, DType dtype) {
  return std::ranges::all_of(strides,
                             [&](std::int64_t stride) { return stride % size_of(dtype) == 0; });
}

std::int64_t byte_count(std::span<const std::int64_t> shape, DType dtype) {
  std::int64_t bytes = size_of(dtype);
  for (std::int64_t extent : shape)
    bytes *= extent;
  return bytes;
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

namespace {

/// Copies elements of `Bytes` bytes. What lies closest together is read in the innermost loops:
/// along the last dimension, or by blocks of it and the dimension `near`.
template <std::size_t Bytes> class RowMajorCopy {
public:
  RowMajorCopy(std::span<const std::int64_t> shape, std::span<const std::int64_t> strides)
      : shape(shape), strides(strides), last(shape.size() - 1), near(last) {
    for (std::size_t dim = 0; dim < last; ++dim)
      if (shape[dim] > 1 && strides[dim] != 0 && std::abs(strides[dim]) < std::abs(strides[near]))
        near = dim;
  }

  void copy(std::byte *to, const std::byte *from, std::size_t dim = 0) const {
    if (dim == last)
      return near == last ? copy_line(to, from, shape[last]) : copy_blocks(to, from);
    if (dim == near)
      return copy(to, from, dim + 1);
    const std::int64_t step = target_stride(dim);
    for (std::int64_t i = 0; i < shape[dim]; ++i)
      copy(to + i * step, from + i * strides[dim], dim + 1);
  }

private:
  static constexpr std::int64_t block = 16; // elements, of two dimensions

  [[nodiscard]] std::int64_t target_stride(std::size_t dim) const {
    std::int64_t stride = Bytes;
    for (std::int64_t extent : shape.subspan(dim + 1))
      stride *= extent;
    return stride;
  }

  void copy_line(std::byte *to, const std::byte *from, std::int64_t count) const {
    const std::int64_t stride = strides[last];
    if (stride == Bytes)
      std::memcpy(to, from, static_cast<std::size_t>(count) * Bytes);
    else
      for (std::int64_t i = 0; i < count; ++i)
        std::memcpy(to + i * std::int64_t{Bytes}, from + i * stride, Bytes);
  }

  void copy_blocks(std::byte *to, const std::byte *from) const {
    const std::int64_t step = target_stride(near);
    for (std::int64_t column = 0; column < shape[last]; column += block) {
      const std::int64_t columns = std::min(block, shape[last] - column);
      for (std::int64_t row = 0; row < shape[near]; row += block)
        for (std::int64_t i = row; i < std::min(row + block, shape[near]); ++i)
          copy_line(to + i * step + column * std::int64_t{Bytes},
                    from + i * strides[near] + column * strides[last], columns);
    }
  }

  std::span<const std::int64_t> shape, strides;
  std::size_t last, near;
};

} // namespace

void copy_row_major(std::byte *to, const std::byte *from, std::span<const std::int64_t> shape,
                    std::span<const std::int64_t> strides, DType dtype) {
  if (is_empty(shape))
    return;
  if (std::ranges::find(shape, 1) != shape.end()) {
    // Files have shapes of any rank. Without those of 1 there are at most 62 extents, and so loops.
    Shape longer;
    ByteStrides steps;
    for (std::size_t dim = 0; dim < shape.size(); ++dim)
      if (shape[dim] != 1) {
        longer.push_back(shape[dim]);
        steps.push_back(strides[dim]);
      }
    return copy_row_major(to, from, longer, steps, dtype);
  }
  visit_dtype(dtype, [&]<class T>(T) {
    if (shape.empty())
      std::memcpy(to, from, sizeof(T));
    else
      RowMajorCopy<sizeof(T)>(shape, strides).copy(to, from);
  });
}

} // namespace tsum
