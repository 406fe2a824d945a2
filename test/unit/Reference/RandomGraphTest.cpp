// SPDX-License-Identifier: Apache-2.0
#include "RandomGraph.h"
#include "CanonicalForm.h"

using namespace tsum;
using namespace tsum::test;

namespace {

TEST(RandomGraphs, CanonicalFormsGiveTheSameValues) {
  for (unsigned seed = 0; seed < 1000; ++seed) {
    const std::vector<Tensor> outputs = RandomGraph(seed, dtypes_in(Domain::Any, true)).outputs();
    SCOPED_TRACE("seed " + std::to_string(seed));
    const std::vector<std::vector<std::byte>> direct = reference::evaluate_tree(outputs);
    const std::vector<std::vector<std::byte>> canonical = evaluate_canonical(outputs);
    for (std::size_t n = 0; n < outputs.size(); ++n)
      expect_same_values(outputs[n].dtype(), direct[n], canonical[n]);
    if (HasFailure())
      return;
  }
}

TEST(RandomGraphs, IntegersNeedNoOrder) {
  for (unsigned seed = 0; seed < 300; ++seed)
    for (const Tensor &tensor : RandomGraph(seed, dtypes_in(Domain::Bits)).outputs())
      ASSERT_EQ(reference::evaluate(tensor), reference::evaluate_tree(tensor))
          << "seed " << seed << '\n'
          << graph_to_string(tensor);
}

TEST(Recipes, BuildTheSameGraphAgain) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    const std::vector<Tensor> outputs = RandomGraph(seed, dtypes_in(Domain::Any, true)).outputs();
    const std::vector<Tensor> again = build(recipe_of(outputs));
    ASSERT_EQ(again.size(), outputs.size());
    for (std::size_t n = 0; n < outputs.size(); ++n)
      ASSERT_EQ(reference::evaluate(again[n]), reference::evaluate(outputs[n])) << "seed " << seed;
  }
}

/// Whether a step of `recipe` is `op`, of at least two elements.
bool has_long(const Recipe &recipe, OpKind op) {
  return std::ranges::any_of(recipe.steps, [op](const Recipe::Step &step) {
    return !step.is_data() && step.op == op && !step.shape.empty() && step.shape.back() > 1;
  });
}

TEST(Recipes, ShrinkToWhatFails) {
  Tensor x = sample_tensor(DType::f32, {5, 17}, layouts[2]);
  Tensor y = tanh(square(x) + reduce_sum(x, 0)) * 3;
  const std::vector<Tensor> outputs = {reduce_max(exp(y), 1), transpose(flip(y)), x + 1};
  const Recipe smallest = Shrinker(recipe_of(outputs), [](const Recipe &r) {
                            return has_long(r, OpKind::Tanh);
                          }).run(1000);
  ASSERT_EQ(smallest.outputs, std::vector<std::size_t>{1});
  ASSERT_EQ(smallest.steps.size(), 2U); // data and its tanh
  EXPECT_EQ(smallest.steps[0].shape, (Shape{1, 2}));
  EXPECT_EQ(smallest.steps[0].values->strides, (ByteStrides{8, 4}));
}

} // namespace
