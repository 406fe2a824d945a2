// SPDX-License-Identifier: Apache-2.0
#include "Build.h"

#include "tsum/Graph/Recording.h"
#include "tsum/shapes.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace tsum {

Tensor make_tensor(OpKind op, DType dtype, Shape shape, std::vector<Node::Ptr> operands,
                   std::string_view name) {
  return make_tensor({.op = op, .dtype = dtype, .shape = std::move(shape)}, std::move(operands),
                     name);
}

Tensor make_tensor(Description description, std::vector<Node::Ptr> operands,
                   std::string_view name) {
  auto node = std::make_shared<Node>(std::move(description), std::move(operands));
  node->name = name;
  Recording::note(node);
  return Tensor(std::move(node));
}

Tensor constant_for_gradients(const Tensor &fresh) {
  auto node = std::make_shared<Node>(static_cast<const Description &>(*fresh.node()),
                                     fresh.node()->state().operands);
  node->stops_gradient = true;
  return Tensor(std::move(node));
}

Tensor with_rule(Tensor fresh, const std::vector<Tensor> &inputs, GradientRule rule) {
  std::vector<Node::Ptr> nodes;
  for (const Tensor &input : inputs)
    nodes.push_back(input.node());
  // Only shared as a constant: it was not made as one.
  const_cast<Node &>(*fresh.node()).derive_from(std::move(nodes), std::move(rule));
  return fresh;
}

Tensor derived_from(const Tensor &from, Tensor data) {
  return with_rule(std::move(data), {from}, {});
}

Tensor named(const Tensor &tensor, std::string_view name) {
  return name.empty() ? tensor : broadcast_to(tensor, shape_of(tensor), name);
}

std::string prefix(std::string_view op) { return std::string(op) + ": "; }

Tensor make_iota(DType dtype, Shape shape, std::int64_t first, std::vector<std::int64_t> steps) {
  auto node = std::make_shared<Node>(OpKind::Iota, dtype, std::move(shape));
  node->starts = {first};
  node->steps = std::move(steps);
  return Tensor(std::move(node));
}

//===-- Dtypes --------------------------------------------------------------------------------===//

static std::string names_in(Domain domain, std::string_view separator) {
  std::string names;
#define TSUM_DTYPE(NAME, CPP, KIND)                                                                \
  if (contains(domain, DType::NAME))                                                               \
    names += (names.empty() ? "" : std::string(separator)) + #NAME;
#include "tsum/DTypes.def"
  return names;
}

/// What to do with a dtype that is outside `domain`.
static std::string_view hint(Domain domain, DType dtype) {
  if (dtype == DType::boolean)
    return "cast it, as in cast(x, DType::i64), or see reduce_any, reduce_all, count_nonzero and "
           "the logical_ operations";
  if (domain == Domain::Bool)
    return "compare it, as in not_equal(x, 0)";
  if (kind_of(dtype) == DTypeKind::Complex)
    return "take real(x), imag(x) or abs(x)";
  if (domain == Domain::Float || domain == Domain::Inexact)
    return "cast it, as in cast(x, DType::f64)";
  return "cast it, as in cast(x, DType::i64)";
}

void check_domain(std::string_view op, Domain domain, DType dtype) {
  if (!contains(domain, dtype))
    throw DTypeError(prefix(op) + "takes " + names_in(domain, ", ") + "; given " +
                     std::string(name_of(dtype)) + " (" + std::string(hint(domain, dtype)) + ")");
}

void check_same_dtype(std::string_view op, DType x, DType y) {
  if (x == y)
    return;
  // The hint names the one that loses less: complex over float over integer over boolean, then the
  // larger.
  auto width = [](DType dtype) {
    const DTypeKind kind = kind_of(dtype);
    const int rank = kind == DTypeKind::Complex ? 3
                     : kind == DTypeKind::Float ? 2
                     : kind == DTypeKind::Bool  ? 0
                                                : 1;
    return std::pair(rank, size_of(dtype));
  };
  DType wider = width(y) > width(x) ? y : x;
  throw DTypeError(prefix(op) + "operands have dtypes " + std::string(name_of(x)) + " and " +
                   std::string(name_of(y)) +
                   " (cast one: cast(x, DType::" + std::string(name_of(wider)) + "))");
}

template <class T, std::integral Number> static bool fits(Number number) {
  if constexpr (std::is_same_v<T, bool>)
    return number == 0 || number == 1;
  else if constexpr (IntegerElement<T>)
    return std::in_range<T>(number);
  else if constexpr (FloatElement<T>)
    return std::isfinite(static_cast<double>(static_cast<T>(number)));
  else
    return true;
}

template <class T, std::same_as<double> Number> static bool fits(Number number) {
  using Limits = std::numeric_limits<T>;
  if constexpr (std::is_same_v<T, bool>)
    return number == 0 || number == 1;
  else if constexpr (IntegerElement<T>)
    return number == std::trunc(number) && number >= static_cast<double>(Limits::min()) &&
           number < std::ldexp(1.0, Limits::digits);
  else if constexpr (FloatElement<T>)
    return !std::isfinite(number) || std::isfinite(static_cast<double>(static_cast<T>(number)));
  else
    return fits<typename T::value_type>(number);
}

template <class Number> static std::string number_to_string(Number number) {
  char text[32];
  return {text, std::to_chars(std::begin(text), std::end(text), number).ptr};
}

