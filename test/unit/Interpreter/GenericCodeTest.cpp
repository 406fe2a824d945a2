// SPDX-License-Identifier: Apache-2.0
//
// Generic code where loops take two operations together, many short rows, few rows and columns, or
// write past the caches. What it shares with compiled code is tested by the tests with -generic in
// their names.
#include "Cases.h"
#include "Difference.h"
#include "tsum/Reference/Evaluate.h"
#include "tsum/cache.h"
#include "tsum/eval.h"

#include <gtest/gtest.h>

#include <algorithm>

using namespace tsum;
using namespace tsum::test;

namespace {

struct GenericCode : testing::Test {
  GenericScope generic;

  /// By generic code and nothing else.
  static void expect_as_reference(const std::vector<Tensor> &outputs) {
    const std::vector<std::vector<std::byte>> expected = reference::evaluate_tree(outputs);
    const CacheStats before = cache_stats();
    eval(outputs);
    ASSERT_EQ(cache_stats().compilations, before.compilations);
    for (std::size_t n = 0; n < outputs.size(); ++n)
      expect_same_values(outputs[n].dtype(), expected[n], bytes_of(outputs[n]));
  }
};

constexpr std::int64_t row_counts[] = {1, 3, 17, 40};
constexpr std::int64_t column_counts[] = {1, 2, 7, 15, 16, 17, 28, 33, 47, 48, 70, 257};

using Operation = Tensor (*)(const Tensor &, const Tensor &);

/// Those of tsum/Elementwise.def with these names.
std::vector<Operation> operations(std::initializer_list<std::string_view> names) {
  std::vector<Operation> found;
  for (const ElementwiseOp &op : elementwise_ops)
    if (std::ranges::find(names, op.name) != names.end())
      found.push_back(op.apply);
  return found;
}

TEST_F(GenericCode, TwoOperationsAtOnce) {
  const std::vector<Operation> inner = operations({"add", "subtract", "multiply"}),
                               outer = operations(
                                   {"add", "subtract", "multiply", "divide", "maximum", "minimum"}),
                               unary = operations({"square", "abs", "exp"});
  ASSERT_EQ(inner.size() + outer.size() + unary.size(), 12U);
  for (DType dtype : {DType::f32, DType::f64, DType::f16, DType::bf16})
    for (std::int64_t rows : row_counts)
      for (std::int64_t columns : column_counts) {
        SCOPED_TRACE(std::string(name_of(dtype)) + '[' + std::to_string(rows) + ',' +
                     std::to_string(columns) + ']');
        const Tensor x = sample_tensor(dtype, {rows, columns});
        const Tensor others[] = {sample_tensor(dtype, {rows, columns}, padded),
                                 sample_tensor(dtype, {rows, 1}), sample_tensor(dtype, {columns}),
                                 sample_tensor(dtype, {})};
        std::vector<Tensor> outputs;
        for (std::size_t n = 0; n < inner.size(); ++n)
          for (std::size_t m = 0; m < std::size(others); ++m) {
            const Tensor &y = others[m], &z = others[(m + n + 1) % std::size(others)];
            const Operation of = outer[(3 * n + m) % outer.size()];
            outputs.push_back(of(inner[n](x, y), z));
            outputs.push_back(of(z, inner[n](y, x)));
            outputs.push_back(unary[(n + m) % unary.size()](inner[n](x, y), x));
          }
        for (const Tensor &output : outputs)
          expect_as_reference({output});
      }
}

/// Three operations are one loop where nothing else wants what is between them.
TEST_F(GenericCode, Gates) {
  const std::vector<Operation> functions = operations({"exp", "sigmoid", "tanh"});
  ASSERT_EQ(functions.size(), 3U);
  for (Operation function : functions)
    for (DType dtype : {DType::f32, DType::f64, DType::f16, DType::bf16})
      for (const Shape &shape : {Shape{1, 1}, {3, 16}, {17, 28}, {5, 70}, {2, 3000}}) {
        SCOPED_TRACE(std::string(name_of(dtype)) + ' ' + to_string(shape));
        const Tensor x = sample_tensor(dtype, shape), row = sample_tensor(dtype, {shape[1]}),
                     column = sample_tensor(dtype, {shape[0], 1});
        auto f = [&](const Tensor &y) { return function(y, y); };
        expect_as_reference({x * f(x * 1.702f)});
        expect_as_reference({f(column * x) * row});
        expect_as_reference({f(x * row) * column, f(x)});
        expect_as_reference({reduce_sum(x, 1, true) * f(x * column)});
        expect_as_reference({reduce_sum(row * f(x * column), 1), reduce_max(f(row * x) * x, 0)});
        const Tensor scaled = x * row, shared = f(scaled);
        expect_as_reference({shared * x, scaled});
        expect_as_reference({shared * x, shared});
        expect_as_reference({shared * scaled});
        expect_as_reference({f(row * 2.0f) * x});
      }
}

TEST_F(GenericCode, SumsOfWhatIsComputed) {
  for (DType dtype : {DType::f32, DType::f64, DType::f16})
    for (std::int64_t rows : {1, 15, 16, 17, 100, 256, 257, 600})
      for (std::int64_t columns : {1, 3, 16, 28, 64, 65, 130, 300, 1100}) {
        if (rows * columns > 80'000)
          continue;
        SCOPED_TRACE(std::string(name_of(dtype)) + '[' + std::to_string(rows) + ',' +
                     std::to_string(columns) + ']');
        const Tensor x = sample_tensor(dtype, {rows, columns}),
                     y = sample_tensor(dtype, {rows, columns}, padded);
        for (const Axes &axes : {Axes{0}, Axes{1}, Axes{0, 1}}) {
          expect_as_reference({reduce_sum(square(x), axes)});
          expect_as_reference({reduce_sum(abs(x), axes)});
          expect_as_reference({reduce_sum(x * y, axes)});
          expect_as_reference({reduce_sum(abs(x - sample_tensor(dtype, {rows, 1})), axes)});
          expect_as_reference({reduce_sum(square(x - sample_tensor(dtype, {columns})), axes)});
          expect_as_reference({reduce_sum(square(x - reduce_sum(x, axes, true)), axes)});
        }
      }
}

TEST_F(GenericCode, ReductionsOfShortRows) {
  for (DType dtype : dtypes_in(Domain::Any))
    for (std::int64_t columns = 1; columns <= 70; ++columns) {
      SCOPED_TRACE(std::string(name_of(dtype)) + ' ' + std::to_string(columns));
      const Tensor x = sample_tensor(dtype, {columns % 35 + 1, columns});
      for (const ReductionOp &reduction : reduction_ops)
        if (contains(reduction.domain, dtype)) {
          expect_as_reference({reduction.apply(x, 1, false)});
          expect_as_reference({reduction.apply(x, 0, false)});
        }
    }
}

TEST_F(GenericCode, ExtremaKnowZerosAndNaNs) {
  const float nan = std::numeric_limits<float>::quiet_NaN(),
              infinity = std::numeric_limits<float>::infinity();
  for (const std::vector<float> &row : {std::vector{-0.0f, 0.0f},
                                        {0.0f, -0.0f},
                                        {-0.0f, -0.0f},
                                        {nan, infinity},
                                        {-infinity, -nan},
                                        {-nan, 1.0f},
                                        {-infinity, -infinity},
                                        {infinity, -0.0f}})
    for (std::int64_t length : {2, 16, 17, 40, 200})
      for (std::int64_t copies : {1, 16, 20}) {
        std::vector<float> values(static_cast<std::size_t>(length * copies), row[0]);
        for (std::int64_t n = 0; n < copies; ++n)
          values[static_cast<std::size_t>(n * length + length - 1)] = row[1];
        const Tensor x = constant(std::span<const float>(values), {copies, length});
        for (const Tensor &y : {x, transpose(x), cast(x, DType::f64), cast(x, DType::f16)})
          for (std::int64_t axis : {0, 1}) {
            expect_as_reference({reduce_max(y, axis)});
            expect_as_reference({reduce_min(y, axis)});
          }
      }
}

/// More than 8 MB of results, whose rows are cache lines or are not.
TEST_F(GenericCode, ResultsPastTheCaches) {
  for (std::int64_t columns : {1024, 1027}) {
    const Tensor x = sample_tensor(DType::f32, {2100, columns}),
                 y = sample_tensor(DType::f32, {2100, 1});
    expect_as_reference({x * 2.0f + 1.0f});
    expect_as_reference({(x - y) / sample_tensor(DType::f32, {columns})});
    expect_as_reference({maximum(x, y)});
    const Tensor shared = x + y;
    expect_as_reference({shared, shared * y, reduce_sum(shared, 1)});
  }
}

TEST_F(GenericCode, OddLayouts) {
  for (const Layout &layout : layouts)
    for (DType dtype : {DType::f32, DType::f64, DType::bf16}) {
      const Tensor x = sample_tensor(dtype, {37, 70}, layout), y = x - reduce_max(x, 1, true);
      expect_as_reference({exp(y) / reduce_sum(exp(y), 1, true)});
      expect_as_reference({reduce_sum(square(x), 0), reduce_sum(square(x), 1)});
      expect_as_reference({reduce_variance(x, 0)});
      expect_as_reference({reduce_variance(x, 1), reduce_max(x, 1)});
    }
}

} // namespace
