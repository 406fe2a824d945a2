// SPDX-License-Identifier: Apache-2.0
#include "tsum/Graph/StandIn.h"

#include <algorithm>
#include <new>
#include <sys/mman.h>

namespace tsum {

std::pair<std::int64_t, std::int64_t> byte_range(const Shape &shape, const ByteStrides &strides,
                                                 DType dtype) {
  if (std::ranges::find(shape, 0) != shape.end())
    return {0, 0};
  std::int64_t low = 0, high = size_of(dtype);
  for (std::size_t dim = 0; dim < shape.size(); ++dim) {
    const std::int64_t far = shape[dim] == 1 ? 0 : strides[dim] * (shape[dim] - 1);
    (far < 0 ? low : high) += far;
  }
  return {low, high};
}

std::shared_ptr<const std::byte> reserve_addresses(std::int64_t bytes) {
  const auto size = static_cast<std::size_t>(std::max<std::int64_t>(bytes, 1));
  void *begin =
      ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (begin == MAP_FAILED)
    throw std::bad_alloc();
  return {static_cast<const std::byte *>(begin),
          [size](const std::byte *address) { ::munmap(const_cast<std::byte *>(address), size); }};
}

} // namespace tsum
