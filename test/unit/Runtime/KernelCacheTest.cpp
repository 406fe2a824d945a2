// SPDX-License-Identifier: Apache-2.0
#include "Runtime/KernelCache.h"

#include <gmock/gmock.h>

#include <atomic>
#include <cstdlib>
#include <latch>
#include <thread>

using namespace tsum;
using testing::ElementsAre;

namespace {

CanonicalGraph graph(std::int64_t extent) { return {{extent}, {}, {}}; }

/// A program that tells its graph by the number of its arguments.
Program program_of(const CanonicalGraph &graph) {
  Program program;
  program.arguments = static_cast<std::int32_t>(graph.extents[0]);
  return program;
}

/// A cache whose compiler only takes notes.
struct NotingCache {
  static constexpr std::int64_t bytes_each = 100;

  explicit NotingCache(std::int64_t capacity) : cache(capacity) {}

  KernelCache::ProgramPtr get(std::int64_t extent) {
    return cache.get(graph(extent), [this](const CanonicalGraph &graph) {
      compiled.push_back(graph.extents[0]);
      return KernelCache::Made{program_of(graph), bytes_each};
    });
  }
  void get(std::initializer_list<std::int64_t> extents) {
    for (std::int64_t extent : extents)
      EXPECT_EQ(get(extent)->arguments, extent);
  }

  std::vector<std::int64_t> compiled;
  KernelCache cache;
};

TEST(KernelCache, CompilesAGraphOnce) {
  NotingCache noting(8);
  noting.get({1, 2, 1, 1, 2});
  EXPECT_THAT(noting.compiled, ElementsAre(1, 2));
  CacheStats stats = noting.cache.stats();
  EXPECT_EQ(stats.hits, 3);
  EXPECT_EQ(stats.misses, 2);
  EXPECT_EQ(stats.evictions, 0);
  EXPECT_EQ(stats.entries, 2);
}

TEST(KernelCache, EvictsTheLeastRecentlyUsed) {
  NotingCache noting(2);
  noting.get({1, 2, 1, 3});
  EXPECT_EQ(noting.cache.stats().evictions, 1);
  noting.get({1, 3, 2});
  EXPECT_THAT(noting.compiled, ElementsAre(1, 2, 3, 2));
  EXPECT_EQ(noting.cache.stats().evictions, 2);
  EXPECT_EQ(noting.cache.stats().entries, 2);
}

TEST(KernelCache, WorksWithACapacityOfOne) {
  NotingCache noting(1);
  noting.get({1, 1, 2, 2, 1});
  EXPECT_THAT(noting.compiled, ElementsAre(1, 2, 1));
  EXPECT_EQ(noting.cache.stats().entries, 1);
}

TEST(KernelCache, ASmallerCapacityEvictsAtOnce) {
  NotingCache noting(3);
  noting.get({1, 2, 3});
  noting.cache.set_capacity(1);
  EXPECT_EQ(noting.cache.stats().evictions, 2);
  noting.get({3});
  EXPECT_THAT(noting.compiled, ElementsAre(1, 2, 3));
}

TEST(KernelCache, IsBoundedByBytesButKeepsTheLatest) {
  NotingCache noting(8);
  noting.cache.set_capacity(8, 250);
  noting.get({1, 2, 1, 3});
  EXPECT_EQ(noting.cache.stats().bytes, 200);
  EXPECT_EQ(noting.cache.stats().evictions, 1);
  noting.get({1, 3, 2});
  EXPECT_THAT(noting.compiled, ElementsAre(1, 2, 3, 2));
  noting.cache.set_capacity(8, 0);
  EXPECT_EQ(noting.cache.stats().entries, 1);
  noting.get({2});
  EXPECT_EQ(noting.compiled.size(), 4U);
}

TEST(KernelCache, UsingWhatIsHeldKeepsItInTheCache) {
  NotingCache noting(2);
  KernelCache::ProgramPtr held = noting.get(1);
  noting.get({2});
  noting.cache.touch(*held);
  noting.get({3, 1});
  EXPECT_THAT(noting.compiled, ElementsAre(1, 2, 3));
}

TEST(KernelCache, KnowsTheNearestGraph) {
  NotingCache noting(8);
  noting.get({1, 5, 20});
  auto distance = [](const CanonicalGraph &other) { return std::abs(other.extents[0] - 5); };
  ASSERT_TRUE(noting.cache.nearest(distance));
  EXPECT_EQ(noting.cache.nearest(distance)->extents[0], 1) << "a graph is not its own neighbour";
}

TEST(KernelCache, RefusesACapacityOfNothing) {
  NotingCache noting(1);
  try {
    noting.cache.set_capacity(0);
    FAIL() << "took it";
  } catch (const Error &error) {
    EXPECT_STREQ(error.what(), "set_cache_capacity: a capacity of 0 entries (at least 1)");
  }
}

TEST(KernelCache, ClearForgetsProgramsAndKeepsCounters) {
  NotingCache noting(8);
  noting.get({1, 2, 2});
  noting.cache.clear();
  EXPECT_EQ(noting.cache.stats().entries, 0);
  EXPECT_EQ(noting.cache.stats().hits, 1);
  EXPECT_EQ(noting.cache.stats().misses, 2);
  EXPECT_EQ(noting.cache.stats().evictions, 0);
  noting.get({1});
  EXPECT_THAT(noting.compiled, ElementsAre(1, 2, 1));
}

TEST(KernelCache, CodeLivesAsLongAsSomebodyHoldsIt) {
  std::weak_ptr<const void> code;
  KernelCache cache(1);
  auto make = [&](const CanonicalGraph &graph) {
    Program program = program_of(graph);
    if (graph.extents[0] == 1)
      program.code = std::make_shared<int>();
    if (program.code)
      code = program.code;
    return KernelCache::Made{std::move(program), 0};
  };
  KernelCache::ProgramPtr held = cache.get(graph(1), make);
  static_cast<void>(cache.get(graph(2), make));
  EXPECT_FALSE(code.expired());
  held.reset();
  EXPECT_TRUE(code.expired());
}

/// A cache whose n-th compilation ends when told to.
struct SlowCache {
  static constexpr int most = 4;

