// SPDX-License-Identifier: Apache-2.0
//
// Reductions put together from parts give the bits of those that are evaluated in one go.
#include "Difference.h"
#include "IllConditioned.h"
#include "tsum/partial.h"

#include <gmock/gmock.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

using namespace tsum;
using namespace tsum::test;
using testing::HasSubstr;

namespace {

using Reduce = std::function<Tensor(const Tensor &)>;

Tensor part_of(const Tensor &whole, std::int64_t axis, std::int64_t begin, std::int64_t end) {
  std::vector<Slice> slices(static_cast<std::size_t>(axis) + 1);
  slices.back() = {begin, end};
  return slice(whole, slices);
}

PartialReduction partial_of(const Reduce &reduce, const Tensor &whole, std::int64_t axis,
                            std::int64_t begin, std::int64_t end) {
  return PartialReduction(
      reduce(part_of(whole, axis, begin, end)),
      {.axis = axis, .begin = begin, .extent = whole.shape()[static_cast<std::size_t>(axis)]});
}

/// Cuts `whole` at random places, merges the parts in random order, some as bytes, and compares the
/// result with that of the reduction in one go.
void expect_same(const Reduce &reduce, const Tensor &whole, std::int64_t axis, unsigned seed) {
  std::mt19937_64 random(seed);
  const std::int64_t extent = whole.shape()[static_cast<std::size_t>(axis)];
  auto place = [&] {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(extent + 1));
  };
  std::vector<std::int64_t> cuts = {0, extent};
  for (std::uint64_t n = random() % 5; n > 0; --n)
    cuts.push_back(random() % 3 ? place() : place() / 256 * 256);
  std::ranges::sort(cuts);
  std::vector<PartialReduction> parts;
  for (std::size_t n = 0; n + 1 < cuts.size(); ++n)
    parts.push_back(partial_of(reduce, whole, axis, cuts[n], cuts[n + 1]));

  const Tensor expected = reduce(whole);
  eval(expected);
  SCOPED_TRACE(parts.front().to_string() + "\ncut at " + to_string(cuts));
  while (parts.size() > 1) {
    std::ranges::shuffle(parts, random);
    PartialReduction last = parts.back();
    parts.pop_back();
    if (random() % 2)
      last = PartialReduction::from_bytes(last.to_bytes());
    parts.front().merge(last);
  }
  const PartialReduction read = PartialReduction::from_bytes(parts.front().to_bytes());
  EXPECT_EQ(read.to_bytes(), parts.front().to_bytes());
  EXPECT_EQ(read.to_string(), parts.front().to_string());
  ASSERT_TRUE(read.is_complete());
  const Tensor result = read.result();
  EXPECT_EQ(result.dtype(), expected.dtype());
  ASSERT_TRUE(std::ranges::equal(result.shape(), expected.shape()));
  expect_same_values(expected.dtype(), bytes_of(expected), bytes_of(result));
}

const Shape shapes[] = {{1},       {255},     {1025},     {5000},      {70000},   {3, 600},
                        {600, 3},  {300, 40}, {2, 9, 70}, {5, 1, 300}, {1, 1, 1}, {1, 700},
                        {4, 0, 3}, {0, 3},    {3, 5, 2},  {2000, 3, 2}};

/// Calls `visit` with the shapes, the axes that are reduced, and each of these to be cut: with some
/// of all these, others for each `turn`.
template <class Visit> void for_each_cut(unsigned turn, const Visit &visit) {
  unsigned seed = turn;
  for (const Shape &shape : shapes)
    for (const Axes &axes : axes_subsets(shape.size()))
      for (std::int64_t axis : *axes.get())
        if (++seed % 4 == 0)
          visit(shape, axes, axis, seed / 4);
}

class PartialReductions : public testing::TestWithParam<DType> {};

TEST_P(PartialReductions, MergeToTheWhole) {
  auto turn = static_cast<unsigned>(GetParam());
  for (const ReductionOp &op : reduction_ops) {
    const bool is_complex = kind_of(GetParam()) == DTypeKind::Complex;
    if (!contains(op.domain, GetParam()) ||
        (is_complex && std::string_view(op.name) != "reduce_sum"))
      continue;
    SCOPED_TRACE(op.name);
    for_each_cut(
        ++turn, [&](const Shape &shape, const Axes &axes, std::int64_t axis, unsigned seed) {
          const Tensor whole = sample_tensor(GetParam(), shape, layouts[seed % std::size(layouts)]);
          expect_same([&](const Tensor &x) { return op.apply(x, axes, seed % 3 == 0); }, whole,
                      axis, seed);
        });
  }
}

