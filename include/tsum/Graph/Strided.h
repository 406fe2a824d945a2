// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tsum {

/// Calls `visit` for each index of `shape` in row-major order with the index's offsets in N
/// tensors: the sums of `index[d] * strides[n][d]`.
template <std::size_t N, class Visit>
void for_each_index(std::span<const std::int64_t> shape,
                    const std::array<std::span<const std::int64_t>, N> &strides, Visit &&visit) {
  for (std::int64_t extent : shape)
    if (extent == 0)
      return;
  std::vector<std::int64_t> index(shape.size());
  std::array<std::int64_t, N> offsets{};
  for (;;) {
    visit(offsets);
    std::size_t dim = shape.size();
    for (; dim > 0; --dim) {
      std::size_t d = dim - 1;
      if (++index[d] < shape[d]) {
        for (std::size_t n = 0; n < N; ++n)
          offsets[n] += strides[n][d];
        break;
      }
      index[d] = 0;
      for (std::size_t n = 0; n < N; ++n)
        offsets[n] -= strides[n][d] * (shape[d] - 1);
    }
    if (dim == 0)
      return;
  }
}

} // namespace tsum
