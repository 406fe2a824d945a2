// SPDX-License-Identifier: Apache-2.0
//
// Gradients whose memory is bounded: the same bits, in less of it.
#include "Runtime/Kernels.h"
#include "Runtime/Launches.h"
#include "Runtime/ScratchSpace.h"

#include "tsum/Canonical/EvaluateBy.h"
#include "tsum/Runtime/Trace.h"
#include "tsum/explain.h"
#include "tsum/tsum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>

using namespace tsum;

namespace {

constexpr std::int64_t side = 64, layers = 8, layer_bytes = side * side * 4;

Tensor random_tensor(const Shape &shape, std::uint64_t seed, float scale = 1) {
  std::mt19937_64 random(seed);
  std::int64_t size = 1;
  for (std::int64_t extent : shape)
    size *= extent;
  std::vector<float> values(static_cast<std::size_t>(size));
  for (float &value : values)
    value = scale * (static_cast<float>(random() % 2001) / 1000 - 1);
  return constant(std::span<const float>(values), shape);
}

/// Eight layers of a network of 64 neurons each: each product is needed again by the gradient.
struct Network {
  std::vector<Tensor> weights;
  Tensor x = random_tensor({side, side}, 1);
  Tensor loss = x;

  Network() {
    Tensor y = x;
    for (std::int64_t n = 0; n < layers; ++n) {
      weights.push_back(
          random_tensor({side, side}, 2 + static_cast<std::uint64_t>(n), /*scale=*/0.25F));
      const Tensor product =
          reduce_sum(reshape(y, {side, side, 1}) * reshape(weights.back(), {1, side, side}), 1);
      y = tanh(product);
    }
    loss = reduce_sum(square(y));
  }

