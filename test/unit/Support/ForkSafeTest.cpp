// SPDX-License-Identifier: Apache-2.0
//
// Processes that fork and exit while threads are in the library.
#include "tsum/Support/ForkSafe.h"

#include "Process.h"
#include "Runtime/InThreads.h"
#include "tsum/Canonical/CanonicalGraph.h"
#include "tsum/JIT/Explain.h"
#include "tsum/JIT/Inspect.h"
#include "tsum/eval.h"
#include "tsum/function.h"
#include "tsum/ops.h"

#include <tbb/parallel_for.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <thread>

using namespace tsum;
using namespace tsum::test;

namespace {

Tensor ones(Shape shape) {
  std::int64_t size = 1;
  for (std::int64_t extent : shape)
    size *= extent;
  const std::vector<float> values(static_cast<std::size_t>(size), 1.0f);
  return constant<float>(values, std::move(shape));
}

bool sums_up(std::int64_t extent) {
  return reduce_sum(ones({extent})).item<float>() == static_cast<float>(extent);
}

/// One call of each kind, of a kind of data that may be new.
bool call_all(std::int64_t kind) {
  const Tensor x = ones({kind, 3});
  const Tensor y = reduce_sum(x * 2, 1);
  const CanonicalGraph graph = canonicalize(std::vector{y.node()}).graph;
  const bool is_compiled = std::holds_alternative<std::string>(print_stage(graph, "asm")) &&
                           std::holds_alternative<GraphExplanation>(explain_graph(graph)) &&
                           std::holds_alternative<std::vector<Tensor>>(
                               from_mlir(to_mlir(std::vector{reduce_sum(x, 1)}), std::vector{x}));
  const Tensor placeholder = input(DType::f32, {kind, 3});
  const Function prepared = compile({placeholder}, {reduce_max(placeholder, 1)});
  const auto jitted = jit([](const Tensor &t) { return reduce_sum(t, 0); });
  (void)cache_stats();
  (void)cache_directory();
  const Tensor turned = transpose(ones({kind, 300}));
  return is_compiled && y.to_vector<float>().front() == 6 && sums_up(kind) &&
         prepared({x}).front().to_vector<float>().front() == 1 &&
         jitted(x).to_vector<float>().front() == static_cast<float>(kind) &&
         turned.to_vector<float>().back() == 1;
}

std::ptrdiff_t thread_count() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
}

TEST(Fork, MayHappenAtAnyMomentOfAnyCall) {
  std::atomic<bool> stop = false;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 3; ++thread)
    threads.emplace_back([&stop, thread] {
      for (std::int64_t kind = 1 + thread; !stop; kind += 3) {
        EXPECT_TRUE(call_all(kind));
        if (kind % 10 == 0)
          clear_cache();
      }
    });
  for (int i = 0; i < 15; ++i) {
    EXPECT_EQ(in_process([&] {
                return call_all(i + 1) && call_all(1000 + i) && sums_up(1 << 20) ? 0 : 1;
              }),
              0)
        << i;
    std::this_thread::sleep_for(std::chrono::milliseconds(7 * (i % 5)));
  }
  stop = true;
}

TEST(Fork, OfATensorThatIsBeingPackedDoesNotWait) {
  const Tensor large = transpose(ones({3000, 3000}));
  eval(large);
  std::jthread packing([&] { (void)large.data<float>(); });
  EXPECT_EQ(in_process([&] { return large.data<float>().back() == 1 ? 0 : 1; }), 0);
}

TEST(Fork, LeavesTheChildSeveralThreads) {
  if (std::thread::hardware_concurrency() < 2)
    GTEST_SKIP() << "one processor";
  ASSERT_TRUE(sums_up(1 << 20));
  auto uses_threads = [] {
    if (thread_count() != 1 || !sums_up(1 << 20))
      return 1;
    return thread_count() > 1 ? 0 : 2;
  };
  EXPECT_EQ(in_process([&] {
              const int result = uses_threads();
              return result != 0 ? result : 10 * in_process(uses_threads);
            }),
            0);
}

