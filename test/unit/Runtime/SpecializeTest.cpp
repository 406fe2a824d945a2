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

#include <algorithm>
#include <chrono>
#include <thread>

using namespace tsum;
using namespace tsum::test;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

namespace {

using Origin = CacheEvent::Origin;

struct Specializing : testing::Test {
  Specializing() {
    clear_cache();
    set_cache_log([this](const CacheEvent &event) {
      const std::lock_guard lock(mutex);
      reasons.push_back(event.reason);
      if (!event.reason.starts_with("it has run")) // in the background
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

  /// Evaluates `rows` until compiled code has come from the background for so many graphs.
  void repeat_until_specialized(std::int64_t rows, std::int64_t wanted) {
    const auto begin = std::chrono::steady_clock::now();
    while (cache_stats().specializations < wanted &&
           std::chrono::steady_clock::now() - begin < std::chrono::seconds(30))
      eval(expression(rows));
    ASSERT_EQ(cache_stats().specializations, wanted);
  }

  std::mutex mutex;
  std::vector<Origin> origins; ///< of what was looked up by who wanted to run it
  std::vector<std::string> reasons;
};

TEST_F(Specializing, OtherShapesOfAnExpressionRunAtOnce) {
  set_specialize(Specialize::background);
  const CacheStats before = cache_stats();
  for (std::int64_t rows : {3, 4, 5, 600})
    evaluate(rows);
  EXPECT_THAT(origins,
              ElementsAre(Origin::Compiler, Origin::Generic, Origin::Generic, Origin::Generic));
  const CacheStats after = cache_stats();
  EXPECT_EQ(after.generic_runs - before.generic_runs, 3);
  EXPECT_EQ(after.specialized_runs - before.specialized_runs, 1);
}

TEST_F(Specializing, WhatTakesLongIsCompiledInTheBackground) {
  set_specialize(Specialize::background);
  const CacheStats before = cache_stats();
  evaluate(3);
  evaluate(4);
  repeat_until_specialized(4, before.specializations + 1);
  const CacheStats then = cache_stats();
  EXPECT_GE(then.generic_runs - before.generic_runs, 1);
  EXPECT_EQ(then.compilations - before.compilations, 2);
  evaluate(4);
  evaluate(4);
  const CacheStats after = cache_stats();
  EXPECT_EQ(after.generic_runs, then.generic_runs);
  EXPECT_EQ(after.compilations, then.compilations);
  EXPECT_THAT(reasons, Contains("it is another shape of a known expression"));
  EXPECT_THAT(reasons, Contains(MatchesRegex("it has run [0-9]+ times in .* ms as generic code")));
}

TEST_F(Specializing, LargeDataIsWorthACompilation) {
  set_specialize(Specialize::background);
  for (std::int64_t rows : {std::int64_t{3}, std::int64_t{200'000}}) {
    const std::vector<float> data(static_cast<std::size_t>(rows) * 301, 1.0f);
    const Tensor x = borrow(data.data(), {rows, 301});
    eval(sqrt(reduce_variance(x, 1) + 0.75f));
  }
  EXPECT_EQ(std::ranges::count(origins, Origin::Generic), 0);
}

TEST_F(Specializing, FunctionsOfAnyShapesCompileNothingBeforeItPays) {
  const CacheStats before = cache_stats();
  auto spreads =
      jit([](const Tensor &x) { return sqrt(reduce_variance(x, 1) + 0.375f); }, Shapes::any);
  auto check = [&](std::int64_t rows, std::int64_t columns) {
    const Tensor x = sample_tensor(DType::f32, {rows, columns});
    const Tensor result = spreads(x);
    Tensor expected = sqrt(reduce_variance(x, 1) + 0.375f);
    const std::vector<std::byte> bytes = reference::evaluate_tree(expected);
    expect_same_values(DType::f32, bytes,
                       {static_cast<const std::byte *>(result.bytes()), bytes.size()});
  };
  for (std::int64_t rows : {0, 1, 2, 17, 100})
    for (std::int64_t columns : {1, 2, 16, 301})
      check(rows, columns);
  EXPECT_EQ(std::ranges::count(origins, Origin::Compiler), 0);
  EXPECT_EQ(spreads.trace_count(), 20);
  EXPECT_GE(cache_stats().specialized_runs, before.specialized_runs);

  // Until compiled code runs.
  const Tensor x = sample_tensor(DType::f32, {100, 301});
  const auto begin = std::chrono::steady_clock::now();
  std::int64_t runs = 0;
  do {
    runs = cache_stats().generic_runs;
    (void)spreads(x);
  } while (cache_stats().generic_runs != runs &&
           std::chrono::steady_clock::now() - begin < std::chrono::seconds(30));
  const CacheStats then = cache_stats();
  EXPECT_GE(then.specializations, before.specializations + 1);
  check(100, 301);
  EXPECT_EQ(cache_stats().generic_runs, then.generic_runs);
  EXPECT_EQ(spreads.trace_count(), 20);
}

TEST_F(Specializing, FunctionsObeyTheSettingUnlessTheySayOtherwise) {
  auto spreads_of = [](Shapes shapes) {
    return jit([](const Tensor &x) { return sqrt(reduce_variance(x, 1) + 0.625f); }, shapes);
  };
  auto compilations_of = [&](const auto &function, std::int64_t rows) {
    const auto before = std::ranges::count(origins, Origin::Compiler);
    (void)function(sample_tensor(DType::f32, {rows, 303}));
    return std::ranges::count(origins, Origin::Compiler) - before;
  };
  set_specialize(Specialize::background);
  auto as_set = spreads_of(Shapes::as_set), compiled = spreads_of(Shapes::compiled);
  EXPECT_EQ(compilations_of(as_set, 2), 1);
  EXPECT_EQ(compilations_of(as_set, 3), 0);
  EXPECT_EQ(compilations_of(compiled, 4), 1);
  set_specialize(Specialize::never);
  EXPECT_EQ(compilations_of(as_set, 5), 0);
  EXPECT_EQ(compilations_of(compiled, 6), 1);
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

TEST_F(Specializing, ExplanationsSayWhichCodeRunsAndWhy) {
  set_specialize(Specialize::never);
  evaluate(11);
  evaluate(11);
  evaluate(12);
  EXPECT_THAT(explain(expression(11)),
              MatchesRegex("(.|\n)*\n  evaluations run generic code, since TSUM_SPECIALIZE says "
                           "never; 2 runs took [0-9.e-]+ ms\n(.|\n)*"));
  EXPECT_THAT(explain(expression(11)), HasSubstr("\n  evaluations run compiled code, since "
                                                 "compiled code is asked for\n"));
  EXPECT_THAT(explain(expression(12), ExplainFormat::Json),
              HasSubstr("\"runs_generic_code\": true, \"reason\": \"TSUM_SPECIALIZE says never\", "
                        "\"generic_runs\": 1, \"generic_ms\": "));

  clear_cache();
  set_specialize(Specialize::background);
  evaluate(3);
  EXPECT_THAT(reasons, Contains("it is the first shape of its expression"));
  EXPECT_THAT(explain(expression(3)), HasSubstr("evaluations run compiled code, since it is the "
                                                "first shape of its expression\n"));
  // Of what has not run yet.
  EXPECT_THAT(explain(expression(4)),
              HasSubstr("evaluations run generic code, since it is another shape of a known "
                        "expression; after 2 ms of runs it is compiled\n"));
  evaluate(5);
  repeat_until_specialized(5, cache_stats().specializations + 1);
  EXPECT_THAT(explain(expression(5), ExplainFormat::Html),
              MatchesRegex("(.|\n)*evaluations run compiled code, since it has run [0-9]+ times in "
                           "[0-9.]+ ms as generic code\n(.|\n)*"));

  auto exact_sum = [](std::int64_t rows) {
    return reduce_sum(sample_tensor(DType::f32, {rows, 307}), 1, {.accuracy = Accuracy::exact});
  };
  eval(exact_sum(3));
  EXPECT_THAT(explain(exact_sum(4)),
              HasSubstr("evaluations run compiled code, since there is no generic code for it"));
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

TEST_F(Specializing, ChildrenCompileWhatTakesLong) {
  set_specialize(Specialize::background);
  evaluate(3);
  for (std::int64_t rows = 4; rows < 9; ++rows) // some wait, one is compiled
    for (int n = 0; n < 100; ++n)
      eval(expression(rows));
  const pid_t child = start_process([&] {
    clear_cache();
    evaluate(19);
    repeat_until_specialized(20, cache_stats().specializations + 1);
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
          for (int n = 0; n < 100; ++n)
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
        ::_exit(specialize() == Specialize::background ? 0 : 1);
      },
      testing::ExitedWithCode(0),
      "TSUM_SPECIALIZE=sometimes means nothing \\(background, never or always\\)");
  ::setenv("TSUM_SPECIALIZE", "always", 1);
}

} // namespace
