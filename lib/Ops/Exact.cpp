// SPDX-License-Identifier: Apache-2.0
#include "Exact.h"

#include "tsum/shapes.h"

#include <algorithm>

namespace tsum {

namespace exact {

/// Tensors of one shape and one dtype, f32 or f64 but for elements as they are, that are added up.
using Terms = std::vector<Tensor>;

/// The terms along a new first axis: an outermost one, so that loops run along memory as before.
static Tensor stack(const Terms &terms) {
  const auto rank = static_cast<std::size_t>(terms.front().rank());
  Shape shape(rank + 1, 1);
  shape[0] = std::ssize(terms);
  std::vector<std::int64_t> steps(rank + 1, 0);
  steps[0] = 1;
  const Tensor place = make_iota(DType::i32, std::move(shape), 0, std::move(steps));
  Tensor stacked = terms.back();
  for (std::int64_t n = std::ssize(terms) - 1; n-- > 0;)
    stacked = where(equal(place, n), terms[static_cast<std::size_t>(n)], stacked);
  return stacked;
}

/// The sum of all elements of all terms over `divisor`, rounded once to a float.
static Tensor quotient(const Terms &terms, std::int64_t divisor, const Reduction &reduction) {
  const auto &[axes, keepdims, dtype, name] = reduction;
  if (terms.size() == 1)
    return make_exact_sum(terms.front(), axes, keepdims, divisor, dtype, name);
  const Description each = describe_reduction(OpKind::ReduceSum, terms.front(), axes, keepdims);
  std::vector<std::int64_t> all = {0};
  for (std::int64_t axis : each.axes)
    all.push_back(axis + 1);
  const Tensor sum = make_exact_sum(stack(terms), all, /*keepdims=*/false, divisor, dtype,
                                    keepdims ? std::string_view() : name);
  return keepdims ? reshape(sum, each.shape, name) : sum;
}

//===-- Terms ---------------------------------------------------------------------------------===//

/// The elements of a real tensor. f64 holds integers of 32 bits, and half of one of 64.
static Terms elements(const Tensor &x) {
  if (contains(Domain::Float, x.dtype()))
    return {x};
  if (size_of(x.dtype()) < 8)
    return {cast(x, DType::f64)};
  const Tensor low = bitwise_and(x, 0xffffffff);
  return {cast(low, DType::f64), cast(subtract(x, low), DType::f64)};
}

static Tensor in_dtype(const Tensor &x, DType dtype) {
  return x.dtype() == dtype ? x : cast(x, dtype);
}

/// Appends the products of real tensors: one in a type that holds them, or f64 and their errors.
static void append_products(Terms &terms, const Tensor &x, const Tensor &y) {
  const bool is_wide = !contains(Domain::Float, x.dtype()) || x.dtype() == DType::f64;
  const DType held = x.dtype() == DType::f16 ? DType::f32 : DType::f64;
  const Tensor left = in_dtype(x, held), right = in_dtype(y, held);
  terms.push_back(multiply(left, right));
  if (is_wide)
    terms.push_back(product_error(left, right));
}

static Terms products(const Tensor &x, const Tensor &y) {
  Terms terms;
  append_products(terms, x, y);
  return terms;
}

static Terms squares(const Tensor &x) {
  if (!is_complex(x))
    return products(x, x);
  Terms terms = products(real(x), real(x));
  append_products(terms, imag(x), imag(x));
  return terms;
}

/// x - y and what rounding it loses (Knuth, The Art of Computer Programming, volume 2, 4.2.2).
static std::pair<Tensor, Tensor> difference(const Tensor &x, const Tensor &y) {
  Tensor rounded = subtract(x, y);
  const Tensor y_part = subtract(rounded, x);
  const Tensor x_error = subtract(x, subtract(rounded, y_part));
  return {rounded, subtract(x_error, add(y, y_part))};
}

/// Appends the squares of how far the elements of a real tensor are from their mean.
static void append_deviations(Terms &terms, const Tensor &x, const Axes &axes) {
  const std::int64_t count = reduced_size("reduce_variance", axes, x.shape());
  const Reduction of_mean{.axes = axes, .keepdims = true, .dtype = DType::f64, .name = {}};
  const Tensor mean = quotient(elements(x), count, of_mean);
  const Tensor wide = in_dtype(x, DType::f64);
  if (x.dtype() != DType::f64) {
    // The mean and the difference are off by 2^-53: nothing beside the last rounding.
    terms.push_back(square(subtract(wide, mean)));
    return;
  }
  // The mean in two parts, of which the second need not be near, and each difference in two as
  // well: (d + e)^2 is d^2 and, together, 2 d e and what rounding d^2 loses, to 2^-104.
  const auto [rough, rough_error] = difference(wide, mean);
  const auto [deviation, last_error] = difference(rough, quotient({rough}, count, of_mean));
  const Tensor error = add(rough_error, last_error);
  terms.push_back(multiply(deviation, deviation));
  terms.push_back(add(product_error(deviation, deviation), multiply(deviation, add(error, error))));
}

//===-- Reductions ----------------------------------------------------------------------------===//

/// `make` of real tensors, for each part of the result's dtype.
template <class Make>
static Tensor by_parts(const Tensor &x, const Reduction &reduction, const Make &make) {
  if (kind_of(reduction.dtype) != DTypeKind::Complex)
    return make(is_complex(x) ? real(x) : x, reduction);
  Reduction part = reduction;
  part.dtype = real_dtype(reduction.dtype);
  part.name = {};
  if (is_complex(x))
    return complex(make(real(x), part), make(imag(x), part), reduction.name);
  return cast(make(x, part), reduction.dtype, reduction.name);
}

/// The same with a real result.
static Reduction to_real(Reduction reduction) {
  reduction.dtype = real_dtype(reduction.dtype);
  return reduction;
}

Tensor sum(const Tensor &x, const Reduction &reduction) {
  return by_parts(x, reduction, [](const Tensor &part, const Reduction &reduction) {
    return quotient(elements(part), 1, reduction);
  });
}

Tensor mean(const Tensor &x, const Reduction &reduction) {
  const std::int64_t count = reduced_size("reduce_mean", reduction.axes, x.shape());
  return by_parts(x, reduction, [&](const Tensor &part, const Reduction &reduction) {
    return quotient(elements(part), count, reduction);
  });
}

Tensor sum_of_squares(const Tensor &x, const Reduction &reduction) {
  return quotient(squares(x), 1, to_real(reduction));
}

Tensor norm(const Tensor &x, const Reduction &reduction) {
  Reduction wide = reduction;
  wide.dtype = DType::f64;
  wide.name = {};
  const Tensor root = sqrt(sum_of_squares(x, wide));
  return cast(root, real_dtype(reduction.dtype), reduction.name);
}

Tensor variance(const Tensor &x, std::int64_t ddof, const Reduction &reduction) {
  Terms terms;
  append_deviations(terms, is_complex(x) ? real(x) : x, reduction.axes);
  if (is_complex(x))
    append_deviations(terms, imag(x), reduction.axes);
  const std::int64_t count = reduced_size("reduce_variance", reduction.axes, x.shape());
  // Where the difference is out of range it could overflow.
  const bool is_large = ddof < count - largest_divisor;
  return quotient(terms, is_large ? largest_divisor + 1 : count - ddof, to_real(reduction));
}

Tensor dot(const Tensor &x, const Tensor &y, const Reduction &reduction) {
  if (!is_complex(x))
    return quotient(products(x, y), 1, reduction);
  Terms on_real = products(real(x), real(y));
  append_products(on_real, negative(imag(x)), imag(y));
  Terms on_imag = products(real(x), imag(y));
  append_products(on_imag, imag(x), real(y));
  Reduction part = to_real(reduction);
  part.name = {};
  return complex(quotient(on_real, 1, part), quotient(on_imag, 1, part), reduction.name);
}

} // namespace exact

//===-- The node ------------------------------------------------------------------------------===//

Tensor make_exact_sum(const Tensor &input, const Axes &axes, bool keepdims, std::int64_t divisor,
                      DType dtype, std::string_view name) {
  check_reduction("reduce_sum", Domain::Float, input, axes);
  if (divisor < 1 || divisor > largest_divisor)
    throw Error("reduce_sum: an exact sum is divided by at most 2^47 - 1, given " +
                std::to_string(divisor));
  Description description = describe_reduction(OpKind::ReduceSum, input, axes, keepdims);
  const bool is_one_element = std::ranges::all_of(description.axes, [&](std::int64_t axis) {
    return input.shape()[static_cast<std::size_t>(axis)] == 1;
  });
  // Over extents of 1 a reduction is its operand.
  if (is_one_element && divisor != 1) {
    const Tensor nothing = broadcast_to(to_tensor("reduce_sum", 0, input.dtype()), shape_of(input));
    return exact::quotient({input, nothing}, divisor, {axes, keepdims, dtype, name});
  }
  if (is_one_element && dtype != input.dtype())
    return cast(make_exact_sum(input, axes, keepdims, 1, input.dtype()), dtype, name);
  description.dtype = dtype;
  description.is_exact = true;
  description.divisor = divisor;
  return make_tensor(std::move(description), {input.node()}, name);
}

} // namespace tsum
