// SPDX-License-Identifier: Apache-2.0
#include "tsum/Canonical/CanonicalGraph.h"
#include "tsum/ops.h"

#include <gmock/gmock.h>

#include <cstring>

using namespace tsum;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

/// Memory that no test reads.
const float memory[4096] = {};

Tensor view(Shape shape, std::vector<std::int64_t> element_strides = {},
            const float *data = memory) {
  for (std::int64_t &stride : element_strides)
    stride *= sizeof(float);
  return borrow(data, DType::f32, std::move(shape), std::move(element_strides));
}

Canonicalized canonical(const Tensor &tensor) { return canonicalize({&tensor.node(), 1}); }

std::string text(const Tensor &tensor) { return canonical(tensor).graph.to_string(); }

TEST(Canonicalize, SumOfATransposedMatrixIsASumOfItsRows) {
  EXPECT_EQ(text(reduce_sum(view({4, 8}), 1)), "%0 = constant : f32[d0=4, d1=8] strides [8,1]\n"
                                               "%1 = reduce_sum %0 : f32[d0=4]\n"
                                               "return %1\n");
  CanonicalGraph rows = canonical(reduce_sum(view({4, 8}), 1)).graph;
  CanonicalGraph columns = canonical(reduce_sum(view({8, 4}, {1, 8}), 0)).graph;
  EXPECT_EQ(rows, columns);
  EXPECT_EQ(rows.hash(), columns.hash());
}

TEST(Canonicalize, DifferentGraphsHashDifferently) {
  CanonicalGraph rows = canonical(reduce_sum(view({8, 8}), 1)).graph;
  CanonicalGraph columns = canonical(reduce_sum(view({8, 8}), 0)).graph;
  EXPECT_NE(rows, columns);
  EXPECT_NE(rows.hash(), columns.hash());
}

TEST(Canonicalize, MergesNeighboursThatAreReducedTogether) {
  EXPECT_EQ(canonical(reduce_max(view({4, 8, 16}), {1, 2})).graph,
            canonical(reduce_max(view({4, 128}), 1)).graph);
  EXPECT_EQ(canonical(reduce_max(view({4, 8, 16}), {0, 1})).graph,
            canonical(reduce_max(view({32, 16}), 0)).graph);
  EXPECT_EQ(text(reduce_max(view({4, 8, 16}))), "%0 = constant : f32[d0=512] strides [1]\n"
                                                "%1 = reduce_max %0 : f32\n"
                                                "return %1\n");
  EXPECT_THAT(canonical(reduce_max(view({4, 8, 16}), 1)).graph.extents, ElementsAre(4, 8, 16));
}

TEST(Canonicalize, MergesWhatIsSummedTogetherWhereThatKeepsTheOrder) {
  // The line has whole blocks, a power of two of them.
  EXPECT_THAT(canonical(reduce_sum(view({3, 256}))).graph.extents, ElementsAre(768));
  EXPECT_THAT(canonical(reduce_sum(view({3, 512}))).graph.extents, ElementsAre(1536));
  EXPECT_THAT(canonical(reduce_sum(view({4, 128}))).graph.extents, ElementsAre(4, 128));
  EXPECT_THAT(canonical(reduce_sum(view({2, 768}))).graph.extents, ElementsAre(2, 768));
  // Lines are merged by powers of two of them.
  EXPECT_THAT(canonical(reduce_sum(view({3, 8, 10}))).graph.extents, ElementsAre(24, 10));
  EXPECT_THAT(canonical(reduce_sum(view({8, 3, 10}))).graph.extents, ElementsAre(8, 3, 10));
  EXPECT_THAT(canonical(reduce_sum(view({3, 2, 256}))).graph.extents, ElementsAre(1536));
  EXPECT_THAT(canonical(reduce_sum(view({5, 3, 256}))).graph.extents, ElementsAre(5, 768));
  // Along which of them lines run matters, not where they lie.
  EXPECT_THAT(canonical(reduce_sum(view({3, 256, 5}), {0, 1})).graph.extents, ElementsAre(768, 5));
  EXPECT_THAT(canonical(reduce_sum(view({3, 128, 5}), {0, 1})).graph.extents,
              ElementsAre(3, 128, 5));
  // What is kept merges whatever its extents are.
  EXPECT_THAT(canonical(reduce_sum(view({3, 5, 7}), 2)).graph.extents, ElementsAre(15, 7));
  // Without elements there is no order.
  EXPECT_THAT(canonical(reduce_sum(view({3, 0}))).graph.extents, ElementsAre(0));
}

