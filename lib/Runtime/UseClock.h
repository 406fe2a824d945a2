// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace tsum {

/// The order in which entries were last used, as numbers that grow. Using the latest again writes
/// nothing, so that threads that call one kernel share no cache line that changes.
class UseClock {
public:
  using Time = std::atomic<std::uint64_t>;
  static constexpr std::uint64_t never = ~std::uint64_t{0}; ///< of what is new

  void touch(Time &last_used) {
    if (last_used.load(std::memory_order_relaxed) != now.load(std::memory_order_relaxed))
      last_used.store(now.fetch_add(1, std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

private:
  Time now = 0;
};

} // namespace tsum
