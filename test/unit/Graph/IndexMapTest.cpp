// SPDX-License-Identifier: Apache-2.0
#include "tsum/Graph/IndexMap.h"

#include "tsum/ops.h"

#include <gmock/gmock.h>

using namespace tsum;
using testing::ElementsAre;

namespace {

constexpr std::int32_t none = IndexMap::none;
using Source = IndexMap::Source;

TEST(IndexMap, OfATransposeExchangesDimensions) {
  const IndexMap map = IndexMap::transpose(Shape{2, 3, 4}, Shape{2, 0, 1});
  EXPECT_THAT(map.shape, ElementsAre(4, 2, 3));
  EXPECT_THAT(map.strides(Shape{12, 4, 1}), ElementsAre(1, 12, 4));
  EXPECT_EQ(map.offset(Shape{12, 4, 1}), 0);
}

TEST(IndexMap, OfASliceStartsAndSteps) {
  const IndexMap map = IndexMap::slice(Shape{9, 2}, Shape{-3, 5}, {4, 1});
  EXPECT_THAT(map.sources, ElementsAre(Source{0, 9, -3}, Source{1, 2, 1}));
  EXPECT_THAT(map.strides(Shape{10, 1}), ElementsAre(-30, 1));
  EXPECT_EQ(map.offset(Shape{10, 1}), 92);
}

TEST(IndexMap, OfABroadcastRepeatsExtentsOfOne) {
  const IndexMap map = IndexMap::broadcast(Shape{3, 1}, {2, 3, 4});
  EXPECT_THAT(map.sources, ElementsAre(Source{1}, Source{none}));
  EXPECT_THAT(map.strides(Shape{1, 1}), ElementsAre(0, 1, 0));
}

TEST(IndexMap, OfAReshapeIsOneOfExtentsOfOneAlone) {
  const auto map = IndexMap::reshape(Shape{1, 3, 1, 4}, {3, 4, 1});
  ASSERT_TRUE(map);
  EXPECT_THAT(map->sources, ElementsAre(Source{none}, Source{0}, Source{none}, Source{1}));
  EXPECT_FALSE(IndexMap::reshape(Shape{3, 4}, {4, 3}));
  EXPECT_FALSE(IndexMap::reshape(Shape{3, 4}, {12}));
  EXPECT_FALSE(IndexMap::reshape(Shape{12}, {3, 4}));
  EXPECT_TRUE(IndexMap::reshape(Shape{}, {1, 1}));
  EXPECT_TRUE(IndexMap::reshape(Shape{0, 1}, {0}));
}

TEST(IndexMap, OfAViewOfAViewIsComposed) {
  // x[1:7:2][::-1], as a column beside itself.
  const IndexMap odd = IndexMap::slice(Shape{1}, Shape{2}, {3});
  const IndexMap reversed = IndexMap::slice(Shape{2}, Shape{-1}, {3});
  const IndexMap column = *IndexMap::reshape(Shape{3}, {3, 1});
  const IndexMap twice = IndexMap::broadcast(Shape{3, 1}, {3, 2});
  const IndexMap all = twice.compose(column.compose(reversed.compose(odd)));
  EXPECT_THAT(all.shape, ElementsAre(3, 2));
  EXPECT_THAT(all.sources, ElementsAre(Source{0, 5, -2}));
  EXPECT_THAT(all.strides(Shape{1}), ElementsAre(-2, 0));
  // What is taken once has no step.
  const IndexMap last = IndexMap::slice(Shape{2}, Shape{1}, {1}).compose(odd);
  EXPECT_THAT(last.sources, ElementsAre(Source{0, 5, 1}));
}

TEST(IndexMap, IdentityChangesNothing) {
  const IndexMap map = IndexMap::slice(Shape{9, 2}, Shape{-3, 5}, {4, 3});
  EXPECT_EQ(map.compose(IndexMap::identity({10, 20})), map);
  EXPECT_EQ(IndexMap::identity(map.shape).compose(map), map);
}

TEST(IndexMap, OfANodeIsThatOfItsOperation) {
  const Tensor x = constant({1, 2, 3}) + 1;
  EXPECT_EQ(IndexMap::of(*flip(x).node(), Shape{3}), IndexMap::slice(Shape{2}, Shape{-1}, {3}));
  EXPECT_EQ(IndexMap::of(*expand_dims(x, 0).node(), Shape{3}), IndexMap::reshape(Shape{3}, {1, 3}));
  EXPECT_FALSE(IndexMap::of(*x.node(), Shape{3}));
}

} // namespace