TEST(Canonicalize, SumsKeepTheOrderOfTheUsersDimensions) {
  // The same memory, once row by row and once column by column.
  Tensor x = view({3, 256}, {1, 3});
  EXPECT_EQ(text(reduce_sum(x)), "%0 = constant : f32[d0=256, d1=3] strides [3,1]\n"
                                 "%1 = reduce_sum %0 axes [d1,d0] : f32\n"
                                 "return %1\n");
  CanonicalGraph rows = canonical(reduce_sum(view({256, 3}))).graph;
  CanonicalGraph columns = canonical(reduce_sum(x)).graph;
  EXPECT_THAT(rows.values[1].axes, ElementsAre(0, 1));
  EXPECT_THAT(columns.values[1].axes, ElementsAre(1, 0));
  EXPECT_NE(rows, columns);
  EXPECT_NE(rows.hash(), columns.hash());
  // Where there is no order, it is one graph.
  EXPECT_EQ(canonical(reduce_max(x)).graph, canonical(reduce_max(view({256, 3}))).graph);
  EXPECT_THAT(canonical(reduce_sum(x, all_axes, {.accuracy = Accuracy::exact})).graph.extents,
              ElementsAre(768));
  EXPECT_THAT(canonical(reduce_sum(cast(x, DType::i32))).graph.extents, ElementsAre(768));

  EXPECT_EQ(text(reduce_sum(transpose(square(view({4, 8, 16})), {2, 1, 0}), {0, 2})),
            "%0 = constant : f32[d0=4, d1=8, d2=16] strides [128,16,1]\n"
            "%1 = square %0 : f32[d0=4, d1=8, d2=16]\n"
            "%2 = reduce_sum %1 axes [d2,d0] : f32[d1=8]\n"
            "return %2\n");
}

TEST(Canonicalize, TwoSumsInTwoOrdersMergeNothing) {
  Tensor x = view({4, 256});
  EXPECT_THAT(canonical(reduce_sum(x) + reduce_sum(transpose(square(x)))).graph.extents,
              ElementsAre(4, 256));
}

TEST(Canonicalize, DoesNotFlipWhatIsSummed) {
  Tensor backwards = view({4, 8}, {8, -1}, memory + 7);
  EXPECT_EQ(text(reduce_sum(backwards, 1)), "%0 = constant : f32[d0=4, d1=8] strides [8,-1]\n"
                                            "%1 = reduce_sum %0 : f32[d0=4]\n"
                                            "return %1\n");
  EXPECT_EQ(canonical(reduce_sum(backwards, 1)).arguments[0].data,
            reinterpret_cast<const std::byte *>(memory + 7));
  EXPECT_EQ(canonical(reduce_sum(backwards, 0)).graph,
            canonical(reduce_sum(view({4, 8}), 0)).graph);
  EXPECT_EQ(canonical(reduce_max(backwards)).graph, canonical(reduce_max(view({4, 8}))).graph);
}

TEST(Canonicalize, DoesNotMergeWhatIsNotContiguousInAllData) {
  EXPECT_THAT(canonical(reduce_sum(view({4, 8}, {10, 1}))).graph.extents, ElementsAre(4, 8));
  EXPECT_THAT(canonical(view({4, 8}) + view({4, 8}, {10, 1})).graph.extents, ElementsAre(4, 8));
  EXPECT_THAT(canonical(view({4, 8}) + view({8})).graph.extents, ElementsAre(4, 8));
  EXPECT_THAT(canonical(view({4, 8}) + view({4, 8})).graph.extents, ElementsAre(32));
}

TEST(Canonicalize, DropsUnitDimensions) {
  EXPECT_EQ(canonical(reduce_sum(view({1, 4, 1, 8}, {-7, 8, 3, 1}), {2, 3}, true)).graph,
            canonical(reduce_sum(view({4, 8}), 1)).graph);
}

TEST(Canonicalize, SumOverUnitAxesIsItsOperand) {
  EXPECT_EQ(text(reduce_sum(view({1, 8}), 0)), "%0 = constant : f32[d0=8] strides [1]\n"
                                               "return %0\n");
  EXPECT_EQ(text(reduce_sum(cast(square(view({8})), DType::f32), {})),
            "%0 = constant : f32[d0=8] strides [1]\n"
            "%1 = square %0 : f32[d0=8]\n"
            "return %1\n");
}

