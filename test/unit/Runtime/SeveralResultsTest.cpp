// SPDX-License-Identifier: Apache-2.0
//
// Kernels that compute several tensors at once.
#include "Compiled.h"
#include "Process.h"
#include "tsum/Canonical/Resolve.h"
#include "tsum/JIT/Inspect.h"
#include "tsum/cache.h"
#include "tsum/function.h"
#include "tsum/gradients.h"
#include "tsum/tsum.h"

using namespace tsum;
using namespace tsum::test;

namespace {

/// How many kernels one evaluation of `outputs` runs, behind `stage`.
int kernels_of(const std::vector<Tensor> &outputs, const char *stage = "kernels") {
  std::vector<Node::Ptr> nodes;
  for (const Tensor &output : outputs)
    nodes.push_back(output.node());
  Resolved resolved = resolve(nodes);
  Canonicalized bound = canonicalize(resolved.nodes);
  EXPECT_TRUE(bound.needed_first.empty());
  auto text = print_stage(bound.graph, stage);
  if (text.index() != 0)
    return -1;
  int count = 0;
  for (std::size_t at = 0; (at = std::get<0>(text).find("tsum.launch", at)) != std::string::npos;
       ++at)
    ++count;
  return count;
}

class SeveralResults : public testing::TestWithParam<DType> {
protected:
  DType dtype = GetParam();

