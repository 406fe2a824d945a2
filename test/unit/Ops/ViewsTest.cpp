// SPDX-License-Identifier: Apache-2.0
#include "Iota.h"
#include "tsum/Canonical/CanonicalGraph.h"
#include "tsum/Canonical/Resolve.h"

#include <gmock/gmock.h>

using namespace tsum;
using namespace tsum::test;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::ThrowsMessage;

namespace {

TEST(Views, OfDataAreItsMemory) {
  Tensor x = iota({3, 4});
  for (const Tensor &view : {transpose(x), flip(x, 0), slice(x, {{1, {}, 1}, {{}, {}, 2}})}) {
    ASSERT_TRUE(view.is_evaluated()) << view.op();
    EXPECT_EQ(view.node()->values()->owner, x.node()->values()->owner);
  }
}

TEST(Transpose, ReordersDimensions) {
  Tensor x = iota({2, 3});
  EXPECT_THAT(evaluate(transpose(x)), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_THAT(transpose(iota({2, 3, 4}), {-1, 0, 1}).shape(), ElementsAre(4, 2, 3));
  EXPECT_THAT(evaluate(transpose(x + x) - transpose(x)), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_THAT(evaluate(reduce_sum(transpose(x * 2), 0)), ElementsAre(6, 24));
}

TEST(Transpose, RejectsWhatIsNoPermutation) {
  EXPECT_THAT(
      [] { return transpose(iota({2, 3}), {0}); },
      ThrowsMessage<AxisError>("transpose: permutation [0] names 1 axes of a tensor of rank "
                               "2 (each must be named once)"));
  EXPECT_THAT([] { return transpose(iota({2, 3}), {1, -1}); },
              ThrowsMessage<AxisError>("transpose: axis 1 is given twice in [1,-1]"));
  EXPECT_THAT(
      [] { return transpose(iota({2, 3}), {0, 2}); },
      ThrowsMessage<AxisError>("transpose: axis 2 is out of range for a tensor of rank 2 (valid: "
                               "-2..1)"));
}

TEST(Slices, AreAsPythons) {
  Tensor x = iota({5});
  auto sliced = [&](Slice part) { return evaluate(slice(x, {part})); };
  EXPECT_THAT(sliced({}), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(sliced({1, 4, 1}), ElementsAre(1, 2, 3));
  EXPECT_THAT(sliced({1, {}, 2}), ElementsAre(1, 3));
  EXPECT_THAT(sliced({-2, {}, 1}), ElementsAre(3, 4));
  EXPECT_THAT(sliced({{}, -3, 1}), ElementsAre(0, 1));
  EXPECT_THAT(sliced({{}, {}, -1}), ElementsAre(4, 3, 2, 1, 0));
  EXPECT_THAT(sliced({3, 0, -2}), ElementsAre(3, 1));
  EXPECT_THAT(sliced({-100, 100, 3}), ElementsAre(0, 3));
  EXPECT_THAT(sliced({100, -100, -3}), ElementsAre(4, 1));
  EXPECT_THAT(sliced({3, 1, 1}), IsEmpty());
  EXPECT_THAT(sliced({7, 9, 1}), IsEmpty());
  EXPECT_THAT(sliced({0, {}, std::numeric_limits<std::int64_t>::max()}), ElementsAre(0));
  EXPECT_THAT(sliced({{}, {}, std::numeric_limits<std::int64_t>::min()}), ElementsAre(4));
}

/// Every step and place on a computed tensor gives what the values sliced give.
TEST(Slices, OfWhatIsComputedAreComputed) {
  Tensor x = iota({4, 5});
  Tensor row = iota({5});
  for (std::int64_t start : {0, 1, 3, -1})
    for (std::int64_t step : {1, 2, -1, -2}) {
      Slice part{start, {}, step};
      const std::vector<Slice> parts = {part, {1, 4, 1}};
      Tensor y = x * 3 + row;
      EXPECT_EQ(evaluate(slice(y, parts)), evaluate(slice(iota({4, 5}) * 3 + row, parts)));
      Tensor sums = reduce_sum(slice(x * x, parts), 1);
      Tensor squares = slice(x, parts);
      EXPECT_EQ(evaluate(sums), evaluate(reduce_sum(squares * squares, 1)));
      EXPECT_EQ(
          evaluate(slice(reduce_sum(x * 2, 1, true) + row, parts)),
          evaluate(slice(constant<std::int32_t>(evaluate(reduce_sum(x * 2, 1, true) + row), {4, 5}),
                         parts)));
      EXPECT_EQ(evaluate(slice(flip(transpose(x + 1)), {part})),
                evaluate(flip(slice(transpose(x), {part}), 1) * 0 +
                         slice(flip(transpose(x + 1)), {part})));
    }
}

TEST(Slices, MoveToTheData) {
  Tensor x = iota({64, 64});
  Tensor sum = reduce_sum(slice(square(x), {{0, {}, 2}}));
  Resolved resolved = resolve({&sum.node(), 1});
  ASSERT_EQ(resolved.nodes.size(), 1);
  Canonicalized bound = canonicalize(resolved.nodes);
  EXPECT_THAT(bound.needed_first, IsEmpty());
  EXPECT_THAT(bound.graph.extents, ElementsAre(32, 64));
  EXPECT_THAT(bound.graph.values[0].strides, ElementsAre(128, 1));
}

TEST(Slices, OfReshapedTensorsWaitForTheirValues) {
  Tensor x = iota({4, 6});
  EXPECT_THAT(evaluate(slice(reshape(x + 1, {3, 8}), {{1, 2, 1}, {0, {}, 3}})),
              ElementsAre(9, 12, 15));
  EXPECT_THAT(evaluate(slice(reshape(x + 1, {1, 4, 1, 6}), {{}, {3, {}, 1}, {}, {{}, {}, -5}})),
              ElementsAre(24, 19));
}

TEST(Slices, BetweenReshapesLeaveOne) {
  Tensor x = iota({4});
  for (const Tensor &y : {x, x + 0})
    EXPECT_THAT(evaluate(squeeze(slice(expand_dims(y, 0), {{}, {1, 3}}))), ElementsAre(1, 2));
  Tensor scalar = reshape(slice(reshape(constant(5), {}), {}), {1});
  EXPECT_THAT(evaluate(broadcast_to(scalar, {2})), ElementsAre(5, 5));
}

TEST(Slices, OfNothing) {
  Tensor x = iota({4, 6});
  EXPECT_THAT(evaluate(reduce_sum(slice(x + 1, {{2, 2, 1}}), 0)), ElementsAre(0, 0, 0, 0, 0, 0));
  EXPECT_THAT(evaluate(slice(reduce_sum(x, 1, true), {{}, {1, {}, 1}})), IsEmpty());
}

TEST(Slices, RejectsStepsOfZeroAndTooMany) {
  EXPECT_THAT([] { return slice(iota({2}), {{0, 1, 0}}); },
              ThrowsMessage<ShapeError>("slice: a step of 0 (it must be positive or negative)"));
  EXPECT_THAT([] { return slice(iota({2}), {{}, {}}); },
              ThrowsMessage<ShapeError>(
                  "slice: 2 slices given for shape [2] of rank 1 (at most one per dimension)"));
}

/// A chain so long that recursion would overflow the stack.
TEST(Slices, OfLongChainsNeedNoStack) {
  Tensor x = iota({4});
  for (int i = 0; i < 100'000; ++i)
    x = x + 1;
  Tensor last = slice(x, {{3, {}, 1}});
  Resolved resolved = resolve({&last.node(), 1});
  EXPECT_THAT(resolved.nodes[0]->shape, ElementsAre(1));
}

TEST(Dimensions, OfExtentOneComeAndGo) {
  Tensor x = iota({2, 3});
  EXPECT_THAT(expand_dims(x, 0).shape(), ElementsAre(1, 2, 3));
  EXPECT_THAT(expand_dims(x, -1).shape(), ElementsAre(2, 3, 1));
  EXPECT_THAT(squeeze(iota({1, 2, 1})).shape(), ElementsAre(2));
  EXPECT_THAT(squeeze(iota({1, 2, 1}), -1).shape(), ElementsAre(1, 2));
  EXPECT_THAT([&] { return expand_dims(x, 3); },
              ThrowsMessage<AxisError>(
                  "expand_dims: axis 3 is out of range for a tensor of rank 3 (valid: -3..2)"));
  EXPECT_THAT([&] { return squeeze(x, 1); },
              ThrowsMessage<ShapeError>("squeeze: axis 1 of shape [2,3] has extent 3 (only an "
                                        "extent of 1 can go)"));
}

TEST(Flip, ReversesAxes) {
  Tensor x = iota({2, 3});
  EXPECT_THAT(evaluate(flip(x)), ElementsAre(5, 4, 3, 2, 1, 0));
  EXPECT_THAT(evaluate(flip(x + 0, -1)), ElementsAre(2, 1, 0, 5, 4, 3));
}

TEST(Views, HalvesOfHalvesAreEvaluatedNotRepeated) {
  // Sixteen times half of what was computed before: were all slices moved on to the data, there
  // would be 65536 of them.
  Tensor x = broadcast_to(constant(std::int64_t{1}), {1 << 16});
  while (x.size() > 1) {
    const std::int64_t half = x.size() / 2;
    x = slice(x, {{0, half}}) + slice(x, {{half, {}}});
  }
  EXPECT_EQ(x.to_vector<std::int64_t>(), std::vector<std::int64_t>{1 << 16});
}

} // namespace
