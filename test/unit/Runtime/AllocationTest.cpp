// SPDX-License-Identifier: Apache-2.0
//
// Replaces the functions by which tsum allocates with ones that count.
#include "tsum/eval.h"
#include "tsum/function.h"
#include "tsum/ops.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <malloc.h>
#include <new>

using namespace tsum;

static thread_local std::size_t allocated = 0;

static void *count_or_throw(void *memory, std::size_t size) {
  if (!memory)
    throw std::bad_alloc();
  allocated += size;
  return memory;
}

#if defined(__GNUC__) && !defined(__clang__)
// Where the replaced operators are inlined, g++ takes each for the wrong one.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

void *operator new(std::size_t size) { return count_or_throw(std::malloc(size ? size : 1), size); }
void *operator new(std::size_t size, std::align_val_t alignment) {
  return count_or_throw(memalign(static_cast<std::size_t>(alignment), size), size);
}
void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void *memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void *memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

extern "C" void *aligned_alloc(std::size_t alignment, std::size_t size) {
  return count_or_throw(memalign(alignment, size), size);
}

namespace {

TEST(Allocation, OfACachedSumIsItsOutput) {
  const Shape shape = {1024, 4096};
  std::vector<float> values(1024 * 4096, 2);
  Tensor a = constant<float>(values, shape);
  Tensor b = borrow(values.data(), shape);
  auto evaluate = [&] {
    std::size_t before = allocated;
    Tensor sum = reduce_sum((a - b) * (a - b), 1);
    eval(sum);
    return allocated - before;
  };
  EXPECT_GT(evaluate(), 64U << 10) << "the compiler is counted";
  std::size_t cached = evaluate();
  EXPECT_GE(cached, 1024 * sizeof(float)) << "the output is counted";
  EXPECT_LT(cached, 64U << 10);
}

TEST(Allocation, OfAPreparedFunctionIsNothing) {
  Tensor x = input(DType::f32, {8, 8});
  Tensor y = square(x);
  // Two steps, and so memory between them, which the first call allocates.
  const Function function = compile({x}, {reduce_sum(y, 0) + reduce_sum(y, 1), reduce_sum(x)});
  std::array<float, 64> values{};
  std::array<float, 8> sums{};
  float sum = 0;
  const std::array<const void *, 1> in = {values.data()};
  const std::array<void *, 2> out = {sums.data(), &sum};
  function(in, out);
  const std::size_t before = allocated;
  function(in, out);
  EXPECT_EQ(allocated, before);
}

} // namespace
