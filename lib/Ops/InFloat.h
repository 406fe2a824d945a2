// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Build.h"

namespace tsum {

/// `make(x, name)`, where f16 and bf16 are computed in f32 and rounded once.
template <class Make>
[[nodiscard]] Tensor in_float(const Tensor &x, std::string_view name, const Make &make) {
  if (x.dtype() != DType::f16 && x.dtype() != DType::bf16)
    return make(x, name);
  return cast(make(cast(x, DType::f32), std::string_view()), x.dtype(), name);
}

} // namespace tsum
