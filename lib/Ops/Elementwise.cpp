// SPDX-License-Identifier: Apache-2.0
#include "tsum/elementwise.h"

#include "Build.h"

namespace tsum {

static Tensor unary(OpKind op, const Tensor &x, std::string_view name) {
  const OpInfo &info = op_info(op);
  check_domain(info.name, info.domain, x.dtype());
  if (is_complex(x))
    return complex_unary(op, x, name);
  DType dtype = info.result == ResultKind::Bool ? DType::boolean : x.dtype();
  return make_tensor(op, dtype, shape_of(x), {x.node()}, name);
}

static Tensor binary(OpKind op, const Operand &x, const Operand &y, std::string_view name) {
  const OpInfo &info = op_info(op);
  for (const Operand *operand : {&x, &y})
    if (const auto *tensor = std::get_if<Tensor>(&operand->get()))
      check_domain(info.name, info.domain, tensor->dtype());
  auto [left, right] = to_tensors(info.name, x, y);
  Shape shape = broadcast_shape(info.name, left.shape(), right.shape());
  checked_size(info.name, shape, left.dtype());
  if (is_complex(left))
    return complex_binary(op, left, right, name);
  DType dtype = info.result == ResultKind::Bool ? DType::boolean : left.dtype();
  return make_tensor(op, dtype, std::move(shape), {left.node(), right.node()}, name);
}

#define TSUM_UNARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY)                                \
  Tensor NAME(const Tensor &x, std::string_view name) { return unary(OpKind::CLASS, x, name); }
#define TSUM_BINARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY)                               \
  Tensor NAME(const Operand &x, const Operand &y, std::string_view name) {                         \
    return binary(OpKind::CLASS, x, y, name);                                                      \
  }
#include "tsum/Elementwise.def"

Tensor cast(const Tensor &input, DType dtype, std::string_view name) {
  if (kind_of(dtype) == DTypeKind::Complex) {
    if (input.dtype() == dtype)
      return named(input, name);
    return complex(cast(real(input), real_dtype(dtype)), cast(imag(input), real_dtype(dtype)),
                   name);
  }
  if (is_complex(input)) {
    if (dtype == DType::boolean)
      return not_equal(input, 0, name);
    return cast(real(input), dtype, name);
  }
  checked_size("cast", input.shape(), dtype);
  return make_tensor(OpKind::Cast, dtype, shape_of(input), {input.node()}, name);
}

Tensor where(const Tensor &condition, const Operand &x, const Operand &y, std::string_view name) {
  check_domain("where", Domain::Bool, condition.dtype());
  auto [left, right] = to_tensors("where", x, y);
  if (is_complex(left))
    return complex(where(condition, real(left), real(right)),
                   where(condition, imag(left), imag(right)), name);
  Shape shape = broadcast_shape("where", left.shape(), right.shape());
  shape = broadcast_shape("where", condition.shape(), shape);
  checked_size("where", shape, left.dtype());
  return make_tensor(OpKind::Where, left.dtype(), std::move(shape),
                     {condition.node(), left.node(), right.node()}, name);
}

Tensor clip_by_value(const Tensor &x, const Operand &low, const Operand &high,
                     std::string_view name) {
  check_domain("clip_by_value", Domain::Real, x.dtype());
  auto bound = [&](const Operand &operand) {
    Tensor tensor = to_tensor("clip_by_value", operand, x.dtype());
    check_same_dtype("clip_by_value", x.dtype(), tensor.dtype());
    (void)broadcast_shape("clip_by_value", x.shape(), tensor.shape());
    return tensor;
  };
  Tensor smallest = bound(low);
  return minimum(maximum(x, smallest), bound(high), name);
}

} // namespace tsum
