// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#pragma GCC visibility push(default)

namespace tsum {

/// Bytes that are kept in case they are needed again; all of it can be let go of.
struct MemoryUse {
  std::int64_t results = 0;   ///< memory of former results and temporaries
  std::int64_t functions = 0; ///< code of the functions that `jit` has made
  std::int64_t code = 0;      ///< code in the cache, some of it that of functions

  [[nodiscard]] std::int64_t total() const { return results + functions + code; }
};
[[nodiscard]] MemoryUse memory_use();

/// Bounds that memory to `bytes` together (512 MB at the start, or what TSUM_MEMORY_BUDGET says,
/// such as 64M): results go first, then the least recently used functions, then code. What tensors
/// hold, and functions that somebody compiled and holds, is not counted.
/// `set_pool_capacity` and `set_cache_capacity` bound the parts.
/// \throws Error if `bytes` is negative.
void set_memory_budget(std::int64_t bytes);

/// Lets go of all of it. Memory of results that nobody has used for ten seconds goes by itself when
/// others come and go.
void trim_memory();

} // namespace tsum

#pragma GCC visibility pop
