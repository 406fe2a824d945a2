// SPDX-License-Identifier: Apache-2.0
#include "tsum/composites.h"

#include "Build.h"
#include "InFloat.h"

namespace tsum {

Tensor softmax(const Tensor &x, const Axes &axes, std::string_view name) {
  check_domain("softmax", Domain::Float, x.dtype());
  return in_float(x, name, [&](const Tensor &x, std::string_view name) {
    Tensor powers = exp(subtract(x, reduce_max(x, axes, /*keepdims=*/true)));
    // One division a row, as TensorFlow does; the sum is at least 1.
    return multiply(powers, reciprocal(reduce_sum(powers, axes, /*keepdims=*/true)), name);
  });
}

Tensor log_softmax(const Tensor &x, const Axes &axes, std::string_view name) {
  check_domain("log_softmax", Domain::Float, x.dtype());
  return in_float(x, name, [&](const Tensor &x, std::string_view name) {
    Tensor shifted = subtract(x, reduce_max(x, axes, /*keepdims=*/true));
    return subtract(shifted, log(reduce_sum(exp(shifted), axes, /*keepdims=*/true)), name);
  });
}

std::pair<Tensor, Tensor> moments(const Tensor &x, const Axes &axes, bool keepdims) {
  check_domain("moments", Domain::Float, x.dtype());
  return {reduce_mean(x, axes, keepdims), reduce_variance(x, axes, keepdims)};
}

Tensor standardize(const Tensor &x, const Axes &axes, double epsilon, std::string_view name) {
  check_domain("standardize", Domain::Float, x.dtype());
  return in_float(x, name, [&](const Tensor &x, std::string_view name) {
    const auto count = static_cast<double>(reduced_size("standardize", axes, x.shape()));
    Tensor deviation = subtract(x, reduce_mean(x, axes, /*keepdims=*/true));
    Tensor variance = divide(reduce_sum(square(deviation), axes, /*keepdims=*/true), count);
    return multiply(deviation, rsqrt(add(variance, epsilon)), name);
  });
}

/// In the dtype in which `x` is computed.
static Tensor cast_like(std::string_view op, const Tensor &parameter, const Tensor &given,
                        const Tensor &x) {
  check_same_dtype(op, given.dtype(), parameter.dtype());
  return parameter.dtype() == x.dtype() ? parameter : cast(parameter, x.dtype());
}

Tensor layer_norm(const Tensor &x, const std::optional<Tensor> &scale,
                  const std::optional<Tensor> &offset, const Axes &axes, double epsilon,
                  std::string_view name) {
  check_domain("layer_norm", Domain::Float, x.dtype());
  return in_float(x, name, [&](const Tensor &wide, std::string_view name) {
    Tensor result = standardize(wide, axes, epsilon);
    if (scale)
      result = multiply(result, cast_like("layer_norm", *scale, x, wide));
    if (offset)
      result = add(result, cast_like("layer_norm", *offset, x, wide));
    return named(result, name);
  });
}

Tensor rms_norm(const Tensor &x, const std::optional<Tensor> &scale, const Axes &axes,
                double epsilon, std::string_view name) {
  check_domain("rms_norm", Domain::Float, x.dtype());
  return in_float(x, name, [&](const Tensor &wide, std::string_view name) {
    Tensor square_mean = reduce_mean(square(wide), axes, /*keepdims=*/true);
    Tensor result = multiply(wide, rsqrt(add(square_mean, epsilon)));
    if (scale)
      result = multiply(result, cast_like("rms_norm", *scale, x, wide));
    return named(result, name);
  });
}

Tensor dot(const Tensor &x, const Tensor &y, const Axes &axes, std::string_view name) {
  check_domain("dot", Domain::Numeric, x.dtype());
  check_same_dtype("dot", x.dtype(), y.dtype());
  return in_float(x, name, [&](const Tensor &wide, std::string_view name) {
    return reduce_sum(multiply(wide, cast_like("dot", y, x, wide)), axes, false, name);
  });
}

Tensor cosine_similarity(const Tensor &x, const Tensor &y, const Axes &axes, double epsilon,
                         std::string_view name) {
  check_domain("cosine_similarity", Domain::Float, x.dtype());
  check_same_dtype("cosine_similarity", x.dtype(), y.dtype());
  return in_float(x, name, [&](const Tensor &wide, std::string_view name) {
    Tensor other = cast_like("cosine_similarity", y, x, wide);
    Tensor norms =
        multiply(sqrt(reduce_sum(square(wide), axes)), sqrt(reduce_sum(square(other), axes)));
    return divide(dot(wide, other, axes), maximum(norms, epsilon), name);
  });
}

} // namespace tsum
