// SPDX-License-Identifier: Apache-2.0
//
// Every operation, in reverse and forward mode, against central differences in f64.
#include "RandomGraph.h"
#include "Slopes.h"

namespace tsum::test {

//===-- Every operation -----------------------------------------------------------------------===//

/// Where an operation has derivatives, by its name.
std::pair<double, double> domain_of(std::string_view name) {
  for (std::string_view positive :
       {"sqrt", "rsqrt", "log", "log1p", "log2", "log10", "reciprocal", "cbrt"})
    if (name == positive)
      return {0.3, 2.0};
  for (std::string_view inverse : {"asin", "acos", "atanh"})
    if (name == inverse)
      return {-0.85, 0.9};
  if (name == "acosh")
    return {1.2, 3.0};
  return {-1.7, 1.9};
}

/// Those that take floats and give them, but for what corrects a product, whose derivative is that
/// of the product alone.
std::vector<const ElementwiseOp *> operations_of_floats() {
  std::vector<const ElementwiseOp *> found;
  const Tensor x = constant({1.5}), y = constant({1.25});
  for (const ElementwiseOp &op : elementwise_ops)
    if (contains(op.domain, DType::f64) && op.apply(x, y).dtype() == DType::f64 &&
        std::string_view(op.name) != "product_error")
      found.push_back(&op);
  return found;
}

class EveryOperation : public testing::TestWithParam<const ElementwiseOp *> {
protected:
  [[nodiscard]] static const ElementwiseOp &op() { return *GetParam(); }
};

TEST_P(EveryOperation, HasTheSlopeOfItsDifferences) {
  const auto [low, high] = domain_of(op().name);
  const bool is_pow = std::string_view(op().name) == "pow";
  const Shape shapes[][2] = {{{3}, {3}}, {{2, 3}, {3}}, {{1}, {2, 1}}, {{}, {4}}};
  for (const auto &[of_x, of_y] : shapes) {
    const Tensor x = numbers(of_x, is_pow ? 0.3 : low, high, 3), y = numbers(of_y, 0.6, 1.4, 4);
    if (op().is_unary)
      expect_differences([&](const auto &in) { return op().apply(in[0], in[0]); }, {x});
    else
      expect_differences([&](const auto &in) { return op().apply(in[0], in[1]); }, {x, y});
  }
}

TEST_P(EveryOperation, HasTheGradientOfItsDTypeAndShape) {
  for (DType dtype : {DType::f16, DType::bf16, DType::f32, DType::f64}) {
    if (!contains(op().domain, dtype))
      continue;
    const Tensor x = cast(numbers({2, 3}, 0.3, 0.9, 5), dtype);
    const Tensor y = cast(numbers({3}, 0.3, 0.9, 6), dtype);
    const std::vector<Tensor> by = gradients(op().apply(x, y), {x, y});
    for (std::size_t n = 0; n < 2; ++n) {
      EXPECT_EQ(by[n].dtype(), dtype);
      EXPECT_EQ(to_string(by[n].shape()), to_string((n == 0 ? x : y).shape()));
      eval(by[n]);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Gradients, EveryOperation, testing::ValuesIn(operations_of_floats()),
                         [](const auto &info) { return std::string(info.param->name); });

TEST(Gradients, OfWhatGivesNoFloatsAreRefused) {
  const Tensor x = constant({1.5});
  for (const ElementwiseOp &op : elementwise_ops)
    if (contains(op.domain, DType::f64) && op.apply(x, x).dtype() != DType::f64)
      EXPECT_THROW((void)gradients(op.apply(x, x), {x}), DTypeError) << op.name;
}

TEST(GradientsOfReductions, AreThoseOfTheirDifferences) {
  const Tensor x = numbers({2, 2, 3}, 0.4, 1.6, 7);
  for (const auto &table :
       {std::span<const ReductionOp>(reduction_ops), std::span<const ReductionOp>(composite_ops)})
    for (const ReductionOp &op : table)
      for (const Axes &axes : {Axes{}, Axes{1}, Axes{0, 2}, Axes{0, 1, 2}}) {
        SCOPED_TRACE(op.name);
        const std::string_view name = op.name;
        const bool keepdims = axes.get()->size() % 2 == 0;
        if (!contains(op.domain, DType::f64) || op.apply(x, axes, keepdims).dtype() != DType::f64)
          continue;
        if (axes.get()->empty() && (name.ends_with("std") || name.starts_with("unbiased")))
          continue; // the root of 0, and the mean of nothing
        expect_differences([&](const auto &in) { return op.apply(in[0], axes, keepdims); }, {x},
                           1e-5);
      }
}

TEST(GradientsOfViews, AreThoseOfTheirDifferences) {
  const Map views[] = {
      [](const auto &in) { return broadcast_to(in[0], {2, 3, 4}); },
      [](const auto &in) { return reshape(in[0], {2, -1}); },
      [](const auto &in) { return reshape(reshape(in[0], {-1}), {4, 3}); },
      [](const auto &in) { return transpose(in[0]); },
      [](const auto &in) { return slice(in[0], {{1}, {{}, {}, 2}}); },
      [](const auto &in) { return slice(in[0], {{2, 3}, {3, 0, -2}}); },
      [](const auto &in) { return slice(in[0], {{}, {1, 3}}); },
      [](const auto &in) { return slice(in[0], {{1, 1}}); },
      [](const auto &in) { return flip(in[0]); },
      [](const auto &in) { return expand_dims(in[0], 1); },
      [](const auto &in) { return squeeze(slice(in[0], {{1, 2}})); },
      [](const auto &in) { return cast(cast(in[0], DType::f64), DType::f64); },
      [](const auto &in) { return where(less(in[0], 0.5), square(in[0]), in[0] * 3); },
      [](const auto &in) { return clip_by_value(in[0], -0.4, 0.6); },
  };
  const Tensor x = numbers({3, 4}, -1, 1, 8);
  for (const Map &view : views) {
    expect_differences([&](const auto &in) { return square(view(in)); }, {x});
    // Of what is computed as well as of data.
    expect_differences([&](const auto &in) { return square(view({sin(in[0])})); }, {x});
  }
}

/// Slices of a dimension by every start, end and step: the gradient counts each element taken.
TEST(GradientsOfViews, CountTheElementsThatAnySliceTakes) {
  for (std::int64_t extent : {1, 2, 5, 7})
    for (std::int64_t start = 0; start <= extent; ++start)
      for (std::int64_t stop = 0; stop <= extent; ++stop)
        for (std::int64_t step : {-3, -2, -1, 1, 2, 3, 9}) {
          const Tensor x = numbers({extent}, 1, 2, 9);
          const Tensor part = slice(x, {{start, stop, step}});
          std::vector<double> expected(static_cast<std::size_t>(extent), 0.0);
          const std::vector<double> values = x.to_vector<double>();
          for (double taken : part.to_vector<double>())
            for (std::size_t i = 0; i < values.size(); ++i)
              expected[i] += values[i] == taken ? 2 * taken : 0;
          EXPECT_EQ(gradients(square(slice(x, {{start, stop, step}})), {x})[0].to_vector<double>(),
                    expected)
              << extent << ": " << start << ":" << stop << ":" << step;
        }
}

TEST(GradientsOfComplexNumbers, ArePairsOfThoseOfTheirParts) {
  const Tensor a = numbers({2, 3}, 0.5, 1.5, 10), b = numbers({2, 3}, -1, 1, 11);
  const std::function<Tensor(const Tensor &, const Tensor &)> maps[] = {
      [](const Tensor &z, const Tensor &) { return abs(z); },
      [](const Tensor &z, const Tensor &w) { return real(z * w) + imag(z * w); },
      [](const Tensor &z, const Tensor &w) { return real(z / w) - imag(w / z); },
      [](const Tensor &z, const Tensor &) { return imag(reciprocal(square(z)) - conj(z)); },
      [](const Tensor &z, const Tensor &) { return real(reduce_prod(z, 1)); },
      [](const Tensor &z, const Tensor &) { return imag(slice(reduce_sum(z, 0), {{1}})); },
      [](const Tensor &z, const Tensor &) { return reduce_variance(z, 0); },
      [](const Tensor &z, const Tensor &) { return reduce_euclidean_norm(z); },
  };
  for (const auto &f : maps) {
    // Differences of the parts ...
    expect_differences(
        [&](const auto &in) { return f(complex(in[0], in[1]), complex(in[1] + 2, in[0])); },
        {a, b});
    // ... are the parts of the gradient, of what is computed and of data.
    for (bool is_data : {false, true}) {
      const Tensor z = complex(a, b), w = constant(std::complex<double>(0.7, -0.2));
      if (is_data)
        eval(z);
      const Tensor given = is_data ? borrow(z.bytes(), z.dtype(), {2, 3}) : z;
      const auto by_whole = gradients(f(given, w), {given})[0].to_vector<std::complex<double>>();
      const std::vector<Tensor> by_parts = gradients(f(complex(a, b), w), {a, b});
      const auto by_a = by_parts[0].to_vector<double>(), by_b = by_parts[1].to_vector<double>();
      for (std::size_t i = 0; i < by_a.size(); ++i) {
        EXPECT_NEAR(by_whole[i].real(), by_a[i], 1e-14);
        EXPECT_NEAR(by_whole[i].imag(), by_b[i], 1e-14);
      }
    }
  }
}

//===-- Random graphs -------------------------------------------------------------------------===//

/// The part of a complex number that its gradient is measured by.
Tensor product_of(const Tensor &x, const Tensor &y) {
  if (kind_of(x.dtype()) != DTypeKind::Complex)
    return reduce_sum(x * y);
  return reduce_sum(real(x) * real(y) + imag(x) * imag(y));
}

/// How often two derivatives were compared that are the same in exact arithmetic: along a random
/// direction, that of reverse and that of forward mode, of the last node of random graphs by the
/// first; and the second derivative by both.
int compare_modes(unsigned first_seed, unsigned seeds, const std::vector<DType> &dtypes,
                  bool with_second) {
  int compared = 0;
  auto compare = [&](const Tensor &backwards, const Tensor &forwards, const Tensor &size,
                     unsigned seed, double precision) {
    const auto a = backwards.item<double>(), b = forwards.item<double>();
    const auto scale = size.item<double>();
    if (!std::isfinite(a) || !std::isfinite(b) || !std::isfinite(scale))
      return;
    EXPECT_NEAR(a, b, precision * scale + 1e-12) << "seed " << seed;
    ++compared;
  };
  for (unsigned seed = first_seed; seed < first_seed + seeds; ++seed) {
    RandomGraph graph(seed, dtypes);
    const Tensor &x = graph.nodes().front();
    Tensor y = graph.nodes().back();
    if (kind_of(y.dtype()) == DTypeKind::Complex)
      y = real(y) + 2 * imag(y);
    if (y.dtype() != DType::f64 || !contains(Domain::Inexact, x.dtype()) || x.size() == 0)
      continue;
    const Shape shape(x.shape().begin(), x.shape().end());
    Tensor direction = numbers(shape, -1, 1, seed);
    if (x.dtype() != DType::f64)
      direction = complex(direction, numbers(shape, -1, 1, seed + 1));
    const bool is_narrow = std::ranges::any_of(
        graph.nodes(), [](const Tensor &node) { return node.dtype() == DType::f32; });
    const double precision = is_narrow ? 1e-5 : 1e-9;
    const Tensor loss = weighted(y);
    const Tensor by_x = gradients(loss, {x})[0];
    compare(product_of(by_x, direction), jvp(loss, {x}, {direction}),
            reduce_sum(abs(by_x) * abs(direction)), seed, precision);
    if (!with_second)
      continue;
    // Of what was evaluated on the way the graph is gone.
    RandomGraph again(seed, dtypes);
    const Tensor &same = again.nodes().front();
    const Tensor slope =
        product_of(gradients(weighted(again.nodes().back()), {same})[0], direction);
    const Tensor second = gradients(slope, {same})[0];
    const Tensor forwards = jvp(slope, {same}, {direction});
    compare(product_of(second, direction), forwards, reduce_sum(abs(second) * abs(direction)), seed,
            precision);
  }
  return compared;
}

TEST(GradientsOfRandomGraphs, AreTheSameForwardsAndBackwards) {
  EXPECT_GT(compare_modes(0, 200, {DType::f64}, false), 100);
}

TEST(GradientsOfRandomGraphs, OfComplexNumbersAreTheSameForwardsAndBackwards) {
  EXPECT_GT(compare_modes(1000, 100, {DType::f64, DType::complex128, DType::i32}, false), 20);
}

TEST(GradientsOfRandomGraphs, OfSecondOrderAreTheSameForwardsAndBackwards) {
  EXPECT_GT(compare_modes(2000, 60, {DType::f64}, true), 50);
}

/// With TSUM_GRADIENT_SEEDS=1000 as many graphs of each kind.
TEST(GradientsOfRandomGraphs, OfAsManyAsAreAskedFor) {
  const char *asked = std::getenv("TSUM_GRADIENT_SEEDS");
  if (!asked)
    return;
  const auto seeds = static_cast<unsigned>(std::stoul(asked));
  std::cout << compare_modes(10'000, seeds, {DType::f64}, false) << ' '
            << compare_modes(20'000, seeds, {DType::f64, DType::complex128, DType::i32}, false)
            << ' ' << compare_modes(30'000, seeds, {DType::f64}, true) << " compared\n";
}

} // namespace tsum::test
