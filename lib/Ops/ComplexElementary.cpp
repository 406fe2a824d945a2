// SPDX-License-Identifier: Apache-2.0
//
// Elementary functions of complex numbers, of real ones of their parts. Zeros, infinities and NaN
// are those of C99's annex G, and branch cuts lie as there, continuous with the sign of zeros.
#include "ComplexElementary.h"

#include "Gradients/Rules.h"
#include "Gradients/Upstream.h"

#include "tsum/Ops/Make.h"
#include "tsum/shapes.h"

#include <limits>

namespace tsum {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double pi = 0x1.921fb54442d18p+1;

/// A complex number by its parts.
struct Parts {
  Tensor re, im;

  explicit Parts(const Tensor &z) : re(real(z)), im(imag(z)) {}
  Parts(Tensor re, Tensor im) : re(std::move(re)), im(std::move(im)) {}

  [[nodiscard]] bool is_single() const { return re.dtype() == DType::f32; }
};

/// `number` in the shape and dtype of `x`.
Tensor filled(const Tensor &x, double number) {
  return broadcast_to(to_tensor("complex", number, x.dtype()), shape_of(x));
}
Tensor zero_of(const Tensor &x) { return filled(x, 0); }
Tensor one_of(const Tensor &x) { return filled(x, 1); }

/// i z and -i z.
Parts turned_left(const Parts &z) { return {negative(z.im), z.re}; }
Parts turned_right(const Parts &z) { return {z.im, negative(z.re)}; }

Tensor is_infinite(const Parts &z) { return logical_or(is_inf(z.re), is_inf(z.im)); }

/// Beyond this e^x may be out of range while its product with a sine is not.
double largest_exponent(const Parts &z) { return z.is_single() ? 80 : 700; }

/// What |x| has beyond the largest exponent, as a factor.
Tensor power_of_rest(const Parts &z, const Tensor &x) {
  return exp(maximum(subtract(x, largest_exponent(z)), 0));
}

//===-- Powers of e ---------------------------------------------------------------------------===//

Parts exp_of(const Parts &z) {
  const auto &[a, b] = z;
  const Tensor power = exp(minimum(a, largest_exponent(z)));
  const Tensor rest = power_of_rest(z, a);
  const Tensor is_turning = is_finite(b);
  const Tensor re = multiply(multiply(power, cos(b)), rest);
  const Tensor im = multiply(multiply(power, sin(b)), rest);
  // An infinite power has no direction, but may be 0 or infinite all the same.
  const Tensor is_power = logical_or(is_turning, logical_not(is_inf(a)));
  return {where(is_power, re, multiply(power, rest)),
          where(equal(b, 0), b,
                where(logical_or(is_power, greater(a, 0)), im, copysign(zero_of(b), b)))};
}

Parts expm1_of(const Parts &z) {
  const auto &[a, b] = z;
  const Parts power = exp_of(z);
  // e^a cos b - 1 = (e^a - 1) cos b - 2 sin(b / 2)^2
  const Tensor half_sine = sin(multiply(b, 0.5));
  const Tensor near = subtract(multiply(expm1(a), cos(b)), multiply(square(half_sine), 2));
  const Tensor is_near = logical_and(is_finite(b), less(a, 8));
  // A zero of either sign has +0.
  return {where(is_near, add(near, 0), subtract(power.re, 1)), power.im};
}

/// The hyperbolic cosine and sine of z, which share their parts.
struct Hyperbolic {
  Tensor a, b, cosh_a, sinh_a, cos_b, sin_b, rest;

  explicit Hyperbolic(const Parts &z)
      : a(z.re), b(z.im), cosh_a(cosh(minimum(abs(a), largest_exponent(z)))),
        sinh_a(copysign(sinh(minimum(abs(a), largest_exponent(z))), a)), cos_b(cos(b)),
        sin_b(sin(b)), rest(power_of_rest(z, abs(a))) {}

  /// An infinite or zero number in no direction.
  [[nodiscard]] Tensor is_lost() const {
    return logical_and(logical_not(is_finite(b)), logical_or(is_inf(a), equal(a, 0)));
  }

  [[nodiscard]] Parts cosine() const {
    const Tensor re = multiply(multiply(cosh_a, cos_b), rest);
    const Tensor im = multiply(multiply(sinh_a, sin_b), rest);
    const Tensor is_real =
        logical_or(equal(b, 0), logical_and(equal(a, 0), logical_not(is_finite(b))));
    return {where(logical_and(is_lost(), is_inf(a)), infinity, re),
            where(is_real, multiply(copysign(zero_of(b), b), copysign(one_of(a), a)), im)};
  }

