// SPDX-License-Identifier: Apache-2.0
//
// The order of additions of tsum/Graph/SummationTree.h: the reference follows it, and it keeps the
// bound that is stated.
#include "CanonicalForm.h"
#include "tsum/Graph/SummationTree.h"

#include <gmock/gmock.h>

#include <array>
#include <numeric>
#include <optional>

using namespace tsum;
using namespace tsum::test;
using testing::ElementsAre;

namespace {

constexpr auto block = static_cast<std::size_t>(block_elements);
constexpr auto lanes = static_cast<std::size_t>(block_lanes);
constexpr float large = 0x1p24f; ///< adding 1 to it is lost in f32, adding 2 is not

template <class T> std::vector<T> in_order(const Tensor &tensor) {
  return elements<T>(reference::evaluate_tree(tensor));
}

/// The sum of a line that is 0 but for some elements.
template <class T>
T sum_of_line(std::size_t size, const std::vector<std::pair<std::size_t, T>> &given) {
  std::vector<T> line(size, T(0));
  for (auto [place, value] : given)
    line[place] = value;
  return in_order<T>(reduce_sum(constant<T>(line, {static_cast<std::int64_t>(size)})))[0];
}

//===-- By hand -------------------------------------------------------------------------------===//

TEST(SummationOrder, LanesAddInOrderInTheElementType) {
  EXPECT_EQ(sum_of_line<float>(block, {{0, large}, {lanes, 1}, {2 * lanes, 1}}), large);
  EXPECT_EQ(sum_of_line<float>(block, {{0, 1}, {lanes, 1}, {2 * lanes, large}}), large + 2);
}

TEST(SummationOrder, LanesFoldByHalves) {
  // 1 is lost beside its partner, 8 lanes on; 1 and 1 are partners and become 2, 4 lanes on.
  EXPECT_EQ(sum_of_line<float>(lanes, {{0, large}, {8, 1}, {4, 1}, {12, 1}}), large + 2);
  // Beside each other, each is added by itself.
  EXPECT_EQ(sum_of_line<float>(lanes, {{0, large}, {8, 1}, {4, 1}, {2, 1}}), large);
  // A short block's missing lanes take no part: of 9 elements, 0 and 8 are the only partners.
  EXPECT_EQ(sum_of_line<float>(9, {{0, large}, {8, 1}, {4, 2}}), large + 2);
}

TEST(SummationOrder, BlocksAreAddedInDouble) {
  EXPECT_EQ(sum_of_line<float>(2 * block, {{0, large}, {block, 1}, {block + 1, 1}}), large + 2);
  EXPECT_EQ(sum_of_line<float>(3 * block, {{0, large}, {block, 1}, {2 * block, 1}}), large + 2);
  // 255 and 256 are in different blocks.
  EXPECT_EQ(sum_of_line<float>(block + 1, {{block - 1, large}, {block, 1}, {0, 1}}), large);
  EXPECT_EQ(sum_of_line<float>(block + 2, {{block - 1, large}, {block, 1}, {block + 1, 1}}),
            large + 2);
}

TEST(SummationOrder, BlocksAreATreeOverTheirIndex) {
  constexpr float huge = 0x1p53f; // the same for f64
  // (2^53 + 1) + (1 + 1), and then the fifth, which nothing is merged with before.
  EXPECT_EQ(
      sum_of_line<float>(
          5 * block, {{0, huge}, {block, 1}, {2 * block, 1}, {3 * block, 1}, {4 * block, -huge}}),
      2);
  EXPECT_EQ(sum_of_line<float>(3 * block, {{0, 1}, {block, huge}, {2 * block, -huge}}), 0);
  EXPECT_EQ(sum_of_line<float>(4 * block, {{0, 1}, {2 * block, huge}, {3 * block, -huge}}), 1);
}

TEST(SummationOrder, LinesAreATreeAboveThoseOfBlocks) {
  constexpr float huge = 0x1p53f;
  std::vector<float> values(3 * 2 * 2, 0.F);
  values[0] = values[1] = 1; // [0,0,:]
  values[4] = huge;          // [1,0,:]
  values[8] = -huge;         // [2,0,:]
  values[2] = 1;             // [0,1,:]
  Tensor x = constant<float>(values, {3, 2, 2});
  // Line by line in f64: ((1 + 1) + 1 + 2^53) - 2^53, of which the odd 3 rounds to 4.
  EXPECT_THAT(in_order<float>(reduce_sum(x)), ElementsAre(4));
  EXPECT_THAT(in_order<float>(reduce_sum(x, {0, 2})), ElementsAre(2, 1));
  // Of the other order of dimensions, what lies along the first is added last: each column has its
  // own (1 + 2^53) - 2^53.
  EXPECT_THAT(in_order<float>(reduce_sum(transpose(x, {1, 2, 0}))), ElementsAre(2));
}

TEST(SummationOrder, DoublesCarryWhatTheyLose) {
  // Within a lane nothing is carried.
  EXPECT_EQ(sum_of_line<double>(block, {{0, 1e100}, {lanes, 1}, {2 * lanes, -1e100}}), 0);
  // Between blocks all is, in any place.
  EXPECT_EQ(
      sum_of_line<double>(
          5 * block, {{0, 1e100}, {block, 1}, {2 * block, 2}, {3 * block, -1e100}, {4 * block, 4}}),
      7);
}

TEST(SummationOrder, SmallFloatsAreAddedInFloat) {
  const std::vector<float16> values(4096, float16(1.0F)); // f16 has no 2049
  EXPECT_EQ(float(in_order<float16>(reduce_sum(constant<float16>(values, {4096})))[0]), 4096);
  std::vector<bfloat16> line(block, bfloat16(0.0F));
  line[0] = bfloat16(large);
  line[lanes] = line[2 * lanes] = bfloat16(1.0F);
  line[lanes + 1] = bfloat16(-large);
  Tensor x = constant<bfloat16>(line, {static_cast<std::int64_t>(block)});
  EXPECT_EQ(float(in_order<bfloat16>(reduce_sum(x))[0]), 0);
}

TEST(SummationOrder, ProductsOfFloatsAreMultipliedInDouble) {
  std::vector<float> values(64, 1e-30F);
  std::fill(values.begin() + 32, values.end(), 1e30F);
  EXPECT_NEAR(in_order<float>(reduce_prod(constant<float>(values, {64})))[0], 1, 1e-5);
  const std::vector<float16> halves(64, float16(2.0F));
  EXPECT_TRUE(
      std::isinf(float(in_order<float16>(reduce_prod(constant<float16>(halves, {64})))[0])));
}

TEST(SummationOrder, ProductsOfDoublesCarryWhatTheyLose) {
  // (1 + e) (1 - e) = 1 - e^2 is between 1 and the next smaller number: with the third factor,
  // which is 1 / (1 - e^2) but for its rounding, the pair knows better.
  const double e = 0x1p-30;
  std::vector<double> values(3 * block, 1.0);
  values[0] = 1 + e;
  values[block] = 1 - e;
  values[2 * block] = 0x1p53;
  EXPECT_EQ(in_order<double>(reduce_prod(constant<double>(values, {3 * 256})))[0],
            0x1p53 * (1 - 0x1p-60)); // 2^53 - 2^-7 rounds to 2^53
  values[2 * block] = 3;
  const long double exact = 3 * (1.0L - 0x1p-60L);
  EXPECT_EQ(in_order<double>(reduce_prod(constant<double>(values, {3 * 256})))[0],
            static_cast<double>(exact));
}

TEST(SummationOrder, SumsOfNegativeZerosArePositive) {
  for (DType dtype : dtypes_in(Domain::Float)) {
    auto sum = [&](const Shape &shape, const Axes &axes) {
      Tensor zeros = cast(broadcast_to(constant(-0.0), shape), dtype);
      return elements<double>(
          reference::evaluate_tree(cast(reduce_sum(zeros, axes), DType::f64)))[0];
    };
    EXPECT_FALSE(std::signbit(sum({2}, 0)));
    EXPECT_FALSE(std::signbit(sum({1000}, 0)));
    EXPECT_FALSE(std::signbit(sum({3, 700}, all_axes)));
    EXPECT_TRUE(std::signbit(sum({1}, 0))); // takes no part
    EXPECT_TRUE(std::signbit(sum({1, 1}, all_axes)));
  }
}

TEST(SummationOrder, KeepsInfinitiesAndNans) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(sum_of_line<double>(1000, {{3, 1.0}, {999, inf}}), inf);
  EXPECT_TRUE(std::isnan(sum_of_line<double>(1000, {{3, -inf}, {999, inf}})));
  EXPECT_EQ(sum_of_line<double>(1000, {{3, 1e308}, {999, 1e308}}), inf);
}

