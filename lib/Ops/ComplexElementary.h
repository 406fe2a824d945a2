// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Build.h"

namespace tsum {

/// An elementary function of a complex tensor, or nothing if `op` is none that has complex values.
[[nodiscard]] std::optional<Tensor> complex_elementary(OpKind op, const Tensor &x,
                                                       std::string_view name);

/// `x` to the power `y`: e^(y log x).
[[nodiscard]] Tensor complex_power(const Tensor &x, const Tensor &y, std::string_view name);

} // namespace tsum
