// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/tensor.h"

#include <optional>

namespace tsum::divided {

/// Two dimensions, of the operand and of the result of a reshape, that have the same dimensions
/// outside, flattened: where the one begins, so does the other. A place of each is some elements
/// of what is inside: of [6,4] and [24], 4 and 1.
struct ReshapedDims {
  std::int32_t operand_dim, result_dim;
  std::int64_t outside;                   ///< elements of the dimensions outside of both
  std::int64_t operand_size, result_size; ///< elements at one place

  /// That of the operand's dimension `dim`, or nothing.
  [[nodiscard]] static std::optional<ReshapedDims> of_operand(std::span<const std::int64_t> operand,
                                                              std::span<const std::int64_t> result,
                                                              std::int32_t dim);
  /// That of the result's, likewise.
  [[nodiscard]] static std::optional<ReshapedDims> of_result(std::span<const std::int64_t> operand,
                                                             std::span<const std::int64_t> result,
                                                             std::int32_t dim);
};

} // namespace tsum::divided
