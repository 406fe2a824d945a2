// SPDX-License-Identifier: Apache-2.0
//
// What does not compile is evaluated all the same: whichever stage fails, in whichever way the
// values are asked for, they are the same bits.
#include "Cases.h"
#include "Process.h"
#include "tsum/JIT/Compiler.h"
#include "tsum/JIT/Inspect.h"
#include "tsum/Ops/Make.h"
#include "tsum/Reference/Evaluate.h"
#include "tsum/explain.h"
#include "tsum/tsum.h"

#include <gmock/gmock.h>

using namespace tsum;
using namespace tsum::test;
using testing::HasSubstr;

namespace {

struct Fallback : testing::TestWithParam<std::string> {
  Fallback() {
    clear_cache();
    set_cache_log([this](const CacheEvent &event) { events.push_back(event); });
  }
  ~Fallback() override {
    setCompileFault({});
    set_cache_log(nullptr);
    clear_cache();
  }

  std::vector<CacheEvent> events;
};

/// Of several kernels, with reductions that have an order, over several axes, of small floats too.
std::vector<Tensor> outputs_of(const Tensor &x) {
  Tensor shifted = x - reduce_max(x, 1, /*keepdims=*/true);
  Tensor powers = exp(shifted);
  Tensor softmax = powers / reduce_sum(powers, 1, /*keepdims=*/true);
  Tensor small = reduce_sum(transpose(cast(x, DType::bf16)), {0, 1});
  Tensor product = reduce_prod(cast(softmax, DType::f64) + 1.0, 0);
  return {softmax, reduce_mean(x, 0), small, make_node_part(product, 1), product};
}

using Values = std::vector<std::vector<std::byte>>;

Values values_of(const std::vector<Tensor> &tensors) {
  Values values;
  for (const Tensor &tensor : tensors) {
    const auto *data = static_cast<const std::byte *>(tensor.bytes());
    values.emplace_back(data, data + tensor.size() * size_of(tensor.dtype()));
  }
  return values;
}

Tensor sample() { return sample_tensor(DType::f32, {33, 300}); }

Values expected() { return reference::evaluate_tree(outputs_of(sample())); }

Values evaluated() {
  std::vector<Tensor> outputs = outputs_of(sample());
  eval(outputs);
  return values_of(outputs);
}

/// The stages of a compilation, and what comes before and after.
std::vector<std::string> stages() {
  std::vector<std::string> names = {"set-up", "import"};
  for (const std::string &stage : stage_names())
    names.push_back(stage == "asm" ? "object" : stage);
  return names;
}

TEST_P(Fallback, ToSmallKernelsChangesNoBit) {
  setCompileFault({.stage = GetParam()});
  EXPECT_EQ(evaluated(), expected());
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events[0].origin, CacheEvent::Origin::Compiler);
  EXPECT_EQ(events[0].failure, GetParam() + ": made to fail by a test");
}

TEST_P(Fallback, ToTheReferenceChangesNoBit) {
  setCompileFault({.stage = GetParam(), .inSmallKernels = true});
  EXPECT_EQ(evaluated(), expected());
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events[0].origin, CacheEvent::Origin::Reference);
  EXPECT_THAT(events[0].failure, HasSubstr("in smaller kernels: " + GetParam()));
}

TEST_P(Fallback, OfPreparedFunctions) {
  for (bool in_small_kernels : {false, true}) {
    clear_cache();
    setCompileFault({.stage = GetParam(), .inSmallKernels = in_small_kernels});
    Tensor x = input(DType::f32, {33, 300});
    EXPECT_EQ(values_of(compile(std::vector{x}, outputs_of(x))(std::vector{sample()})), expected());
  }
}

TEST_P(Fallback, OfJittedFunctions) {
  setCompileFault({.stage = GetParam(), .inSmallKernels = true});
  auto softmax = jit([](const Tensor &x) { return outputs_of(x)[0]; });
  EXPECT_EQ(values_of({softmax(sample())}).front(), expected().front());
  EXPECT_EQ(values_of({softmax(sample())}).front(), expected().front());
}

