// SPDX-License-Identifier: Apache-2.0
//
// Graphs that were evaluated before are found by their signature: with other data, in other places,
// and never for a graph that only looks alike.
#include "Compiled.h"
#include "Runtime/Signature.h"

using namespace tsum;
using namespace tsum::test;

namespace {

std::vector<std::int64_t> words_of(const Tensor &tensor) {
  Signature signature(std::span(&tensor, 1));
  return {signature.words().begin(), signature.words().end()};
}

TEST(Signature, TellsGraphsApart) {
  Tensor x = sample_tensor(DType::f32, {4, 6}), y = sample_tensor(DType::f32, {4, 6});
  EXPECT_EQ(words_of(reduce_sum(x + x)), words_of(reduce_sum(y + y)));
  EXPECT_EQ(words_of(reduce_sum(x + y)), words_of(reduce_sum(y + x)));
  const Tensor graphs[] = {reduce_sum(x + x),
                           reduce_sum(x + y),
                           reduce_sum(x - y),
                           reduce_sum(x + y, 0),
                           reduce_sum(x + y, 1),
                           reduce_sum(x + y, 1, /*keepdims=*/true),
                           reduce_sum(x + cast(y, DType::f32)),
                           reduce_sum(sample_tensor(DType::f32, {4, 6}, padded) + y),
                           reduce_sum(sample_tensor(DType::f32, {6, 4}) * 2.0f),
                           reduce_sum(reshape(x + y, {6, 4}), 1),
                           reduce_sum(reshape(x + y, {24, 1}), 1)};
  for (const Tensor &a : graphs)
    for (const Tensor &b : graphs)
      EXPECT_EQ(words_of(a) == words_of(b), &a == &b) << graph_to_string(a) << graph_to_string(b);
}

TEST(Signature, TellsSharingApartInLargeGraphs) {
  Tensor x = sample_tensor(DType::f32, {3});
  auto chain = [&](bool shares) {
    Tensor sum = x + 1.0f;
    for (int i = 0; i < 40; ++i)
      sum = shares || i != 30 ? sum + sum : sum + (x + 1.0f);
    return sum;
  };
  EXPECT_EQ(words_of(chain(true)), words_of(chain(true)));
  EXPECT_NE(words_of(chain(true)), words_of(chain(false)));
}

TEST(Signature, OfADeepChainNeedsNoDeepStack) {
  Tensor sum = sample_tensor(DType::f32, {3});
  for (int i = 0; i < 100'000; ++i)
    sum = sum + sum;
  EXPECT_GT(words_of(sum).size(), 300'000U);
}

TEST(Plan, ServesOtherDataOfOneSignature) {
  for (const Layout &layout : layouts)
    for (int round = 0; round < 3; ++round) {
      Tensor x = sample_tensor(DType::f32, {7, 40}, layout);
      Tensor y = sample_tensor(DType::f32, {40}, row_major, Guard::Front);
      expect_compiled_as_reference([&] {
        Tensor z = square(x - y);
        return std::vector{sqrt(reduce_sum(z, 1)), reduce_sum(z * y, 0), z};
      });
    }
}

TEST(Plan, IsAHitWithoutACompilation) {
  Tensor x = sample_tensor(DType::f32, {3, 41});
  eval(reduce_sum(x, 1));
  const CacheStats before = cache_stats();
  for (int i = 0; i < 10; ++i)
    eval(reduce_sum(x, 1));
  EXPECT_EQ(cache_stats().hits - before.hits, 10);
  EXPECT_EQ(cache_stats().misses, before.misses);
}

TEST(Plan, OfDataThatIsOneTensorOrTwo) {
  std::vector<float> values = {1, 2, 3, 4};
  // The same memory as two tensors is two arguments; found again with different memory.
  std::vector<float> others = {5, 6, 7, 8};
  for (const std::vector<float> &second : {values, others}) {
    Tensor x = borrow(values.data(), {4}), y = borrow(second.data(), {4});
    Tensor alias = borrow(values.data(), {4});
    EXPECT_EQ(reduce_sum(x * alias).item<float>(), 30);
    EXPECT_EQ(reduce_sum(x * y).item<float>(), &second == &values ? 30 : second[0] == 5 ? 70 : 30);
    EXPECT_EQ(reduce_sum(x * x).item<float>(), 30);
  }
}

TEST(Plan, MisalignedDataIsReadInPlace) {
  std::vector<std::byte> memory(1 + 4 * 6);
  for (float value : {1.0f, 2.0f}) {
    for (int i = 0; i < 6; ++i)
      std::memcpy(memory.data() + 1 + 4 * i, &value, 4);
    std::vector<float> aligned(6, value); // the same signature but for that
    EXPECT_EQ(reduce_sum(borrow(aligned.data(), {6})).item<float>(), 6 * value);
    Tensor misaligned = reduce_sum(borrow(memory.data() + 1, DType::f32, {6}));
    EXPECT_TRUE(Signature(std::span(&misaligned, 1)).is_in_place());
    EXPECT_EQ(misaligned.item<float>(), 6 * value);
  }
}

TEST(Plan, ReshapedViewsAndCopies) {
  for (int round = 0; round < 3; ++round)
    for (const Layout &layout : layouts) {
      Tensor x = sample_tensor(DType::f64, {6, 4}, layout);
      expect_compiled_as_reference([&] {
        return std::vector{reduce_sum(reshape(x, {2, 12}), 1), reduce_sum(reshape(x, {24}))};
      });
    }
}

TEST(Plan, SeveralStepsAndEvaluatedOutputs) {
  Tensor x = sample_tensor(DType::f32, {9, 9});
  for (int round = 0; round < 3; ++round) {
    Tensor y = square(x);
    Tensor both = reduce_sum(y, 0) + reduce_sum(y, 1);
    Tensor done = reduce_sum(x, 0);
    eval(done);
    eval(both, done, both);
    EXPECT_EQ(both.to_vector<float>(),
              (reduce_sum(square(x), 0) + reduce_sum(square(x), 1)).to_vector<float>());
  }
}

TEST(Plan, ForgottenCodeIsCompiledAgain) {
  Tensor x = sample_tensor(DType::f32, {3, 42});
  const auto expected = reduce_sum(x, 1).to_vector<float>();
  clear_cache();
  const CacheStats before = cache_stats();
  EXPECT_EQ(reduce_sum(x, 1).to_vector<float>(), expected);
  EXPECT_EQ(cache_stats().misses - before.misses, 1);
  // Evicted, not cleared: the plan is still there, its program is not.
  set_cache_capacity(1);
  eval(reduce_sum(x, 0));
  EXPECT_EQ(reduce_sum(x, 1).to_vector<float>(), expected);
  EXPECT_EQ(cache_stats().misses - before.misses, 3);
  set_cache_capacity(1024);
}

} // namespace
