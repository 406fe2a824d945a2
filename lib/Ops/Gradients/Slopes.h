// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/tensor.h"

/// Derivatives of the op tables that take more than a line.
namespace tsum {

inline constexpr double two_over_sqrt_pi = 1.1283791670955125738961589;
inline constexpr double inverse_of_ln_2 = 1.4426950408889634073599247;
inline constexpr double inverse_of_ln_10 = 0.4342944819032518276511289;

/// power log(x), where `power` is a power of x; with 0 for the logarithm where x is not positive.
[[nodiscard]] Tensor slope_of_exponent(const Tensor &x, const Tensor &power);
/// y / (x^2 + y^2), whose squares neither overflow nor vanish.
[[nodiscard]] Tensor slope_of_angle(const Tensor &x, const Tensor &y);

/// sqrt(1 + x^2), whose square does not overflow. Floats and complex numbers.
[[nodiscard]] Tensor length_beside_one(const Tensor &x);

/// 1 / sqrt(1 - x^2), g / (1 - x^2) and g / (1 + x^2). Of a complex number, which may be as large
/// as any, in factors, since its square may overflow where these do not.
[[nodiscard]] Tensor rsqrt_of_one_less_square(const Tensor &x);
[[nodiscard]] Tensor over_one_less_square(const Tensor &g, const Tensor &x);
[[nodiscard]] Tensor over_one_and_square(const Tensor &g, const Tensor &x);

/// part / length, where `part` is one of those that `length` is the hypotenuse of; 0 for a length
/// of 0, whose slope depends on where one comes from.
[[nodiscard]] Tensor slope_of_length(const Tensor &part, const Tensor &length);

/// For each element of `x`, the product of all others along `axes`, without a division: of zeros
/// and of products that are out of range as well. About four passes over `x`, in a kernel for every
/// power of two.
[[nodiscard]] Tensor exclusive_products(const Tensor &x, const std::vector<std::int64_t> &axes);

} // namespace tsum
