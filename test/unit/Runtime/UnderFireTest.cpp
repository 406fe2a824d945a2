// SPDX-License-Identifier: Apache-2.0
//
// Caches and threads together, where they are least comfortable.
#include "InThreads.h"
#include "Process.h"
#include "tsum/eval.h"
#include "tsum/ops.h"

#include <tbb/parallel_for.h>

#include <atomic>
#include <chrono>

using namespace tsum;
using namespace tsum::test;

namespace {

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TSUM_IS_SLOW
#endif
#endif
#ifdef TSUM_IS_SLOW
constexpr std::int64_t signature_count = 24;
#else
constexpr std::int64_t signature_count = 200;
#endif

/// A sum that is another kernel for each `kind`: of `kind` ones times `factor`.
bool is_right(std::int64_t kind, float factor) {
  const std::vector<float> values(static_cast<std::size_t>(kind), factor);
  return reduce_sum(borrow(values.data(), {kind})).item<float>() ==
         static_cast<float>(kind) * factor;
}

TEST(UnderFire, ThreadsEvaluateMoreThanFitsInTheCache) {
  set_cache_capacity(16);
  in_threads([](int thread) {
    for (std::int64_t i = 0; i < signature_count; ++i) {
      const std::int64_t kind = 1 + (i + thread * 25) % signature_count;
      ASSERT_TRUE(is_right(kind, static_cast<float>(1 + thread))) << kind;
      ASSERT_LE(cache_stats().entries, 16);
    }
  });
  EXPECT_GT(cache_stats().evictions, 0);
  set_cache_capacity(1024);
}

TEST(UnderFire, ManyHitsCompileOnce) {
  constexpr int hits_each = 12'500;
  const CacheStats before = cache_stats();
  in_threads([](int thread) {
    const std::vector<float> values(77, static_cast<float>(thread));
    Tensor x = borrow(values.data(), {77});
    for (int i = 0; i < hits_each; ++i)
      ASSERT_EQ(reduce_sum(x).item<float>(), 77.0f * static_cast<float>(thread));
  });
  const CacheStats after = cache_stats();
  EXPECT_EQ(after.misses - before.misses, 1);
  EXPECT_EQ(after.compilations - before.compilations, 1);
  EXPECT_EQ(after.hits - before.hits, thread_count * hits_each - 1);
}

TEST(UnderFire, AForkedProcessGoesOn) {
  ASSERT_TRUE(is_right(31, 2));
  std::vector<float> large(1 << 20, 1.0f); // in parallel
  ASSERT_EQ(reduce_sum(borrow(large.data(), {1 << 20})).item<float>(), 1 << 20);
  EXPECT_EQ(in_process([&] {
              if (!is_right(31, 3) || !is_right(32, 3))
                return 1;
              Tensor x = borrow(large.data(), {1 << 10, 1 << 10});
              return reduce_sum(reduce_sum(x, 1)).item<float>() == 1 << 20 ? 0 : 2;
            }),
            0);
  EXPECT_TRUE(is_right(33, 2)) << "in the parent";
}

TEST(UnderFire, ForksWhileOtherThreadsCompile) {
  std::atomic<bool> stop = false;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 3; ++thread)
    threads.emplace_back([&, thread] {
      for (std::int64_t kind = 1000; !stop; ++kind) {
        EXPECT_TRUE(is_right(kind, static_cast<float>(thread)));
        if (kind % 10 == 0)
          clear_cache();
      }
    });
  for (int i = 0; i < 10; ++i) {
    // What the others compile just now, too.
    EXPECT_EQ(in_process([&] {
                for (std::int64_t kind = 1000; kind < 1005; ++kind)
                  if (!is_right(kind, 2) || !is_right(2000 + kind, 2))
                    return 1;
                return 0;
              }),
              0);
  }
  stop = true;
}

TEST(UnderFire, ForksDuringTheFirstEvaluation) {
  // Which makes what LLVM and tsum have once: some of it takes well under a millisecond.
  for (int i = 0; i < 40; ++i)
    EXPECT_EQ(in_process([&] {
                int result = 0;
                if (i % 2 == 0)
                  set_cache_directory(""); // compiles, rather than just loads
                std::jthread first([] { (void)is_right(31, 2); });
                std::this_thread::sleep_for(std::chrono::microseconds(500) * i);
                for (int fork = 0; fork < 3 && result == 0; ++fork)
                  result = in_process([] { return is_right(32, 3) ? 0 : 1; });
                return result;
              }),
              0)
        << i;
}

TEST(UnderFire, EvalInsideATbbTask) {
  std::vector<float> large(1 << 20, 1.0f);
  std::atomic<int> wrong = 0;
  tbb::parallel_for(0, 64, [&](int i) {
    wrong += !is_right(1 + i % 8, 2);
    wrong += reduce_sum(borrow(large.data(), {1 << 20})).item<float>() != 1 << 20;
  });
  EXPECT_EQ(wrong, 0);
}

} // namespace
