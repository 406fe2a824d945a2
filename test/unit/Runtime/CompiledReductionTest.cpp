// SPDX-License-Identifier: Apache-2.0
//
// The reductions of tsum/Reductions.def; sums, whose order matters most, have tests of their own.
#include "Compiled.h"
#include "tsum/threads.h"

#include <cstring>
#include <functional>
#include <numeric>

using namespace tsum;
using namespace tsum::test;

namespace {

class CompiledReduction : public testing::TestWithParam<DType> {
protected:
  /// All reductions of `x` but its sum.
  static std::vector<Tensor> reductions_of(const Tensor &x, const Axes &axes, bool keepdims) {
    std::vector<Tensor> outputs;
    for (const ReductionOp &op : reduction_ops)
      if (contains(op.domain, x.dtype()) && op.name != std::string("reduce_sum"))
        outputs.push_back(op.apply(x, axes, keepdims));
    return outputs;
  }

  static std::vector<Tensor> all_reductions_of(const Tensor &x, const Axes &axes) {
    std::vector<Tensor> outputs = reductions_of(x, axes, false);
    if (x.dtype() != DType::boolean)
      outputs.push_back(reduce_sum(x, axes));
    return outputs;
  }
};

TEST_P(CompiledReduction, OverAnyAxes) {
  const Shape shapes[] = {{},        {0},       {1},        {5},         {65},
                          {1025},    {0, 3},    {17, 31},   {33, 67},    {2, 1040},
                          {1040, 2}, {3, 0, 2}, {3, 16, 4}, {2, 3, 5, 7}};
  for (const Shape &shape : shapes)
    for (const Axes &axes : axes_subsets(shape.size())) {
      Tensor x = sample_tensor(GetParam(), shape);
      expect_compiled_as_reference([&] { return reductions_of(x, axes, axes.get()->size() == 1); });
    }
}

TEST_P(CompiledReduction, OfAnyLayout) {
  for (const Layout &layout : layouts)
    for (const Axes &axes : axes_subsets(2))
      for (Guard guard : {Guard::Front, Guard::Back}) {
        Tensor x = sample_tensor(GetParam(), {19, 35}, layout, guard);
        expect_compiled_as_reference([&] { return reductions_of(x, axes, false); });
      }
}

TEST_P(CompiledReduction, OfSpecialValues) {
  Tensor row = special_tensor(GetParam(), 37);
  Tensor table = broadcast_to(row, {3, 37});
  expect_compiled_as_reference([&] { return reductions_of(row, 0, false); });
  for (std::int64_t axis : {0, 1})
    expect_compiled_as_reference([&] { return reductions_of(table, axis, false); });
}

TEST_P(CompiledReduction, FusesWhatItReadsAndWhatReadsIt) {
  Tensor x = sample_tensor(GetParam(), {33, 70});
  expect_compiled_as_reference([&] {
    std::vector<Tensor> outputs;
    for (const Tensor &y : reductions_of(equal(x, 0), 1, false))
      outputs.push_back(logical_not(y));
    for (const Tensor &y : reductions_of(where(equal(x, 0), x, x), 0, true))
      outputs.push_back(equal(x, y));
    return outputs;
  });
}

/// Long enough to be cut into parts.
TEST_P(CompiledReduction, OfPartsOfLongOnes) {
  const std::int64_t size = (std::int64_t{1} << 20) / size_of(GetParam()) + 7;
  Tensor x = sample_tensor(GetParam(), {size});
  expect_compiled_as_reference([&] { return reductions_of(x, 0, false); });
}

/// What one reduced dimension leaves is cut into parts of few, and short last ones. Together and
/// each alone: what has no order takes the loops of what has one beside it.
TEST_P(CompiledReduction, OfPartsOfSeveralDimensions) {
  const Shape shapes[] = {{65, 324, 7}, {7, 65, 324}, {300, 9, 70}};
  for (const Shape &shape : shapes) {
    Tensor x = sample_tensor(GetParam(), shape);
    for (const Axes &axes : {Axes{0, 2}, Axes{0, 1}, Axes{1, 2}, Axes{0, 1, 2}}) {
      std::vector<std::function<std::vector<Tensor>()>> builds = {
          [&] { return all_reductions_of(x, axes); }};
      for (const ReductionOp &op : reduction_ops)
        if (contains(op.domain, x.dtype()))
          builds.push_back([&] { return std::vector{op.apply(x, axes, false)}; });
      for (const auto &build : builds)
        expect_compiled_as_reference(build);
    }
  }
}

/// Lines of each length that strategies tell apart, of few results and of many.
TEST_P(CompiledReduction, OfShortLines) {
  for (std::int64_t elements : {2, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33})
    for (std::int64_t lines : {3, 35}) {
      Tensor x = sample_tensor(GetParam(), {lines, elements});
      expect_compiled_as_reference([&] { return all_reductions_of(x, 1); });
    }
  for (const Shape &window : {Shape{3, 3}, Shape{5, 5}, Shape{7, 7}, Shape{14, 9}, Shape{2, 30}}) {
    Tensor x = sample_tensor(GetParam(), {20, window[0], window[1]});
    expect_compiled_as_reference([&] { return all_reductions_of(x, Axes{1, 2}); });
    expect_compiled_as_reference([&] { return all_reductions_of(x, Axes{0, 1, 2}); });
  }
}

/// Rows that lie apart are walked some at once.
TEST_P(CompiledReduction, OfSomeRows) {
  for (std::int64_t rows : {12, 13, 17, 31, 64, 65}) {
    Tensor x = sample_tensor(GetParam(), {rows, 1100});
    expect_compiled_as_reference([&] { return reductions_of(x, 0, false); });
    if (x.dtype() != DType::boolean)
      expect_compiled_as_reference([&] { return std::vector{reduce_sum(x, 0)}; });
  }
}

INSTANTIATE_TEST_SUITE_P(DTypes, CompiledReduction, testing::ValuesIn(dtypes_in(Domain::Any)),
                         name_of_dtype);

class CompiledPlaces : public testing::TestWithParam<DType> {};

TEST_P(CompiledPlaces, AreThoseOfTheFirst) {
  for (const Layout &layout : layouts) {
    // Of unsigned integers only the comparison is another.
    if (kind_of(GetParam()) == DTypeKind::Unsigned && &layout != &layouts[0])
      continue;
    Tensor x = sample_tensor(GetParam(), {5, 17, 3}, layout);
    for (const Axes &axes : axes_subsets(3))
      expect_compiled_as_reference([&] {
        return std::vector{argmax(x, axes), argmin(x, axes, true), count_nonzero(x, axes),
                           argmax(transpose(x), axes), argmin(flip(x, 1), 1)};
      });
  }
  Tensor special = special_tensor(GetParam(), 40);
  expect_compiled_as_reference([&] {
    return std::vector{argmax(special, 0), argmin(special, 0),
                       argmax(slice(special, {{3, {}, 2}}), all_axes)};
  });
}

INSTANTIATE_TEST_SUITE_P(DTypes, CompiledPlaces, testing::ValuesIn(dtypes_in(Domain::Any)),
                         name_of_dtype);

TEST(CompiledPlaces, OfLongTensorsAreCutIntoParts) {
  std::vector<float> values(1000003);
  values[777777] = 1;
  values[999999] = 1;
  Tensor x = constant<float>(values, {static_cast<std::int64_t>(values.size())});
  EXPECT_EQ(argmax(x, 0).item<std::int64_t>(), 777777);
  EXPECT_EQ(argmax(flip(x), 0).item<std::int64_t>(), 1000002 - 999999);
  EXPECT_EQ(argmin(-x, 0).item<std::int64_t>(), 777777);
}

class CompiledLargeRows : public testing::TestWithParam<DType> {};

/// Results of more than 8 MB, whose rows are written while the next ones are computed: a tile is
/// one row, or several, of which the last tile has some of the one before, or has two dimensions;
/// the vectors of 40 elements are not whole lines.
TEST_P(CompiledLargeRows, AreThoseOfTheReferenceByAnyThreads) {
  for (const Shape &row : {Shape{2048}, Shape{32}, Shape{40}, Shape{4, 256}}) {
    const std::int64_t bytes =
        size_of(GetParam()) *
        std::accumulate(row.begin(), row.end(), std::int64_t{1}, std::multiplies<>());
    Shape shape = {(8 << 20) / bytes + 3};
    shape.insert(shape.end(), row.begin(), row.end());
    const Axes axes = row.size() == 1 ? Axes{1} : Axes{1, 2};
    Tensor x = sample_tensor(GetParam(), shape);
    ThreadScope one(1);
    expect_compiled_as_reference([&] { return std::vector{softmax(x, axes)}; });
    Tensor expected = softmax(x, axes);
    eval(expected);
    for (std::int64_t threads : {2, 5}) {
      ThreadScope several(threads);
      Tensor y = softmax(x, axes);
      EXPECT_EQ(
          std::memcmp(y.bytes(), expected.bytes(), static_cast<std::size_t>(bytes * shape.front())),
          0)
          << threads;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(DTypes, CompiledLargeRows, testing::ValuesIn(dtypes_in(Domain::Float)),
                         name_of_dtype);

class CompiledColumns : public testing::TestWithParam<DType> {
protected:
  /// What reads elements along `axes` several times.
  static std::vector<Tensor> chains_over(const Tensor &x, const Axes &axes) {
    const Tensor mask = greater(x, 0);
    return {softmax(x, axes),
            log_softmax(x, axes),
            reduce_logsumexp(x, axes),
            reduce_variance(x, axes),
            reduce_std(x, axes, true),
            standardize(x, axes, 1e-3),
            x / reduce_euclidean_norm(x, axes, true),
            softmax(where(mask, x, -1e4), axes),
            where(mask, softmax(x, axes), 0)};
  }
};

/// Over dimensions before the innermost one: fewer columns than a tile has, a few more, and many;
/// of one line, and of more than a block sums.
TEST_P(CompiledColumns, OverAnyAxes) {
  struct Case {
    Shape shape;
    Axes axes;
  };
  const Case cases[] = {{{1, 7}, 0},
                        {{2, 1}, 0},
                        {{63, 65}, 0},
                        {{65, 63}, 0},
                        {{257, 131}, 0},
                        {{17, 2053}, 0},
                        {{1021, 67}, 0},
                        {{3, 37, 129}, 1},
                        {{5, 7, 193}, {0, 1}},
                        {{17, 3, 40}, {1, 0}},
                        {{3, 5, 67}, {0, 2}},
                        {{4, 9, 3, 66}, {1, 2}},
                        {{4, 9, 3, 66}, {0, 2}}};
  for (const auto &[shape, axes] : cases) {
    Tensor x = sample_tensor(GetParam(), shape);
    expect_compiled_as_reference([&] { return chains_over(x, axes); });
    expect_compiled_as_reference([&] { return std::vector{chains_over(x, axes).front()}; });
  }
}

/// Enough tiles for all threads, of which the last begins earlier.
TEST_P(CompiledColumns, AreTheSameByAnyThreads) {
  Tensor x = sample_tensor(GetParam(), {20, 100003});
  auto by_threads = [&](std::int64_t threads) {
    ThreadScope limited(threads);
    std::vector<Tensor> results = {softmax(x, 0), reduce_variance(x, 0)};
    for (const Tensor &result : results)
      eval(result); // each by itself, as one kernel
    return results;
  };
  const std::vector<Tensor> expected = by_threads(1);
  for (std::int64_t threads : {2, 5})
    for (std::size_t i = 0; const Tensor &result : by_threads(threads)) {
      EXPECT_EQ(std::memcmp(result.bytes(), expected[i].bytes(),
                            static_cast<std::size_t>(result.size() * size_of(result.dtype()))),
                0)
          << threads;
      ++i;
    }
  ThreadScope several(5);
  expect_compiled_as_reference([&] { return std::vector{softmax(x, 0)}; });
}

INSTANTIATE_TEST_SUITE_P(DTypes, CompiledColumns, testing::ValuesIn(dtypes_in(Domain::Float)),
                         name_of_dtype);

} // namespace
