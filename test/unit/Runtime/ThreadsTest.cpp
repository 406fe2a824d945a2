// SPDX-License-Identifier: Apache-2.0
#include "Compiled.h"

#include "tsum/tbb.h"

#include <mutex>
#include <set>
#include <thread>

using namespace tsum;
using namespace tsum::test;

namespace {

/// Runs each job on a thread of its own, the last first.
class ThreadPerJob final : public Executor {
public:
  explicit ThreadPerJob(std::int64_t count) : count(count) {}
  std::int64_t concurrency() override { return count; }
  void run(std::int64_t jobs, const std::function<void(std::int64_t)> &job) override {
    ++runs;
    most_jobs = std::max(most_jobs, jobs);
    std::vector<std::jthread> threads;
    for (std::int64_t n = jobs; n-- > 0;)
      threads.emplace_back(job, n);
  }

  std::int64_t count;
  int runs = 0;
  std::int64_t most_jobs = 0;
};

/// Runs all jobs on the calling thread.
class OneAfterTheOther final : public Executor {
public:
  std::int64_t concurrency() override { return 5; }
  void run(std::int64_t jobs, const std::function<void(std::int64_t)> &job) override {
    ++runs;
    for (std::int64_t n = jobs; n-- > 0;)
      job(n);
  }

  int runs = 0;
};

/// A megabyte and more of f32.
Tensor large() { return sample_tensor(DType::f32, {300, 1111}); }

class Threads : public testing::TestWithParam<DType> {};

TEST_P(Threads, ChangeNoBitOfAnyStrategy) {
  for (const Shape &shape : {Shape{1000003}, Shape{301, 4099}, Shape{400000, 5}, Shape{9, 100003}})
    for (const Axes &axes : axes_subsets(shape.size())) {
      Tensor x = sample_tensor(GetParam(), shape);
      auto sums = [&] { return std::vector{reduce_sum(x, axes), reduce_max(x * x, axes)}; };
      std::vector<Tensor> expected = sums();
      {
        ThreadScope alone(1);
        eval(expected);
      }
      for (std::int64_t count = 2; count <= 16; count += 7) {
        ThreadPerJob executor(count);
        ThreadScope scope(executor);
        std::vector<Tensor> given = sums();
        eval(given);
        EXPECT_LE(executor.most_jobs, count);
        for (std::size_t n = 0; n < given.size(); ++n) {
          const auto size = static_cast<std::size_t>(given[n].size() * size_of(GetParam()));
          ASSERT_NO_FATAL_FAILURE(expect_same_values(
              GetParam(), {static_cast<const std::byte *>(expected[n].bytes()), size},
              {static_cast<const std::byte *>(given[n].bytes()), size}))
              << count << " threads, " << graph_to_string(sums()[n]);
        }
      }
    }
}

INSTANTIATE_TEST_SUITE_P(DTypes, Threads,
                         testing::Values(DType::i8, DType::f16, DType::f32, DType::f64),
                         name_of_dtype);

TEST(ThreadScope, GivesKernelsAnExecutor) {
  OneAfterTheOther executor;
  Tensor expected = reduce_sum(large());
  eval(expected);
  {
    ThreadScope scope(executor);
    Tensor sum = reduce_sum(large());
    EXPECT_EQ(sum.item<float>(), expected.item<float>());
    EXPECT_EQ(executor.runs, 1);
    {
      ThreadScope alone(1);
      eval(reduce_sum(large()));
      EXPECT_EQ(executor.runs, 1);
    }
    // Other threads are not concerned.
    std::jthread([] { eval(reduce_sum(large())); }).join();
    EXPECT_EQ(executor.runs, 1);
    eval(reduce_sum(large()));
    EXPECT_EQ(executor.runs, 2);
  }
  eval(reduce_sum(large()));
  EXPECT_EQ(executor.runs, 2);
}

TEST(ThreadScope, LeavesSmallWorkToTheCallingThread) {
  ThreadPerJob executor(16);
  ThreadScope scope(executor);
  eval(reduce_sum(sample_tensor(DType::f32, {1024})));
  EXPECT_EQ(executor.runs, 0);
}

TEST(ThreadScope, RefusesCounts) {
  EXPECT_THROW(ThreadScope(-1), Error);
  EXPECT_THROW(ThreadScope(1025), Error);
  EXPECT_THROW(set_threads(-1), Error);
}

TEST(ThreadScope, RunsInAnArenaOfTheHost) {
  tbb::task_arena arena(2);
  ArenaExecutor executor(arena);
  Tensor expected = reduce_sum(large(), 1);
  eval(expected);
  ThreadScope scope(executor);
  Tensor sum = reduce_sum(large(), 1);
  eval(sum);
  const std::size_t size = 300 * sizeof(float);
  expect_same_values(DType::f32, {static_cast<const std::byte *>(expected.bytes()), size},
                     {static_cast<const std::byte *>(sum.bytes()), size});
}

TEST(Threads, OfTheHostEvaluateInTasks) {
  const float expected = reduce_sum(large()).item<float>();
  std::mutex mutex;
  std::set<std::thread::id> threads;
  // A task that waited for its kernel would take the lock twice if it began another task meanwhile.
  tbb::parallel_for(0, 64, [&](int) {
    std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
    EXPECT_EQ(reduce_sum(large()).item<float>(), expected);
  });
  EXPECT_LE(threads.size(), static_cast<std::size_t>(tbb::this_task_arena::max_concurrency()));
}

} // namespace