  [[nodiscard]] std::vector<Tensor> outputs(std::optional<std::int64_t> memory) const {
    std::vector<Tensor> all = gradients(loss, weights, {}, {.memory = memory});
    all.push_back(loss);
    return all;
  }
};

std::vector<float> values_of(const std::vector<Tensor> &tensors) {
  std::vector<float> values;
  for (const Tensor &tensor : tensors) {
    const std::vector<float> more = tensor.to_vector<float>();
    values.insert(values.end(), more.begin(), more.end());
  }
  return values;
}

bool are_same_bits(const std::vector<float> &a, const std::vector<float> &b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

/// The most that the evaluation's kernels have in memory at once, without evaluating it.
std::int64_t bytes_needed(const std::vector<Tensor> &outputs) {
  std::int64_t most = 0;
  const Schedule schedule = trace({}, outputs, [&](const CanonicalGraph &graph) {
    auto program = Kernels::instance().get(graph, Kernels::Use::Often);
    most = std::max(most, bytes_between(*program));
    return program;
  });
  // Functions, whose memory is one piece, need no more.
  EXPECT_LE(schedule.scratch_bytes, most + most / 8 + 4096);
  return most;
}

TEST(GradientMemory, BoundsWhatIsKeptAndChangesNoBit) {
  const std::int64_t free = bytes_needed(Network().outputs(std::nullopt));
  const std::vector<Tensor> kept = Network().outputs(std::nullopt);
  eval(kept);
  const std::vector<float> expected = values_of(kept);
  ASSERT_GE(free, layers * layer_bytes);
  for (std::int64_t bound : {free, 6 * layer_bytes, 5 * layer_bytes}) {
    const Network network;
    const std::vector<Tensor> outputs = network.outputs(bound);
    EXPECT_LE(bytes_needed(outputs), bound);
    trim_memory();
    eval(outputs);
    // All that kernels left for one another lies in the pool now.
    EXPECT_LE(memory_use().results, bound + bound / 8);
    EXPECT_TRUE(are_same_bits(values_of(outputs), expected)) << bound;
  }
  for (std::int64_t bound : {std::int64_t{0}, std::int64_t{1}, layer_bytes}) {
    const std::vector<Tensor> outputs = Network().outputs(bound);
    EXPECT_LT(bytes_needed(outputs), free / 2) << bound;
    eval(outputs);
    EXPECT_TRUE(are_same_bits(values_of(outputs), expected)) << bound;
  }
}

TEST(GradientMemory, FunctionsKeepTheBound) {
  const Network network;
  const std::int64_t bound = 5 * layer_bytes;
  const Tensor x = input(DType::f32, {side, side});
  Tensor y = x;
  for (const Tensor &w : network.weights)
    y = tanh(reduce_sum(reshape(y, {side, side, 1}) * reshape(w, {1, side, side}), 1));
  const Tensor loss = reduce_sum(square(y));
  const auto by_x = gradients(loss, {x}, {}, {.memory = bound});
  const auto free = gradients(loss, {x});
  auto scratch_of = [&](const std::vector<Tensor> &outputs) {
    return trace({&x, 1}, outputs,
                 [&](const CanonicalGraph &graph) {
                   return Kernels::instance().get(graph, Kernels::Use::Often);
                 })
        .scratch_bytes;
  };
  EXPECT_LE(scratch_of(by_x), bound + 4096);
  EXPECT_GE(scratch_of(free), layers * layer_bytes);
  const auto within = compile({&x, 1}, by_x)({network.x}).front();
  const auto without = compile({&x, 1}, free)({network.x}).front();
  EXPECT_TRUE(are_same_bits(values_of({within}), values_of({without})));
}

TEST(GradientMemory, BoundsWhatIsComputedOfGradients) {
  const Network network;
  auto update = [&](std::optional<std::int64_t> memory) {
    const auto by = gradients(network.loss, network.weights, {}, {.memory = memory});
    std::vector<Tensor> updated;
    for (std::size_t n = 0; n < by.size(); ++n)
      updated.push_back(slice(network.weights[n] - 0.5F * by[n], {Slice{0, 8}, Slice{}}));
    return updated;
  };
  const std::vector<Tensor> updated = update(6 * layer_bytes);
  // Slices are pushed down to the data: the graph that is compiled has other nodes.
  EXPECT_EQ(memory_of(std::vector{updated.front().node()}), 6 * layer_bytes);
  EXPECT_LE(bytes_needed(updated), 6 * layer_bytes);
  EXPECT_GT(bytes_needed(update(std::nullopt)), 8 * layer_bytes);
  EXPECT_EQ(memory_of(std::vector{updated[0].node(), update(7)[1].node()}), 7);
}

TEST(GradientMemory, GraphsWithOtherBoundsAreOthers) {
  auto graph_of = [](std::optional<std::int64_t> memory) {
    const Tensor x = random_tensor({4, 4}, 3);
    const auto by = gradients(reduce_sum(exp(x)), {x}, {}, {.memory = memory});
    return canonicalize(std::vector{by.front().node()}, memory_of(std::vector{by.front().node()}))
        .graph;
  };
  EXPECT_EQ(graph_of(100), graph_of(100));
  EXPECT_NE(graph_of(100), graph_of(101));
  EXPECT_NE(graph_of(100), graph_of(std::nullopt));
  EXPECT_NE(graph_of(100).hash(), graph_of(101).hash());
  EXPECT_NE(graph_of(100).to_string().find("within 100 bytes"), std::string::npos);
}

TEST(GradientMemory, GraphsWithOtherBoundsHaveOtherPlans) {
  clear_cache();
  eval(Network().outputs(6 * layer_bytes));
  const std::int64_t before = cache_stats().misses;
  eval(Network().outputs(5 * layer_bytes));
  const std::int64_t after = cache_stats().misses;
  EXPECT_GT(after, before);
  eval(Network().outputs(5 * layer_bytes));
  EXPECT_EQ(cache_stats().misses, after);
}

/// A launch that runs again leaves all that it left before, though one result may be wanted.
TEST(GradientMemory, ResultsThatNothingReadsGoAtOnce) {
  Program program;
  program.arguments = 1;
  program.launches.resize(2);
  program.launches[0].inputs = {0};
  program.launches[0].results = {8, 8};
  program.launches[1].inputs = {1};
  program.launches[1].results = {8};
  program.outputs = {3};
  std::vector<std::unique_ptr<int>> results;
  results.push_back(std::make_unique<int>());
  results.push_back(std::make_unique<int>());
  release_after(program, 0, results);
  EXPECT_TRUE(results[0]);
  EXPECT_FALSE(results[1]);
  results.push_back(std::make_unique<int>());
  release_after(program, 1, results);
  EXPECT_FALSE(results[0]);
  EXPECT_TRUE(results[2]);
  EXPECT_EQ(bytes_between(program), 16);
}

TEST(GradientMemory, IsBoundedWhereElseNothingIsCompiled) {
  const Specialize before = specialize();
  set_specialize(Specialize::never);
  const std::int64_t runs = cache_stats().generic_runs;
  const Tensor x = random_tensor({7, 9}, 8);
  eval(gradients(reduce_sum(exp(sin(x))), {x}, {}, {.memory = 100}));
  EXPECT_EQ(cache_stats().generic_runs, runs);
  set_specialize(before);
}

TEST(GradientMemory, SecondDerivativesPassABound) {
  const Tensor x = random_tensor({5}, 4);
  const auto first = gradients(reduce_sum(x * x * x), {x}, {}, {.memory = 0});
  const auto second = gradients(reduce_sum(first.front()), {x});
  const std::vector<float> values = x.to_vector<float>(), found = second.front().to_vector<float>();
  for (std::size_t n = 0; n < values.size(); ++n)
    EXPECT_FLOAT_EQ(found[n], 6 * values[n]);
}

TEST(GradientMemory, LessThanNothingIsAnError) {
  const Tensor x = random_tensor({5}, 5);
  try {
    (void)gradients(reduce_sum(x * x), {x}, {}, {.memory = -1});
    FAIL() << "a bound of -1";
  } catch (const Error &error) {
    EXPECT_STREQ(error.what(),
                 "gradients: memory is -1 bytes (0 or more, or nothing for no bound)");
  }
}

TEST(GradientMemory, ExplainSaysWhatIsComputedAgain) {
  const std::string text = explain(Network().outputs(5 * layer_bytes));
  EXPECT_NE(text.find("recomputed  memory"), std::string::npos) << text;
  EXPECT_NE(text.find("of 81.9 KB that may be; "), std::string::npos) << text;
  const std::string impossible = explain(Network().outputs(1));
  EXPECT_NE(impossible.find("of 1 B that may be: the least that was found; "), std::string::npos)
      << impossible;
  EXPECT_EQ(explain(Network().outputs(std::nullopt)).find("recomputed"), std::string::npos);
}

TEST(ScratchSpace, PlacesOverlapOnlyOneAfterTheOther) {
  std::mt19937_64 random(6);
  ScratchSpace space;
  std::vector<std::pair<std::int64_t, std::int64_t>> taken; // place, bytes
  std::int64_t live = 0, most = 0;
  for (int n = 0; n < 5000; ++n) {
    if (taken.empty() || random() % 9 < 5) {
      const auto bytes = static_cast<std::int64_t>(random() % (random() % 5 == 0 ? 5000 : 3));
      const std::int64_t place = space.take(bytes);
      EXPECT_EQ(place % 64, 0);
      for (const auto &[other, length] : taken)
        ASSERT_TRUE(place + std::max<std::int64_t>(bytes, 1) <= other ||
                    other + std::max<std::int64_t>(length, 1) <= place);
      taken.emplace_back(place, bytes);
      live += (std::max<std::int64_t>(bytes, 1) + 63) / 64 * 64;
      most = std::max(most, live);
      ASSERT_LE(place + bytes, space.size());
    } else {
      const std::size_t n = random() % taken.size();
      live -= (std::max<std::int64_t>(taken[n].second, 1) + 63) / 64 * 64;
      space.give_back(taken[n].first, taken[n].second);
      taken.erase(taken.begin() + static_cast<std::ptrdiff_t>(n));
    }
  }
  EXPECT_GE(space.size(), most);
  EXPECT_LE(space.size(), 2 * most);
  for (const auto &[place, bytes] : taken)
    space.give_back(place, bytes);
  EXPECT_EQ(space.take(space.size()), 0) << "all of it is one piece again";
}

} // namespace
