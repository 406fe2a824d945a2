// SPDX-License-Identifier: Apache-2.0
#include "Partial/Pieces.h"

#include "Difference.h"

using namespace tsum;
using namespace tsum::test;

namespace {

/// Pieces of `build()` along each of its dimensions are what slicing and reshaping its values gives.
template <class Build> void expect_pieces(const Build &build) {
  const Tensor whole = build();
  eval(whole);
  for (std::int64_t dim = 0; dim < whole.rank(); ++dim) {
    const std::int64_t extent = whole.shape()[static_cast<std::size_t>(dim)];
    for (std::int64_t size : {1, 2, 4})
      for (std::int64_t begin : {0, 1}) {
        const std::int64_t count = (extent - begin) / size;
        if (count == 0)
          continue;
        std::vector<Slice> slices(static_cast<std::size_t>(dim) + 1);
        slices.back() = {begin, begin + count * size};
        Shape shape(whole.shape().begin(), whole.shape().end());
        shape[static_cast<std::size_t>(dim)] = size;
        shape.insert(shape.begin() + dim, count);
        const Tensor expected = reshape(slice(whole, slices), shape);
        const Tensor pieces = partial::pieces_of(build(), dim, {begin, count, size});
        SCOPED_TRACE(graph_to_string(pieces));
        eval(expected, pieces);
        ASSERT_TRUE(std::ranges::equal(pieces.shape(), shape));
        expect_same_values(whole.dtype(), bytes_of(expected), bytes_of(pieces));
      }
  }
}

const Tensor x = sample_tensor(DType::f32, {6, 5, 8});
const Tensor row = sample_tensor(DType::f32, {8});
const Tensor column = sample_tensor(DType::f32, {5, 1});

TEST(Pieces, OfData) {
  for (const Layout &layout : layouts)
    expect_pieces([&] { return sample_tensor(DType::f32, {6, 5, 8}, layout); });
}

TEST(Pieces, OfElementwiseOperations) {
  expect_pieces([] { return where(less(x, row), column, cast(cast(x, DType::i32), DType::f32)); });
}

TEST(Pieces, OfViews) {
  expect_pieces([] { return transpose(square(x), {2, 0, 1}); });
  expect_pieces([] { return broadcast_to(square(column), {3, 5, 4}); });
  expect_pieces([] { return add(slice(square(x), {{1, 6}, {}, {0, 8, 2}}), 1); });
  expect_pieces([] { return add(reshape(square(x), {30, 8}), 1); });
}

TEST(Pieces, OfReductions) {
  for (const Axes &axes : axes_subsets(3))
    for (bool keepdims : {false, true})
      expect_pieces([&] { return add(reduce_sum(square(x), axes, keepdims), 1); });
}

TEST(Pieces, OfCounting) {
  expect_pieces([] { return argmax(x, 1, /*keepdims=*/true); });
}

TEST(Pieces, OfLongChains) {
  expect_pieces([] {
    Tensor chain = row;
    for (int n = 0; n < 1000; ++n)
      chain = negative(chain);
    return chain;
  });
}

TEST(Pieces, AreComputedWhereTheyAreRead) {
  // Of a reshape it would be a reshape's operand, which is evaluated first.
  const Tensor pieces = partial::pieces_of(square(subtract(x, row)), 0, {0, 3, 2});
  EXPECT_EQ(graph_to_string(pieces).find("reshape(%"), graph_to_string(pieces).rfind("reshape(%"));
}

} // namespace
