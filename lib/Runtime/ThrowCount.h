// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace tsum {

/// Throws the Error of a call with `given` and not `wanted` of "inputs" or "outputs".
[[noreturn]] void throw_count(const char *what, std::size_t given, std::size_t wanted);

} // namespace tsum