TEST(Canonicalize, OperandsSpanOnlyWhatTheyVaryAlong) {
  EXPECT_EQ(text(square(view({4, 8}) - view({4, 1}))),
            "%0 = constant : f32[d0=4, d1=8] strides [8,1]\n"
            "%1 = constant : f32[d0=4] strides [1]\n"
            "%2 = subtract %0, %1 : f32[d0=4, d1=8]\n"
            "%3 = square %2 : f32[d0=4, d1=8]\n"
            "return %3\n");
  EXPECT_EQ(canonical(view({4, 8}) + view({4, 8}, {0, 1})).graph,
            canonical(view({4, 8}) + broadcast_to(view({8}), {4, 8})).graph);
}

TEST(Canonicalize, SumOverRepeatedElementsBroadcastsFirst) {
  EXPECT_EQ(text(reduce_sum(view({4, 8}, {0, 1}), 0)), "%0 = constant : f32[d1=8] strides [1]\n"
                                                       "%1 = broadcast_to %0 : f32[d0=4, d1=8]\n"
                                                       "%2 = reduce_sum %1 : f32[d1=8]\n"
                                                       "return %2\n");
  EXPECT_EQ(text(reduce_sum(view({4, 8}, {0, 1}), 1)), "%0 = constant : f32[d0=8] strides [1]\n"
                                                       "%1 = reduce_sum %0 : f32\n"
                                                       "return %1\n");
}

TEST(Canonicalize, ResultsRepeatWhatTheirValueDoesNotSpan) {
  Canonicalized sum = canonical(reduce_sum(view({4, 8}, {0, 1}), 1));
  EXPECT_THAT(sum.results[0].strides, ElementsAre(0));
  EXPECT_EQ(sum.results[0].bytes, 4);
}

TEST(Canonicalize, FlipsWhatAllDataReadsBackwards) {
  Canonicalized forwards = canonical(square(view({4, 8})));
  Canonicalized backwards = canonical(square(view({4, 8}, {8, -1}, memory + 7)));
  EXPECT_THAT(backwards.graph.extents, ElementsAre(32));
  EXPECT_EQ(forwards.graph, backwards.graph);
  EXPECT_EQ(backwards.arguments[0].data, reinterpret_cast<const std::byte *>(memory));
  EXPECT_THAT(backwards.results[0].strides, ElementsAre(32, -4));
  EXPECT_EQ(backwards.results[0].offset, 28);

  Canonicalized both = canonical(view({8}) + view({8}, {-1}, memory + 7));
  EXPECT_THAT(both.graph.values[1].strides, ElementsAre(-1));
}

TEST(Canonicalize, ResultsLieInTheOrderOfTheData) {
  Canonicalized doubled = canonical(view({8, 4}, {1, 8}) * 2);
  EXPECT_THAT(doubled.graph.extents, ElementsAre(32));
  EXPECT_THAT(doubled.results[0].strides, ElementsAre(4, 32));
  EXPECT_EQ(doubled.results[0].bytes, 128);
}

TEST(Canonicalize, TheLargestDataDecidesTheOrder) {
  // The vector knows nothing of the order, the small matrix loses to the large tensor.
  Tensor large = view({2, 8, 4}, {32, 1, 8});
  EXPECT_EQ(text(view({8, 4}) + large), "%0 = constant : f32[d1=4, d2=8] strides [1,4]\n"
                                        "%1 = constant : f32[d0=2, d1=4, d2=8] strides [32,8,1]\n"
                                        "%2 = add %0, %1 : f32[d0=2, d1=4, d2=8]\n"
                                        "return %2\n");
}

TEST(Canonicalize, KeepsTheUsersOrderWhereNoDataDecides) {
  EXPECT_EQ(text(view({4, 1}) + view({8})), "%0 = constant : f32[d0=4] strides [1]\n"
                                            "%1 = constant : f32[d1=8] strides [1]\n"
                                            "%2 = add %0, %1 : f32[d0=4, d1=8]\n"
                                            "return %2\n");
}

TEST(Canonicalize, DataUsedInTwoOrdersIsReadTwice) {
  Tensor x = view({8}); // runs along the columns, then along the rows
  EXPECT_EQ(text(reduce_sum(view({8, 8}) * x, 1) + x),
            "%0 = constant : f32[d0=8, d1=8] strides [8,1]\n"
            "%1 = constant : f32[d1=8] strides [1]\n"
            "%2 = constant : f32[d0=8] strides [1]\n"
            "%3 = multiply %0, %1 : f32[d0=8, d1=8]\n"
            "%4 = reduce_sum %3 : f32[d0=8]\n"
            "%5 = add %4, %2 : f32[d0=8]\n"
            "return %5\n");
  EXPECT_THAT(canonical(reduce_sum(view({4, 8}) * x, 0) + x).graph.extents, ElementsAre(4, 8));
}

