// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Cases.h"

#include "tsum/gradients.h"
#include "tsum/tsum.h"

#include <gmock/gmock.h>

#include <functional>

/// What tests of gradients compare them with.
namespace tsum::test {

using Map = std::function<Tensor(const std::vector<Tensor> &)>;

inline constexpr double nan = std::numeric_limits<double>::quiet_NaN();
inline constexpr double inf = std::numeric_limits<double>::infinity();

/// Numbers without ties, between `low` and `high`, that depend on nothing but `seed`.
inline Tensor numbers(const Shape &shape, double low, double high, unsigned seed) {
  std::mt19937 random(seed);
  const std::int64_t size = checked_size("test", shape, DType::f64);
  std::vector<double> values;
  for (std::int64_t i = 0; i < size; ++i)
    values.push_back(low + (high - low) * std::generate_canonical<double, 53>(random));
  return constant(std::span<const double>(values), shape);
}

inline Tensor with_element(const Tensor &x, std::int64_t place, double change) {
  std::vector<double> values = x.to_vector<double>();
  values[static_cast<std::size_t>(place)] += change;
  return constant(std::span<const double>(values), Shape(x.shape().begin(), x.shape().end()));
}

/// The sum of what `f` gives, weighted so that no two elements count the same.
inline Tensor weighted(const Tensor &y) {
  return reduce_sum(y * numbers(Shape(y.shape().begin(), y.shape().end()), 0.5, 1.5, 99));
}

/// Compares both modes at `xs` with the differences of `f` on either side.
inline void expect_differences(const Map &f, const std::vector<Tensor> &xs,
                               double tolerance = 1e-6) {
  constexpr double step = 1e-6;
  const Tensor y = weighted(f(xs));
  const std::vector<Tensor> found = gradients(y, xs);
  for (std::size_t n = 0; n < xs.size(); ++n) {
    ASSERT_EQ(to_string(found[n].shape()), to_string(xs[n].shape()));
    const std::vector<double> values = found[n].to_vector<double>();
    for (std::int64_t i = 0; i < xs[n].size(); ++i) {
      std::vector<Tensor> above = xs, below = xs, along;
      above[n] = with_element(xs[n], i, step);
      below[n] = with_element(xs[n], i, -step);
      const double difference =
          (weighted(f(above)).item<double>() - weighted(f(below)).item<double>()) / (2 * step);
      const double value = values[static_cast<std::size_t>(i)];
      EXPECT_NEAR(value, difference, tolerance * (1 + std::abs(difference)))
          << "operand " << n << ", element " << i;

      const Tensor z = weighted(f(xs));
      for (std::size_t m = 0; m < xs.size(); ++m)
        along.push_back(with_element(xs[m] * 0, 0, 0));
      along[n] = with_element(along[n], i, 1);
      EXPECT_NEAR(jvp({&z, 1}, xs, along).front().item<double>(), value,
                  1e-12 * (1 + std::abs(value)))
          << "forwards, operand " << n << ", element " << i;
    }
  }
}

/// The gradient of the sum of `y`.
inline std::vector<double> slope(const Tensor &y, const Tensor &x) {
  return gradients(y, {x})[0].to_vector<double>();
}

} // namespace tsum::test
