// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/tensor.h"

namespace tsum {

/// The array in the bytes of a NumPy file, which `owner` keeps.
/// \throws FileError, its message beginning with `where`.
[[nodiscard]] Tensor parse_npy(std::string_view file, std::shared_ptr<const void> owner,
                               const std::string &where, std::string_view name);

} // namespace tsum
