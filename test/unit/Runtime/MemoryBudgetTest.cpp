// SPDX-License-Identifier: Apache-2.0
#include "tsum/memory.h"

#include "tsum/tsum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

using namespace tsum;

namespace {

constexpr std::int64_t megabyte = 1 << 20;

std::ptrdiff_t mapping_count() {
  std::ifstream maps("/proc/self/maps");
  return std::count(std::istreambuf_iterator<char>(maps), {}, '\n');
}

class MemoryBudget : public testing::Test {
protected:
  void TearDown() override {
    set_memory_budget(512 * megabyte);
    set_cache_capacity(1024);
  }

  /// Calls a jitted sum of another size for each `kind`.
  bool is_right(std::int64_t kind) const {
    const std::vector<float> ones(static_cast<std::size_t>(kind), 1.0f);
    return sum(borrow(ones.data(), {kind})).item<float>() == static_cast<float>(kind);
  }

  Jitted<Tensor (*)(const Tensor &)> sum = jit(+[](const Tensor &x) { return reduce_sum(x * x); });
};

TEST_F(MemoryBudget, OfShapesOfAJittedFunctionIsTheCaches) {
  set_cache_capacity(8);
  ASSERT_TRUE(is_right(3));
  const std::ptrdiff_t before = mapping_count();
  for (std::int64_t kind = 4; kind < 104; ++kind)
    ASSERT_TRUE(is_right(kind));
  EXPECT_LT(mapping_count() - before, 60);
  for (std::int64_t kind = 3; kind < 104; kind += 10)
    ASSERT_TRUE(is_right(kind)) << "made again";
  EXPECT_GT(sum.trace_count(), 101);
}

TEST_F(MemoryBudget, LetsGoOfWhatWasNotUsedForLongest) {
  set_cache_capacity(4);
  ASSERT_TRUE(is_right(7));
  for (std::int64_t kind = 200; kind < 220; ++kind) {
    ASSERT_TRUE(is_right(kind));
    const std::int64_t misses = cache_stats().misses;
    ASSERT_TRUE(is_right(7));
    EXPECT_EQ(cache_stats().misses, misses);
  }
}

TEST_F(MemoryBudget, BoundsTheSum) {
  for (std::int64_t kind = 300; kind < 330; ++kind)
    ASSERT_TRUE(is_right(kind));
  const std::vector<float> ones(4 * megabyte, 1.0f);
  eval(exp(borrow(ones.data(), {4 * megabyte})));
  EXPECT_GE(memory_use().results, 16 * megabyte);
  EXPECT_GT(memory_use().functions, 0);
  EXPECT_GT(memory_use().code, 0);
  set_memory_budget(megabyte / 8);
  EXPECT_LE(memory_use().total(), megabyte / 8);
  for (std::int64_t kind = 330; kind < 360; ++kind) {
    ASSERT_TRUE(is_right(kind));
    EXPECT_LE(memory_use().total(), megabyte / 8);
  }
  eval(exp(borrow(ones.data(), {4 * megabyte})));
  EXPECT_LE(memory_use().total(), megabyte / 8);
  EXPECT_THROW(set_memory_budget(-1), Error);
}

TEST_F(MemoryBudget, OfNothingStillEvaluates) {
  set_memory_budget(0);
  for (std::int64_t kind = 400; kind < 405; ++kind)
    for (int call = 0; call < 2; ++call)
      ASSERT_TRUE(is_right(kind));
  EXPECT_EQ(memory_use().total(), 0);
}

TEST_F(MemoryBudget, TrimsAll) {
  ASSERT_TRUE(is_right(500));
  Tensor x = input(DType::f32, {3});
  const Function held = compile({x}, {reduce_sum(x)});
  trim_memory();
  EXPECT_EQ(memory_use().total(), 0);
  EXPECT_EQ(held({constant({1.0f, 2.0f, 3.0f})}).front().item<float>(), 6);
  EXPECT_TRUE(is_right(500));
}

// A graph of several kernels needs memory between them: large pieces are the pool's.
TEST_F(MemoryBudget, HoldsTheTemporariesOfFunctions) {
  constexpr std::int64_t rows = megabyte;
  Tensor x = input(DType::f32, {rows, 2});
  Tensor sums = reduce_sum(x, 1);
  const Function function = compile({x}, {reduce_max(sums / reduce_sum(sums))});
  trim_memory();
  const std::vector<float> ones(2 * rows, 1.0f);
  EXPECT_EQ(function({borrow(ones.data(), {rows, 2})}).front().item<float>(), 1.0f / rows);
  EXPECT_GE(memory_use().results, 4 * megabyte);
  trim_memory();
  EXPECT_EQ(memory_use().results, 0);
}

} // namespace
