// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/tensor.h"

#include <cstddef>
#include <vector>

/// What every compiled result is tested against: slow, obvious, and without a compiler. Follows
/// graphs node by node, as they were built, and knows nothing of canonical graphs.
///
/// Each node's values are computed whole, row-major, and freed when no later node reads them.
namespace tsum::reference {

/// The values of `tensor` in row-major order, straight from its definition: elementwise operations
/// in the element type, sums in (nearly) twice the precision of `long double` and rounded once,
/// products in `long double`.
[[nodiscard]] std::vector<std::byte> evaluate(const Tensor &tensor);

/// The values of `tensors` in row-major order, bit for bit as compiled code must give them: sums
/// and products of floats follow tsum/Graph/SummationTree.h. What is evaluated together changes
/// nothing but the time.
[[nodiscard]] std::vector<std::vector<std::byte>> evaluate_tree(std::span<const Tensor> tensors);
[[nodiscard]] std::vector<std::byte> evaluate_tree(const Tensor &tensor);

} // namespace tsum::reference