//===-- Against another model -----------------------------------------------------------------===//

/// The sum of a line of f32 as a stream would add it: one block at a time, and a binary counter of
/// the nodes of full trees. What is left at the end goes together from the smallest tree on.
float streamed_sum(std::span<const float> line) {
  std::array<std::optional<double>, 64> counter;
  while (!line.empty()) {
    const std::span<const float> block = line.first(std::min<std::size_t>(line.size(), 256));
    line = line.subspan(block.size());
    float sums[16] = {};
    for (std::size_t i = 0; i < block.size(); ++i)
      sums[i % 16] += block[i];
    float folded[8];
    for (int l = 0; l < 8; ++l)
      folded[l] = sums[l] + sums[l + 8];
    double carry = ((folded[0] + folded[4]) + (folded[2] + folded[6])) +
                   ((folded[1] + folded[5]) + (folded[3] + folded[7]));
    std::size_t level = 0;
    for (; counter[level]; ++level) {
      carry = *counter[level] + carry;
      counter[level].reset();
    }
    counter[level] = carry;
  }
  std::optional<double> total;
  for (const std::optional<double> &node : counter)
    if (node)
      total = total ? *node + *total : *node;
  return static_cast<float>(total.value_or(0) + 0.0);
}

TEST(SummationOrder, IsThatOfAStream) {
  std::mt19937 random(5);
  for (std::int64_t size :
       {1,   2,   15,  16,  17,   31,   32,   33,   255,  256,   257,   511,
        512, 513, 767, 769, 1024, 1281, 2305, 4096, 4097, 65536, 65537, 100'003}) {
    std::vector<float> line(static_cast<std::size_t>(size));
    for (float &x : line)
      x = std::ldexp(static_cast<float>(random()) - 0x1p31F, static_cast<int>(random() % 24));
    EXPECT_EQ(in_order<float>(reduce_sum(constant<float>(line, {size})))[0], streamed_sum(line))
        << size;
  }
}

TEST(SummationOrder, DependsOnTheLogicalOperandAlone) {
  for (DType dtype : dtypes_in(Domain::Float, /*with_complex=*/true)) {
    const Shape shape = {3, 19, 275};
    const Tensor packed = sample_tensor(dtype, shape);
    for (const Layout &layout : layouts) {
      if (layout.name == std::string_view("first_repeated"))
        continue; // other elements
      const Tensor x = sample_tensor(dtype, shape, layout);
      for (const Axes &axes : axes_subsets(3))
        EXPECT_EQ(reference::evaluate_tree(reduce_sum(x, axes)),
                  reference::evaluate_tree(reduce_sum(packed, axes)))
            << layout.name;
    }
    // A column alone, and in its matrix.
    const std::vector<std::byte> all = reference::evaluate_tree(reduce_sum(packed, {0, 1}));
    for (std::int64_t column : {0, 7, 274}) {
      const Tensor one = slice(packed, {{}, {}, {column, column + 1}});
      const auto *begin = all.data() + column * size_of(dtype);
      EXPECT_EQ(reference::evaluate_tree(reduce_sum(one)),
                std::vector<std::byte>(begin, begin + size_of(dtype)));
    }
  }
}

//===-- Merged dimensions ---------------------------------------------------------------------===//

static_assert(keeps_order_if_merged(256, /*is_line=*/true));
static_assert(keeps_order_if_merged(1024, /*is_line=*/true));
static_assert(!keeps_order_if_merged(128, /*is_line=*/true));
static_assert(!keeps_order_if_merged(768, /*is_line=*/true));
static_assert(!keeps_order_if_merged(257, /*is_line=*/true));
static_assert(!keeps_order_if_merged(0, /*is_line=*/true));
static_assert(keeps_order_if_merged(2, /*is_line=*/false));
static_assert(keeps_order_if_merged(64, /*is_line=*/false));
static_assert(!keeps_order_if_merged(6, /*is_line=*/false));
static_assert(!keeps_order_if_merged(0, /*is_line=*/false));

TEST(SummationOrder, IsTheSameAlongMergedDimensionsWhereTheRuleSaysSo) {
  for (DType dtype : {DType::f32, DType::f64}) {
    for (std::int64_t inner : {256, 512, 2048})
      for (std::int64_t outer : {2, 3, 7}) {
        const Tensor x = sample_tensor(dtype, {outer, inner});
        EXPECT_EQ(reference::evaluate_tree(reduce_sum(x)),
                  reference::evaluate_tree(reduce_sum(reshape(x, {-1}))));
      }
    for (std::int64_t inner : {2, 4, 16})
      for (std::int64_t outer : {2, 3, 7}) {
        const Tensor x = sample_tensor(dtype, {outer, inner, 300});
        EXPECT_EQ(reference::evaluate_tree(reduce_sum(x)),
                  reference::evaluate_tree(reduce_sum(reshape(x, {-1, 300}))));
      }
    const Tensor odd = sample_tensor(dtype, {64, 100});
    EXPECT_NE(reference::evaluate_tree(reduce_sum(odd)),
              reference::evaluate_tree(reduce_sum(reshape(odd, {-1}))));
  }
}

//===-- The bound -----------------------------------------------------------------------------===//

/// The sums of `input`, in the order, are within the bound of the exact ones.
void expect_within_bound(const Tensor &input, const Axes &axes) {
  const DType dtype = input.dtype();
  auto in_double = [](const Tensor &x) {
    return elements<double>(reference::evaluate(cast(x, DType::f64)));
  };
  const std::vector<double> sums =
      elements<double>(reference::evaluate_tree(cast(reduce_sum(input, axes), DType::f64)));
  const Tensor wide = cast(input, DType::f64);
  const std::vector<double> exact =
      in_double(reduce_sum(wide, axes, {.accuracy = Accuracy::exact}));
  const std::vector<double> magnitudes =
      in_double(reduce_sum(abs(wide), axes, {.accuracy = Accuracy::exact}));
  ASSERT_EQ(sums.size(), exact.size());
  const double u = std::ldexp(1.0, dtype == DType::f64 ? -53 : -24);
  // Small floats are rounded to once more, by at most half a unit in their last place.
  double last = 0;
  double most = 0;
  visit_dtype(dtype, [&]<class T>(T) {
    if constexpr (FloatElement<T>) {
      most = static_cast<double>(std::numeric_limits<T>::max());
      if (sizeof(T) == 2)
        last = std::ldexp(1.0, -std::numeric_limits<T>::digits);
    }
  });
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (std::isinf(sums[i]) && std::fabs(exact[i]) >= most * (1 - 20 * u))
      continue; // what the dtype does not hold
    ASSERT_LE(std::fabs(sums[i] - exact[i]),
              error_bound * u * magnitudes[i] * (1 + 32 * u) + last * magnitudes[i])
        << name_of(dtype) << to_string(input.shape()) << " over " << to_string(*axes.get())
        << " at " << i;
  }
}

