// SPDX-License-Identifier: Apache-2.0
#include "Iota.h"
#include "tsum/Canonical/CanonicalGraph.h"

#include <gmock/gmock.h>

using namespace tsum;
using namespace tsum::test;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::ThrowsMessage;

namespace {

/// `iota({4, 6})` read by other strides.
Tensor view(Shape shape, std::vector<std::int64_t> element_strides, std::int64_t first = 0) {
  static const Tensor base = iota({4, 6});
  for (std::int64_t &stride : element_strides)
    stride *= std::int64_t{sizeof(std::int32_t)};
  return borrow(base.data<std::int32_t>().data() + first, DType::i32, std::move(shape),
                std::move(element_strides));
}

Canonicalized canonical(const Tensor &tensor) { return canonicalize({&tensor.node(), 1}); }

TEST(Reshape, InfersOneExtent) {
  EXPECT_THAT(reshape(iota({4, 6}), {2, 12}).shape(), ElementsAre(2, 12));
  EXPECT_THAT(reshape(iota({4, 6}), {-1}).shape(), ElementsAre(24));
  EXPECT_THAT(reshape(iota({4, 6}), {3, -1, 2}).shape(), ElementsAre(3, 4, 2));
  EXPECT_THAT(reshape(iota({1, 1}), {}).shape(), ElementsAre());
  EXPECT_THAT(reshape(iota({}), {-1, 1}).shape(), ElementsAre(1, 1));
  EXPECT_THAT(reshape(iota({0, 4}), {-1, 7}).shape(), ElementsAre(0, 7));
  EXPECT_THAT(reshape(iota({0, 4}), {3, 0}).shape(), ElementsAre(3, 0));
}

TEST(Reshape, RejectsShapesOfOtherSizes) {
  auto reshape_to = [](const Shape &shape) { return [=] { return reshape(iota({2, 3}), shape); }; };
  EXPECT_THAT(reshape_to({4, 2}),
              ThrowsMessage<ShapeError>(
                  "reshape: shape [2,3] has 6 elements and [4,2] 8 (they must be equal)"));
  EXPECT_THAT(reshape_to({-1, 4}),
              ThrowsMessage<ShapeError>(
                  "reshape: no one extent in place of -1 gives shape [-1,4] 6 elements"));
  EXPECT_THAT(reshape_to({-1, 3, -1}),
              ThrowsMessage<ShapeError>("reshape: shape [-1,3,-1] has -1 more than once"));
  EXPECT_THAT(reshape_to({-2, -3}),
              ThrowsMessage<ShapeError>("reshape: shape [-2,-3] has a negative extent in "
                                        "dimension 0 (extents must be 0 or more)"));
  EXPECT_THAT(reshape_to({std::int64_t{1} << 32, std::int64_t{1} << 32, -1}),
              ThrowsMessage<ShapeError>("reshape: no one extent in place of -1 gives shape "
                                        "[4294967296,4294967296,-1] 6 elements"));
  EXPECT_THAT([] { return reshape(iota({0, 4}), {-1, 0}); },
              ThrowsMessage<ShapeError>(
                  "reshape: no one extent in place of -1 gives shape [-1,0] 0 elements"));
}

TEST(Reshape, OfAReshapeIsOne) {
  Tensor x = reshape(reshape(iota({4, 6}), {2, 12}), {24}, "flat");
  EXPECT_EQ(graph_to_string(x), "%0 = constant : i32[4,6]\n%1 = reshape(%0) : i32[24] \"flat\"\n");
}

TEST(Reshape, KeepsTheRowMajorOrder) {
  EXPECT_THAT(evaluate(reshape(iota({2, 3}), {3, 2})), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(evaluate(reduce_sum(reshape(iota({2, 3}), {3, 2}), 1)), ElementsAre(1, 5, 9));
  EXPECT_THAT(evaluate(reduce_sum(reshape(square(iota({2, 3})), {3, 2}), 1)),
              ElementsAre(1, 13, 41));
  EXPECT_THAT(evaluate(reshape(broadcast_to(iota({3}), {2, 3}), {3, 2})),
              ElementsAre(0, 1, 2, 0, 1, 2));
  EXPECT_THAT(evaluate(reshape(iota({0, 4}), {3, 0})), IsEmpty());
  // The first two rows of the transpose of the 4x6 matrix.
  EXPECT_THAT(evaluate(reshape(view({2, 4}, {1, 6}), {4, 2})),
              ElementsAre(0, 6, 12, 18, 1, 7, 13, 19));
}

TEST(Reshape, ReadsDataInPlaceWhereStridesCanSayIt) {
  struct {
    Tensor from;
    Shape to;
    std::vector<std::int64_t> strides; ///< in elements; empty if it takes a copy
  } cases[] = {
      {view({4, 6}, {6, 1}), {2, 3, 4}, {12, 4, 1}},
      {view({4, 3}, {6, 2}), {2, 2, 3, 1}, {12, 6, 2, 4}}, // every other column
      {view({2, 6}, {12, 1}), {2, 2, 3}, {12, 3, 1}},      // every other row
      {view({2, 6}, {12, 1}), {12}, {}},
      {view({6, 4}, {1, 6}), {3, 2, 4}, {2, 1, 6}}, // the transpose
      {view({6, 4}, {1, 6}), {24}, {}},
      {view({6}, {-1}, 5), {3, 2}, {-2, -1}}, // backwards
      {view({4, 6}, {0, 1}), {2, 2, 6}, {0, 0, 1}},
      {view({4, 6}, {0, 1}), {24}, {}},
      {view({1, 6}, {77, 1}), {6}, {1}},
      {view({}, {}), {1, 1}, {0, 0}},
  };
  for (const auto &each : cases) {
    SCOPED_TRACE(to_string(each.from.shape()) + " to " + to_string(each.to));
    const Node &node = *each.from.node();
    auto values = reshape_values(node, each.to);
    EXPECT_EQ(values->data == node.values()->data, !each.strides.empty());
    for (std::size_t dim = 0; dim < each.strides.size(); ++dim)
      if (each.to[dim] != 1) {
        EXPECT_EQ(values->strides[dim], each.strides[dim] * 4);
      }
    EXPECT_EQ(evaluate(reshape(each.from, each.to)),
              elements<std::int32_t>(reference::evaluate(each.from)));
  }
}

TEST(Reshape, UnitExtentsComeAndGoInOneGraph) {
  Tensor x = iota({4, 6});
  Tensor sums = reshape(reduce_sum(x, 1), {4, 1});
  EXPECT_EQ(canonical(square(x - sums)).graph.to_string(),
            "%0 = constant : i32[d0=4, d1=6] strides [6,1]\n"
            "%1 = reduce_sum %0 : i32[d0=4]\n"
            "%2 = subtract %0, %1 : i32[d0=4, d1=6]\n"
            "%3 = square %2 : i32[d0=4, d1=6]\n"
            "return %3\n");
  EXPECT_THAT(evaluate(reshape(reduce_sum(iota({2, 3}), 1, /*keepdims=*/true), {2})),
              ElementsAre(3, 12));
  EXPECT_THAT(evaluate(iota({2}) + reshape(iota({2}), {2, 1})), ElementsAre(0, 1, 1, 2));
  Tensor y = square(iota({3}));
  EXPECT_THAT(evaluate(reshape(y, {1, 3}) + reshape(y, {3, 1})),
              ElementsAre(0, 1, 4, 1, 2, 5, 4, 5, 8));
}

TEST(Reshape, OfDataIsDataOfAnotherShape) {
  EXPECT_EQ(canonical(reduce_sum(reshape(iota({4, 6}), {8, 3}), 1)).graph.to_string(),
            "%0 = constant : i32[d0=8, d1=3] strides [3,1]\n"
            "%1 = reduce_sum %0 : i32[d0=8]\n"
            "return %1\n");
}

TEST(Reshape, OfAComputedValueNeedsItFirst) {
  Tensor y = square(iota({4, 6}));
  Tensor sum = reduce_sum(reshape(y, {8, 3}) + reshape(y, {8, 3}), 1);
  EXPECT_THAT(canonical(sum).needed_first, ElementsAre(ElementsAre(y.node())));

  y.node()->set_values(iota({4, 6}).node()->values());
  Canonicalized bound = canonical(sum);
  EXPECT_THAT(bound.needed_first, IsEmpty());
  EXPECT_EQ(bound.arguments.size(), 2);
}

TEST(Reshape, ChainsOfComputedValuesAreEvaluatedInTurn) {
  Tensor x = reshape(square(iota({2, 3})), {3, 2});
  Tensor y = reshape(x + 1, {6});
  EXPECT_THAT(evaluate(reduce_sum(reshape(y * 2, {2, 3}), 1)), ElementsAre(16, 106));
}

} // namespace
