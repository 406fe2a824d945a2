// SPDX-License-Identifier: Apache-2.0
//
// Graphs of many nodes, outputs and steps become canonical in linear time, and without recursion.
// These sizes took minutes when they did not.
#include "tsum/Canonical/EvaluateBy.h"
#include "tsum/Graph/StandIn.h"
#include "tsum/ops.h"

#include <gmock/gmock.h>

using namespace tsum;

namespace {

struct Count {
  std::size_t graphs = 0;
  std::size_t values = 0; ///< of all graphs together
};

/// Evaluates `outputs` with addresses in place of values.
Count count_graphs(const std::vector<Tensor> &outputs) {
  std::vector<Node::Ptr> nodes;
  for (const Tensor &output : outputs)
    nodes.push_back(output.node());
  Count count;
  evaluate_by(std::move(nodes), [&](const Canonicalized &bound) {
    ++count.graphs;
    count.values += bound.graph.values.size();
    for (const Canonicalized::Result &result : bound.results) {
      auto addresses = reserve_addresses(result.bytes);
      const std::byte *data = addresses.get() + result.offset;
      result.node->set_values(
          std::make_shared<Storage>(Storage{std::move(addresses), data, result.strides}));
    }
  });
  for (const Tensor &output : outputs)
    EXPECT_TRUE(output.is_evaluated());
  return count;
}

Tensor data(Shape shape, std::int64_t offset = 0) {
  static const float memory[8192] = {};
  return borrow(memory + offset, DType::f32, std::move(shape));
}

TEST(LargeGraphs, OfManyReshapes) {
  constexpr std::size_t count = 10'000;
  Tensor y = data({64});
  for (std::size_t i = 0; i < count; ++i)
    y = reshape(transpose(reshape(y, {8, 8})), {64}) + 1.F;
  EXPECT_LE(count_graphs({y}).values, 4 * count);
}

TEST(LargeGraphs, OfManyStencils) {
  constexpr std::size_t count = 6'000;
  Tensor y = data({8000});
  for (std::size_t i = 0; i < count; ++i)
    y = slice(y, {{1, {}}}) + slice(y, {{0, -1}});
  EXPECT_LE(count_graphs({y}).values, 3 * count);
}

/// Of each step one of the sums is evaluated before the other, and what both are computed from is
/// not computed again and again.
TEST(LargeGraphs, OfManySumsInTwoOrders) {
  constexpr std::size_t count = 10'000;
  Tensor y = data({8, 8});
  for (std::size_t i = 0; i < count; ++i)
    y = y * (reduce_sum(y, 0) + reduce_sum(y, 1));
  EXPECT_LE(count_graphs({y}).values, 8 * count + 8);
}

TEST(LargeGraphs, WhatGroupsShareIsComputedAtMostTwice) {
  constexpr std::size_t count = 100;
  Tensor shared = data({16});
  for (std::size_t i = 0; i < count; ++i)
    shared = exp(shared);
  Tensor y = data({4, 4});
  for (std::size_t i = 0; i < count; ++i)
    y = reshape(transpose(y), {16}) * shared;
  EXPECT_LE(count_graphs({reshape(y, {4, 4})}).values, 8 * count);
}

/// What is larger than all data is not evaluated first: it may not fit in memory.
TEST(LargeGraphs, WhatIsLargerThanItsDataIsComputedAgain) {
  Tensor large = data({1000, 1}) * data({1000});
  Tensor y = data({1000});
  for (int i = 0; i < 5; ++i)
    y = reduce_sum(large * y, 0) + reduce_sum(large * y, 1);
  std::vector<Node::Ptr> nodes = {y.node()};
  evaluate_by(nodes, [&](const Canonicalized &bound) {
    for (const Canonicalized::Result &result : bound.results) {
      EXPECT_LE(result.bytes, 4000);
      auto addresses = reserve_addresses(result.bytes);
      const std::byte *start = addresses.get() + result.offset;
      result.node->set_values(
          std::make_shared<Storage>(Storage{std::move(addresses), start, result.strides}));
    }
  });
}

/// Parts of one tensor and of the next can be computed together: only the parts wait for them.
TEST(LargeGraphs, WhatIsReadWholeIsEvaluatedTogether) {
  Tensor y = data({100});
  Tensor sum = constant(0.F);
  for (int i = 0; i < 50; ++i) {
    y = y * 2.F;
    sum = sum + slice(y, {{i, i + 3}});
  }
  EXPECT_EQ(count_graphs({sum}).graphs, 2);
}

TEST(LargeGraphs, OfManyOutputs) {
  constexpr std::size_t count = 50'000;
  std::vector<Tensor> of_one;
  std::vector<Tensor> of_their_own;
  Tensor y = data({8});
  for (std::size_t i = 0; i < count; ++i) {
    y = y + 1.F;
    of_one.push_back(y);
    of_their_own.push_back(reduce_sum(data({3, 4}, static_cast<std::int64_t>(i % 1000)), 1));
  }
  EXPECT_EQ(count_graphs(of_one).values, 2 * count + 1);
  EXPECT_EQ(count_graphs(of_their_own).values, 2 * count);
}

TEST(LargeGraphs, OfManyDimensions) {
  constexpr std::size_t count = 30'000;
  std::vector<Tensor> outputs;
  Tensor common = data({8, 1});
  Tensor y = data({8});
  for (std::size_t i = 0; i < count; ++i) {
    outputs.push_back(reduce_sum(common * data({8, 5}, static_cast<std::int64_t>(i % 1000)), 1));
    y = reduce_sum(data({8, 8}, static_cast<std::int64_t>(i % 1000)) * y, 1);
  }
  EXPECT_EQ(count_graphs(outputs).graphs, 1);
  EXPECT_EQ(count_graphs({y}).graphs, 1);
}

TEST(LargeGraphs, OfChainsOfViews) {
  constexpr std::int64_t count = 5'000;
  Tensor x = data({8000}) * 2.F;
  std::vector<Tensor> outputs;
  Tensor view = x;
  for (std::int64_t i = 0; i < count; ++i) {
    view = squeeze(expand_dims(slice(view, {{0, view.size() - 1}}), 0));
    outputs.push_back(view + 1.F);
  }
  EXPECT_EQ(count_graphs(outputs).graphs, 2);
}

} // namespace