  [[nodiscard]] Parts sine() const {
    const Tensor re = multiply(multiply(sinh_a, cos_b), rest);
    const Tensor im = multiply(multiply(cosh_a, sin_b), rest);
    return {where(is_lost(), a, re), where(equal(b, 0), b, im)};
  }
};

/// W. Kahan, "Branch cuts for complex elementary functions", 1987, as what follows.
Parts tanh_of(const Parts &z) {
  const auto &[a, b] = z;
  const Tensor tangent = tan(b), sine = sinh(a);
  const Tensor beta = add(square(tangent), 1);
  const Tensor divisor = add(multiply(beta, square(sine)), 1);
  const Tensor re = divide(multiply(multiply(beta, sqrt(add(square(sine), 1))), sine), divisor);
  const Tensor im = divide(tangent, divisor);
  // Where e^-2|a| is nothing beside 1.
  const Tensor is_large = greater(abs(a), z.is_single() ? 10 : 20);
  const Tensor little = multiply(multiply(multiply(sin(b), cos(b)), 4), exp(multiply(abs(a), -2)));
  const Tensor is_lost = logical_not(logical_or(is_finite(b), is_inf(a)));
  const Tensor large_im =
      where(is_lost, not_a_number, where(is_finite(b), little, copysign(zero_of(a), b)));
  const Tensor one = where(is_lost, not_a_number, copysign(one_of(a), a));
  const Tensor is_zero = logical_and(equal(a, 0), logical_not(is_finite(b)));
  return {where(is_large, one, where(is_zero, a, re)),
          where(equal(b, 0), b, where(is_large, large_im, im))};
}

//===-- Logarithms and roots ------------------------------------------------------------------===//

/// log|z|, where `less_one` is re - 1, and the angle.
Parts log_by(const Parts &z, const Tensor &less_one) {
  const auto &[a, b] = z;
  const Tensor x = abs(a), y = abs(b);
  const Tensor larger = maximum(x, y);
  // Near the unit circle by what |z|^2 is off 1.
  const Tensor is_right = greater_equal(a, 0);
  const Tensor off = where(is_right, less_one, subtract(x, 1));
  const Tensor excess = where(greater(x, y), add(multiply(off, add(off, 2)), square(y)),
                              add(multiply(subtract(y, 1), add(y, 1)), square(x)));
  const Tensor is_near = logical_and(greater(larger, 0.5), less(larger, 2));
  // Neither |z| nor what is squared for it leaves the range.
  const Tensor is_huge = greater(larger, z.is_single() ? 0x1p126 : 0x1p1022);
  const Tensor is_tiny = less(larger, z.is_single() ? 0x1p-100 : 0x1p-900);
  const double up = z.is_single() ? 0x1p60 : 0x1p200;
  const int up_bits = z.is_single() ? 60 : 200;
  const Tensor scale = where(is_huge, 0.25, where(is_tiny, up, one_of(a)));
  const Tensor added = where(is_huge, 2 * 0x1.62e42fefa39efp-1,
                             where(is_tiny, -up_bits * 0x1.62e42fefa39efp-1, zero_of(a)));
  const Tensor far = add(log(hypot(multiply(a, scale), multiply(b, scale))), added);
  return {where(is_near, multiply(log1p(excess), 0.5), far), atan2(b, a)};
}

Parts log_of(const Parts &z) { return log_by(z, subtract(z.re, 1)); }

Parts log1p_of(const Parts &z) {
  const auto &[a, b] = z;
  const Parts far = log_by({add(a, 1), b}, a);
  // Of small numbers |1 + z|^2 - 1 is 2 a + a^2 + b^2.
  const Tensor is_small = less(maximum(abs(a), abs(b)), 0.5);
  const Tensor near = multiply(log1p(add(multiply(a, add(a, 2)), square(b))), 0.5);
  return {where(is_small, near, far.re), far.im};
}

Parts sqrt_of(const Parts &z) {
  const auto &[a, b] = z;
  const Tensor larger = maximum(abs(a), abs(b));
  const Tensor is_huge = greater(larger, z.is_single() ? 0x1p120 : 0x1p1000);
  const Tensor is_tiny = less(larger, z.is_single() ? 0x1p-100 : 0x1p-900);
  const double up = z.is_single() ? 0x1p60 : 0x1p200;
  const double down = z.is_single() ? 0x1p-30 : 0x1p-100; // the root of 1 / up
  const Tensor scale = where(is_huge, 0x1p-4, where(is_tiny, up, one_of(a)));
  const Tensor back = where(is_huge, 0x1p2, where(is_tiny, down, one_of(a)));
  const Tensor x = multiply(a, scale), y = multiply(b, scale);
  const Tensor root = sqrt(multiply(add(abs(x), hypot(x, y)), 0.5));
  const Tensor other = divide(abs(y), multiply(root, 2));
  const Tensor is_right = greater_equal(a, 0);
  const Tensor is_zero = equal(larger, 0);
  const Tensor re = where(is_zero, abs(a), multiply(where(is_right, root, other), back));
  const Tensor im = where(is_zero, b, copysign(multiply(where(is_right, other, root), back), b));
  // Of a NaN the comparison took the other side.
  const Tensor is_nan_part = is_nan(a);
  return {where(is_inf(b), infinity, where(is_nan_part, not_a_number, re)),
          where(is_inf(b), b, where(is_nan_part, not_a_number, im))};
}

//===-- Inverse functions ---------------------------------------------------------------------===//

/// The imaginary part of conj(z) w.
Tensor imag_of_conjugate(const Parts &z, const Parts &w) {
  return subtract(multiply(z.re, w.im), multiply(z.im, w.re));
}

/// sqrt(1 - z) and sqrt(1 + z).
struct Roots {
  Parts below, above;
  explicit Roots(const Parts &z)
      : below(sqrt_of({subtract(1, z.re), negative(z.im)})), above(sqrt_of({add(z.re, 1), z.im})) {}
};

/// The imaginary part of asin(z), but for its sign, where `near` is off: of large numbers, whose
/// squares leave the range, log|2 z|.
Tensor height(const Parts &z, const Tensor &near) {
  const Tensor is_large = greater(maximum(abs(z.re), abs(z.im)), z.is_single() ? 0x1p60 : 0x1p500);
  const Tensor far = add(log_of(z).re, 0x1.62e42fefa39efp-1);
  return where(is_infinite(z), infinity, where(is_large, far, abs(near)));
}

Parts acos_of(const Parts &z) {
  const auto &[a, b] = z;
  const Roots roots(z);
  const Tensor re = multiply(atan2(roots.below.re, roots.above.re), 2);
  const Tensor im = asinh(imag_of_conjugate(roots.above, roots.below));
  const Tensor is_even = logical_and(equal(a, 0), is_nan(b));
  return {where(is_infinite(z), atan2(abs(b), a), where(is_even, pi / 2, re)),
          negative(copysign(height(z, im), b))};
}

Parts asin_of(const Parts &z) {
  const auto &[a, b] = z;
  const Roots roots(z);
  const Tensor product =
      subtract(multiply(roots.below.re, roots.above.re), multiply(roots.below.im, roots.above.im));
  const Tensor im = asinh(imag_of_conjugate(roots.below, roots.above));
  const Tensor is_large = greater(maximum(abs(a), abs(b)), z.is_single() ? 0x1p60 : 0x1p500);
  const Tensor angle = atan2(a, where(is_large, abs(b), product));
  return {where(is_infinite(z), atan2(a, abs(b)), where(equal(a, 0), a, angle)),
          copysign(height(z, im), b)};
}

Parts acosh_of(const Parts &z) {
  const Parts angle = acos_of(z);
  return {abs(angle.im), copysign(angle.re, z.im)};
}

Parts atanh_of(const Parts &z) {
  const auto &[a, b] = z;
  const Tensor x = abs(a);
  const Tensor off = subtract(1, x);
  const Tensor re = multiply(log1p(divide(multiply(x, 4), add(square(off), square(b)))), 0.25);
  const Tensor im =
      multiply(atan2(multiply(b, 2), subtract(multiply(off, add(x, 1)), square(b))), 0.5);
  // Of large numbers the real part is that of 1 / z, whose square would leave the range.
  const Tensor larger = maximum(x, abs(b));
  const Tensor is_large = greater(larger, z.is_single() ? 0x1p30 : 0x1p250);
  const Tensor ratio_a = divide(x, larger), ratio_b = divide(b, larger);
  const Tensor inverse = divide(divide(ratio_a, add(square(ratio_a), square(ratio_b))), larger);
  const Tensor is_inf = is_infinite(z);
  const Tensor right_angle = copysign(filled(a, pi / 2), b);
  const Tensor is_even = logical_and(equal(a, 0), is_nan(b));
  return {copysign(where(is_inf, 0, where(is_even, x, where(is_large, inverse, re))), a),
          where(logical_and(is_inf, logical_not(is_nan(b))), right_angle,
                where(is_large, right_angle, im))};
}

//===-- Others --------------------------------------------------------------------------------===//

/// z / |z|; an infinite part is all that counts beside finite ones.
Parts sign_of(const Parts &z) {
  const auto &[a, b] = z;
  const Tensor is_inf = is_infinite(z);
  const Tensor larger = maximum(abs(a), abs(b));
  // Neither |z| nor a quotient by it leaves the range.
  const Tensor scale = where(greater(larger, 1), 0.25, filled(a, z.is_single() ? 0x1p60 : 0x1p200));
  const auto scaled = [&](const Tensor &part) {
    const Tensor direction = copysign(where(tsum::is_inf(part), 1, zero_of(part)), part);
    return where(is_nan(part), part, where(is_inf, direction, multiply(part, scale)));
  };
  const Tensor x = scaled(a), y = scaled(b);
  const Tensor magnitude = hypot(x, y);
  const Tensor is_zero = equal(larger, 0);
  return {where(is_zero, 0, divide(x, magnitude)), where(is_zero, 0, divide(y, magnitude))};
}

Tensor joined(const Parts &z, std::string_view name = {}) { return complex(z.re, z.im, name); }

/// `parts`, just made, of the value of `op`, a holomorphic function, at z. Their gradients are by
/// its derivative (Cauchy, Riemann), and not by those of what they are computed of, in which axes
/// and branches are told apart that the function is smooth across.
Parts by_derivative(OpKind op, const Parts &z, Parts parts) {
  const auto rule = [op](bool is_real) {
    return [=](const Tensor &g, const Tensor & /*part*/, std::span<const Tensor> inputs) {
      const Tensor x = complex(inputs[0], inputs[1]);
      const Tensor slope = derivative_of(op, x, *complex_elementary(op, x, /*name=*/{}));
      Tensor by_re = product_or_zero(g, real(slope)), by_im = product_or_zero(g, imag(slope));
      return is_real ? std::vector{std::move(by_re), negative(by_im)}
                     : std::vector{std::move(by_im), std::move(by_re)};
    };
  };
  return {with_rule(std::move(parts.re), {z.re, z.im}, rule(true)),
          with_rule(std::move(parts.im), {z.re, z.im}, rule(false))};
}

/// 1 / (1 + e^-z), by the power that does not overflow.
Parts sigmoid_of(const Parts &z) {
  const Tensor is_right = greater_equal(z.re, 0);
  const Parts power =
      exp_of({where(is_right, negative(z.re), z.re), where(is_right, negative(z.im), z.im)});
  const Tensor numerator = complex(where(is_right, 1, power.re), where(is_right, 0, power.im));
  return Parts(divide(numerator, complex(add(power.re, 1), power.im)));
}

} // namespace

