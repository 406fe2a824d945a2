// SPDX-License-Identifier: Apache-2.0
//
// Evaluations that are looked at and ended between their pieces.
#include "Compiled.h"

#include "tsum/function.h"
#include "tsum/progress.h"
#include "tsum/reductions.h"
#include "tsum/tbb.h"

#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>

using namespace tsum;
using namespace tsum::test;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

/// Something of one kernel that takes a second, from `x` of 64 MB or from little.
Tensor slow(Tensor x) {
  for (int n = 0; n < 60; ++n)
    x = sin(x) + 0.5f;
  return reduce_sum(x, 1);
}

Tensor large_data() {
  static const std::vector<float> values(std::size_t{16} << 20, 0.25f);
  return borrow(values.data(), {4096, 4096});
}

/// As much work on little data.
Tensor large_sum() {
  static const std::vector<float> values(4096, 0.125f);
  return borrow(values.data(), {4096, 1}) + borrow(values.data(), {1, 4096});
}

/// How long `evaluate` goes on after it was cancelled, which it must not outlive.
Clock::duration time_after_cancellation(const std::function<void()> &evaluate) {
  const CancellationToken token;
  Clock::time_point cancelled;
  std::jthread other([&] {
    std::this_thread::sleep_for(50ms);
    cancelled = Clock::now();
    token.cancel();
  });
  const CancellationScope scope(token);
  EXPECT_THROW(evaluate(), CancelledError);
  const Clock::time_point end = Clock::now();
  other.join();
  return end - cancelled;
}

TEST(Cancellation, EndsAnEvaluationSoonAndLosesNothing) {
  for (const Tensor &x : {large_data(), large_sum()})
    for (std::int64_t threads : {1, 0}) {
      const ThreadScope scope(threads);
      const auto warm = [&](std::int64_t rows) { // compiles
        CancellationToken token;
        token.cancel();
        const CancellationScope at_once(token);
        EXPECT_THROW(eval(slow(x)), CancelledError) << rows;
      };
      warm(4096);
      Tensor y = slow(x);
      EXPECT_LT(time_after_cancellation([&] { eval(y); }), 200ms);
      EXPECT_FALSE(y.is_evaluated());
      const Tensor row = slow(slice(x, {{0, 1}}));
      EXPECT_EQ(row.to_vector<float>().size(), 1U) << "others go on";
    }
}

TEST(Cancellation, EndsAPreparedFunctionAndAHostsThreads) {
  Tensor x = input(DType::f32, {4096, 4096});
  const Function function = compile({x}, {slow(x)});
  std::vector<float> result(4096);
  const std::vector<float> data(std::size_t{16} << 20, 0.25f);
  auto call = [&] {
    function(std::array<const void *, 1>{data.data()}, std::array<void *, 1>{result.data()});
  };
  EXPECT_LT(time_after_cancellation(call), 200ms);
  tbb::task_arena arena(2);
  ArenaExecutor executor(arena);
  const ThreadScope scope(executor);
  EXPECT_LT(time_after_cancellation(call), 200ms);
}

TEST(Cancellation, OfScopesOutsideCounts) {
  const CancellationToken outer, inner;
  const CancellationScope outer_scope(outer);
  const CancellationScope inner_scope(inner);
  EXPECT_EQ(reduce_sum(constant({1.0f, 2.0f})).item<float>(), 3);
  outer.cancel();
  Tensor sum = reduce_sum(constant({1.0f, 2.0f, 3.0f}));
  EXPECT_THROW(eval(sum), CancelledError);
  std::jthread([&] { EXPECT_EQ(sum.item<float>(), 6) << "another thread"; }).join();
}

TEST(Progress, GrowsToTheEnd) {
  for (std::int64_t threads : {1, 0}) {
    const ThreadScope threads_scope(threads);
    std::vector<Progress> told;
    const ProgressScope scope([&](const Progress &progress) { told.push_back(progress); }, 0ns);
    eval(reduce_sum(large_data() * 2, 1));
    // Of threads that end pieces at the same time one tells, which may be kept from the processor.
    ASSERT_GT(told.size(), threads == 1 ? 4U : 0U);
    for (std::size_t n = 1; n < told.size(); ++n) {
      EXPECT_GE(told[n].fraction, told[n - 1].fraction);
      EXPECT_GE(told[n].bytes, told[n - 1].bytes);
      EXPECT_GE(told[n].elapsed, told[n - 1].elapsed);
    }
    if (threads == 1)
      EXPECT_LT(told.front().fraction, 0.5);
    EXPECT_EQ(told.back().fraction, 1);
    EXPECT_GE(told.back().bytes, (std::int64_t{64} << 20) + 4096 * 4);
  }
}

TEST(Progress, ThatThrowsEndsTheEvaluation) {
  Tensor y = reduce_sum(large_data() * 3, 1);
  {
    const ProgressScope scope([](const Progress &) { throw std::runtime_error("enough"); }, 0ns);
    EXPECT_THROW(eval(y), std::runtime_error);
  }
  EXPECT_FALSE(y.is_evaluated());
  EXPECT_EQ(y.to_vector<float>().back(), 4096 * 0.75f);
}

TEST(Progress, MayNotEvaluateAndNeedsAFunction) {
  Tensor y = reduce_sum(large_data() * 5, 1);
  std::string said;
  {
    const ProgressScope scope(
        [](const Progress &) { (void)reduce_sum(constant({1.0f, 2.0f})).item<float>(); }, 0ns);
    try {
      eval(y);
    } catch (const Error &error) {
      said = error.what();
    }
  }
  EXPECT_NE(said.find("ProgressScope"), std::string::npos) << said;
  EXPECT_EQ(y.to_vector<float>().back(), 4096 * 1.25f) << "afterwards all is as ever";
  EXPECT_THROW(ProgressScope(nullptr), Error);
}

TEST(Scopes, OnTheHeapEndInAnyOrder) {
  const CancellationToken token;
  auto first = std::make_unique<CancellationScope>(token);
  auto second = std::make_unique<CancellationScope>(CancellationToken());
  auto third = std::make_unique<CancellationScope>(CancellationToken());
  second.reset();
  first.reset();
  token.cancel();
  EXPECT_EQ(reduce_sum(constant({1.0f, 2.0f})).item<float>(), 3) << "the cancelled scope has ended";
  third.reset();
  EXPECT_EQ(reduce_sum(constant({1.0f, 3.0f})).item<float>(), 4);

  int told = 0;
  auto outer = std::make_unique<ProgressScope>([&](const Progress &) { ++told; }, 0ns);
  auto inner = std::make_unique<ProgressScope>([](const Progress &) {}, 0ns);
  outer.reset();
  eval(reduce_sum(large_data() * 7, 1));
  inner.reset();
  eval(reduce_sum(large_data() * 9, 1));
  EXPECT_EQ(told, 0);

  auto exact = std::make_unique<AccuracyScope>(Accuracy::exact);
  auto standard = std::make_unique<AccuracyScope>(Accuracy::standard);
  exact.reset();
  EXPECT_EQ(default_accuracy(), Accuracy::standard);
  standard.reset();
  EXPECT_EQ(default_accuracy(), Accuracy::standard) << "nothing of what has ended is left";
}

TEST(Cancellation, OfATokenThatWasMoved) {
  CancellationToken token;
  const CancellationToken moved = std::move(token);
  moved.cancel();
  EXPECT_TRUE(token.is_cancelled()); // NOLINT(bugprone-use-after-move)
}

} // namespace
