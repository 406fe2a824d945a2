// SPDX-License-Identifier: Apache-2.0
#include "tsum/reductions.h"

#include "Build.h"
#include "Exact.h"
#include "InFloat.h"
#include "tsum/shapes.h"

#include <algorithm>
#include <limits>

namespace tsum {

//===-- What kernels compute ------------------------------------------------------------------===//

/// The product of complex numbers along `axis`, which stays with extent 1: a dimension is read as 8
/// parts that lie behind one another, which are multiplied element by element, and so on. What the
/// parts leave over is multiplied last.
static Tensor complex_prod_along(const Tensor &x, std::size_t axis) {
  constexpr std::int64_t most_parts = 8;
  const std::int64_t extent = x.shape()[axis];
  auto part = [&](std::int64_t start, std::int64_t stop) {
    std::vector<Slice> slices(axis + 1);
    slices[axis] = {start, stop};
    return slice(x, slices);
  };
  if (extent == 0) {
    Shape shape = shape_of(x);
    shape[axis] = 1;
    return broadcast_to(to_tensor("reduce_prod", 1, x.dtype()), std::move(shape));
  }
  const std::int64_t parts = std::min(extent, most_parts);
  const std::int64_t size = extent / parts;
  Tensor product = part(0, size);
  for (std::int64_t n = 1; n < parts; ++n)
    product = multiply(product, part(n * size, (n + 1) * size));
  if (size > 1)
    product = complex_prod_along(product, axis);
  if (const std::int64_t done = parts * size; done < extent)
    product = multiply(product, complex_prod_along(part(done, extent), axis));
  return product;
}

/// The product of complex numbers, along one axis after the other, the last one first.
static Tensor complex_prod(const Tensor &input, const Axes &axes, bool keepdims,
                           std::string_view name) {
  std::vector<bool> is_reduced = named_dims("reduce_prod", axes, input.rank());
  Tensor product = input;
  for (std::size_t axis = is_reduced.size(); axis-- > 0;)
    if (is_reduced[axis])
      product = complex_prod_along(product, axis);
  return keepdims ? named(product, name) : squeeze(product, axes, name);
}

static Tensor reduce(OpKind op, const Tensor &input, const Axes &axes, bool keepdims,
                     std::string_view name) {
  const OpInfo &info = op_info(op);
  check_domain(info.name, info.domain, input.dtype());
  if (is_complex(input) && op == OpKind::ReduceProd)
    return complex_prod(input, axes, keepdims, name);
  if (is_complex(input))
    return complex(reduce(op, real(input), axes, keepdims, {}),
                   reduce(op, imag(input), axes, keepdims, {}), name);
  return make_tensor(describe_reduction(op, input, axes, keepdims), {input.node()}, name);
}

#define TSUM_REDUCTION(NAME, CLASS, DOMAIN, COMBINER, IDENTITY, SUMMARY)                           \
  Tensor NAME(const Tensor &input, const Axes &axes, bool keepdims, std::string_view name) {       \
    if constexpr (OpKind::CLASS == OpKind::ReduceSum)                                              \
      return reduce_sum(input, axes, SumOptions{.keepdims = keepdims, .name = name});              \
    return reduce(OpKind::CLASS, input, axes, keepdims, name);                                     \
  }
#include "tsum/Reductions.def"

Tensor make_node_part(const Tensor &reduction, int part) {
  Description description = *reduction.node();
  description.dtype = DType::f64;
  description.node_part = static_cast<std::int8_t>(part);
  return Tensor(std::make_shared<Node>(std::move(description), reduction.node()->state().operands));
}

/// What is reduced, if not exactly.
static Tensor cast_to(const std::optional<DType> &dtype, const Tensor &input) {
  return dtype ? cast(input, *dtype) : input;
}

/// The exact reduction that is asked for, or nothing: of integers, which wrap, there is none.
template <class Options>
static std::optional<exact::Reduction> exactly(const Tensor &input, const Axes &axes,
                                               const Options &options) {
  const DType dtype = options.dtype.value_or(input.dtype());
  if (options.accuracy == Accuracy::standard || !contains(Domain::Inexact, dtype))
    return std::nullopt;
  return exact::Reduction{axes, options.keepdims, dtype, options.name};
}

Tensor reduce_sum(const Tensor &input, const Axes &axes, const SumOptions &options) {
  if (const auto reduction = exactly(input, axes, options)) {
    (void)named_dims("reduce_sum", axes, input.rank());
    return exact::sum(input, *reduction);
  }
  return reduce(OpKind::ReduceSum, cast_to(options.dtype, input), axes, options.keepdims,
                options.name);
}

Tensor reduce_prod(const Tensor &input, const Axes &axes, const ProductOptions &options) {
  return reduce_prod(cast_to(options.dtype, input), axes, options.keepdims, options.name);
}

#define WITH_OPTIONS(NAME, OPTIONS)                                                                \
  Tensor NAME(const Tensor &input, const Axes &axes, const OPTIONS &options) {                     \
    return NAME(input, axes, options.keepdims, options.name);                                      \
  }
WITH_OPTIONS(reduce_max, ReductionOptions)
WITH_OPTIONS(reduce_min, ReductionOptions)
WITH_OPTIONS(reduce_any, ReductionOptions)
WITH_OPTIONS(reduce_all, ReductionOptions)
WITH_OPTIONS(count_nonzero, ReductionOptions)
WITH_OPTIONS(argmax, ReductionOptions)
WITH_OPTIONS(argmin, ReductionOptions)

#define WITHOUT_OPTIONS(NAME, OPTIONS)                                                             \
  Tensor NAME(const Tensor &input, const Axes &axes, bool keepdims, std::string_view name) {       \
    return NAME(input, axes, OPTIONS{.keepdims = keepdims, .name = name});                         \
  }
WITHOUT_OPTIONS(reduce_mean, SumOptions)
WITHOUT_OPTIONS(reduce_variance, SpreadOptions)
WITHOUT_OPTIONS(reduce_std, SpreadOptions)
WITHOUT_OPTIONS(reduce_logsumexp, SumOptions)
WITHOUT_OPTIONS(reduce_sum_square, SumOptions)
WITHOUT_OPTIONS(reduce_l1, SumOptions)
WITHOUT_OPTIONS(reduce_euclidean_norm, SumOptions)

/// The sum that is no exact one, with `keepdims` and a name.
static Tensor standard_sum(const Tensor &x, const Axes &axes, bool keepdims,
                           std::string_view name = {}) {
  return reduce(OpKind::ReduceSum, x, axes, keepdims, name);
}

//===-- Statistics ----------------------------------------------------------------------------===//

/// The mean of integers, towards zero. Their sum is taken in 64 bits.
static Tensor integer_mean(const Tensor &input, const Axes &axes, bool keepdims,
                           std::string_view name) {
  const bool is_signed = kind_of(input.dtype()) == DTypeKind::Signed;
  const std::int64_t count = reduced_size("reduce_mean", axes, input.shape());
  Tensor sum = standard_sum(cast(input, is_signed ? DType::i64 : DType::u64), axes, keepdims);
  if (is_signed) // the quotient is rounded down
    sum = where(less(sum, 0), add(sum, count - 1), sum);
  return cast(floordiv(sum, count), input.dtype(), name);
}

static Tensor standard_mean(const Tensor &input, const Axes &axes, bool keepdims,
                            std::string_view name = {}) {
  if (is_complex(input))
    return complex(standard_mean(real(input), axes, keepdims),
                   standard_mean(imag(input), axes, keepdims), name);
  if (contains(Domain::Integer, input.dtype()))
    return integer_mean(input, axes, keepdims, name);
  return in_float(input, name, [&](const Tensor &x, std::string_view name) {
    const auto count = static_cast<double>(reduced_size("reduce_mean", axes, x.shape()));
    return divide(standard_sum(x, axes, keepdims), count, name);
  });
}

Tensor reduce_mean(const Tensor &input, const Axes &axes, const SumOptions &options) {
  const Tensor x = cast_to(options.dtype, input);
  check_reduction("reduce_mean", Domain::Numeric, x, axes);
  const auto reduction = exactly(input, axes, options);
  if (reduction && reduced_size("reduce_mean", axes, input.shape()) > 0)
    return exact::mean(input, *reduction);
  return standard_mean(x, axes, options.keepdims, options.name);
}

static Tensor standard_variance(const Tensor &input, const Axes &axes, bool keepdims,
                                std::int64_t ddof, std::string_view name = {}) {
  if (is_complex(input))
    return add(standard_variance(real(input), axes, keepdims, ddof),
               standard_variance(imag(input), axes, keepdims, ddof), name);
  return in_float(input, name, [&](const Tensor &x, std::string_view name) {
    const std::int64_t count = reduced_size("reduce_variance", axes, x.shape());
    Tensor deviation = subtract(x, standard_mean(x, axes, /*keepdims=*/true));
    // Where nothing is left, of no data or with too large a ddof: 0/0.
    if (count <= ddof)
      return multiply(standard_sum(square(deviation), axes, keepdims),
                      std::numeric_limits<double>::quiet_NaN(), name);
    // Not subtracted as integers, which could overflow.
    const double divisor = static_cast<double>(count) - static_cast<double>(ddof);
    return divide(standard_sum(square(deviation), axes, keepdims), divisor, name);
  });
}

/// The exact variance that is asked for, or nothing.
static std::optional<exact::Reduction> exact_variance(const Tensor &input, const Axes &axes,
                                                      const SpreadOptions &options) {
  const std::int64_t count = reduced_size("reduce_variance", axes, input.shape());
  return count > 0 && count > options.ddof ? exactly(input, axes, options) : std::nullopt;
}

Tensor reduce_variance(const Tensor &input, const Axes &axes, const SpreadOptions &options) {
  const Tensor x = cast_to(options.dtype, input);
  check_reduction("reduce_variance", Domain::Inexact, x, axes);
  if (const auto reduction = exact_variance(input, axes, options))
    return exact::variance(input, options.ddof, *reduction);
  return standard_variance(x, axes, options.keepdims, options.ddof, options.name);
}

Tensor reduce_std(const Tensor &input, const Axes &axes, const SpreadOptions &options) {
  const Tensor x = cast_to(options.dtype, input);
  check_reduction("reduce_std", Domain::Inexact, x, axes);
  if (auto reduction = exact_variance(input, axes, options)) {
    // The root is rounded in f64 as well, and once more to a shorter type.
    reduction->dtype = DType::f64;
    reduction->name = {};
    return cast(sqrt(exact::variance(input, options.ddof, *reduction)), real_dtype(x.dtype()),
                options.name);
  }
  return in_float(x, options.name, [&](const Tensor &x, std::string_view name) {
    return sqrt(standard_variance(x, axes, options.keepdims, options.ddof), name);
  });
}

//===-- Norms and counts ----------------------------------------------------------------------===//

/// |x|^2.
static Tensor squared_magnitude(const Tensor &x) {
  return is_complex(x) ? add(square(real(x)), square(imag(x))) : square(x);
}

Tensor reduce_sum_square(const Tensor &input, const Axes &axes, const SumOptions &options) {
  const Tensor x = cast_to(options.dtype, input);
  check_reduction("reduce_sum_square", Domain::Numeric, x, axes);
  if (const auto reduction = exactly(input, axes, options))
    return exact::sum_of_squares(input, *reduction);
  return in_float(x, options.name, [&](const Tensor &x, std::string_view name) {
    return standard_sum(squared_magnitude(x), axes, options.keepdims, name);
  });
}

Tensor reduce_l1(const Tensor &input, const Axes &axes, const SumOptions &options) {
  check_reduction("reduce_l1", Domain::Numeric, cast_to(options.dtype, input), axes);
  SumOptions of_magnitudes = options;
  if (options.dtype)
    of_magnitudes.dtype = real_dtype(*options.dtype);
  return reduce_sum(abs(input), axes, of_magnitudes);
}

Tensor reduce_euclidean_norm(const Tensor &input, const Axes &axes, const SumOptions &options) {
  const Tensor x = cast_to(options.dtype, input);
  check_reduction("reduce_euclidean_norm", Domain::Inexact, x, axes);
  if (const auto reduction = exactly(input, axes, options))
    return exact::norm(input, *reduction);
  return in_float(x, options.name, [&](const Tensor &x, std::string_view name) {
    return sqrt(standard_sum(squared_magnitude(x), axes, options.keepdims), name);
  });
}

Tensor count_nonzero(const Tensor &input, const Axes &axes, bool keepdims, std::string_view name) {
  check_reduction("count_nonzero", Domain::Any, input, axes);
  Tensor is_nonzero = input.dtype() == DType::boolean ? input : not_equal(input, 0);
  return standard_sum(cast(is_nonzero, DType::i64), axes, keepdims, name);
}

Tensor reduce_logsumexp(const Tensor &input, const Axes &axes, const SumOptions &options) {
  const auto &[keepdims, dtype, accuracy, name] = options;
  const Tensor given = cast_to(dtype, input);
  check_reduction("reduce_logsumexp", Domain::Float, given, axes);
  return in_float(given, name, [&](const Tensor &x, std::string_view name) {
    Tensor largest = reduce_max(x, axes, /*keepdims=*/true);
    // Infinite ones are not subtracted: inf - inf is no number.
    Tensor shift = constant_for_gradients(where(is_finite(largest), largest, 0));
    Tensor powers = exp(subtract(x, shift));
    Tensor result =
        log(reduce_sum(powers, axes, SumOptions{.keepdims = true, .accuracy = accuracy}));
    result = add(result, shift, keepdims ? name : "");
    return keepdims ? result : squeeze(result, axes, name);
  });
}

} // namespace tsum