template <class T, class Number>
[[noreturn]] static void throw_does_not_fit(std::string_view op, Number number) {
  std::string given = prefix(op) + number_to_string(number);
  std::string dtype(name_of(dtype_of<T>));
  if constexpr (std::is_floating_point_v<Number>)
    if (std::is_integral_v<T> && number != std::trunc(number))
      throw DTypeError(given + " is not an integer, as dtype " + dtype +
                       " requires (cast the tensor: cast(x, DType::f64))");
  using Float = std::conditional_t<std::is_same_v<T, double>, double, float>;
  std::string range;
  if constexpr (std::is_same_v<T, bool>)
    range = " (0 or 1)";
  else if constexpr (IntegerElement<T>)
    range = " (" + number_to_string(std::numeric_limits<T>::lowest()) + ".." +
            number_to_string(std::numeric_limits<T>::max()) + ")";
  else if constexpr (FloatElement<T>)
    range = " (at most " + number_to_string(static_cast<Float>(std::numeric_limits<T>::max())) +
            " in magnitude)";
  throw DTypeError(given + " does not fit dtype " + dtype + range);
}

Tensor to_tensor(std::string_view op, const Operand &operand, DType dtype) {
  return std::visit(
      [&]<class Given>(const Given &given) -> Tensor {
        if constexpr (std::is_same_v<Given, Tensor>)
          return given;
        else
          return visit_dtype(dtype, [&]<class T>(T) -> Tensor {
            if (!fits<T>(given))
              throw_does_not_fit<T>(op, given);
            if constexpr (ComplexElement<T>)
              return constant(T(static_cast<typename T::value_type>(given)));
            else
              return constant(static_cast<T>(given));
          });
      },
      operand.get());
}

std::pair<Tensor, Tensor> to_tensors(std::string_view op, const Operand &x, const Operand &y) {
  const auto *x_tensor = std::get_if<Tensor>(&x.get());
  const auto *y_tensor = std::get_if<Tensor>(&y.get());
  if (!x_tensor && !y_tensor)
    throw Error(prefix(op) + "both operands are numbers (one must be a tensor: constant(x))");
  DType dtype = (x_tensor ? x_tensor : y_tensor)->dtype();
  Tensor left = to_tensor(op, x, dtype);
  Tensor right = to_tensor(op, y, dtype);
  check_same_dtype(op, left.dtype(), right.dtype());
  return {left, right};
}

//===-- Shapes and axes -----------------------------------------------------------------------===//

std::optional<Shape> broadcast_shapes(std::span<const std::int64_t> x,
                                      std::span<const std::int64_t> y) {
  if (x.size() < y.size())
    std::swap(x, y);
  Shape shape(x.begin(), x.end());
  auto extent = shape.end();
  for (std::size_t dim = y.size(); dim-- > 0;) {
    --extent;
    if (*extent == 1)
      *extent = y[dim];
    else if (y[dim] != 1 && y[dim] != *extent)
      return std::nullopt;
  }
  return shape;
}

Shape broadcast_shape(std::string_view op, std::span<const std::int64_t> x,
                      std::span<const std::int64_t> y) {
  for (std::span<const std::int64_t> shape : {x, y})
    if (has_open_extent(shape))
      throw ShapeError(prefix(op) + "an input " + about_open_extents(shape));
  if (auto shape = broadcast_shapes(x, y))
    return std::move(*shape);
  throw ShapeError(prefix(op) + "shapes " + to_string(x) + " and " + to_string(y) +
                   " do not broadcast" + std::string(broadcasting_rule));
}

std::size_t checked_axis(std::string_view op, std::int64_t axis, std::int64_t rank) {
  if (axis < -rank || axis >= rank) {
    std::string valid = rank == 0
                            ? "a scalar has no axes"
                            : "valid: " + std::to_string(-rank) + ".." + std::to_string(rank - 1);
    throw AxisError(prefix(op) + "axis " + std::to_string(axis) +
                    " is out of range for a tensor of rank " + std::to_string(rank) + " (" + valid +
                    ")");
  }
  return static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
}

std::vector<bool> named_dims(std::string_view op, const Axes &axes, std::int64_t rank) {
  if (!axes.get())
    return std::vector<bool>(static_cast<std::size_t>(rank), true);
  std::vector<bool> is_named(static_cast<std::size_t>(rank), false);
  for (std::int64_t axis : *axes.get()) {
    std::size_t dim = checked_axis(op, axis, rank);
    if (is_named[dim])
      throw AxisError(prefix(op) + "axis " + std::to_string(dim) + " is given twice in " +
                      to_string(*axes.get()));
    is_named[dim] = true;
  }
  return is_named;
}

void check_reduction(std::string_view op, Domain domain, const Tensor &input, const Axes &axes) {
  check_domain(op, domain, input.dtype());
  (void)named_dims(op, axes, input.rank());
}

std::int64_t reduced_size(std::string_view op, const Axes &axes,
                          std::span<const std::int64_t> shape) {
  std::vector<bool> is_reduced = named_dims(op, axes, static_cast<std::int64_t>(shape.size()));
  std::int64_t size = 1;
  for (std::size_t dim = 0; dim < shape.size(); ++dim)
    if (is_reduced[dim])
      size *= shape[dim];
  return size;
}

Description describe_reduction(OpKind op, const Tensor &input, const Axes &axes, bool keepdims) {
  const std::vector<bool> is_reduced = named_dims(op_info(op).name, axes, input.rank());
  Description description{.op = op, .dtype = input.dtype(), .keepdims = keepdims};
  for (std::size_t dim = 0; dim < is_reduced.size(); ++dim) {
    if (is_reduced[dim])
      description.axes.push_back(static_cast<std::int64_t>(dim));
    if (!is_reduced[dim] || keepdims)
      description.shape.push_back(is_reduced[dim] ? 1 : input.shape()[dim]);
  }
  return description;
}

} // namespace tsum
