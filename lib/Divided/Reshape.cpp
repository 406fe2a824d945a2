// SPDX-License-Identifier: Apache-2.0
#include "Reshape.h"

namespace tsum::divided {

namespace {

std::int64_t product(std::span<const std::int64_t> extents) {
  std::int64_t size = 1;
  for (std::int64_t extent : extents)
    size *= extent;
  return size;
}

/// The dimension of `shape`, of more than one place, with so many elements outside, or -1.
std::int32_t find(std::span<const std::int64_t> shape, std::int64_t outside) {
  std::int64_t size = 1;
  for (std::size_t dim = 0; dim < shape.size(); size *= shape[dim++])
    if (size == outside && shape[dim] > 1)
      return static_cast<std::int32_t>(dim);
  return -1;
}

std::optional<ReshapedDims> match(std::span<const std::int64_t> operand,
                                  std::span<const std::int64_t> result, std::int32_t operand_dim,
                                  std::int32_t result_dim, std::int64_t outside) {
  // Of nothing, everything goes the same way.
  if (operand_dim < 0 || result_dim < 0 || product(operand) == 0)
    return std::nullopt;
  return ReshapedDims{operand_dim, result_dim, outside,
                      product(operand.subspan(static_cast<std::size_t>(operand_dim) + 1)),
                      product(result.subspan(static_cast<std::size_t>(result_dim) + 1))};
}

} // namespace

std::optional<ReshapedDims> ReshapedDims::of_operand(std::span<const std::int64_t> operand,
                                                     std::span<const std::int64_t> result,
                                                     std::int32_t dim) {
  const std::int64_t outside = product(operand.first(static_cast<std::size_t>(dim)));
  return match(operand, result, dim, find(result, outside), outside);
}

std::optional<ReshapedDims> ReshapedDims::of_result(std::span<const std::int64_t> operand,
                                                    std::span<const std::int64_t> result,
                                                    std::int32_t dim) {
  const std::int64_t outside = product(result.first(static_cast<std::size_t>(dim)));
  return match(operand, result, find(operand, outside), dim, outside);
}

} // namespace tsum::divided
