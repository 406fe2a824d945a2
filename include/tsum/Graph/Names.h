// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tsum {

/// What a graph or a kernel of `operations` is called in dumps, traces and profiles:
/// "square_reduce_sum_sqrt". Says what repeats once, and of many operations the first ones.
[[nodiscard]] std::string name_after(std::span<const std::string_view> operations);

} // namespace tsum
