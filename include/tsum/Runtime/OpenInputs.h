// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/function.h"

namespace tsum {

/// Looks whether a tensor of `dtype` and `shape` is one that `wanted` stands for, some of whose
/// extents may be open. \throws DTypeError or ShapeError, which name input number `number`, the
/// dimension, what was given and what would be right, if it is not.
void check_is_of(const Function::Layout &wanted, std::size_t number, DType dtype,
                 std::span<const std::int64_t> shape);

} // namespace tsum