class PartialExactSums : public testing::TestWithParam<DType> {};

TEST_P(PartialExactSums, MergeToTheWhole) {
  const auto turn = static_cast<unsigned>(GetParam());
  for_each_cut(turn, [&](const Shape &shape, const Axes &axes, std::int64_t axis, unsigned seed) {
    const Layout &layout = layouts[seed % std::size(layouts)];
    const Tensor whole = seed / 2 % 2 ? ill_conditioned_tensor(GetParam(), shape, layout)
                                      : sample_tensor(GetParam(), shape, layout);
    SCOPED_TRACE(layout.name);
    expect_same([&](const Tensor &x) { return reduce_sum(x, axes, {.accuracy = Accuracy::exact}); },
                whole, axis, seed);
  });
}

TEST_P(PartialReductions, OfSpecialValuesMergeToTheWhole) {
  const Tensor whole = special_tensor(GetParam(), 700);
  for (const ReductionOp &op : reduction_ops)
    if (contains(op.domain, GetParam()) && kind_of(GetParam()) != DTypeKind::Complex)
      expect_same([&](const Tensor &x) { return op.apply(x, all_axes, false); }, whole, 0, 5);
  if (contains(Domain::Float, GetParam()))
    expect_same(
        [&](const Tensor &x) { return reduce_sum(x, all_axes, {.accuracy = Accuracy::exact}); },
        whole, 0, 6);
}

INSTANTIATE_TEST_SUITE_P(, PartialReductions, testing::ValuesIn(all_dtypes), name_of_dtype);
INSTANTIATE_TEST_SUITE_P(, PartialExactSums,
                         testing::ValuesIn(dtypes_in(Domain::Inexact, /*with_complex=*/true)),
                         name_of_dtype);

TEST(PartialReduction, OfWhatIsComputed) {
  const Tensor x = sample_tensor(DType::f64, {3000, 7});
  auto reduce = [](const Tensor &part) { return reduce_sum(square(subtract(part, 0.5)), {0}); };
  for (unsigned seed = 0; seed < 8; ++seed)
    expect_same(reduce, x, 0, seed);
  auto exact = [](const Tensor &part) {
    return reduce_sum(square(subtract(part, 0.5)), {0, 1}, {.accuracy = Accuracy::exact});
  };
  for (unsigned seed = 0; seed < 8; ++seed)
    expect_same(exact, x, 0, seed);
}

TEST(PartialReduction, OfMinusZerosIsZero) {
  const Tensor x = broadcast_to(constant(-0.0f), {1000});
  expect_same([](const Tensor &part) { return reduce_sum(part); }, x, 0, 3);
  const Tensor one = constant({-0.0f});
  expect_same([](const Tensor &part) { return reduce_sum(part); }, one, 0, 3);
}

TEST(PartialReduction, OfManyPartsHoldsFewNodes) {
  const Tensor x = sample_tensor(DType::f32, {1 << 16});
  auto sum = [](const Tensor &part) { return reduce_sum(part); };
  PartialReduction all = partial_of(sum, x, 0, 300, 700);
  for (std::int64_t begin = 700; begin < 60000; begin += 1000)
    all.merge(partial_of(sum, x, 0, begin, begin + 1000));
  EXPECT_THAT(all.ranges(), testing::ElementsAre(PartialReduction::Range{300, 60700}));
  EXPECT_FALSE(all.is_complete());
  EXPECT_LT(all.to_bytes().size(), 8 * 2 * 8 + 4 * 2 * 255 + 200U);
}

TEST(PartialReduction, SaysWhatItHolds) {
  const Tensor ones = broadcast_to(constant(1.f), {2000});
  auto sum = [](const Tensor &part) { return reduce_sum(part); };
  PartialReduction some = partial_of(sum, ones, 0, 254, 1100);
  EXPECT_EQ(some.to_string(), "reduce_sum of f32[2000] over [0], cut along 0: 254 to 1099 of 2000\n"
                              "  elements 254 to 255: 1.0, 1.0\n"
                              "  node 1 of level 0: 256.0\n"
                              "  node 1 of level 1: 512.0\n"
                              "  elements 1024 to 1099: 1.0, 1.0, 1.0, 1.0, ... (76)");
  std::ostringstream stream;
  stream << partial_of([](const Tensor &x) { return reduce_max(x); }, ones, 0, 0, 10);
  EXPECT_EQ(stream.str(), "reduce_max of f32[2000] over [0], cut along 0: 0 to 9 of 2000\n  1.0");
}

