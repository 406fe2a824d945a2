// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/function.h"

namespace tsum {

/// As tsum::compile, for a function that was made for its inputs' shapes as `shapes` says.
[[nodiscard]] Function compile(std::span<const Tensor> inputs, std::span<const Tensor> outputs,
                               Shapes shapes);

/// As tsum::eval, by code that `shapes` says.
void eval(std::span<const Tensor> outputs, Shapes shapes);

} // namespace tsum
