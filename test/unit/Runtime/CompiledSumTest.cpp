// SPDX-License-Identifier: Apache-2.0
#include "Compiled.h"

using namespace tsum;
using namespace tsum::test;

namespace {

void expect_compiled_sum(DType dtype, const Shape &shape, const Layout &layout, const Axes &axes) {
  for (Guard guard : {Guard::Front, Guard::Back}) {
    Tensor input = sample_tensor(dtype, shape, layout, guard);
    expect_compiled_as_reference([&] { return std::vector{reduce_sum(input, axes)}; });
  }
}

class CompiledSum : public testing::TestWithParam<DType> {};

class CompiledSumLayouts : public testing::TestWithParam<std::tuple<DType, Layout>> {};

TEST_P(CompiledSumLayouts, OverAnyAxes) {
  auto [dtype, layout] = GetParam();
  for (const Shape &shape : sum_shapes)
    for (const Axes &axes : axes_subsets(shape.size()))
      ASSERT_NO_FATAL_FAILURE(expect_compiled_sum(dtype, shape, layout, axes));
}

TEST_P(CompiledSum, OverAContiguousAxisOfAnyExtent) {
  for (std::int64_t extent :
       {2,   3,   15,  16,  17,  31,  32,   33,   63,   64,   65,   127,  128, 129,
        255, 256, 257, 511, 512, 513, 1023, 1024, 1025, 1030, 4095, 4096, 4097})
    for (std::int64_t rows : {1, 3})
      ASSERT_NO_FATAL_FAILURE(expect_compiled_sum(GetParam(), {rows, extent}, row_major, {1}));
}

TEST_P(CompiledSum, OverAStridedAxisOfAnyExtent) {
  for (std::int64_t extent : {2, 15, 16, 17, 63, 64, 65, 300, 1025})
    ASSERT_NO_FATAL_FAILURE(expect_compiled_sum(GetParam(), {3, extent}, padded, {1}));
}

TEST_P(CompiledSum, OverTheRowsOfTilesOfColumns) {
  for (std::int64_t rows : {2, 15, 16, 17, 33})
    for (std::int64_t columns :
         {2, 31, 33, 63, 64, 65, 127, 129, 2047, 2048, 2049, 4095, 4096, 4097, 8191, 8193, 16385})
      ASSERT_NO_FATAL_FAILURE(expect_compiled_sum(GetParam(), {rows, columns}, row_major, {0}));
}

TEST_P(CompiledSum, OverAxesOnBothSidesOfAKeptOne) {
  for (std::int64_t kept : {3, 64, 2049})
    for (std::int64_t inner : {5, 64, 70}) {
      ASSERT_NO_FATAL_FAILURE(expect_compiled_sum(GetParam(), {3, kept, inner}, row_major, {0, 2}));
      ASSERT_NO_FATAL_FAILURE(expect_compiled_sum(GetParam(), {3, inner, kept}, row_major, {1}));
    }
}

TEST_P(CompiledSum, OverFewElementsSideBySide) {
  for (std::int64_t rows : {15, 16, 17, 64, 65, 4097})
    for (std::int64_t extent : {2, 3, 4, 6, 7, 8, 9})
      ASSERT_NO_FATAL_FAILURE(expect_compiled_sum(GetParam(), {rows, extent}, row_major, {1}));
}

TEST_P(CompiledSum, OverTheRowsOfFewColumns) {
  for (std::int64_t rows : {8, 9, 17, 128, 129, 1000})
    for (std::int64_t columns : {2, 3, 7, 16, 22, 31})
      ASSERT_NO_FATAL_FAILURE(expect_compiled_sum(GetParam(), {rows, columns}, row_major, {0}));
}

TEST_P(CompiledSum, InParts) {
  for (const Shape &shape : {Shape{1 << 20}, Shape{1000003}, Shape{200000, 7}, Shape{25088, 64},
                             Shape{3, 400000}, Shape{50000, 2, 11}})
    for (const Axes &axes : {Axes(0), all_axes})
      ASSERT_NO_FATAL_FAILURE(expect_compiled_sum(GetParam(), shape, row_major, axes));
}

/// What a plain addition of the parts would round away one by one.
TEST(PartsOfSums, LoseNothingWhenTheyAreAddedUp) {
  constexpr std::int64_t part = 1 << 17;
  std::vector<double> values(8 * part);
  values[0] = 0x1p53;
  for (std::size_t n = 1; n < 8; ++n)
    values[n * part] = 1;
  EXPECT_EQ(reduce_sum(constant(std::span<const double>(values), {8 * part})).item<double>(),
            0x1p53 + 8); // 7, but ties go to even
}

TEST_P(CompiledSum, GivesTheSameBitsOnAnyNumberOfThreads) {
  for (const Shape &shape : {Shape{1000003}, Shape{300, 4099}, Shape{200000, 7}}) {
    Tensor x = sample_tensor(GetParam(), shape);
    for (const Axes &axes : axes_subsets(shape.size())) {
      const std::vector<std::byte> expected = reference::evaluate_tree(reduce_sum(x, axes));
      for (std::int64_t threads : {1, 2, 3, 16}) {
        set_threads(threads);
        Tensor sum = reduce_sum(x, axes);
        const auto *bytes = static_cast<const std::byte *>(sum.bytes());
        ASSERT_NO_FATAL_FAILURE(expect_same_values(GetParam(), expected, {bytes, expected.size()}))
            << threads << " threads";
      }
    }
  }
  set_threads(0);
}

TEST_P(CompiledSum, OfHighRank) {
  Shape shape = {2, 3, 1, 2, 2, 3, 1, 2};
  for (const Axes &axes : axes_subsets(shape.size()))
    if (axes.get()->size() == 3 || axes.get()->size() == 5) {
      ASSERT_NO_FATAL_FAILURE(expect_compiled_sum(GetParam(), shape, row_major, axes));
    }
}

TEST_P(CompiledSum, KeepsDimsOfTheReducedAxes) {
  Tensor x = sample_tensor(GetParam(), {4, 17, 65});
  for (const Axes &axes : axes_subsets(3))
    expect_compiled_as_reference(
        [&] { return std::vector{reduce_sum(x, axes, /*keepdims=*/true)}; });
}

TEST_P(CompiledSum, OfNothingIsZero) {
  Tensor empty = borrow(nullptr, GetParam(), {std::int64_t{1} << 33, 0});
  Tensor columns = borrow(nullptr, GetParam(), {0, 5});
  for (bool keepdims : {false, true})
    expect_compiled_as_reference([&] {
      return std::vector{reduce_sum(empty, all_axes, keepdims), reduce_sum(empty, 0, keepdims),
                         reduce_sum(columns, 0, keepdims), reduce_sum(columns, 1, keepdims)};
    });
}

/// Rows of a page each, at every second page; the others cannot be read.
TEST_P(CompiledSum, ReadsNothingBetweenRows) {
  auto page = sysconf(_SC_PAGESIZE);
  std::int64_t columns = page / size_of(GetParam());
  constexpr std::int64_t rows = 18;
  auto memory = guarded_memory(static_cast<std::size_t>(2 * rows * page), Guard::Back);
  for (std::int64_t row = 0; row < rows; ++row) {
    std::memset(memory.get() + 2 * row * page, static_cast<int>(row),
                static_cast<std::size_t>(page));
    ASSERT_EQ(
        mprotect(memory.get() + (2 * row + 1) * page, static_cast<std::size_t>(page), PROT_NONE),
        0);
  }
  Tensor x = borrow(memory.get(), GetParam(), {rows, columns}, {2 * page, size_of(GetParam())});
  for (const Axes &axes : axes_subsets(2))
    expect_compiled_as_reference([&] { return std::vector{reduce_sum(x, axes)}; });
}

INSTANTIATE_TEST_SUITE_P(DTypes, CompiledSum, testing::ValuesIn(dtypes_in(Domain::Numeric, true)),
                         name_of_dtype);

/// Unsigned integers are loaded and added as signed ones of their size: CompiledSum has all, and
/// layouts only these.
std::vector<DType> dtypes_without_unsigned() {
  std::vector<DType> dtypes = dtypes_in(Domain::Numeric, /*with_complex=*/true);
  std::erase_if(dtypes, [](DType dtype) { return kind_of(dtype) == DTypeKind::Unsigned; });
  return dtypes;
}

INSTANTIATE_TEST_SUITE_P(DTypes, CompiledSumLayouts,
                         testing::Combine(testing::ValuesIn(dtypes_without_unsigned()),
                                          testing::ValuesIn(layouts)),
                         [](const auto &info) {
                           return std::string(name_of(std::get<0>(info.param))) + "_" +
                                  std::get<1>(info.param).name;
                         });

} // namespace