INSTANTIATE_TEST_SUITE_P(Stages, Fallback, testing::ValuesIn(stages()), [](const auto &test) {
  std::string name = test.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

using FallbackOnce = Fallback;

TEST_F(FallbackOnce, CodeThatCannotBeLoadedIsNotWaitedFor) {
  setCompileFault({.stage = "load"});
  EXPECT_EQ(evaluated(), expected());
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events[0].origin, CacheEvent::Origin::Reference);
}

TEST_F(FallbackOnce, ACompilationHasABudget) {
  setCompileFault({.stage = "vector", .isBudget = true});
  EXPECT_EQ(evaluated(), expected());
  ASSERT_FALSE(events.empty());
  EXPECT_THAT(events[0].failure, HasSubstr("vector: compiling has taken longer than its budget"));
}

TEST_F(FallbackOnce, IsNotKeptOnDisk) {
  TemporaryDirectory directory;
  set_cache_directory(directory.name());
  setCompileFault({.stage = "fuse"});
  EXPECT_EQ(evaluated(), expected());
  setCompileFault({});
  clear_cache();
  EXPECT_EQ(evaluated(), expected());
  set_cache_directory("");
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events.back().origin, CacheEvent::Origin::Compiler);
  EXPECT_EQ(events.back().failure, "");
}

TEST_F(FallbackOnce, IsExplained) {
  setCompileFault({.stage = "tile"});
  EXPECT_THAT(explain(reduce_sum(square(sample()), 1)),
              HasSubstr("the compiler failed: tile: made to fail by a test"));
  clear_cache();
  setCompileFault({.stage = "tile", .inSmallKernels = true});
  const std::string text = explain(reduce_sum(square(sample()), 1));
  EXPECT_THAT(text, HasSubstr("from generic in"));
  EXPECT_THAT(text, HasSubstr("kernel generic: %0 -> %1 f32[33]"));
}

TEST_F(FallbackOnce, ToGenericCodeOrTheReference) {
  setCompileFault({.stage = "tile", .inSmallKernels = true});
  for (Accuracy accuracy : {Accuracy::standard, Accuracy::exact}) {
    auto build = [&] { return reduce_sum(square(sample()), 1, {.accuracy = accuracy}); };
    const Values wanted{reference::evaluate_tree(build())};
    Tensor sum = build();
    eval(sum);
    EXPECT_EQ(values_of({sum}), wanted);
  }
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].origin, CacheEvent::Origin::Generic);
  EXPECT_EQ(events[1].origin, CacheEvent::Origin::Reference);
}

TEST_F(FallbackOnce, OfDataThatIsReturnedAndOfEmptyTensors) {
  setCompileFault({.stage = "linalg", .inSmallKernels = true});
  Tensor x = sample_tensor(DType::f32, {4, 6});
  Tensor none = sample_tensor(DType::f32, {0, 6});
  std::vector<Tensor> outputs = {reduce_sum(none, 0), square(none), x + 0.0F,
                                 reduce_sum(x, {0, 1})};
  const Values wanted = reference::evaluate_tree(outputs);
  eval(outputs);
  EXPECT_EQ(values_of(outputs), wanted);
}

TEST(FallbackDeathTest, IsToldOnce) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto evaluate_two = [] {
    setCompileFault({.stage = "kernels", .inSmallKernels = true});
    eval(square(sample_tensor(DType::f32, {5, 7})));
    std::fputs("then ", stderr);
    eval(square(sample_tensor(DType::f64, {5, 7})));
    std::fputs("nothing", stderr);
    std::_Exit(0);
  };
  EXPECT_EXIT(
      evaluate_two(), testing::ExitedWithCode(0),
      "^tsum: warning: the compiler failed \\(kernels: made to fail by a test; in smaller "
      "kernels: kernels: made to fail by a test\\); the graph is evaluated by generic code, "
      ".*\nthen nothing$");
}

} // namespace
