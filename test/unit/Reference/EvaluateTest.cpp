// SPDX-License-Identifier: Apache-2.0
#include "tsum/Reference/Evaluate.h"
#include "tsum/Graph/Node.h"
#include "tsum/Graph/Strided.h"
#include "tsum/Graph/SummationTree.h"
#include "tsum/ops.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

using namespace tsum;
using testing::ElementsAre;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

template <class T> std::vector<T> elements(const std::vector<std::byte> &bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!values.empty())
    std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

template <class T> std::vector<T> evaluate(const Tensor &tensor) {
  return elements<T>(reference::evaluate(tensor));
}

template <class T> std::vector<T> evaluate_tree(const Tensor &tensor) {
  return elements<T>(reference::evaluate_tree(tensor));
}

/// Both evaluators agree: floats within the documented bound, everything else exactly.
void expect_same_sum(const Tensor &input, const Axes &axes) {
  Tensor sum = reduce_sum(input, axes);
  visit_dtype(input.dtype(), [&]<class T>(T) {
    std::vector<T> exact = evaluate<T>(sum);
    std::vector<T> tree = evaluate_tree<T>(sum);
    ASSERT_EQ(exact.size(), tree.size());
    if constexpr (std::is_floating_point_v<T>) {
      std::vector<T> magnitudes = evaluate<T>(reduce_sum(abs(input), axes));
      constexpr T u = std::numeric_limits<T>::epsilon() / 2;
      for (std::size_t i = 0; i < exact.size(); ++i)
        EXPECT_LE(std::fabs(exact[i] - tree[i]), error_bound * u * magnitudes[i]) << "at " << i;
    } else {
      EXPECT_EQ(exact, tree);
    }
  });
}

std::vector<Axes> axes_subsets(std::size_t rank) {
  std::vector<Axes> subsets;
  for (unsigned mask = 0; mask < (1U << rank); ++mask) {
    std::vector<std::int64_t> axes;
    for (std::size_t axis = 0; axis < rank; ++axis)
      if (mask & (1U << axis))
        axes.push_back(static_cast<std::int64_t>(axis));
    subsets.emplace_back(std::move(axes));
  }
  return subsets;
}

/// A way to lay out a tensor in memory: byte strides for a shape and an element size.
struct Layout {
  const char *name;
  ByteStrides (*strides)(const Shape &shape, std::int64_t element);
};

ByteStrides padded_strides(const Shape &shape, std::int64_t innermost, std::int64_t padding) {
  ByteStrides strides(shape.size());
  for (std::size_t dim = shape.size(); dim-- > 0;) {
    strides[dim] = innermost;
    innermost *= std::max<std::int64_t>(shape[dim], 1);
    innermost += padding;
  }
  return strides;
}

const Layout layouts[] = {
    {"row_major", [](const Shape &shape, std::int64_t e) { return padded_strides(shape, e, 0); }},
    {"padded",
     [](const Shape &shape, std::int64_t e) { return padded_strides(shape, 2 * e, 3 * e); }},
    {"transposed",
     [](const Shape &shape, std::int64_t e) {
       ByteStrides strides = padded_strides(Shape(shape.rbegin(), shape.rend()), e, 0);
       return ByteStrides(strides.rbegin(), strides.rend());
     }},
    {"reversed",
     [](const Shape &shape, std::int64_t e) {
       ByteStrides strides = padded_strides(shape, e, 0);
       for (std::int64_t &stride : strides)
         stride = -stride;
       return strides;
     }},
    {"last_reversed",
     [](const Shape &shape, std::int64_t e) {
       ByteStrides strides = padded_strides(shape, e, 0);
       if (!strides.empty())
         strides.back() = -strides.back();
       return strides;
     }},
    {"first_repeated",
     [](const Shape &shape, std::int64_t e) {
       ByteStrides strides = padded_strides(shape, e, 0);
       if (!strides.empty())
         strides.front() = 0;
       return strides;
     }},
    {"odd_bytes",
     [](const Shape &shape, std::int64_t e) { return padded_strides(shape, e + 1, 1); }},
};

/// A tensor of random elements; integers so large that their sums wrap.
Tensor random_tensor(DType dtype, const Shape &shape, const Layout &layout) {
  ByteStrides strides = layout.strides(shape, size_of(dtype));
  std::int64_t before = 0;
  std::int64_t after = size_of(dtype);
  for (std::size_t dim = 0; dim < shape.size(); ++dim) {
    std::int64_t reach = strides[dim] * std::max<std::int64_t>(shape[dim] - 1, 0);
    (reach < 0 ? before : after) += reach;
  }
  auto memory = std::make_shared<std::vector<std::byte>>(static_cast<std::size_t>(after - before));
  std::byte *data = memory->data() - before;
  std::mt19937_64 random(17);
  visit_dtype(dtype, [&]<class T>(T value) {
    for_each_index<1>(shape, {strides}, [&](const auto &offsets) {
      if constexpr (std::is_floating_point_v<T>)
        value = std::uniform_real_distribution<T>(-1, 1)(random);
      else
        value = static_cast<T>(random());
      std::memcpy(data + offsets[0], &value, sizeof(T));
    });
  });
  return borrow(data, dtype, shape, std::move(strides), memory);
}