  SlowCache() : cache(8) {}

  KernelCache::ProgramPtr get() {
    return cache.get(graph(1), [this](const CanonicalGraph &graph) {
      int number = started++;
      outcomes[number].get_future().get(); // throws, if that is the outcome
      return KernelCache::Made{program_of(graph), 0};
    });
  }

  void succeed(int number) { outcomes[number].set_value(); }
  void fail(int number) {
    outcomes[number].set_exception(std::make_exception_ptr(CompileError("vector", "no lanes")));
  }

  /// A thread that asks for `graph(1)`, once its compilation has begun.
  std::jthread compile(std::atomic<int> &failures) {
    int before = started;
    std::jthread thread = ask(failures);
    while (started == before)
      std::this_thread::yield();
    return thread;
  }

  /// A thread that asks for `graph(1)`, once it waits for another's compilation.
  std::jthread wait(std::atomic<int> &failures) {
    std::int64_t before = cache.stats().hits;
    std::jthread thread = ask(failures);
    while (cache.stats().hits == before)
      std::this_thread::yield();
    return thread;
  }

  KernelCache cache;
  std::atomic<int> started = 0;

private:
  std::jthread ask(std::atomic<int> &failures) {
    return std::jthread([&] {
      try {
        EXPECT_EQ(get()->arguments, 1);
      } catch (const CompileError &) {
        ++failures;
      }
    });
  }

  std::promise<void> outcomes[most];
};

TEST(KernelCache, ThreadsShareOneCompilation) {
  SlowCache slow;
  std::atomic<int> failures = 0;
  {
    std::vector<std::jthread> threads;
    threads.push_back(slow.compile(failures));
    while (threads.size() < 8)
      threads.push_back(slow.wait(failures));
    slow.succeed(0);
  }
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(slow.started, 1);
  EXPECT_EQ(slow.cache.stats().hits, 7);
}

TEST(KernelCache, AFailureReachesAllWhoWaitAndIsForgotten) {
  SlowCache slow;
  std::atomic<int> failures = 0;
  {
    std::jthread first = slow.compile(failures);
    std::jthread second = slow.wait(failures);
    std::jthread third = slow.wait(failures);
    slow.fail(0);
  }
  EXPECT_EQ(failures, 3);
  EXPECT_EQ(slow.cache.stats().entries, 0);
  slow.succeed(1);
  EXPECT_EQ(slow.get()->arguments, 1);
  EXPECT_EQ(slow.started, 2);
}

TEST(KernelCache, ClearDuringACompilationLeavesItToItsThread) {
  SlowCache slow;
  std::atomic<int> failures = 0;
  {
    std::jthread first = slow.compile(failures);
    std::jthread waiting = slow.wait(failures);
    slow.cache.clear();
    slow.succeed(0);
  }
  EXPECT_EQ(failures, 0);
  slow.succeed(1);
  static_cast<void>(slow.get());
  EXPECT_EQ(slow.started, 2);
}

TEST(KernelCache, AFailureLeavesALaterCompilationAlone) {
  SlowCache slow;
  std::atomic<int> failures = 0;
  std::jthread forgotten = slow.compile(failures);
  slow.cache.clear();
  std::jthread later = slow.compile(failures);
  slow.fail(0);
  forgotten.join();
  std::jthread waiting = slow.wait(failures);
  slow.succeed(1);
  later.join();
  waiting.join();
  EXPECT_EQ(failures, 1);
  EXPECT_EQ(slow.started, 2);
}

} // namespace
