// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/tensor.h"

#include <cstddef>
#include <vector>

/// What every compiled result is tested against: slow, obvious, and without a compiler.
namespace tsum::reference {

/// The values of `tensor` in row-major order, straight from its definition: elementwise operations
/// in the element type, sums in (nearly) twice the precision of `long double` and rounded once,
/// products in `long double`.
/// Knows nothing of canonical graphs.
[[nodiscard]] std::vector<std::byte> evaluate(const Tensor &tensor);

/// The values of `tensors` in row-major order, bit for bit as compiled code must give them if they
/// are evaluated together: interprets the canonical graph and follows tsum/Graph/SummationTree.h.
/// Gives the tensors their values.
[[nodiscard]] std::vector<std::vector<std::byte>> evaluate_tree(std::span<const Tensor> tensors);
[[nodiscard]] std::vector<std::byte> evaluate_tree(const Tensor &tensor);

} // namespace tsum::reference