const DType all_dtypes[] = {
#define TSUM_DTYPE(NAME, CPP, KIND) DType::NAME,
#include "tsum/DTypes.def"
};

class SumLayouts : public testing::TestWithParam<Layout> {};

TEST_P(SumLayouts, TreeIsWithinTheBoundOverAnyAxes) {
  const Shape shapes[] = {{},        {0},       {1},       {63},       {64},        {65},
                          {1023},    {1024},    {1025},    {2049},     {0, 3},      {3, 0},
                          {1, 5},    {7, 1},    {17, 31},  {16, 64},   {33, 67},    {2, 1040},
                          {1040, 2}, {3, 0, 2}, {5, 1, 7}, {3, 16, 4}, {4, 17, 65}, {2, 3, 5, 7}};
  for (const Shape &shape : shapes)
    for (DType dtype : all_dtypes) {
      Tensor input = random_tensor(dtype, shape, GetParam());
      for (const Axes &axes : axes_subsets(shape.size())) {
        SCOPED_TRACE(std::string(name_of(dtype)) + to_string(shape) + " over " +
                     to_string(*axes.get()));
        expect_same_sum(input, axes);
      }
    }
}

INSTANTIATE_TEST_SUITE_P(Layouts, SumLayouts, testing::ValuesIn(layouts),
                         [](const auto &layout) { return std::string(layout.param.name); });

TEST(SummationTree, ErrorDoesNotGrowWithTheNumberOfElements) {
  Tensor x = random_tensor(DType::f32, {1 << 20}, layouts[0]);
  expect_same_sum(x, all_axes);
  expect_same_sum(cast(x, DType::f64), all_axes);
  expect_same_sum(broadcast_to(constant(0.1f), {1 << 20, 2}), 0);
}

TEST(SummationTree, ABlockAddsPlainlyAndTheSecondLevelWide) {
  // Within a block 1 is lost beside 2^24, in the next block it is not.
  std::vector<float> values(64, 0.f);
  values[0] = 0x1p24f;
  values[2] = 1;  // row 1 of the first column
  values[32] = 1; // row 16, the next block
  values[34] = 1;
  EXPECT_THAT(evaluate_tree<float>(reduce_sum(constant<float>(values, {32, 2}), 0)),
              ElementsAre(0x1p24f + 2, 0));
  // Along the row itself, elements 64 apart share a lane.
  values.assign(2048, 0.f);
  values[0] = 0x1p24f;
  values[64] = 1;
  values[65] = 2;
  EXPECT_THAT(evaluate_tree<float>(reduce_sum(constant<float>(values, {2048}))),
              ElementsAre(0x1p24f + 2));
}

TEST(SummationTree, SumsDoublesInTwiceTheirPrecision) {
  std::vector<double> values(3 * 512, 0.0);
  values[0] = 1e100;
  values[1] = 1;
  values[2] = -1e100;
  // The same within a lane of the upper half, block after block.
  values[16] = 1e100;
  values[512 + 16] = 2;
  values[1024 + 16] = -1e100;
  EXPECT_THAT(evaluate_tree<double>(reduce_sum(constant<double>(values, {1536}))), ElementsAre(3));
}

TEST(SummationTree, KeepsInfinitiesAndNans) {
  EXPECT_THAT(evaluate_tree<double>(reduce_sum(constant({1.0, inf}))), ElementsAre(inf));
  EXPECT_THAT(evaluate<double>(reduce_sum(constant({1.0, inf}))), ElementsAre(inf));
  EXPECT_TRUE(std::isnan(evaluate_tree<double>(reduce_sum(constant({inf, -inf})))[0]));
  EXPECT_TRUE(std::isnan(evaluate<double>(reduce_sum(constant({nan, 1.0})))[0]));
}

TEST(Reference, SumOfNothingIsZero) {
  Tensor empty = borrow(nullptr, DType::f32, {std::int64_t{1} << 33, 0});
  EXPECT_THAT(evaluate<float>(reduce_sum(empty)), ElementsAre(0));
  EXPECT_THAT(evaluate_tree<float>(reduce_sum(empty)), ElementsAre(0));
  EXPECT_THAT(evaluate_tree<float>(reduce_sum(empty, 0)), ElementsAre());
  EXPECT_THAT(evaluate_tree<float>(reduce_sum(borrow(nullptr, DType::f32, {0, 2}), 0)),
              ElementsAre(0, 0));
}

/// Awkward values; a row and a column of them meet in all pairs.
template <class T> std::vector<T> special_values() {
  using Limits = std::numeric_limits<T>;
  if constexpr (std::is_floating_point_v<T>)
    return {0,
            -T{0},
            1,
            T(-2.5),
            Limits::max(),
            Limits::denorm_min(),
            Limits::infinity(),
            -Limits::infinity(),
            Limits::quiet_NaN()};
  else
    return {0, 1, 2, 100, Limits::max(), Limits::min(), static_cast<T>(-3)};
}

