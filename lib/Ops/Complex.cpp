// SPDX-License-Identifier: Apache-2.0
//
// Complex tensors are pairs of real ones, and what is done to them is done to these: kernels never
// see a complex number.
#include "Build.h"
#include "ComplexElementary.h"

#include "tsum/shapes.h"

#include <cassert>
#include <limits>

namespace tsum {

Tensor complex(const Operand &real, const Operand &imag, std::string_view name) {
  auto [re, im] = to_tensors("complex", real, imag);
  if (re.dtype() != DType::f32 && re.dtype() != DType::f64)
    throw DTypeError("complex: takes f32 and f64; given " + std::string(name_of(re.dtype())) +
                     " (cast it, as in cast(x, DType::f64))");
  DType dtype = re.dtype() == DType::f32 ? DType::complex64 : DType::complex128;
  Shape shape = broadcast_shape("complex", re.shape(), im.shape());
  checked_size("complex", shape, dtype);
  // Both parts have the shape of the whole.
  auto part = [&](const Tensor &x) {
    return (shape_of(x) == shape ? x : broadcast_to(x, shape)).node();
  };
  return make_tensor(OpKind::Complex, dtype, shape, {part(re), part(im)}, name);
}

/// Part 0, the real one, or 1 of a complex tensor.
static Tensor part_of(const Tensor &x, int part) {
  Node::State state = x.node()->state();
  assert((state.values || state.operands.size() == 2) && "no input is complex");
  if (!state.values)
    return Tensor(state.operands[static_cast<std::size_t>(part)]);
  const DType dtype = real_dtype(x.dtype());
  auto node = std::make_shared<Node>(OpKind::Slice, dtype, shape_of(x));
  node->node_part = static_cast<std::int8_t>(part);
  node->set_values(std::make_shared<Storage>(Storage{
      state.values->owner, state.values->data + part * size_of(dtype), state.values->strides}));
  node->derive_from({x.node()});
  return Tensor(std::move(node));
}

Tensor real(const Tensor &x) { return is_complex(x) ? part_of(x, 0) : x; }

Tensor imag(const Tensor &x) {
  if (is_complex(x))
    return part_of(x, 1);
  return broadcast_to(to_tensor("imag", 0, x.dtype()), shape_of(x));
}

Tensor conj(const Tensor &x, std::string_view name) {
  return is_complex(x) ? complex(real(x), negative(imag(x)), name) : named(x, name);
}

namespace {

/// A divisor y as `larger * (1 + ratio * i)` or, if its imaginary part is the larger one,
/// `larger * (ratio + i)`: Smith's method, as NumPy's, by which |y|^2 is never computed, and what
/// is divided by an infinity vanishes.
struct Divisor {
  Tensor is_real_larger, larger, ratio, norm; ///< `norm` is |y|^2 / larger

  explicit Divisor(const Tensor &y)
      : is_real_larger(greater_equal(abs(real(y)), abs(imag(y)))),
        larger(where(is_real_larger, real(y), imag(y))),
        ratio(divide(where(is_real_larger, imag(y), real(y)), larger)),
        norm(add(larger, multiply(where(is_real_larger, imag(y), real(y)), ratio))) {}
};

} // namespace

static Tensor quotient(const Tensor &x, const Tensor &y, std::string_view name) {
  const Divisor by(y);
  Tensor a = real(x);
  Tensor b = imag(x);
  Tensor re = where(by.is_real_larger, add(a, b * by.ratio), add(a * by.ratio, b));
  Tensor im = where(by.is_real_larger, subtract(b, a * by.ratio), subtract(b * by.ratio, a));
  // By 0 each part divides as a real number does. Beside a NaN the larger part is 0 as well.
  Tensor is_zero = logical_and(by.is_real_larger, equal(by.larger, 0));
  Tensor zero = abs(by.larger);
  return complex(where(is_zero, divide(a, zero), divide(re, by.norm)),
                 where(is_zero, divide(b, zero), divide(im, by.norm)), name);
}

static Tensor inverse(const Tensor &x, std::string_view name) {
  const Divisor by(x);
  return complex(divide(where(by.is_real_larger, 1, by.ratio), by.norm),
                 divide(negative(where(by.is_real_larger, by.ratio, 1)), by.norm), name);
}

Tensor complex_unary(OpKind op, const Tensor &x, std::string_view name) {
  Tensor a = real(x);
  Tensor b = imag(x);
  switch (op) {
  case OpKind::Negative:
    return complex(negative(a), negative(b), name);
  case OpKind::Abs:
    return hypot(a, b, name);
  case OpKind::Square:
    return complex(subtract(square(a), square(b)), multiply(multiply(a, b), 2), name);
  case OpKind::Reciprocal:
    return inverse(x, name);
  case OpKind::IsNan:
    return logical_or(is_nan(a), is_nan(b), name);
  case OpKind::IsInf:
    return logical_or(is_inf(a), is_inf(b), name);
  case OpKind::IsFinite:
    return logical_and(is_finite(a), is_finite(b), name);
  default:
    break;
  }
  if (std::optional<Tensor> result = complex_elementary(op, x, name))
    return std::move(*result);
  throw DTypeError(prefix(op_info(op).name) + "is not made for " + std::string(name_of(x.dtype())) +
                   " (take real(x), imag(x) or abs(x))");
}

Tensor complex_binary(OpKind op, const Tensor &x, const Tensor &y, std::string_view name) {
  switch (op) {
  case OpKind::Add:
    return complex(add(real(x), real(y)), add(imag(x), imag(y)), name);
  case OpKind::Subtract:
    return complex(subtract(real(x), real(y)), subtract(imag(x), imag(y)), name);
  case OpKind::Multiply:
    return complex(subtract(real(x) * real(y), imag(x) * imag(y)),
                   add(real(x) * imag(y), imag(x) * real(y)), name);
  case OpKind::Divide:
    return quotient(x, y, name);
  case OpKind::Pow:
    return complex_power(x, y, name);
  case OpKind::Equal:
    return logical_and(equal(real(x), real(y)), equal(imag(x), imag(y)), name);
  case OpKind::NotEqual:
    return logical_or(not_equal(real(x), real(y)), not_equal(imag(x), imag(y)), name);
  default:
    break;
  }
  throw DTypeError(prefix(op_info(op).name) + "is not made for " + std::string(name_of(x.dtype())) +
                   " (take real(x), imag(x) or abs(x))");
}

} // namespace tsum
