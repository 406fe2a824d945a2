// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/tensor.h"

#include <span>
#include <utility>

namespace tsum {

/// Whether a tensor of `shape` has no elements.
[[nodiscard]] bool is_empty(std::span<const std::int64_t> shape);

/// How many bytes elements of `shape` are.
[[nodiscard]] std::int64_t byte_count(std::span<const std::int64_t> shape, DType dtype);

/// From where to where elements of `shape` lie, in bytes from element 0.
[[nodiscard]] std::pair<std::int64_t, std::int64_t>
byte_range(const Shape &shape, const ByteStrides &strides, DType dtype);

/// Whether `data` can be read as a C++ object of `dtype`.
[[nodiscard]] bool is_aligned(const void *data, DType dtype);

/// Whether elements by `strides` lie whole elements apart, so that kernels can read them in place,
/// at whatever address the first one is.
[[nodiscard]] bool is_in_place(std::span<const std::int64_t> strides, DType dtype);

/// Whether elements of `shape` by `strides` lie row-major, one behind the other.
[[nodiscard]] bool is_packed(std::span<const std::int64_t> shape, const ByteStrides &strides,
                             DType dtype);

/// Copies elements of `shape` by `strides` from `from` on to row-major memory. Reads the elements
/// and nothing between them, in blocks where that keeps cache lines, and allocates nothing.
void copy_row_major(std::byte *to, const std::byte *from, std::span<const std::int64_t> shape,
                    std::span<const std::int64_t> strides, DType dtype);

} // namespace tsum
