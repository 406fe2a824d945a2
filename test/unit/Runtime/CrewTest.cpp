// SPDX-License-Identifier: Apache-2.0
#include "Runtime/Crew.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

using namespace tsum;

namespace {

/// Shares out `total` units of work as kernels are: who comes takes what is left.
void share_out(std::int64_t threads, std::int64_t total) {
  std::atomic<std::int64_t> next = 0, done = 0, begun = 0, ended = 0;
  run_with_crew(threads, [&](std::int64_t) {
    ++begun;
    while (next++ < total)
      ++done;
    ++ended;
  });
  EXPECT_EQ(done, total);
  EXPECT_GE(begun, 1);
  EXPECT_EQ(begun, ended); // nobody is left who would write to what is gone
}

TEST(Crew, IsDoneWhenItReturns) {
  for (std::int64_t round = 0; round < 20000; ++round)
    share_out(1 + round % 5, round % 64);
}

TEST(Crew, CallsEachNumberAtMostOnce) {
  for (int round = 0; round < 1000; ++round) {
    std::array<std::atomic<int>, most_jobs> calls = {};
    run_with_crew(most_jobs, [&](std::int64_t number) { ++calls[std::size_t(number)]; });
    EXPECT_EQ(calls[0], 1);
    for (const std::atomic<int> &count : calls)
      ASSERT_LE(count, 1);
  }
}

TEST(Crew, ComesBackAfterPauses) {
  for (int round = 0; round < 200; ++round) {
    share_out(2, 1000);
    std::this_thread::sleep_for(std::chrono::microseconds(round));
  }
}

TEST(Crew, IsEachThreadsOwnAndOutlivesIt) {
  for (int round = 0; round < 50; ++round) {
    std::vector<std::jthread> threads;
    for (int n = 0; n < 4; ++n)
      threads.emplace_back([] {
        for (std::int64_t work = 0; work < 20; ++work)
          share_out(3, work);
      });
  }
}

} // namespace
