// SPDX-License-Identifier: Apache-2.0
//
// What is NaN becomes what a reduction ignores on the way into it, and is counted in the same
// kernel.
#include "tsum/statistics.h"

#include "Exact.h"
#include "InFloat.h"
#include "Places.h"
#include "tsum/shapes.h"

#include <limits>

namespace tsum {

static constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
static constexpr double infinity = std::numeric_limits<double>::infinity();

//===-- What is not NaN -----------------------------------------------------------------------===//

/// Whether there can be a NaN.
static bool can_be_nan(const Tensor &x) { return contains(Domain::Inexact, x.dtype()); }

/// `x` with `number` in place of what is NaN.
static Tensor without_nans(const Tensor &x, double number) {
  return can_be_nan(x) ? where(is_nan(x), number, x) : x;
}

/// How many elements are not NaN, in integers of 32 bits if they hold it, of which registers have
/// the most.
static Tensor count_present(std::string_view op, const Tensor &x, const Axes &axes, bool keepdims) {
  const std::int64_t size = reduced_size(op, axes, x.shape());
  const DType dtype = size <= std::numeric_limits<std::int32_t>::max() ? DType::i32 : DType::i64;
  return reduce_sum(cast(logical_not(is_nan(x)), dtype), axes, keepdims);
}

/// A real or complex `x` divided by real numbers.
static Tensor divide_by(const Tensor &x, const Tensor &divisor, std::string_view name) {
  if (!is_complex(x))
    return divide(x, divisor, name);
  return map_parts(x, name, [&](const Tensor &part) { return divide(part, divisor); });
}

/// f64, or complex128 for complex numbers.
static DType widest_like(DType dtype) {
  return kind_of(dtype) == DTypeKind::Complex ? DType::complex128 : DType::f64;
}

//===-- Sums ----------------------------------------------------------------------------------===//

Tensor nansum(const Tensor &input, const Axes &axes, const SumOptions &options) {
  check_reduction("nansum", Domain::Numeric, input, axes);
  return reduce_sum(without_nans(input, 0), axes, options);
}

Tensor nanprod(const Tensor &input, const Axes &axes, const ProductOptions &options) {
  check_reduction("nanprod", Domain::Numeric, input, axes);
  return reduce_prod(without_nans(input, 1), axes, options);
}

Tensor nancount(const Tensor &input, const Axes &axes, const ReductionOptions &options) {
  check_reduction("nancount", Domain::Any, input, axes);
  if (can_be_nan(input))
    return cast(count_present("nancount", input, axes, options.keepdims), DType::i64, options.name);
  const Description each = describe_reduction(OpKind::ReduceSum, input, axes, options.keepdims);
  const std::int64_t size = reduced_size("nancount", axes, input.shape());
  return broadcast_to(to_tensor("nancount", size, DType::i64), each.shape, options.name);
}

/// In the real dtype of `x`, or complex.
static Tensor standard_nanmean(const Tensor &x, const Axes &axes, bool keepdims,
                               std::string_view name = {}) {
  const SumOptions standard{.keepdims = keepdims, .accuracy = Accuracy::standard};
  const Tensor count = count_present("nanmean", x, axes, keepdims);
  return divide_by(reduce_sum(without_nans(x, 0), axes, standard),
                   cast(count, real_dtype(x.dtype())), name);
}

/// The mean in f64, or complex128.
static Tensor exact_nanmean(const Tensor &x, const Axes &axes, bool keepdims) {
  const Tensor sum =
      exact::sum(without_nans(x, 0), {axes, keepdims, widest_like(x.dtype()), /*name=*/{}});
  return divide_by(sum, cast(count_present("nanmean", x, axes, keepdims), DType::f64), {});
}

/// Checks the `dtype` of a mean of floats.
static void check_inexact(std::string_view op, const std::optional<DType> &dtype) {
  if (dtype && !contains(Domain::Inexact, *dtype))
    throw DTypeError(prefix(op) + "takes a float or complex dtype for floats; given " +
                     std::string(name_of(*dtype)));
}

Tensor nanmean(const Tensor &input, const Axes &axes, const SumOptions &options) {
  check_reduction("nanmean", Domain::Numeric, input, axes);
  if (!can_be_nan(input))
    return reduce_mean(input, axes, options);
  check_inexact("nanmean", options.dtype);
  const auto &[keepdims, dtype, accuracy, name] = options;
  if (accuracy == Accuracy::exact)
    return cast(exact_nanmean(input, axes, keepdims), dtype.value_or(input.dtype()), name);
  return in_float(dtype ? cast(input, *dtype) : input, name,
                  [&](const Tensor &x, std::string_view name) {
                    return standard_nanmean(x, axes, keepdims, name);
                  });
}

/// The variance of floats that are not f16 or bf16, or of complex numbers, in their real dtype or,
/// if it is exact, in f64.
static Tensor nan_variance(const Tensor &x, const Axes &axes, bool keepdims, std::int64_t ddof,
                           Accuracy accuracy, std::string_view name = {}) {
  const bool is_exact = accuracy == Accuracy::exact;
  const Tensor wide = is_exact ? cast(x, widest_like(x.dtype())) : x;
  const Tensor mean = is_exact ? exact_nanmean(x, axes, /*keepdims=*/true)
                               : standard_nanmean(x, axes, /*keepdims=*/true);
  const Tensor deviation = where(is_nan(x), 0, subtract(wide, mean));
  const Tensor total =
      reduce_sum_square(deviation, axes, {.keepdims = keepdims, .accuracy = accuracy});
  const Tensor divisor = subtract(cast(count_present("nanvar", x, axes, keepdims), DType::f64),
                                  static_cast<double>(ddof));
  return where(greater(divisor, 0), divide(total, cast(divisor, total.dtype())), not_a_number,
               name);
}

/// The variance, or its square root: what `plain` is of elements of which none is NaN.
static Tensor nan_spread(std::string_view called, bool is_root, const Tensor &input,
                         const Axes &axes, const SpreadOptions &options,
                         Tensor (*plain)(const Tensor &, const Axes &, const SpreadOptions &)) {
  const auto &[keepdims, ddof, dtype, accuracy, name] = options;
  const Tensor given = dtype ? cast(input, *dtype) : input;
  check_reduction(called, Domain::Inexact, given, axes);
  if (!can_be_nan(input))
    return plain(input, axes, options);
  auto spread = [&](const Tensor &x, std::string_view name) {
    return is_root ? sqrt(nan_variance(x, axes, keepdims, ddof, accuracy), name)
                   : nan_variance(x, axes, keepdims, ddof, accuracy, name);
  };
  if (accuracy == Accuracy::exact)
    return cast(spread(input, {}), real_dtype(given.dtype()), name);
  return in_float(given, name, spread);
}

Tensor nanvar(const Tensor &input, const Axes &axes, const SpreadOptions &options) {
  return nan_spread("nanvar", /*is_root=*/false, input, axes, options, reduce_variance);
}

Tensor nanstd(const Tensor &input, const Axes &axes, const SpreadOptions &options) {
  return nan_spread("nanstd", /*is_root=*/true, input, axes, options, reduce_std);
}

//===-- Extremes ------------------------------------------------------------------------------===//

namespace {

using Reduce = Tensor (*)(const Tensor &, const Axes &, bool keepdims, std::string_view name);

/// One of the two ends of an order.
struct Extreme {
  Reduce reduce;
  double beyond; ///< what no number is beyond
};
constexpr Extreme largest = {reduce_max, -infinity};
constexpr Extreme smallest = {reduce_min, infinity};

} // namespace

static Tensor nan_extreme(std::string_view op, const Extreme &extreme, const Tensor &x,
                          const Axes &axes, const ReductionOptions &options) {
  check_reduction(op, Domain::Real, x, axes);
  const auto &[keepdims, name] = options;
  if (!can_be_nan(x))
    return extreme.reduce(x, axes, keepdims, name);
  const Tensor found = extreme.reduce(without_nans(x, extreme.beyond), axes, keepdims, {});
  return where(greater(count_present(op, x, axes, keepdims), 0), found, not_a_number, name);
}

Tensor nanmax(const Tensor &input, const Axes &axes, const ReductionOptions &options) {
  return nan_extreme("nanmax", largest, input, axes, options);
}

Tensor nanmin(const Tensor &input, const Axes &axes, const ReductionOptions &options) {
  return nan_extreme("nanmin", smallest, input, axes, options);
}

static Tensor nan_place(std::string_view op, const Extreme &extreme, const Tensor &input,
                        const Axes &axes, const ReductionOptions &options) {
  const Tensor x = input.dtype() == DType::boolean ? cast(input, DType::u8) : input;
  check_reduction(op, Domain::Real, x, axes);
  // A NaN equals nothing, so that it is not found.
  const Tensor found = extreme.reduce(without_nans(x, extreme.beyond), axes, /*keepdims=*/true, {});
  return find_first(op, equal(x, found), axes, options.keepdims, -1, options.name);
}

Tensor nanargmax(const Tensor &input, const Axes &axes, const ReductionOptions &options) {
  return nan_place("nanargmax", largest, input, axes, options);
}

Tensor nanargmin(const Tensor &input, const Axes &axes, const ReductionOptions &options) {
  return nan_place("nanargmin", smallest, input, axes, options);
}

Tensor ptp(const Tensor &input, const Axes &axes, const ReductionOptions &options) {
  check_reduction("ptp", Domain::Real, input, axes);
  if (reduced_size("ptp", axes, input.shape()) == 0)
    throw ShapeError("ptp: shape " + to_string(input.shape()) +
                     " has no element along the given axes");
  return subtract(reduce_max(input, axes, options.keepdims),
                  reduce_min(input, axes, options.keepdims), options.name);
}

//===-- Averages ------------------------------------------------------------------------------===//

Tensor average(const Tensor &input, const Tensor &weights, const Axes &axes,
               const AverageOptions &options) {
  check_reduction("average", Domain::Inexact, input, axes);
  check_same_dtype("average", input.dtype(), weights.dtype());
  if (broadcast_shapes(weights.shape(), input.shape()) != shape_of(input))
    throw ShapeError("average: weights of shape " + to_string(weights.shape()) +
                     " do not broadcast to " + to_string(input.shape()) +
                     std::string(broadcasting_rule));
  const auto &[keepdims, skipna, accuracy, name] = options;
  const Tensor x = skipna ? without_nans(input, 0) : input;
  Tensor counted = broadcast_to(weights, shape_of(input));
  if (skipna)
    counted = where(is_nan(input), 0, counted);
  if (accuracy == Accuracy::exact) {
    const exact::Reduction wide{axes, keepdims, widest_like(x.dtype()), {}};
    return cast(divide(exact::dot(x, counted, wide), exact::sum(counted, wide)), x.dtype(), name);
  }
  const SumOptions standard{.keepdims = keepdims, .accuracy = Accuracy::standard};
  const DType dtype =
      contains(Domain::Float, x.dtype()) && size_of(x.dtype()) == 2 ? DType::f32 : x.dtype();
  const Tensor total = reduce_sum(multiply(cast(x, dtype), cast(counted, dtype)), axes, standard);
  return cast(divide(total, reduce_sum(cast(counted, dtype), axes, standard)), x.dtype(), name);
}

//===-- Without braces ------------------------------------------------------------------------===//

#define WITHOUT_OPTIONS(NAME, OPTIONS)                                                             \
  Tensor NAME(const Tensor &input, const Axes &axes, bool keepdims, std::string_view name) {       \
    return NAME(input, axes, OPTIONS{.keepdims = keepdims, .name = name});                         \
  }
WITHOUT_OPTIONS(nansum, SumOptions)
WITHOUT_OPTIONS(nanprod, ProductOptions)
WITHOUT_OPTIONS(nancount, ReductionOptions)
WITHOUT_OPTIONS(nanmean, SumOptions)
WITHOUT_OPTIONS(nanvar, SpreadOptions)
WITHOUT_OPTIONS(nanstd, SpreadOptions)
WITHOUT_OPTIONS(nanmax, ReductionOptions)
WITHOUT_OPTIONS(nanmin, ReductionOptions)
WITHOUT_OPTIONS(nanargmax, ReductionOptions)
WITHOUT_OPTIONS(nanargmin, ReductionOptions)
WITHOUT_OPTIONS(ptp, ReductionOptions)

} // namespace tsum
