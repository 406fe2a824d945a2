// SPDX-License-Identifier: Apache-2.0
//
// What reductions are told, and what they have if they are not.
#include "Cases.h"

#include "tsum/composites.h"

using namespace tsum;
using namespace tsum::test;

namespace {

bool is_exact(const Tensor &tensor) {
  return graph_to_string(tensor).find("exact") != std::string::npos;
}

TEST(Accuracy, OfTheScopeUnlessToldOtherwise) {
  const Tensor x = constant({1.0, 2.0, 4.0});
  EXPECT_EQ(default_accuracy(), Accuracy::standard);
  EXPECT_FALSE(is_exact(reduce_sum(x)));
  const AccuracyScope scope(Accuracy::exact);
  for (const Tensor &result :
       {reduce_sum(x), reduce_mean(x), reduce_variance(x), reduce_std(x), reduce_sum_square(x),
        reduce_l1(x), reduce_euclidean_norm(x), reduce_logsumexp(x), dot(x, x),
        cosine_similarity(x, x), softmax(x), moments(x).second})
    EXPECT_TRUE(is_exact(result)) << result;
  const SumOptions sum{.accuracy = Accuracy::standard};
  const SpreadOptions spread{.accuracy = Accuracy::standard};
  for (const Tensor &result :
       {reduce_sum(x, 0, sum), reduce_mean(x, 0, sum), reduce_variance(x, 0, spread),
        reduce_std(x, 0, spread), reduce_sum_square(x, 0, sum), reduce_l1(x, 0, sum),
        reduce_euclidean_norm(x, 0, sum), reduce_logsumexp(x, 0, sum),
        dot(x, x, 0, {.accuracy = Accuracy::standard}),
        cosine_similarity(x, x, 0, {.accuracy = Accuracy::standard}), reduce_prod(x), reduce_max(x),
        count_nonzero(x), reduce_sum(cast(x, DType::i32)), reduce_mean(cast(x, DType::i32))})
    EXPECT_FALSE(is_exact(result)) << result;
  {
    const AccuracyScope inner(Accuracy::standard);
    EXPECT_FALSE(is_exact(reduce_sum(x)));
  }
  EXPECT_EQ(default_accuracy(), Accuracy::exact);
}

TEST(ReductionOptions, SayAllByName) {
  const Tensor x = constant({{1.0F, 2.0F}, {4.0F, 3.0F}});
  const Tensor sum = reduce_sum(
      x, 1, {.keepdims = true, .dtype = DType::f64, .accuracy = Accuracy::exact, .name = "total"});
  EXPECT_EQ(sum.name(), "total");
  EXPECT_EQ(sum.dtype(), DType::f64);
  EXPECT_EQ(sum.rank(), 2);
  EXPECT_EQ(reduce_max(x, 1, {.keepdims = true, .name = "m"}).name(), "m");
  EXPECT_EQ(reduce_prod(x, all_axes, {.dtype = DType::f64}).item<double>(), 24);
  EXPECT_EQ(argmax(x, 1, {.keepdims = true}).rank(), 2);
  EXPECT_EQ(reduce_variance(x, 1, {.ddof = 1, .name = "v"}).name(), "v");
  EXPECT_EQ(reduce_std(x, 1, {.dtype = DType::f64, .accuracy = Accuracy::exact}).dtype(),
            DType::f64);
  for (const Tensor &named :
       {reduce_mean(x, 1, {.accuracy = Accuracy::exact, .name = "n"}),
        reduce_sum_square(x, 1, {.keepdims = true, .accuracy = Accuracy::exact, .name = "n"}),
        reduce_euclidean_norm(x, 1, {.accuracy = Accuracy::exact, .name = "n"}),
        reduce_variance(x, 1, {.keepdims = true, .accuracy = Accuracy::exact, .name = "n"}),
        reduce_std(x, 1, {.accuracy = Accuracy::exact, .name = "n"}),
        dot(x, x, -1, {.accuracy = Accuracy::exact, .name = "n"}),
        cosine_similarity(x, x, -1, {.accuracy = Accuracy::exact, .name = "n"})})
    EXPECT_EQ(named.name(), "n") << named;
}

TEST(ReductionOptions, RefuseDtypesAsWithoutThem) {
  const Tensor words = constant({1, 2});
  EXPECT_THROW((void)reduce_variance(words, 0, {.accuracy = Accuracy::exact}), DTypeError);
  EXPECT_THROW((void)reduce_euclidean_norm(words, 0, {.accuracy = Accuracy::exact}), DTypeError);
  EXPECT_THROW((void)reduce_sum(constant({true}), 0, {.accuracy = Accuracy::exact}), DTypeError);
  EXPECT_THROW((void)reduce_sum(constant({1.0}), 1, {.accuracy = Accuracy::exact}), AxisError);
  EXPECT_THROW((void)reduce_mean(constant({1.0}), {0, 0}, {.accuracy = Accuracy::exact}),
               AxisError);
  EXPECT_EQ(
      reduce_variance(words, 0, {.dtype = DType::f32, .accuracy = Accuracy::exact}).item<float>(),
      0.25F);
}

} // namespace
