// SPDX-License-Identifier: Apache-2.0
//
// When generic code runs and when compiled code. That its values are right is what the tests
// with -generic in their names say: those of compiled code, run with TSUM_SPECIALIZE=never.
#include "Cases.h"
#include "Process.h"
#include "tsum/Reference/Evaluate.h"
#include "tsum/eval.h"
#include "tsum/explain.h"
#include "tsum/function.h"

#include <gmock/gmock.h>

#include <chrono>
#include <thread>

using namespace tsum;
using namespace tsum::test;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

using Origin = CacheEvent::Origin;

struct Specializing : testing::Test {
  Specializing() {
    clear_cache();
    set_cache_log([this](const CacheEvent &event) {
      const std::lock_guard lock(mutex);
      origins.push_back(event.origin);
    });
  }
  ~Specializing() override {
    set_cache_log(nullptr);
    set_specialize(Specialize::always);
  }

  /// A variance of `rows` rows, which no other test computes.
  Tensor expression(std::int64_t rows) const {
    return sqrt(reduce_variance(sample_tensor(DType::f32, {rows, 301}), 1) + 0.25f);
  }

  void evaluate(std::int64_t rows) {
    Tensor tensor = expression(rows);
    const std::vector<std::byte> expected = reference::evaluate_tree(tensor);
    eval(tensor);
    const auto *bytes = static_cast<const std::byte *>(tensor.bytes());
    expect_same_values(tensor.dtype(), expected, {bytes, expected.size()});
  }

  /// Waits for compilations in the background.
  static void wait_for_specializations(std::int64_t wanted) {
    for (int n = 0; n < 3000 && cache_stats().specializations < wanted; ++n)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ASSERT_EQ(cache_stats().specializations, wanted);
  }

  std::mutex mutex;
  std::vector<Origin> origins; ///< of what was looked up
};

TEST_F(Specializing, OtherShapesOfAnExpressionRunAtOnce) {
  set_specialize(Specialize::background);
  const CacheStats before = cache_stats();
  for (std::int64_t rows : {3, 4, 5, 600})
    evaluate(rows);
  EXPECT_THAT(origins,
              ElementsAre(Origin::Compiler, Origin::Generic, Origin::Generic, Origin::Generic));
  const CacheStats after = cache_stats();
  EXPECT_EQ(after.compilations - before.compilations, 1);
  EXPECT_EQ(after.generic_runs - before.generic_runs, 3);
  EXPECT_EQ(after.specialized_runs - before.specialized_runs, 1);
}

TEST_F(Specializing, WhatComesAgainIsCompiledInTheBackground) {
  set_specialize(Specialize::background);
  const CacheStats before = cache_stats();
  evaluate(3);
  evaluate(4);
  evaluate(4);
  wait_for_specializations(before.specializations + 1);
  evaluate(4);
  evaluate(4);
  const CacheStats after = cache_stats();
  EXPECT_EQ(after.generic_runs - before.generic_runs, 2);
  EXPECT_EQ(after.compilations - before.compilations, 2);
}

TEST_F(Specializing, NeverAndAlways) {
  set_specialize(Specialize::never);
  for (std::int64_t rows : {3, 4, 4})
    evaluate(rows);
  set_specialize(Specialize::always);
  for (std::int64_t rows : {5, 6})
    evaluate(rows);
  EXPECT_THAT(origins,
              ElementsAre(Origin::Generic, Origin::Generic, Origin::Compiler, Origin::Compiler));
}

TEST_F(Specializing, FunctionsAndExplanationsAreOfCompiledCode) {
  set_specialize(Specialize::never);
  const CacheStats before = cache_stats();
  evaluate(7);
  EXPECT_THAT(explain(expression(7)), HasSubstr("f32[7,301]"));
  const CacheStats after = cache_stats();
  EXPECT_EQ(after.specializations - before.specializations, 1);
  Tensor x = input(DType::f32, {9, 301});
  Function function = compile({x}, {sqrt(reduce_variance(x, 1) + 0.5f)});
  EXPECT_EQ(cache_stats().compilations - after.compilations, 1);
}

TEST_F(Specializing, SurvivesClearedCachesAndSmallOnes) {
  set_specialize(Specialize::background);
  for (int round = 0; round < 20; ++round) {
    for (std::int64_t rows = 2; rows < 8; ++rows)
      evaluate(rows);
    if (round % 5 == 1)
      clear_cache();
    set_cache_capacity(round % 3 + 1);
  }
  set_cache_capacity(1024);
}

TEST_F(Specializing, ThreadsGetOneAnswer) {
  set_specialize(Specialize::background);
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&] {
      for (int round = 0; round < 10; ++round)
        for (std::int64_t rows = 2; rows < 12; ++rows)
          evaluate(rows);
    });
}

TEST_F(Specializing, ChildrenCompileWhatComesAgain) {
  set_specialize(Specialize::background);
  evaluate(3);
  for (std::int64_t rows = 4; rows < 9; ++rows) // some wait, one is compiled
    for (int n = 0; n < 2; ++n)
      evaluate(rows);
  const pid_t child = start_process([&] {
    const std::int64_t before = cache_stats().specializations;
    evaluate(20);
    evaluate(20);
    wait_for_specializations(before + 1);
    evaluate(20);
    return HasFailure() ? 1 : 0;
  });
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(Specializing, ExitsWhileItCompiles) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        set_specialize(Specialize::background);
        for (std::int64_t rows = 3; rows < 30; ++rows)
          for (int n = 0; n < 2; ++n)
            eval(expression(rows));
        std::exit(0);
      },
      testing::ExitedWithCode(0), "^$");
}

TEST(SpecializeByEnvironment, UnknownWordsAreToldOf) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  ::setenv("TSUM_SPECIALIZE", "sometimes", 1);
  EXPECT_EXIT(
      {
        eval(reduce_sum(constant({1.0f, 2.0f})));
        ::_exit(specialize() == Specialize::always ? 0 : 1);
      },
      testing::ExitedWithCode(0),
      "TSUM_SPECIALIZE=sometimes means nothing \\(background, never or always\\)");
  ::setenv("TSUM_SPECIALIZE", "always", 1);
}

} // namespace