/// The exit code of a child that evaluates, on several threads, and exits.
int exit_of_child(bool calls_all) {
  return in_process([&] {
    for (int thread = 0; thread < 5; ++thread)
      std::thread([] {
        for (;;)
          (void)sums_up(77);
      }).detach();
    std::exit(sums_up(1 << 20) && (!calls_all || call_all(5)) ? 7 : 8);
    return 0;
  });
}

TEST(Exit, OfAChildTakesNoThreadOfItsOwnForAWorkerOfTheParent) {
  // A worker gets the stack of a thread that has ended, and a thread of the child the worker's.
  in_threads([](int) {});
  ASSERT_TRUE(sums_up(1 << 20));
  tbb::parallel_for(0, 64, [](int) {});
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(exit_of_child(/*calls_all=*/i == 0), 7) << i;
}

TEST(Exit, OfAChildDoesNotWaitForWhatTheParentsThreadsDo) {
  std::atomic<bool> stop = false;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 3; ++thread)
    threads.emplace_back([&stop, thread] {
      for (std::int64_t kind = 0; !stop; kind = (kind + 1) % 500)
        EXPECT_TRUE(kind == 0 ? call_all(1 + thread) : sums_up((1 << 20) - thread * 1024));
    });
  for (int i = 0; i < 25; ++i) {
    ASSERT_TRUE(sums_up(1 << 20));
    EXPECT_EQ(exit_of_child(/*calls_all=*/i % 10 == 0), 7) << i;
  }
  stop = true;
}

TEST(Exit, OfAnotherThreadIsNoHangAndNoCrash) {
  // In each process the first compilation, too, in which LLVM makes most of its static objects.
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(in_process([&] {
                for (int thread = 0; thread < 3; ++thread)
                  std::thread([thread] {
                    for (std::int64_t kind = 1 + thread;; kind += 3)
                      (void)call_all(kind);
                  }).detach();
                std::this_thread::sleep_for(std::chrono::milliseconds(3 * i));
                std::thread([] { std::exit(7); }).join();
                return 0;
              }),
              7)
        << i;
}

TEST(Exit, AtAnyMomentOfAFirstCompilationInTheBackground) {
  auto evaluate = [](std::int64_t rows) { eval(reduce_variance(ones({rows, 31}), 1)); };
  for (int i = 0; i < 30; ++i)
    EXPECT_EQ(in_process([&] {
                std::thread([&] {
                  set_specialize(Specialize::never);
                  evaluate(1); // so that the expression is known
                  set_specialize(Specialize::background);
                  for (std::int64_t call = 0;; ++call)
                    evaluate(2 + call / 4 % 8);
                }).detach();
                std::this_thread::sleep_for(std::chrono::microseconds(700 * i));
                if (i % 2 == 0)
                  std::exit(7);
                std::thread([] { std::exit(7); }).join();
                return 0;
              }),
              7)
        << i;
}

TEST(Exit, HasDestructorsEvaluateWithoutAWord) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(in_process([] {
              std::atexit([] { std::_Exit(sums_up(91) && sums_up(92) ? 7 : 8); });
              (void)sums_up(91);
              std::exit(0);
              return 0;
            }),
            7);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(ForkSafeMutex, IsLockedAgainInTheChild) {
  ForkSafeMutex mutex(LockRank::Node);
  std::atomic<bool> stop = false;
  std::jthread other([&] {
    while (!stop) {
      std::lock_guard lock(mutex);
    }
  });
  for (int i = 0; i < 60; ++i)
    EXPECT_EQ(in_process([&] {
                std::lock_guard lock(mutex);
                return 0;
              }),
              0);
  stop = true;
}

#ifndef NDEBUG
TEST(ForkSafeMutexDeathTest, EndsAProcessThatTakesLocksOutOfOrder) {
  ForkSafeMutex node(LockRank::Node), pool(LockRank::BufferPool);
  std::lock_guard first(node);
  {
    std::lock_guard second(pool);
  }
  EXPECT_DEATH(
      {
        std::lock_guard second(pool);
        ForkSafeMutex traces(LockRank::Traces);
        traces.lock();
      },
      "rank");
}
#endif

} // namespace
