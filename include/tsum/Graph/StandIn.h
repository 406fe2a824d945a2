// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/tensor.h"

#include <memory>
#include <utility>

namespace tsum {

/// From where to where elements of `shape` lie, in bytes from element 0.
[[nodiscard]] std::pair<std::int64_t, std::int64_t>
byte_range(const Shape &shape, const ByteStrides &strides, DType dtype);

/// Addresses that stand for a buffer where nothing is run. Zeros if somebody reads them, but they
/// take no memory. \throws std::bad_alloc if there are not so many.
[[nodiscard]] std::shared_ptr<const std::byte> reserve_addresses(std::int64_t bytes);

} // namespace tsum