std::optional<Tensor> complex_elementary(OpKind op, const Tensor &x, std::string_view name) {
  const Parts z(x);
  if (op == OpKind::Sign)
    return joined(sign_of(z), name);
  const auto per_log = [&](double factor) {
    const Parts log = log_of(z);
    return Parts(multiply(log.re, factor), multiply(log.im, factor));
  };
  auto result = [&]() -> std::optional<Parts> {
    switch (op) {
    case OpKind::Exp:
      return exp_of(z);
    case OpKind::Expm1:
      return expm1_of(z);
    case OpKind::Log:
      return log_of(z);
    case OpKind::Log1p:
      return log1p_of(z);
    case OpKind::Log2:
      return per_log(0x1.71547652b82fep+0);
    case OpKind::Log10:
      return per_log(0x1.bcb7b1526e50ep-2);
    case OpKind::Sqrt:
      return sqrt_of(z);
    case OpKind::Cosh:
      return Hyperbolic(z).cosine();
    case OpKind::Sinh:
      return Hyperbolic(z).sine();
    case OpKind::Tanh:
      return tanh_of(z);
    case OpKind::Cos:
      return Hyperbolic(turned_left(z)).cosine();
    case OpKind::Sin:
      return turned_right(Hyperbolic(turned_left(z)).sine());
    case OpKind::Tan:
      return turned_right(tanh_of(turned_left(z)));
    case OpKind::Acos:
      return acos_of(z);
    case OpKind::Asin:
      return asin_of(z);
    case OpKind::Atan:
      return turned_right(atanh_of(turned_left(z)));
    case OpKind::Acosh:
      return acosh_of(z);
    case OpKind::Asinh:
      return turned_right(asin_of(turned_left(z)));
    case OpKind::Atanh:
      return atanh_of(z);
    case OpKind::Rsqrt:
      return Parts(reciprocal(joined(sqrt_of(z))));
    case OpKind::Sigmoid:
      return sigmoid_of(z);
    default:
      return std::nullopt;
    }
  }();
  if (!result)
    return std::nullopt;
  return joined(by_derivative(op, z, std::move(*result)), name);
}

Tensor complex_power(const Tensor &x, const Tensor &y, std::string_view name) {
  const Tensor power =
      *complex_elementary(OpKind::Exp, multiply(y, joined(log_of(Parts(x)))), /*name=*/{});
  // Powers of 0: 1, 0 or what has no limit.
  const Tensor is_zero = equal(x, 0);
  const Tensor zero_re =
      where(equal(y, 0), 1, where(greater(real(y), 0), 0, filled(real(y), not_a_number)));
  const Tensor zero_im =
      where(greater(real(y), 0), 0, where(equal(y, 0), 0, filled(real(y), not_a_number)));
  return complex(where(is_zero, zero_re, real(power)), where(is_zero, zero_im, imag(power)), name);
}

} // namespace tsum
