// SPDX-License-Identifier: Apache-2.0
#include "tsum/Graph/Node.h"
#include "tsum/gradients.h"
#include "tsum/ops.h"

#include <gmock/gmock.h>

#include <cstring>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

using namespace tsum;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

namespace {

TEST(Constant, CopiesScalarsVectorsAndMatrices) {
  EXPECT_EQ(constant(2.5).item<double>(), 2.5);
  Tensor vector = constant({1, 2, 3}, "v");
  EXPECT_THAT(vector.shape(), ElementsAre(3));
  EXPECT_EQ(vector.name(), "v");
  EXPECT_EQ(vector.op(), "constant");
  EXPECT_TRUE(vector.is_evaluated());
  Tensor matrix = constant({{1.f, 2.f}, {3.f, 4.f}, {5.f, 6.f}});
  EXPECT_THAT(matrix.shape(), ElementsAre(3, 2));
  EXPECT_EQ(matrix.size(), 6);
  EXPECT_THAT(matrix.to_vector<float>(), ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(Constant, MayBeEmpty) {
  Tensor empty = constant<float>(std::span<const float>(), {std::int64_t{1} << 33, 0});
  EXPECT_EQ(empty.size(), 0);
  EXPECT_TRUE(empty.data<float>().empty());
  // A shape, and no name of 4 characters at address 0.
  EXPECT_THAT(constant<float>({}, {0, 4}).shape(), ElementsAre(0, 4));
}

TEST(Constant, TakesWrittenValuesOfAnyShape) {
  Tensor cube = constant({1, 2, 3, 4, 5, 6, 7, 8}, {2, 2, 2}, "cube");
  EXPECT_THAT(cube.shape(), ElementsAre(2, 2, 2));
  EXPECT_THAT(cube.to_vector<int>(), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  EXPECT_EQ(cube.name(), "cube");
  EXPECT_THAT([] { return constant<float>({1, 2}, {0, 4}); },
              ThrowsMessage<ShapeError>("constant: 2 values given for shape [0,4], which takes 0"));
}

TEST(Constant, CopiesRangesOfElements) {
  const std::vector<float> floats = {1, 2, 3, 4, 5, 6};
  EXPECT_THAT(constant(floats, {2, 3}).shape(), ElementsAre(2, 3));
  EXPECT_EQ(constant(floats, {2, 3}).to_vector<float>(), floats);
  EXPECT_THAT(constant(floats).shape(), ElementsAre(6));
  EXPECT_EQ(constant(std::span(floats).first(4), {2, 2}, "x").to_vector<float>(),
            std::vector(floats.begin(), floats.begin() + 4));
  const std::vector<bool> flags = {true, false, true};
  const Tensor of_flags = constant(flags);
  EXPECT_EQ(of_flags.dtype(), DType::boolean);
  EXPECT_TRUE(std::ranges::equal(of_flags.data<bool>(), flags));
  const std::deque<double> doubles = {1, 2};
  EXPECT_EQ(constant(doubles, {2, 1}).to_vector<double>(), (std::vector<double>{1, 2}));
  const int numbers[] = {1, 2, 3};
  EXPECT_EQ(constant(numbers).dtype(), DType::i32);
  EXPECT_THROW((void)constant(floats, {2, 2}), ShapeError);
  EXPECT_THAT(constant(std::vector<float>(), {0, 4}).shape(), ElementsAre(0, 4));
}

TEST(Constant, RejectsAnotherNumberOfValues) {
  std::vector<int> values(5);
  EXPECT_THAT([&] { return constant<int>(values, {2, 3}); },
              ThrowsMessage<ShapeError>("constant: 5 values given for shape [2,3], which takes 6"));
  EXPECT_THAT([&] { return constant<int>(values, {5, -1}); },
              ThrowsMessage<ShapeError>("constant: shape [5,-1] has a negative extent in "
                                        "dimension 1 (extents must be 0 or more)"));
  EXPECT_THAT([] { return constant({{1, 2}, {3}}); },
              ThrowsMessage<ShapeError>("constant: row 1 has 1 elements and row 0 has 2 (all rows "
                                        "must have the same length)"));
}

TEST(Constant, ValuesAreReadInTheirOwnDtypeOnly) {
  EXPECT_THAT([] { return constant(1).item<float>(); },
              ThrowsMessage<DTypeError>("values: asked for f32 of a tensor of dtype i32 "
                                        "(cast it: cast(x, DType::f32))"));
  EXPECT_THAT([] { return constant({1, 2}).item<int>(); },
              ThrowsMessage<ShapeError>("item: shape [2] has 2 elements (one is needed; see data() "
                                        "and to_vector())"));
}

TEST(Borrow, ReadsRowMajorMemoryInPlace) {
  const float values[] = {1, 2, 3, 4, 5, 6};
  Tensor x = borrow(values, {2, 3});
  EXPECT_EQ(x.data<float>().data(), values);
  // The stride of a dimension of extent 1 says nothing.
  Tensor y = borrow(values, DType::f32, {1, 6}, {-12345, 4});
  EXPECT_EQ(y.data<float>().data(), values);
}

TEST(Borrow, CopiesOtherLayoutsOnce) {
  const std::int32_t values[] = {1, 2, 3, 4, 5, 6};
  Tensor transposed = borrow(values, DType::i32, {3, 2}, {4, 12});
  EXPECT_THAT(transposed.to_vector<std::int32_t>(), ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_EQ(transposed.data<std::int32_t>().data(), transposed.data<std::int32_t>().data());
  Tensor reversed = borrow(values + 5, DType::i32, {3}, {-8});
  EXPECT_THAT(reversed.to_vector<std::int32_t>(), ElementsAre(6, 4, 2));
  Tensor repeated = borrow(values, DType::i32, {2, 2}, {0, 4});
  EXPECT_THAT(repeated.to_vector<std::int32_t>(), ElementsAre(1, 2, 1, 2));

  char bytes[9];
  std::memcpy(bytes + 1, values, 8);
  Tensor misaligned = borrow(bytes + 1, DType::i32, {2});
  EXPECT_THAT(misaligned.to_vector<std::int32_t>(), ElementsAre(1, 2));
}

TEST(Borrow, HoldsTheOwnerAsLongAsTheTensorLives) {
  auto owner = std::make_shared<std::vector<int>>(3);
  {
    Tensor x = borrow(owner->data(), DType::i32, {3}, {}, owner);
    EXPECT_EQ(owner.use_count(), 2);
  }
  EXPECT_EQ(owner.use_count(), 1);
}

TEST(Borrow, NeedsNoMemoryForNoElements) {
  EXPECT_EQ(borrow(nullptr, DType::f32, {std::int64_t{1} << 33, 0}).size(), 0);
  EXPECT_TRUE(borrow(nullptr, DType::f32, {0}, {3}).data<float>().empty());
}

TEST(Borrow, RejectsWhatCannotBeRead) {
  constexpr std::int64_t large = std::int64_t{1} << 62;
  const float value = 0;
  EXPECT_THAT([] { return borrow(nullptr, DType::f32, {2}); },
              ThrowsMessage<MemoryError>("borrow: data is null for shape [2] (only a tensor "
                                         "without elements needs no data)"));
  EXPECT_THAT([&] { return borrow(&value, DType::f32, {1, 1}, {4}); },
              ThrowsMessage<MemoryError>("borrow: 1 strides given for shape [1,1] of rank 2 (one "
                                         "per dimension, in bytes)"));
  EXPECT_THAT([&] { return borrow(&value, DType::f32, {3}, {large}); },
              ThrowsMessage<MemoryError>("borrow: strides [4611686018427387904] over shape [3] "
                                         "reach further than 2^63 - 1 bytes"));
  EXPECT_THAT([&] { return borrow(&value, DType::f32, {2, 2}, {large, -large}); },
              ThrowsMessage<MemoryError>(
                  "borrow: strides [4611686018427387904,-4611686018427387904] over shape [2,2] "
                  "reach further than 2^63 - 1 bytes"));
  EXPECT_THAT([&] { return borrow(&value, DType::f32, {-1}); },
              ThrowsMessage<ShapeError>("borrow: shape [-1] has a negative extent in dimension 0 "
                                        "(extents must be 0 or more)"));
  EXPECT_THAT([&] { return borrow(&value, DType::f32, {large, large, 0}, {0, 0, 0}); },
              ThrowsMessage<ShapeError>(
                  "borrow: shape [4611686018427387904,4611686018427387904,0] of f32 is too large "
                  "(extents other than 0 may take up to 2^63 - 1 bytes)"));
}

TEST(Node, LongChainsDieWithoutRecursion) {
  Tensor x = constant(1.f);
  for (int i = 0; i < 1'000'000; ++i)
    x = x + x;
  EXPECT_EQ(x.rank(), 0);
}

TEST(Node, EvaluationReleasesOperandsOnce) {
  auto owner = std::make_shared<float>(1.f);
  Tensor sum = borrow(owner.get(), DType::f32, {}, {}, owner) + 1;
  EXPECT_EQ(owner.use_count(), 2);
  sum.node()->set_values(constant(2.f).node()->values());
  EXPECT_EQ(owner.use_count(), 1);
  sum.node()->set_values(constant(3.f).node()->values());
  EXPECT_EQ(sum.item<float>(), 2);
}

TEST(Node, StateIsConsistentWhileAnotherThreadEvaluates) {
  for (int round = 0; round < 100; ++round) {
    Tensor sum = constant({1, 2}) + 1;
    std::thread evaluation([&] { sum.node()->set_values(constant({2, 3}).node()->values()); });
    Node::State state = sum.node()->state();
    EXPECT_NE(state.operands.empty(), state.values == nullptr);
    evaluation.join();
    EXPECT_THAT(sum.to_vector<int>(), ElementsAre(2, 3));
  }
}

TEST(Tensor, ThatWasMovedFromSaysSo) {
  Tensor x = constant({{1.f, 2.f}, {3.f, 4.f}});
  const Tensor y = std::move(x);
  // NOLINTBEGIN(bugprone-use-after-move)
  const std::vector<std::function<void()>> uses = {
      [&] { (void)x.shape(); },         [&] { (void)x.dtype(); },
      [&] { (void)x.size(); },          [&] { (void)x.is_evaluated(); },
      [&] { (void)x.name(); },          [&] { (void)x.item<float>(); },
      [&] { (void)x.data<float>(); },   [&] { (void)graph_to_string(x); },
      [&] { (void)(x + y); },           [&] { (void)(y * x); },
      [&] { (void)(x + 1); },           [&] { (void)reduce_sum(x); },
      [&] { (void)reshape(x, {4}); },   [&] { (void)cast(x, DType::f64); },
      [&] { (void)where(x, y, y); },    [&] { (void)gradients(y, {x}); },
      [&] { (void)gradients(x, {y}); },
  };
  for (std::size_t n = 0; n < uses.size(); ++n) {
    SCOPED_TRACE(n);
    try {
      uses[n]();
      ADD_FAILURE() << "no error";
    } catch (const Error &error) {
      EXPECT_THAT(error.what(), HasSubstr("moved from"));
    }
  }
  x = y;
  EXPECT_EQ(x.size(), 4);
  // NOLINTEND(bugprone-use-after-move)
}

TEST(Tensor, OfNoDTypeIsAnError) {
  const float value = 1;
  const auto none = static_cast<DType>(200);
  EXPECT_THROW((void)borrow(&value, none, {1}), DTypeError);
  EXPECT_THROW((void)input(none, {1}), DTypeError);
  EXPECT_THROW((void)cast(constant({1.f}), none), DTypeError);
}

TEST(GraphToString, ListsOperationsInTheOrderOfEvaluation) {
  Tensor x = constant({{1.f, 2.f}, {3.f, 4.f}}, "x");
  Tensor y = reduce_sum(square(x - 0.5), {1}, /*keepdims=*/true, "rows") + x;
  EXPECT_EQ(graph_to_string(y), R"(%0 = constant : f32[2,2] "x"
%1 = constant(0.5) : f32
%2 = subtract(%0, %1) : f32[2,2]
%3 = square(%2) : f32[2,2]
%4 = reduce_sum(%3, axes=[1], keepdims) : f32[2,1] "rows"
%5 = add(%4, %0) : f32[2,2]
)");
}

TEST(GraphToString, StopsAtWhatIsEvaluated) {
  Tensor sum = constant({1, 2}) + constant({3, 4});
  sum.node()->set_values(constant({4, 6}).node()->values());
  EXPECT_EQ(graph_to_string(negative(sum)), "%0 = add(evaluated) : i32[2]\n"
                                            "%1 = negative(%0) : i32[2]\n");
  Tensor given = input(DType::f32, {3}, {}, "given");
  EXPECT_EQ(graph_to_string(negative(given)), "%0 = input : f32[3] \"given\"\n"
                                              "%1 = negative(%0) : f32[3]\n");
}

} // namespace
