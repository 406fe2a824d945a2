// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Build.h"

namespace tsum {

/// The place along `axes`, in row-major order of these, of the first element for which `is_wanted`,
/// a boolean, is true, as i64; `otherwise` where there is none.
/// \throws ShapeError, naming `op`, if there is nothing to choose from.
[[nodiscard]] Tensor find_first(std::string_view op, const Tensor &is_wanted, const Axes &axes,
                                bool keepdims, std::optional<std::int64_t> otherwise,
                                std::string_view name);

} // namespace tsum
