// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <barrier>
#include <thread>
#include <vector>

namespace tsum::test {

constexpr int thread_count = 8;

/// Calls `act(thread)` in eight threads that start together.
template <class Act> void in_threads(const Act &act) {
  std::barrier start(thread_count);
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < thread_count; ++thread)
    threads.emplace_back([&, thread] {
      start.arrive_and_wait();
      act(thread);
    });
}

} // namespace tsum::test