TEST(PartialReduction, RefusesWhatDoesNotFit) {
  const Tensor x = sample_tensor(DType::f32, {40, 30});
  auto sum = [](const Tensor &part) { return reduce_sum(part); };
  PartialReduction some = partial_of(sum, x, 0, 5, 20);
  EXPECT_THAT(error_of([&] { some.merge(partial_of(sum, x, 0, 18, 25)); }),
              HasSubstr("elements 18 to 19 are in both (5 to 19; 18 to 24)"));
  EXPECT_THAT(error_of([&] { some.merge(partial_of(sum, x, 1, 0, 5)); }),
              HasSubstr("cut along 1 do not merge"));
  EXPECT_THAT(error_of([&] { (void)some.result(); }),
              HasSubstr("elements 0 to 4, 20 to 39 are missing"));
  EXPECT_THAT(error_of([&] { PartialReduction(reduce_sum(x, 0), {1, 0, 30}); }),
              HasSubstr("axis 1 is kept"));
  EXPECT_THAT(error_of([&] { PartialReduction(reduce_sum(x), {2, 0, 30}); }),
              HasSubstr("axis 2 is out of range"));
  EXPECT_THAT(error_of([&] { PartialReduction(reduce_sum(x), {0, 5, 44}); }),
              HasSubstr("a part of 40 from 5 on does not fit into an extent of 44"));
  EXPECT_THAT(error_of([&] { PartialReduction(reduce_mean(x), {0, 0, 40}); }),
              HasSubstr("'divide' is no reduction"));
  const SumOptions exact{.accuracy = Accuracy::exact};
  EXPECT_THAT(error_of([&] { PartialReduction(reduce_mean(x, all_axes, exact), {0, 0, 40}); }),
              HasSubstr("an exact sum over 1200 is divided by what a part does not know"));
  const Tensor wide = reduce_sum(x, all_axes, {.dtype = DType::f64, .accuracy = Accuracy::exact});
  EXPECT_THAT(error_of([&] { PartialReduction(wide, {0, 0, 40}); }),
              HasSubstr("an exact sum of f32 is rounded to f64"));
  const Tensor evaluated = reduce_sum(x);
  eval(evaluated);
  EXPECT_THAT(error_of([&] { PartialReduction(evaluated, {0, 0, 40}); }),
              HasSubstr("has been evaluated"));
}

TEST(PartialReduction, RefusesOtherBytes) {
  for (const Tensor &reduction :
       {reduce_sum(sample_tensor(DType::f64, {700, 2}), 0),
        reduce_sum(sample_tensor(DType::complex64, {700}), 0, {.accuracy = Accuracy::exact}),
        reduce_any(sample_tensor(DType::boolean, {700, 2}), 0)}) {
    const std::vector<std::byte> bytes =
        PartialReduction(reduction, {.axis = 0, .begin = 100, .extent = 1000}).to_bytes();
    for (std::size_t size = 0; size < bytes.size(); ++size)
      EXPECT_THROW((void)PartialReduction::from_bytes(std::span(bytes).first(size)), Error);
    std::mt19937_64 random(1);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      std::vector<std::byte> changed = bytes;
      changed[at] ^= static_cast<std::byte>(1 + random() % 255);
      EXPECT_THROW((void)PartialReduction::from_bytes(changed), Error);
      // With a checksum that fits, they are refused or are other numbers.
      const std::uint64_t checksum = XXH3_64bits(changed.data(), changed.size() - 8);
      std::memcpy(&changed[changed.size() - 8], &checksum, 8);
      const std::string error = error_of([&] {
        const PartialReduction read = PartialReduction::from_bytes(changed);
        EXPECT_EQ(read.to_bytes(), changed);
        EXPECT_FALSE(read.to_string().empty());
      });
      EXPECT_TRUE(error.empty() || error.starts_with("partial_reduction: ")) << error;
    }
  }
}

} // namespace
