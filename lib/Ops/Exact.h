// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Build.h"

namespace tsum {

/// The exact sum of all elements of all `terms`, which have one shape and one dtype, over `axes`,
/// divided by `divisor` and rounded once to `dtype`.
[[nodiscard]] Tensor exact_sum(const std::vector<Tensor> &terms, const Axes &axes, bool keepdims,
                               std::int64_t divisor, DType dtype, std::string_view name);

} // namespace tsum
