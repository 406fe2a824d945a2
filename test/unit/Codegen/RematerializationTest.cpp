// SPDX-License-Identifier: Apache-2.0
#include "Codegen/Rematerialization.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

using namespace tsum;

namespace {

/// Goes through an order step by step, as an evaluation does: memory of what is taken goes once no
/// later step reads it. Returns the most bytes at once, and says what is wrong with the order.
std::int64_t bytes_of(const LaunchGraph &graph, const LaunchOrder &order, std::string &wrong) {
  std::set<std::int32_t> there;
  std::set<std::int32_t> ran;
  std::int64_t most = 0;
  for (std::size_t n = 0; n < order.steps.size(); ++n) {
    const auto &[number, taken] = order.steps[n];
    const LaunchGraph::Launch &launch = graph.launches[static_cast<std::size_t>(number)];
    ran.insert(number);
    for (std::int32_t input : launch.inputs)
      if (!there.contains(input))
        wrong += "step " + std::to_string(n) + " reads " + std::to_string(input) + "; ";
    // Until the step ends, all that it writes is in memory.
    std::int64_t bytes = 0;
    for (std::int32_t value : there)
      if (!graph.values[static_cast<std::size_t>(value)].isOutput)
        bytes += graph.values[static_cast<std::size_t>(value)].bytes;
    for (std::int32_t value : launch.results) {
      const LaunchGraph::Value &result = graph.values[static_cast<std::size_t>(value)];
      const bool is_taken = std::ranges::find(taken, value) != taken.end();
      if (!(result.isOutput && is_taken))
        bytes += result.bytes;
    }
    most = std::max(most, bytes);
    there.insert(taken.begin(), taken.end());
    // Who reads a value is a later step, before one that takes it again.
    std::erase_if(there, [&](std::int32_t value) {
      if (graph.values[static_cast<std::size_t>(value)].isOutput)
        return false;
      for (std::size_t later = n + 1; later < order.steps.size(); ++later) {
        const LaunchOrder::Step &step = order.steps[later];
        const auto &inputs = graph.launches[static_cast<std::size_t>(step.launch)].inputs;
        if (std::ranges::find(inputs, value) != inputs.end())
          return false;
        if (std::ranges::find(step.taken, value) != step.taken.end())
          return true;
      }
      return true;
    });
  }
  if (ran.size() != graph.launches.size())
    wrong += "launches are missing; ";
  for (std::int32_t value = 0; value < static_cast<std::int32_t>(graph.values.size()); ++value)
    if (graph.values[static_cast<std::size_t>(value)].isOutput && !there.contains(value))
      wrong += "output " + std::to_string(value) + " is missing; ";
  return most;
}

/// `layers` launches, each of which reads what the one before left, and one more for each, from the
/// last to the first, that reads what it has read and what the one behind it left: a gradient.
LaunchGraph chain_and_back(int layers, std::int64_t bytes) {
  LaunchGraph graph;
  std::vector<std::int32_t> forward;
  for (int n = 0; n < layers; ++n) {
    graph.launches.emplace_back();
    if (n > 0)
      graph.launches.back().inputs = {forward.back()};
    forward.push_back(graph.addResult(bytes));
  }
  std::int32_t gradient = forward.back();
  for (int n = layers; n-- > 0;) {
    graph.launches.emplace_back();
    graph.launches.back().inputs = {gradient};
    if (n > 0 && forward[static_cast<std::size_t>(n) - 1] != gradient)
      graph.launches.back().inputs.push_back(forward[static_cast<std::size_t>(n) - 1]);
    gradient = graph.addResult(bytes);
  }
  graph.values.back().isOutput = true;
  return graph;
}

LaunchGraph random_graph(std::mt19937_64 &random) {
  auto below = [&](int n) { return static_cast<int>(random() % static_cast<std::uint64_t>(n)); };
  LaunchGraph graph;
  const int launches = 1 + below(30);
  for (int n = 0; n < launches; ++n) {
    const auto known = static_cast<int>(graph.values.size());
    graph.launches.emplace_back().cost = 1 + below(100);
    std::set<std::int32_t> inputs;
    for (int count = known == 0 ? 0 : below(4); count > 0; --count)
      inputs.insert(known - 1 - std::min(below(known), below(known)));
    graph.launches.back().inputs.assign(inputs.begin(), inputs.end());
    for (int count = 1 + below(3); count > 0; --count)
      graph.addResult(below(8) == 0 ? 0 : 1 + below(1000));
  }
  for (LaunchGraph::Value &value : graph.values)
    value.isOutput = below(5) == 0;
  return graph;
}

TEST(Rematerialization, RepeatsNothingWithinTheBound) {
  const LaunchGraph graph = chain_and_back(8, 100);
  const std::int64_t all = rematerialize(graph, 1'000'000).bytes;
  EXPECT_EQ(all, 900); // the eight, and one gradient
  for (std::int64_t bound : {all, all + 1, std::int64_t{1} << 62}) {
    const LaunchOrder order = rematerialize(graph, bound);
    ASSERT_EQ(order.steps.size(), graph.launches.size());
    for (std::size_t n = 0; n < order.steps.size(); ++n)
      EXPECT_EQ(order.steps[n].launch, static_cast<std::int32_t>(n));
  }
}

TEST(Rematerialization, WhatLeavesLittleRunsEarly) {
  // Each of ten values is read once, by launches that stand behind all of them.
  LaunchGraph graph;
  for (int n = 0; n < 10; ++n) {
    graph.launches.emplace_back();
    graph.addResult(100);
  }
  for (std::int32_t n = 0; n < 10; ++n) {
    graph.launches.emplace_back().inputs = {n};
    graph.values[static_cast<std::size_t>(graph.addResult(100))].isOutput = true;
  }
  const LaunchOrder order = rematerialize(graph, 150);
  std::string wrong;
  EXPECT_EQ(bytes_of(graph, order, wrong), 100);
  EXPECT_EQ(wrong, "");
  EXPECT_EQ(order.steps.size(), 20U);
}

TEST(Rematerialization, ChainsNeedAboutTheRootOfTheirMemory) {
  const LaunchGraph graph = chain_and_back(100, 1);
  std::string wrong;
  // With one launch more for each of the hundred, 2 sqrt(100) checkpoints are enough; some more
  // stand for a rule that looks at one value after the other.
  const LaunchOrder order = rematerialize(graph, 24);
  EXPECT_EQ(bytes_of(graph, order, wrong), order.bytes);
  EXPECT_EQ(wrong, "");
  EXPECT_LE(order.bytes, 24);
  EXPECT_LE(order.steps.size(), 320U) << "of 200";
}

TEST(Rematerialization, OrdersOfRandomLaunchesComputeAllWithinTheBound) {
  std::mt19937_64 random(17);
  int bounded = 0, tighter = 0;
  for (int n = 0; n < 2000; ++n) {
    const LaunchGraph graph = random_graph(random);
    const std::int64_t all = rematerialize(graph, std::int64_t{1} << 62).bytes;
    std::int64_t least = 0; // what one launch reads and writes
    for (const LaunchGraph::Launch &launch : graph.launches) {
      std::int64_t bytes = 0;
      for (const auto *values : {&launch.inputs, &launch.results})
        for (std::int32_t value : *values)
          if (!graph.values[static_cast<std::size_t>(value)].isOutput)
            bytes += graph.values[static_cast<std::size_t>(value)].bytes;
      least = std::max(least, bytes);
    }
    ASSERT_LE(least, all);
    const auto bound =
        least + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(all - least + 1));
    const LaunchOrder order = rematerialize(graph, bound);
    std::string wrong;
    // What is let go of before anybody has read it counts there until then.
    ASSERT_LE(bytes_of(graph, order, wrong), order.bytes) << "graph " << n;
    ASSERT_EQ(wrong, "") << "graph " << n;
    ASSERT_LE(order.bytes, all) << "graph " << n;
    bounded += order.bytes <= bound ? 1 : 0;
    tighter += order.bytes < all ? 1 : 0;
  }
  EXPECT_GT(bounded, 1750); // some need more than their largest launch
  EXPECT_GT(tighter, 1300);
}

TEST(Rematerialization, NothingAtAllIsAsLittleAsIsFound) {
  const LaunchGraph graph = chain_and_back(20, 8);
  const LaunchOrder order = rematerialize(graph, 0);
  std::string wrong;
  EXPECT_EQ(bytes_of(graph, order, wrong), order.bytes);
  EXPECT_EQ(wrong, "");
  EXPECT_GE(order.bytes, 3 * 8); // two that a launch reads and one that it writes
  EXPECT_LE(order.bytes, 8 * 8);
  EXPECT_LE(order.steps.size(), 4 * graph.launches.size() + 64);
  EXPECT_EQ(rematerialize(LaunchGraph(), 0).steps.size(), 0U);
}

} // namespace
