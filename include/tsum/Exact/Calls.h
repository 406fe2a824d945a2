// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tsum::exact {

/// A function that compiled code calls by its name.
struct Call {
  const char *name;
  void *address;
};

/// Those of tsum/Exact/Calls.def.
[[nodiscard]] std::span<const Call> calls();

/// How many elements of this process went to limbs one by one, since no window held them.
[[nodiscard]] std::int64_t elements_in_limbs();

} // namespace tsum::exact