TEST(Canonicalize, ComputedValuesUsedInTwoOrdersAreNeededFirst) {
  Tensor y = square(view({8, 8}));
  Tensor columns = reduce_sum(y, 0);
  Tensor rows = reduce_sum(y, 1);
  Tensor sum = columns + rows;
  Canonicalized first = canonical(sum);
  EXPECT_THAT(first.needed_first, ElementsAre(ElementsAre(rows.node())));
  EXPECT_THAT(first.graph.values, IsEmpty());

  rows.node()->set_values(view({8}).node()->values());
  Canonicalized second = canonical(sum);
  EXPECT_THAT(second.needed_first, IsEmpty());
  EXPECT_EQ(second.graph.to_string(), "%0 = constant : f32[d0=8, d1=8] strides [8,1]\n"
                                      "%1 = constant : f32[d1=8] strides [1]\n"
                                      "%2 = square %0 : f32[d0=8, d1=8]\n"
                                      "%3 = reduce_sum %2 : f32[d1=8]\n"
                                      "%4 = add %3, %1 : f32[d1=8]\n"
                                      "return %4\n");
}

TEST(Canonicalize, ADimensionBesideItselfIsTwoDimensions) {
  Tensor x = view({8});
  Tensor y = view({8, 4});
  Node::Ptr outputs[] = {(reduce_sum(y, 1) + x).node(),
                         (reduce_sum(y, 1, /*keepdims=*/true) + x).node()}; // [8], [8,8]
  EXPECT_EQ(canonicalize(outputs).graph.to_string(),
            "%0 = constant : f32[d0=8, d1=4] strides [4,1]\n"
            "%1 = constant : f32[d0=8] strides [1]\n"
            "%2 = constant : f32[d2=8] strides [1]\n"
            "%3 = reduce_sum %0 : f32[d0=8]\n"
            "%4 = add %3, %1 : f32[d0=8]\n"
            "%5 = reduce_sum %0 : f32[d0=8]\n"
            "%6 = add %5, %2 : f32[d0=8, d2=8]\n"
            "return %4, %6\n");
}

TEST(Canonicalize, DataInOddPlacesIsCopied) {
  char bytes[64] = {};
  const std::int32_t values[] = {1, 2, 3};
  for (int i = 0; i < 3; ++i)
    std::memcpy(bytes + 1 + i * 5, values + i, 4);
  Tensor x = borrow(bytes + 1, DType::i32, {2, 3}, {0, 5});
  Canonicalized sum = canonical(reduce_sum(x, 1));
  EXPECT_EQ(sum.graph.to_string(), "%0 = constant : i32[d0=3] strides [1]\n"
                                   "%1 = reduce_sum %0 : i32\n"
                                   "return %1\n");
  ASSERT_NE(sum.arguments[0].storage, nullptr);
  EXPECT_EQ(std::memcmp(sum.arguments[0].data, values, sizeof(values)), 0);
}

TEST(Canonicalize, LayoutsOfNoElementsAreAllTheSame) {
  EXPECT_EQ(canonical(reduce_sum(borrow(nullptr, DType::f32, {0, 4}, {3, -5}), 0)).graph,
            canonical(reduce_sum(view({0, 4}), 0)).graph);
  EXPECT_THAT(canonical(reduce_sum(view({1 << 20, 0}))).graph.extents, ElementsAre(0));
}

TEST(Canonicalize, SeveralOutputsShareTheirValues) {
  Tensor x = view({4, 8});
  Tensor y = square(x);
  Node::Ptr outputs[] = {reduce_sum(x, 1).node(), reduce_sum(y, 1).node(), y.node(), y.node()};
  Canonicalized result = canonicalize(outputs);
  EXPECT_EQ(result.graph.to_string(), "%0 = constant : f32[d0=4, d1=8] strides [8,1]\n"
                                      "%1 = reduce_sum %0 : f32[d0=4]\n"
                                      "%2 = square %0 : f32[d0=4, d1=8]\n"
                                      "%3 = reduce_sum %2 : f32[d0=4]\n"
                                      "return %1, %3, %2, %2\n");
  EXPECT_THAT(result.results[2].strides, ElementsAre(32, 4));
}

TEST(Canonicalize, LongChainsNeedNoRecursion) {
  Tensor x = view({8});
  for (int i = 0; i < 100'000; ++i)
    x = x + 1;
  EXPECT_EQ(canonical(x).graph.values.size(), 200'001);
}

} // namespace
