// SPDX-License-Identifier: Apache-2.0
#include "tsum/Graph/Node.h"
#include "tsum/Reference/Evaluate.h"
#include "tsum/ops.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

using namespace tsum;

namespace {

/// Builds random graphs of integers, whose sums are the same in any order. Extents are few, so that
/// dimensions meet in many ways.
class GraphMaker {
public:
  explicit GraphMaker(unsigned seed) : random(seed) {
    for (std::size_t i = 0; i < memory.size(); ++i)
      memory[i] = static_cast<std::int32_t>(i * i) - 1000;
  }

  Tensor make(int nodes) {
    std::vector<Tensor> tensors = {data(), data()};
    while (nodes-- > 0)
      tensors.push_back(next(tensors));
    return tensors.back();
  }

private:
  std::int64_t pick(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  }

  Tensor data() {
    Shape shape(static_cast<std::size_t>(pick(0, 3)));
    ByteStrides strides;
    for (std::int64_t &extent : shape) {
      extent = pick(0, 9) == 0 ? pick(0, 1) : 4;
      constexpr std::int64_t choices[] = {0, 1, 4, 16, 3, -1, -4, -16};
      strides.push_back(choices[pick(0, 7)] * std::int64_t{sizeof(memory[0])});
    }
    return borrow(&memory[memory.size() / 2], DType::i32, std::move(shape), std::move(strides));
  }

  Tensor next(const std::vector<Tensor> &tensors) {
    auto any = [&] { return tensors[static_cast<std::size_t>(pick(0, std::ssize(tensors) - 1))]; };
    const Tensor &x = tensors.back();
    Shape shape(x.shape().begin(), x.shape().end());
    switch (pick(0, 7)) {
    case 0:
      return data();
    case 1:
    case 2: {
      std::vector<std::int64_t> axes;
      for (std::int64_t axis = 0; axis < x.rank(); ++axis)
        if (pick(0, 1))
          axes.push_back(axis);
      return reduce_sum(x, axes, pick(0, 1) != 0);
    }
    case 3:
      if (shape.size() < 4)
        shape.insert(shape.begin(), 4);
      return broadcast_to(x, std::move(shape));
    case 4:
      return square(x);
    default:
      try {
        return pick(0, 1) ? x - any() : x * any();
      } catch (const ShapeError &) {
        return x + 1;
      }
    }
  }

  std::mt19937 random;
  std::array<std::int32_t, 1024> memory;
};

TEST(RandomGraphs, CanonicalFormsGiveTheSameValues) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    GraphMaker maker(seed);
    Tensor tensor = maker.make(12);
    std::string graph = graph_to_string(tensor);
    std::vector<std::byte> direct = reference::evaluate(tensor);
    ASSERT_EQ(direct, reference::evaluate_tree(tensor)) << "seed " << seed << '\n' << graph;
  }
}

} // namespace