void expect_same_bytes(const Tensor &tensor) {
  SCOPED_TRACE(graph_to_string(tensor));
  // A NaN has many bit patterns, of which operations may give any.
  visit_dtype(tensor.dtype(), [&]<class T>(T) {
    std::vector<T> direct = evaluate<T>(tensor);
    std::vector<T> canonical = evaluate_tree<T>(tensor);
    ASSERT_EQ(direct.size(), canonical.size());
    for (std::size_t i = 0; i < direct.size(); ++i)
      if (direct[i] == direct[i])
        EXPECT_EQ(std::memcmp(&direct[i], &canonical[i], sizeof(T)), 0) << "at " << i;
      else
        EXPECT_NE(canonical[i], canonical[i]) << "at " << i;
  });
}

TEST(Reference, ElementwiseOperationsAgreeWithTheirCanonicalForms) {
  for (DType dtype : all_dtypes)
    visit_dtype(dtype, [&]<class T>(T) {
      std::vector<T> values = special_values<T>();
      auto count = static_cast<std::int64_t>(values.size());
      Tensor row = constant<T>(values, {count});
      Tensor column = borrow(values.data(), dtype, {count, 1}, {sizeof(T), 1});
      Tensor backwards =
          borrow(&values.back(), dtype, {count}, {-static_cast<std::int64_t>(sizeof(T))});
#define TSUM_UNARY(NAME, CLASS, DOMAIN, REFERENCE, SUMMARY)                                        \
  if (contains(Domain::DOMAIN, dtype)) {                                                           \
    expect_same_bytes(NAME(row));                                                                  \
    expect_same_bytes(NAME(backwards));                                                            \
  }
#define TSUM_BINARY(NAME, CLASS, DOMAIN, REFERENCE, SUMMARY)                                       \
  if (contains(Domain::DOMAIN, dtype)) {                                                           \
    expect_same_bytes(NAME(row, column));                                                          \
    expect_same_bytes(NAME(column, row));                                                          \
    expect_same_bytes(NAME(row, backwards));                                                       \
    expect_same_bytes(NAME(row, 2));                                                               \
  }
#include "tsum/Elementwise.def"
      for (DType to : all_dtypes)
        expect_same_bytes(cast(row, to));
    });
}

TEST(Reference, IntegersWrap) {
  EXPECT_THAT(evaluate<std::uint8_t>(constant<std::uint8_t>(200) + 100), ElementsAre(44));
  EXPECT_THAT(evaluate<std::uint8_t>(negative(constant<std::uint8_t>(1))), ElementsAre(255));
  constexpr std::int32_t smallest = std::numeric_limits<std::int32_t>::min();
  EXPECT_THAT(evaluate<std::int32_t>(abs(constant(smallest))), ElementsAre(smallest));
  EXPECT_THAT(evaluate<std::int32_t>(square(constant(65536))), ElementsAre(0));
  EXPECT_THAT(evaluate<std::int32_t>(reduce_sum(constant({smallest, -1}))),
              ElementsAre(std::numeric_limits<std::int32_t>::max()));
}

TEST(Reference, CastsSaturateFloatsAndWrapIntegers) {
  Tensor floats = constant({-1.5, 2.9, 300.0, nan, inf});
  EXPECT_THAT(evaluate<std::uint8_t>(cast(floats, DType::u8)), ElementsAre(0, 2, 255, 0, 255));
  EXPECT_THAT(evaluate<std::int32_t>(cast(constant({-0x1p31, 0x1p31, -1.9}), DType::i32)),
              ElementsAre(std::numeric_limits<std::int32_t>::min(),
                          std::numeric_limits<std::int32_t>::max(), -1));
  EXPECT_THAT(evaluate<std::uint8_t>(cast(constant({-1, 257}), DType::u8)), ElementsAre(255, 1));
  EXPECT_THAT(evaluate<float>(cast(constant({16777217, -3}), DType::f32)),
              ElementsAre(16777216, -3));
}

TEST(Reference, MaximumPrefersNanAndPositiveZero) {
  Tensor zeros = maximum(constant({0.0, -0.0}), constant({-0.0, 0.0}));
  for (double zero : evaluate<double>(zeros))
    EXPECT_FALSE(std::signbit(zero));
  EXPECT_TRUE(std::signbit(evaluate<double>(minimum(constant(0.0), constant(-0.0)))[0]));
  EXPECT_TRUE(std::isnan(evaluate<double>(maximum(constant(nan), 1))[0]));
}

TEST(Reference, FollowsGraphsThatNeedValuesFirst) {
  std::vector<std::int64_t> values(64);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<std::int64_t>(i * i);
  auto build = [&] {
    Tensor y = square(constant<std::int64_t>(values, {8, 8}));
    Tensor rows = reduce_sum(y, 1);
    Tensor columns = reduce_sum(y, 0);
    Tensor outer = reduce_sum(y, 1, /*keepdims=*/true) * (rows + columns);
    return reduce_sum(outer, 0) - reduce_sum(outer, 1);
  };
  EXPECT_EQ(evaluate<std::int64_t>(build()), evaluate_tree<std::int64_t>(build()));
}

} // namespace
