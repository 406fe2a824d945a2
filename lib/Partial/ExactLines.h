// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/dtype.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tsum::partial {

/// A dimension of elements that are added to sums: how many bytes lie between two elements, and how
/// many sums between those that they belong to, 0 if it is reduced.
struct SummedDim {
  std::int64_t extent, stride, sum;
};

/// Adds the elements of a float dtype that begin at `data` to exact sums in limbs, of f64 for such
/// and of f32 else, which lie one behind the other (tsum/Exact/Limbs.h). Memory is walked in its
/// own order: along lines that are one sum, or across rows of many.
void add_exactly(DType dtype, const std::byte *data, std::vector<SummedDim> dims,
                 std::int64_t *limbs);

} // namespace tsum::partial