  /// More than one kernel may have, of several element sizes, with and without epilogues.
  std::vector<Tensor> statistics(const Tensor &x, const Axes &axes, bool keepdims) const {
    Tensor sum = reduce_sum(x, axes, keepdims);
    return {sum,
            reduce_sum(square(x), axes, keepdims),
            reduce_max(x, axes, keepdims),
            negative(sum),
            reduce_min(abs(x), axes, keepdims) + sum,
            count_nonzero(x, axes, keepdims),
            reduce_sum(cast(x, DType::f64), axes, keepdims),
            reduce_any(greater(x, 1), axes, keepdims)};
  }
};

TEST_P(SeveralResults, AreTheReferenceOnAllAxesAndLayouts) {
  std::size_t turn = 0;
  for (const Shape &shape : {Shape{}, Shape{1100}, Shape{3, 0}, Shape{0, 3}, Shape{33, 130},
                             Shape{2, 1040}, Shape{1040, 2}, Shape{3, 700}, Shape{4, 17, 65}})
    for (const Axes &axes : axes_subsets(shape.size())) {
      const Layout &layout = layouts[turn++ % std::size(layouts)];
      SCOPED_TRACE(std::string(layout.name) + to_string(shape));
      Tensor x = sample_tensor(dtype, shape, layout);
      expect_compiled_as_reference([&] { return statistics(x, axes, turn % 2 == 0); });
    }
}

TEST_P(SeveralResults, OfTheSameShapeAsTheData) {
  for (const Layout &layout : layouts) {
    Tensor x = sample_tensor(dtype, {33, 130}, layout);
    Tensor y = sample_tensor(dtype, {130});
    expect_compiled_as_reference([&] {
      Tensor sum = x + y;
      return std::vector{sum, x * y, square(sum), cast(x, DType::f64), maximum(x, y), x - y};
    });
  }
}

TEST_P(SeveralResults, OfLongDataAreCutTogether) {
  Tensor x = sample_tensor(dtype, {1000003});
  expect_compiled_as_reference(
      [&] { return std::vector{reduce_sum(x), reduce_sum(square(x)), reduce_max(x)}; });
}

TEST_P(SeveralResults, OfRowsAndOneForEachRow) {
  std::size_t turn = 0;
  for (const Shape &shape :
       {Shape{1100}, Shape{5, 1}, Shape{1, 5}, Shape{3, 0}, Shape{0, 3}, Shape{7, 3},
        Shape{33, 130}, Shape{2, 1040}, Shape{1040, 2}, Shape{3, 70000}, Shape{2, 7, 65}}) {
    const Axes axes = {turn % 5 == 4 ? 0 : -1}; // columns are apart
    const Layout &layout = layouts[turn++ % std::size(layouts)];
    SCOPED_TRACE(std::string(layout.name) + to_string(shape));
    Tensor x = sample_tensor(dtype, shape, layout);
    Tensor y = sample_tensor(dtype, shape);
    expect_compiled_as_reference([&] { // what rows read of results for each
      Tensor sum = reduce_sum(x, axes, true);
      return std::vector{x - sum, sum, square(sum), x * sum};
    });
    expect_compiled_as_reference([&] { // and the other way round
      Tensor product = x * y;
      return std::vector{reduce_sum(product, axes), product, reduce_max(abs(product), axes)};
    });
    expect_compiled_as_reference([&] { // neither reads the other
      return std::vector{x + y, reduce_sum(cast(x, DType::f64), axes),
                         reduce_any(greater(y, 1), axes)};
    });
  }
}

TEST_P(SeveralResults, OfAllBesideWhatIsWrittenOfTheSameData) {
  std::size_t turn = 0;
  // Around pieces of 1024 to 4096 elements, of several rows, of one, and rows that are too long.
  for (const Shape &shape :
       {Shape{256}, Shape{257}, Shape{1025}, Shape{2047}, Shape{4097}, Shape{30011}, Shape{1, 700},
        Shape{2, 1}, Shape{700, 3}, Shape{1023, 16}, Shape{33, 257}, Shape{3, 9001},
        Shape{2, 70001}, Shape{37, 3, 70}, Shape{2, 3, 131, 130}, Shape{2, 2, 20011}}) {
    const Layout &layout = layouts[turn++ % std::size(layouts)];
    SCOPED_TRACE(std::string(layout.name) + to_string(shape));
    Tensor x = sample_tensor(dtype, shape, layout);
    Tensor y = sample_tensor(dtype, shape);
    expect_compiled_as_reference([&] { // neither reads the other
      return std::vector{reduce_sum(x * y), x + y, reduce_prod(y), reduce_max(x)};
    });
    expect_compiled_as_reference([&] { // the sum reads what is written, and another the sum
      Tensor product = x * y;
      Tensor sum = reduce_sum(product);
      return std::vector{sum + 1, product, product - sum, reduce_sum(square(product), {}, true)};
    });
    expect_compiled_as_reference([&] { // rows, and what is known of them
      Tensor scaled = x - reduce_max(x, -1, true);
      return std::vector{reduce_sum(scaled * y), scaled, reduce_sum(scaled, -1)};
    });
  }
}

INSTANTIATE_TEST_SUITE_P(DTypes, SeveralResults, testing::ValuesIn(dtypes_in(Domain::Real)),
                         name_of_dtype);

TEST(JoinedKernels, ReadTheirDataOnce) {
  Tensor x = sample_tensor(DType::f32, {64, 1000});
  for (std::int64_t axis : {0, 1})
    EXPECT_EQ(kernels_of({reduce_sum(x, axis), reduce_sum(square(x), axis), reduce_max(x, axis)}),
              1);
  EXPECT_EQ(kernels_of({reduce_sum(x, 0), reduce_sum(x, 1)}), 2);
  EXPECT_EQ(kernels_of({cosine_similarity(x, square(x), 1)}), 1);
}

TEST(JoinedKernels, OfMoments) {
  for (DType dtype : dtypes_in(Domain::Float)) {
    Tensor x = sample_tensor(dtype, {64, 1000});
    auto build = [&](std::int64_t axis) {
      auto [mean, variance] = moments(x, axis);
      return std::vector{mean, variance, sqrt(variance)};
    };
    EXPECT_EQ(kernels_of(build(1)), 1);
    EXPECT_EQ(kernels_of(build(0)), 1);
    for (std::int64_t axis : {0, 1})
      expect_compiled_as_reference([&] { return build(axis); });
  }
}

TEST(JoinedKernels, OfRowsAndWhatIsKnownOfThem) {
  for (DType dtype : {DType::f32, DType::f64}) {
    // 1000 rows of 3 have tiles of many rows, of which the last one begins earlier.
    for (const Shape &shape : {Shape{64, 1000}, Shape{1001, 3}, Shape{4, 16, 100}, Shape{1000}}) {
      Tensor x = sample_tensor(dtype, shape);
      auto normalized = [&] {
        auto [mean, variance] = moments(x, -1, true);
        Tensor deviation = sqrt(variance + 0.001);
        return std::vector{(x - mean) / deviation, mean, deviation};
      };
      auto cross_entropy = [&] {
        Tensor normalizer = reduce_logsumexp(x, -1, true);
        return std::vector{normalizer - reduce_max(x, -1, true), exp(x - normalizer)};
      };
      auto total_of_results = [&] {
        Tensor y = softmax(x, -1);
        return std::vector{y, reduce_sum(square(y), -1)};
      };
      const int kernels = shape.size() > 1 ? 1 : 2; // of a single row they are apart
      EXPECT_EQ(kernels_of(normalized()), kernels) << to_string(shape);
      EXPECT_EQ(kernels_of(cross_entropy()), kernels) << to_string(shape);
      EXPECT_EQ(kernels_of(total_of_results()), kernels) << to_string(shape);
      expect_compiled_as_reference(normalized);
      expect_compiled_as_reference(cross_entropy);
      expect_compiled_as_reference(total_of_results);
    }
  }
}

TEST(JoinedKernels, OfALossAndItsGradient) {
  for (DType dtype : dtypes_in(Domain::Float)) {
    for (const Shape &shape : {Shape{64, 4096}, Shape{100003}, Shape{1001, 3}, Shape{300, 1001},
                               Shape{2, 2, 150, 151}, Shape{2, 40003}}) {
      Tensor x = sample_tensor(dtype, shape), y = sample_tensor(dtype, shape);
      auto with_gradient = [](const Tensor &loss, const Tensor &x) {
        return std::vector{loss, gradients(loss, {x})[0]};
      };
      auto squares = [&] { return with_gradient(reduce_sum(square(tanh(x))), x); };
      auto mean = [&] { return with_gradient(reduce_mean(square(x - y)), x); };
      // The nodes of pieces beside the gradient, and their merge.
      EXPECT_EQ(kernels_of(squares()), 2) << to_string(shape);
      EXPECT_EQ(kernels_of(mean()), 2) << to_string(shape);
      expect_compiled_as_reference(squares);
      expect_compiled_as_reference(mean);
    }
    // Of rows that the tiles have anyway.
    Tensor x = sample_tensor(dtype, {300, 1001}), y = sample_tensor(dtype, {300, 1001});
    auto of_softmax = [&] { return std::vector{reduce_sum(square(softmax(x, 1) - y))}; };
    EXPECT_EQ(kernels_of(of_softmax()), 2);
    expect_compiled_as_reference(of_softmax);
  }
  // What is known of each row has no rows itself.
  for (const Shape &shape : {Shape{2, 1000}, Shape{300, 7}, Shape{5, 6, 70}}) {
    Tensor x = sample_tensor(DType::f32, shape);
    auto totals = [&] {
      const Tensor deviation = reduce_std(x, -1);
      return std::vector{deviation, reduce_sum(deviation), reduce_max(exp(deviation))};
    };
    EXPECT_LE(kernels_of(totals()), 3) << to_string(shape);
    expect_compiled_as_reference(totals);
  }
  // Nothing is at hand beside what reads the sum, or where the sum is exact.
  Tensor x = sample_tensor(DType::f32, {100003});
  Tensor root = sqrt(abs(x)), sum = reduce_sum(root);
  EXPECT_EQ(kernels_of({root / sum}), 2);
  const AccuracyScope exact(Accuracy::exact);
  EXPECT_EQ(kernels_of({reduce_sum(x), root}), 2);
}

TEST(JoinedKernels, OfDifferentDataAreTakenApartAgain) {
  for (DType dtype : {DType::f32, DType::f64, DType::i32})
    // Lines, and nodes between two dimensions that no stack takes, in whatever order they nest.
    for (const Shape &shape : {Shape{300007}, Shape{700, 500}, Shape{7, 1237, 41}})
      for (const Layout &layout : layouts) {
        Tensor x = sample_tensor(dtype, shape, layout), y = sample_tensor(dtype, shape);
        SCOPED_TRACE(std::string(layout.name) + to_string(shape));
        expect_compiled_as_reference([&] {
          return std::vector{reduce_sum(x) + reduce_sum(y), reduce_max(x) - reduce_sum(square(y))};
        });
      }
  // The pieces of each and what merges them.
  Tensor x = sample_tensor(DType::f32, {1000003}), y = sample_tensor(DType::f32, {1000003});
  EXPECT_EQ(kernels_of({reduce_sum(x) + reduce_sum(y)}, "kernels"), 1);
  EXPECT_EQ(kernels_of({reduce_sum(x) + reduce_sum(y)}, "cut"), 4);
  // Little data is not worth it.
  Tensor u = sample_tensor(DType::f32, {1003}), v = sample_tensor(DType::f32, {1003});
  EXPECT_EQ(kernels_of({reduce_sum(u) + reduce_sum(v)}, "cut"), 1);
}

/// A count, which has no order, in the loops of a sum whose dimensions nest as no memory lies.
TEST(JoinedKernels, OfAMeanOfNumbersInFortranOrder) {
  Tensor x = sample_tensor(DType::bf16, {4, 937, 9});
  auto mean = [&] { return std::vector{nanmean(transpose(x, {2, 1, 0}))}; };
  EXPECT_EQ(kernels_of(mean(), "cut"), 2);
  expect_compiled_as_reference(mean);
}

/// A sum of one number over all places beside what is written: no element says how long a piece is.
TEST(JoinedKernels, OfOneNumberForEveryPlace) {
  for (std::int64_t size : {3972, 4096, 100'003})
    expect_compiled_as_reference([&] {
      const Tensor x = sample_tensor(DType::i8, {size});
      const Tensor ones = where(equal(x, x), constant(std::int32_t{1}), constant(std::int32_t{2}));
      return std::vector{reduce_sum(ones), reduce_max(ones), x + sample_tensor(DType::i8, {})};
    });
}

TEST(JoinedKernels, OfThePartsOfComplexNumbers) {
  for (DType dtype : {DType::complex64, DType::complex128}) {
    Tensor x = sample_tensor(dtype, {64, 100});
    for (std::int64_t axis : {0, 1}) {
      EXPECT_EQ(kernels_of({reduce_sum(real(x), axis), reduce_sum(imag(x), axis)}), 1);
      expect_compiled_as_reference([&] {
        return std::vector{reduce_sum(x, axis), reduce_mean(x, axis), reduce_variance(x, axis)};
      });
    }
  }
}

TEST(JoinedKernels, RunAgainOnOtherData) {
  const CacheStats before = cache_stats();
  for (int value : {1, 2, 3}) {
    std::vector<float> data(91 * 77, static_cast<float>(value));
    Tensor x = constant(std::span<const float>(data), {91, 77});
    Tensor sum = reduce_sum(x, 1);
    std::vector<Tensor> results = {reduce_max(x, 1), sum, sum / 77.0f};
    eval(results);
    EXPECT_EQ(results[0].to_vector<float>(), std::vector<float>(91, static_cast<float>(value)));
    EXPECT_EQ(results[1].to_vector<float>(), std::vector<float>(91, 77.0f * value));
    EXPECT_EQ(results[2].to_vector<float>(), results[0].to_vector<float>());
  }
  EXPECT_EQ(cache_stats().compilations - before.compilations, 1);
}

TEST(JoinedKernels, ComeFromDisk) {
  TemporaryDirectory directory;
  clear_cache();
  set_cache_directory(directory.name());
  Tensor x = sample_tensor(DType::f32, {12, 345});
  const CacheStats before = cache_stats();
  for (int time = 0; time < 2; ++time) {
    expect_compiled_as_reference([&] {
      // Results that are outputs, and two that a second kernel reads.
      Tensor mean = reduce_mean(x, 0), largest = reduce_max(x, 0);
      return std::vector{reduce_sum(x, 1), reduce_sum(square(x), 1), (x - mean) / largest};
    });
    clear_cache();
  }
  const CacheStats after = cache_stats();
  set_cache_directory("");
  EXPECT_EQ(after.compilations - before.compilations, 1);
  EXPECT_EQ(after.disk_hits - before.disk_hits, 1);
}

TEST(JoinedKernels, OfPreparedFunctions) {
  Tensor x = sample_tensor(DType::f32, {40, 50});
  auto build = [](const Tensor &x) {
    Tensor mean = reduce_mean(x, 0), largest = reduce_max(x, 0); // stay in scratch memory
    Tensor sum = reduce_sum(x, 1);
    return std::vector{sum, reduce_min(x, 1), (x - mean) / largest, sum, transpose(x) + 1.0f};
  };
  std::vector<Tensor> expected = build(x);
  eval(expected);
  Tensor placeholder = input(DType::f32, {40, 50});
  const Function function = compile(std::vector{placeholder}, build(placeholder));
  const std::vector<Tensor> results = function({x});
  ASSERT_EQ(results.size(), expected.size());
  for (std::size_t n = 0; n < results.size(); ++n)
    EXPECT_EQ(results[n].to_vector<float>(), expected[n].to_vector<float>()) << n;
}

} // namespace
