// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/Node.h"

namespace tsum::partial {

/// Some of a dimension, from `begin` on, as `count` pieces of `size` elements.
struct Pieces {
  std::int64_t begin, count, size;
};

/// `tensor` with two dimensions, that of pieces and that of the elements of one, in place of
/// dimension `dim`. What must be computed reads its operands so, and only what `pieces` has, so that
/// the pieces are computed in the kernel that reads them; but it is evaluated first where that asks
/// for more than `reshape` and `slice` can say of data.
[[nodiscard]] Tensor pieces_of(const Tensor &tensor, std::int64_t dim, const Pieces &pieces);

} // namespace tsum::partial