class SumLayouts : public testing::TestWithParam<Layout> {};

TEST_P(SumLayouts, AreWithinTheBoundOverAnyAxes) {
  for (const Shape &shape : sum_shapes)
    for (DType dtype : dtypes_in(Domain::Float)) {
      Tensor input = sample_tensor(dtype, shape, GetParam());
      for (const Axes &axes : axes_subsets(shape.size()))
        expect_within_bound(input, axes);
    }
}

INSTANTIATE_TEST_SUITE_P(Layouts, SumLayouts, testing::ValuesIn(layouts),
                         [](const auto &layout) { return std::string(layout.param.name); });

/// `size` values of `dtype`.
template <class Value> Tensor tensor_of(DType dtype, std::size_t size, const Value &value) {
  std::vector<double> values(size);
  for (std::size_t i = 0; i < size; ++i)
    values[i] = value(static_cast<double>(i));
  return cast(constant<double>(values, {static_cast<std::int64_t>(size)}), dtype);
}

TEST(SummationOrder, AdversarialSumsAreWithinTheBound) {
  constexpr std::size_t size = 1 << 16;
  for (DType dtype : dtypes_in(Domain::Float)) {
    const double u = dtype == DType::f64 ? 0x1p-53 : 0x1p-24;
    for (const Tensor &x : {
             tensor_of(dtype, size, [](double i) { return 1 + i / 64; }),    // ascending
             tensor_of(dtype, size, [](double i) { return 1024 - i / 64; }), // descending
             tensor_of(dtype, size, [](double i) { return std::exp2(-i / 4096); }),
             tensor_of(dtype, size, [](double) { return 0.1; }),
             tensor_of(dtype, size, [&](double i) { return i == 0 ? 1 : 0.75 * u; }), // lost alone
             tensor_of(dtype, size, [&](double i) { return int(i) % 16 ? 1.1 * u : 1; }),
             tensor_of(dtype, size, [](double i) { return int(i) % 2 ? -1.1 : 1 + 1 / (i + 1); }),
             tensor_of(dtype, size,
                       [](double i) { return int(i / 16) % 2 ? -3.3 : 3.3 + i / 4096; }),
         }) {
      expect_within_bound(x, all_axes);
      expect_within_bound(reshape(x, {256, 256}), 0);
      expect_within_bound(reshape(x, {256, 256}), 1);
      expect_within_bound(reshape(x, {16, 256, 16}), {0, 2});
    }
  }
}

//===-- The walk ------------------------------------------------------------------------------===//

TEST(Reference, LongChainsNeedNoRecursionAndLittleMemory) {
  // With all values kept, a gigabyte.
  Tensor x = broadcast_to(constant(1.0F), {2500});
  for (int i = 0; i < 100'000; ++i)
    x = negative(x);
  EXPECT_EQ(in_order<float>(reduce_sum(x))[0], 2500);
}

TEST(Reference, EvaluatesTheSameTensorTwice) {
  const Tensor x = constant({1.0, 2.0});
  const Tensor y = x + x;
  const std::vector<Tensor> outputs = {y, reduce_sum(y), x, y};
  const std::vector<std::vector<std::byte>> results = reference::evaluate_tree(outputs);
  EXPECT_EQ(elements<double>(results[0]), (std::vector<double>{2, 4}));
  EXPECT_EQ(elements<double>(results[1]), (std::vector<double>{6}));
  EXPECT_EQ(elements<double>(results[2]), (std::vector<double>{1, 2}));
  EXPECT_EQ(results[3], results[0]);
}

} // namespace
