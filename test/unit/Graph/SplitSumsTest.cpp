// SPDX-License-Identifier: Apache-2.0
#include "tsum/Graph/CanonicalGraph.h"
#include "tsum/ops.h"

#include <gmock/gmock.h>

using namespace tsum;
using testing::HasSubstr;
using testing::Not;

namespace {

/// Data that is never read.
Tensor data(DType dtype, Shape shape) {
  alignas(8) static const std::byte nothing{};
  return borrow(&nothing, dtype, std::move(shape));
}

std::string canonical_form(const Tensor &tensor) {
  return canonicalize({&tensor.node(), 1}).graph.to_string();
}

TEST(SplitSums, CutsALongSumIntoEqualParts) {
  EXPECT_EQ(canonical_form(reduce_sum(data(DType::f32, {1 << 24}))),
            "%0 = constant : f32[d0=8, d1=2097152] strides [2097152,1]\n"
            "%1 = reduce_sum %0 partial : f64[d0=8]\n"
            "%2 = reduce_sum %1 of_parts : f64\n"
            "%3 = cast %2 : f32\n"
            "return %3\n");
}

TEST(SplitSums, SumsTheRestOfAPrimeLengthByItself) {
  EXPECT_EQ(canonical_form(reduce_sum(data(DType::i32, {1000003}))),
            "%0 = constant : i32[d0=8, d1=125000] strides [125000,1]\n"
            "%1 = constant : i32[d2=3] strides [1]\n"
            "%2 = reduce_sum %0 partial : i32[d0=8]\n"
            "%3 = reduce_sum %2 of_parts : i32\n"
            "%4 = reduce_sum %1 partial : i32\n"
            "%5 = add %3, %4 : i32\n"
            "return %5\n");
}

TEST(SplitSums, TheRestIsReadBehindTheParts) {
  Tensor x = data(DType::i32, {1000003});
  Canonicalized bound = canonicalize({&reduce_sum(x).node(), 1});
  ASSERT_EQ(bound.arguments.size(), 2U);
  EXPECT_EQ(bound.arguments[1].data - bound.arguments[0].data, 8 * 125000 * 4);
}

TEST(SplitSums, CutsWhatTheSumIsComputedFrom) {
  Tensor x = data(DType::f64, {1 << 20});
  Tensor y = data(DType::f64, {1 << 20});
  EXPECT_THAT(canonical_form(reduce_sum(x * y)),
              HasSubstr("multiply %0, %1 : f64[d0=8, d1=131072]"));
}

TEST(SplitSums, CutsRowsWhereColumnsAreFew) {
  EXPECT_THAT(canonical_form(reduce_sum(data(DType::f32, {25088, 64}), 0)),
              HasSubstr("partial : f64[d0=8, d2=64]"));
}

TEST(SplitSums, LeavesShortSumsWhole) {
  EXPECT_THAT(canonical_form(reduce_sum(data(DType::f32, {100000}))), Not(HasSubstr("partial")));
}

TEST(SplitSums, LeavesManySumsWhole) {
  EXPECT_THAT(canonical_form(reduce_sum(data(DType::f32, {1024, 4096}), 1)),
              Not(HasSubstr("partial")));
}

TEST(SplitSums, LeavesSumsOfSumsWhole) {
  Tensor rows = reduce_sum(data(DType::f64, {1 << 20, 3}), 1);
  EXPECT_THAT(canonical_form(reduce_sum(rows)), Not(HasSubstr("partial")));
}

TEST(SplitSums, KeepsAnOutputThatIsCutElsewhere) {
  Tensor x = data(DType::f32, {1 << 20});
  Tensor squares = square(x);
  Node::Ptr outputs[] = {squares.node(), reduce_sum(squares).node()};
  std::string form = canonicalize(outputs).graph.to_string();
  EXPECT_THAT(form, HasSubstr("f32[d0=1048576]"));
  EXPECT_THAT(form, HasSubstr("partial : f64[d"));
}

} // namespace
