// SPDX-License-Identifier: Apache-2.0
#include "InThreads.h"
#include "tsum/eval.h"
#include "tsum/ops.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <numeric>

using namespace tsum;
using namespace tsum::test;

namespace {

/// 0, 1, 2, ...
Tensor iota(std::int64_t count, double first = 0) {
  std::vector<double> values(static_cast<std::size_t>(count));
  std::iota(values.begin(), values.end(), first);
  return constant<double>(values, {count});
}

double sum_of_iota(std::int64_t count) { return static_cast<double>(count * (count - 1)) / 2; }

TEST(Concurrency, ThreadsCompileANewGraphOnce) {
  clear_cache();
  CacheStats before = cache_stats();
  in_threads([](int thread) {
    Tensor x = iota(1000, thread);
    EXPECT_EQ(reduce_sum(square(x) - x * x + x).item<double>(),
              sum_of_iota(1000) + 1000.0 * thread);
  });
  CacheStats after = cache_stats();
  EXPECT_EQ(after.misses - before.misses, 1);
  EXPECT_EQ(after.hits - before.hits, thread_count - 1);
}

TEST(Concurrency, ThreadsEvaluateASharedNode) {
  Tensor x = iota(1000);
  for (int round = 0; round < 100; ++round) {
    Tensor shared = reduce_sum(x) + round;
    Tensor twice = shared * 2;
    const void *data[thread_count];
    in_threads([&](int thread) {
      if (thread % 2) {
        EXPECT_EQ(twice.item<double>(), 2 * (sum_of_iota(1000) + round));
      }
      EXPECT_EQ(shared.item<double>(), sum_of_iota(1000) + round);
      data[thread] = shared.bytes();
    });
    for (const void *each : data)
      EXPECT_EQ(each, data[0]);
  }
}

TEST(Concurrency, CodeIsUnloadedWhileOtherCodeRuns) {
  set_cache_capacity(4);
  in_threads([](int thread) {
    for (int i = 0; i < 25; ++i) {
      std::int64_t count = 1 + (thread + i * 7) % 20;
      Tensor x = broadcast_to(iota(count), {count + 1, count});
      EXPECT_EQ(reduce_sum(x).item<double>(), sum_of_iota(count) * static_cast<double>(count + 1));
      EXPECT_LE(cache_stats().entries, 4);
    }
  });
  EXPECT_GT(cache_stats().evictions, 0);
  set_cache_capacity(1024);
}

TEST(Concurrency, TheCacheIsClearedWhileThreadsEvaluate) {
  in_threads([](int thread) {
    for (int i = 0; i < 25; ++i) {
      if (thread == 0)
        clear_cache();
      std::int64_t count = 1 + i % 5;
      EXPECT_EQ(reduce_sum(iota(count)).item<double>(), sum_of_iota(count));
    }
  });
}

/// Evaluates in its destructor, and ends the process with 1 if that goes wrong.
struct EvaluatesAtExit {
  Tensor known = reduce_sum(iota(10));
  Tensor unknown = reduce_sum(iota(100) * 3);

  ~EvaluatesAtExit() {
    if (known.item<double>() != sum_of_iota(10))
      std::_Exit(1);
    // LLVM's static objects are gone if they were there: this is evaluated without a compiler.
    if (unknown.item<double>() != 3 * sum_of_iota(100))
      std::_Exit(2);
    std::_Exit(0);
  }
};

TEST(AtExitDeathTest, AStaticDestructorEvaluates) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto exit_with = [](bool used_before) {
    // Made before anything of the compiler, and so destroyed after it.
    static EvaluatesAtExit last;
    if (used_before)
      static_cast<void>(reduce_sum(iota(10)).item<double>());
    std::exit(0);
  };
  EXPECT_EXIT(exit_with(true), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(exit_with(false), testing::ExitedWithCode(0), "");
}

} // namespace
