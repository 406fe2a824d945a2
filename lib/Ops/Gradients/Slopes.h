// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/tensor.h"

/// Derivatives of the op tables that take more than a line.
namespace tsum {

inline constexpr double two_over_sqrt_pi = 1.1283791670955125738961589;

/// power log(x), where `power` is a power of x; with 0 for the logarithm where x is not positive.
[[nodiscard]] Tensor slope_of_exponent(const Tensor &x, const Tensor &power);
/// y / (x^2 + y^2), whose squares neither overflow nor vanish.
[[nodiscard]] Tensor slope_of_angle(const Tensor &x, const Tensor &y);

/// For each element of `x`, the product of all others along `axes`, without a division: of zeros
/// and of products that are out of range as well. About four passes over `x`, in a kernel for every
/// power of two.
[[nodiscard]] Tensor exclusive_products(const Tensor &x, const std::vector<std::int64_t> &axes);

} // namespace tsum
