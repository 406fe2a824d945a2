// SPDX-License-Identifier: Apache-2.0
#include "tsum/composites.h"

#include "Build.h"
#include "Exact.h"
#include "InFloat.h"

namespace tsum {

/// What is subtracted from `x` so that no power overflows. No result depends on it.
static Tensor largest(const Tensor &x, const Axes &axes) {
  return constant_for_gradients(reduce_max(x, axes, /*keepdims=*/true));
}

Tensor softmax(const Tensor &x, const Axes &axes, std::string_view name) {
  check_reduction("softmax", Domain::Float, x, axes);
  return in_float(x, name, [&](const Tensor &x, std::string_view name) {
    Tensor powers = exp(subtract(x, largest(x, axes)));
    // One division a row, as TensorFlow does; the sum is at least 1.
    return multiply(powers, reciprocal(reduce_sum(powers, axes, /*keepdims=*/true)), name);
  });
}

Tensor log_softmax(const Tensor &x, const Axes &axes, std::string_view name) {
  check_reduction("log_softmax", Domain::Float, x, axes);
  return in_float(x, name, [&](const Tensor &x, std::string_view name) {
    Tensor shifted = subtract(x, largest(x, axes));
    return subtract(shifted, log(reduce_sum(exp(shifted), axes, /*keepdims=*/true)), name);
  });
}

std::pair<Tensor, Tensor> moments(const Tensor &x, const Axes &axes, bool keepdims) {
  check_reduction("moments", Domain::Float, x, axes);
  return {reduce_mean(x, axes, keepdims), reduce_variance(x, axes, keepdims)};
}

Tensor standardize(const Tensor &x, const Axes &axes, double epsilon, std::string_view name) {
  check_reduction("standardize", Domain::Float, x, axes);
  return in_float(x, name, [&](const Tensor &x, std::string_view name) {
    const auto count = static_cast<double>(reduced_size("standardize", axes, x.shape()));
    Tensor deviation = subtract(x, reduce_mean(x, axes, /*keepdims=*/true));
    Tensor variance = divide(reduce_sum(square(deviation), axes, /*keepdims=*/true), count);
    return multiply(deviation, rsqrt(add(variance, epsilon)), name);
  });
}

/// `y` in the dtype in which `wide`, an operand of its dtype, is computed.
static Tensor cast_like(const Tensor &y, const Tensor &wide) {
  return y.dtype() == wide.dtype() ? y : cast(y, wide.dtype());
}

/// Checks a scale or offset of a normalization of `x`.
static void check_parameter(std::string_view op, const std::optional<Tensor> &parameter,
                            const Tensor &x) {
  if (!parameter)
    return;
  check_same_dtype(op, x.dtype(), parameter->dtype());
  if (broadcast_shapes(parameter->shape(), x.shape()) != shape_of(x))
    throw ShapeError(prefix(op) + "a parameter of shape " + to_string(parameter->shape()) +
                     " does not broadcast to " + to_string(x.shape()) +
                     std::string(broadcasting_rule));
}

/// Checks the operands of a sum of products over `axes` of their common shape.
static void check_products(std::string_view op, Domain domain, const Tensor &x, const Tensor &y,
                           const Axes &axes) {
  check_domain(op, domain, x.dtype());
  check_same_dtype(op, x.dtype(), y.dtype());
  const Shape shape = broadcast_shape(op, x.shape(), y.shape());
  (void)named_dims(op, axes, static_cast<std::int64_t>(shape.size()));
}

Tensor layer_norm(const Tensor &x, const std::optional<Tensor> &scale,
                  const std::optional<Tensor> &offset, const Axes &axes, double epsilon,
                  std::string_view name) {
  check_reduction("layer_norm", Domain::Float, x, axes);
  check_parameter("layer_norm", scale, x);
  check_parameter("layer_norm", offset, x);
  return in_float(x, name, [&](const Tensor &wide, std::string_view name) {
    Tensor result = standardize(wide, axes, epsilon);
    if (scale)
      result = multiply(result, cast_like(*scale, wide));
    if (offset)
      result = add(result, cast_like(*offset, wide));
    return named(result, name);
  });
}

Tensor rms_norm(const Tensor &x, const std::optional<Tensor> &scale, const Axes &axes,
                double epsilon, std::string_view name) {
  check_reduction("rms_norm", Domain::Float, x, axes);
  check_parameter("rms_norm", scale, x);
  return in_float(x, name, [&](const Tensor &wide, std::string_view name) {
    Tensor square_mean = reduce_mean(square(wide), axes, /*keepdims=*/true);
    Tensor result = multiply(wide, rsqrt(add(square_mean, epsilon)));
    if (scale)
      result = multiply(result, cast_like(*scale, wide));
    return named(result, name);
  });
}

Tensor dot(const Tensor &x, const Tensor &y, const Axes &axes, std::string_view name) {
  return dot(x, y, axes, DotOptions{.name = name});
}

Tensor dot(const Tensor &x, const Tensor &y, const Axes &axes, const DotOptions &options) {
  check_products("dot", Domain::Numeric, x, y, axes);
  if (options.accuracy == Accuracy::exact && contains(Domain::Inexact, x.dtype()))
    return exact::dot(x, y, {axes, /*keepdims=*/false, x.dtype(), options.name});
  return in_float(x, options.name, [&](const Tensor &wide, std::string_view name) {
    return reduce_sum(multiply(wide, cast_like(y, wide)), axes,
                      SumOptions{.accuracy = Accuracy::standard, .name = name});
  });
}

Tensor cosine_similarity(const Tensor &x, const Tensor &y, const Axes &axes, double epsilon,
                         std::string_view name) {
  return cosine_similarity(x, y, axes, SimilarityOptions{.epsilon = epsilon, .name = name});
}

Tensor cosine_similarity(const Tensor &x, const Tensor &y, const Axes &axes,
                         const SimilarityOptions &options) {
  check_products("cosine_similarity", Domain::Float, x, y, axes);
  const auto &[epsilon, accuracy, name] = options;
  if (accuracy == Accuracy::exact) {
    // Each in f64, whatever the dtype.
    const exact::Reduction wide{axes, /*keepdims=*/false, DType::f64, {}};
    const Tensor norms = multiply(exact::norm(x, wide), exact::norm(y, wide));
    return cast(divide(exact::dot(x, y, wide), maximum(norms, epsilon)), x.dtype(), name);
  }
  return in_float(x, name, [&](const Tensor &wide, std::string_view name) {
    Tensor other = cast_like(y, wide);
    const SumOptions standard{.accuracy = Accuracy::standard};
    Tensor norms = multiply(sqrt(reduce_sum(square(wide), axes, standard)),
                            sqrt(reduce_sum(square(other), axes, standard)));
    return divide(dot(wide, other, axes, DotOptions{.accuracy = Accuracy::standard}),
                  maximum(norms, epsilon), name);
  });
}

} // namespace tsum
